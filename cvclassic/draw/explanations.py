"""Explanations as images: a heat map of the shares, and the keypoints with their signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..images.checks import check_image
from .overlays import without_color
from .panels import INK, PAPER
from .typesetting import Sheet, percent

if TYPE_CHECKING:
    from ..explain import Explanation, FlippingSet, Neighbor

# Ends of the scale: blue for, vermilion against (Okabe and Ito), as dark as one another, so
# that they differ for every kind of color vision, and paper between them on gray prints.
FOR, AGAINST = (0, 114, 178), (213, 94, 0)
_FOR_LIGHT, _AGAINST_LIGHT = (86, 180, 233), (255, 170, 90)
_PANEL_WIDTH = 620
_LEAST_WIDTH = 720
_MOST_MARKS = 250
_SHIFT = 4
_SIGMAS = 6  # sizes of spots that are blurred apart


def share_map(explanation: Explanation, shape: tuple[int, int]) -> np.ndarray:
    """Shares spread over the pixels that they come from.

    Parameters
    ----------
    explanation : Explanation
    shape : tuple of int
        Height and width of the map; positions are scaled to it.

    Returns
    -------
    ndarray of shape (H, W), float32
        Each share as a Gaussian spot of its keypoint's size; the map sums to about the sum of
        the shares, but for spots that reach over the edge.
    """
    height, width = shape
    out = np.zeros(shape, np.float32)
    if not len(explanation):
        return out
    factor, xy = _placed(explanation, shape)
    x = np.clip(np.rint(xy[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.rint(xy[:, 1]).astype(int), 0, height - 1)
    # a SIFT descriptor looks at about six times its keypoint's size; windows are given whole
    reach = 1.5 if explanation.sums else 0.35
    least = max(shape) / 120
    sigma = np.clip(explanation.scale * factor * reach, least, max(shape) / 8)
    bucket = np.clip(
        np.rint(np.log2(sigma / sigma.min()) * 2).astype(int), 0, max(_SIGMAS * 2 - 1, 0)
    )
    for some in np.unique(bucket):
        inside = bucket == some
        spots = np.zeros(shape, np.float32)
        np.add.at(spots, (y[inside], x[inside]), explanation.shares[inside].astype(np.float32))
        out += cv2.GaussianBlur(
            spots, (0, 0), float(sigma[inside].mean()), borderType=cv2.BORDER_CONSTANT
        )
    return out


def overlay_shares(picture: np.ndarray, explanation: Explanation) -> np.ndarray:
    """Lay the heat map over the image, which is faded to gray.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), uint8
        The explained image, of any size.
    explanation : Explanation

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Blue supports the label, vermilion speaks against it; the strongest hundredth has the
        full color.
    """
    rgb = _rgb(picture)
    heat = share_map(explanation, rgb.shape[:2])
    top = float(np.quantile(np.abs(heat), 0.99)) or float(np.abs(heat).max()) or 1.0
    strength = np.clip(np.abs(heat) / top, 0, 1)
    gray = without_color(rgb)
    base = 70 + 0.72 * gray.astype(np.float32)  # lighter, so that both colors show on black
    color = np.where(heat[..., None] >= 0, np.array(FOR, "f4"), np.array(AGAINST, "f4"))
    alpha = 0.82 * strength[..., None] ** 0.8
    return np.rint(np.clip(base * (1 - alpha) + color * alpha, 0, 255)).astype(np.uint8)


def mark_shares(
    picture: np.ndarray, explanation: Explanation, index: np.ndarray | None = None
) -> np.ndarray:
    """Draw the keypoints with the largest shares as discs with their signs.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), uint8
    explanation : Explanation
    index : ndarray of int, optional
        Keypoints to draw; the 250 with the largest shares unless given.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The area of a disc grows with the share. A plus supports the label, a minus speaks
        against it.
    """
    rgb = _rgb(picture)
    gray = without_color(rgb)
    out = np.ascontiguousarray(cv2.addWeighted(rgb, 0.75, gray, 0.25, 0))
    if not len(explanation):
        return out
    _, xy = _placed(explanation, rgb.shape[:2])
    size = np.abs(explanation.shares)
    if index is None:
        index = np.argsort(-size, kind="stable")[:_MOST_MARKS]
        index = index[size[index] > 0]
    top = float(size[index].max()) if len(index) else 1.0
    unit = max(rgb.shape[:2]) / 620
    for i in index[::-1]:  # the largest last, on top of the others
        radius = unit * (2.0 + 7.0 * float(np.sqrt(size[i] / top)))
        _disc(out, xy[i], radius, explanation.shares[i] >= 0, unit)
    return out


def draw_explanation(
    picture: np.ndarray, explanation: Explanation, flipping: FlippingSet | None = None
) -> np.ndarray:
    """Draw why an image got its label: title, heat map, signed keypoints, legend.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), uint8
        The explained image, of any size.
    explanation : Explanation
    flipping : FlippingSet, optional
        Drawn as a panel of its own.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Examples
    --------
    >>> from cvclassic.classify import make_recipe
    >>> from cvclassic.explain import explain_picture
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 64, 64), np.uint8)
    >>> model = make_recipe("sift-bow", n_words=10, C=1.0, random_state=0)
    >>> model = model.fit(images, list("abababab"))
    >>> draw_explanation(images[0], explain_picture(model, images[0])).shape[2]
    3
    """
    shown = _enlarged(picture)
    panels = [(overlay_shares(shown, explanation), "Where the decision comes from")]
    if explanation.sums:
        panels.append((mark_shares(shown, explanation), _marks_title(explanation)))
    else:
        panels.insert(0, (_rgb(shown), "The image"))
    if flipping is not None and len(flipping):
        title = f"Without these {len(flipping)} of {flipping.n_keypoints}: {flipping.label_after}"
        panels.append((mark_shares(shown, explanation, flipping.index), title))
    width = sum(panel.shape[1] for panel, _ in panels) + 16 * (len(panels) + 1)
    sheet = Sheet(max(width, _LEAST_WIDTH))
    _head(sheet, explanation)
    if flipping is not None and not len(flipping):
        sheet.line("No set of keypoints whose removal changes the label was found.", 15)
    sheet.row([panel for panel, _ in panels], [title for _, title in panels])
    _legend(sheet, explanation)
    return sheet.pixels()


def _head(sheet: Sheet, explanation: Explanation) -> None:
    label, against = explanation.label, explanation.against
    first = percent(explanation.probability(label))
    second = percent(explanation.probability(against))
    answer = explanation.classes[int(np.argmax(explanation.decisions))]
    sheet.title(
        f"predicted {label} {first}" if answer == label else f"{label} {first}",
        f"runner-up {against} {second}" if answer == label else f"compared with {against} {second}",
    )
    if answer != label:
        chance = percent(explanation.probability(answer))
        sheet.line(f"The model predicts {answer} ({chance}).", 15)


def _marks_title(explanation: Explanation) -> str:
    n = len(explanation)
    return f"{min(n, _MOST_MARKS)} of {n} keypoints drawn" + (
        ", the strongest" if n > _MOST_MARKS else ""
    )


def _legend(sheet: Sheet, explanation: Explanation) -> None:
    shares = explanation.shares
    up, down = float(shares[shares > 0].sum()), float(shares[shares < 0].sum())
    sheet.scale(
        AGAINST,
        FOR,
        f"evidence for {explanation.against}",
        f"evidence for {explanation.label}",
    )
    if explanation.sums:
        sheet.line(
            f"bias {explanation.bias:+.3f}  and shares {up:+.3f} {down:+.3f}  =  "
            f"decision {explanation.decision:+.3f}",
            16,
        )
    sheet.line(("Exact sum. " if explanation.exact else "Approximation. ") + explanation.how, 16)


def draw_neighbors(
    picture: np.ndarray,
    explanation: Explanation,
    neighbors: Sequence[Neighbor],
    pictures: Sequence[np.ndarray],
    *,
    width: int = 0,
) -> np.ndarray:
    """Draw training images beside the explained one, with lines between matched words.

    Parameters
    ----------
    picture : ndarray of shape (H, W) or (H, W, 3), uint8
    explanation : Explanation
    neighbors : sequence of Neighbor
    pictures : sequence of ndarray
        One for each neighbor.
    width : int
        Width of the sheet; as many panels as fit go side by side.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
    """
    width = max(width, _LEAST_WIDTH)
    beside = max(min(len(pictures), round(width / _PANEL_WIDTH)), 1)
    half = (width - 16 * (beside + 1)) // beside // 2 - 8
    panels, titles = [], []
    for neighbor, other in zip(neighbors, pictures, strict=True):
        left, right = _fit(_rgb(picture), half, half), _fit(_rgb(other), half, half)
        offset = left.shape[1] + 16
        size = (max(left.shape[0], right.shape[0]), offset + right.shape[1], 3)
        canvas = np.full(size, PAPER, np.uint8)
        canvas[: left.shape[0], : left.shape[1]] = left
        canvas[: right.shape[0], offset : offset + right.shape[1]] = right
        one = _moved(neighbor.xy, explanation.image_shape, left.shape[:2])
        two = _moved(neighbor.matched_xy, neighbor.image_shape, right.shape[:2]) + [offset, 0]
        top = float(neighbor.parts.max()) if len(neighbor.parts) else 1.0
        for k in range(len(one) - 1, -1, -1):
            weight = float(np.sqrt(max(neighbor.parts[k], 0) / max(top, 1e-12)))
            _match_line(canvas, one[k], two[k], 1 + round(weight))
        titles.append(
            f"{neighbor.label}: similarity {neighbor.similarity:.3f}"
            + (f", {len(one)} strongest pairs of the same word" if len(one) else "")
        )
        panels.append(canvas)
    sheet = Sheet(width)
    sheet.title("Most similar training images", f"predicted {explanation.label}")
    for i in range(0, len(panels), beside):
        sheet.row(panels[i : i + beside], titles[i : i + beside])
    return sheet.pixels()


def _match_line(canvas: np.ndarray, a: np.ndarray, b: np.ndarray, width: int) -> None:
    ends = [tuple(int(v) for v in np.rint(p * 2**_SHIFT)) for p in (a, b)]
    for color, wide in ((INK, width + 2), (_FOR_LIGHT, width)):
        cv2.line(canvas, ends[0], ends[1], color, wide, cv2.LINE_AA, _SHIFT)
    for end in ends:
        cv2.circle(canvas, end, 3 << _SHIFT, INK, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, end, 2 << _SHIFT, (255, 255, 255), -1, cv2.LINE_AA, _SHIFT)


def _disc(canvas: np.ndarray, xy: np.ndarray, radius: float, positive: bool, unit: float) -> None:
    """A disc with a rim and its sign, at sixteenths of a pixel."""
    center = tuple(int(v) for v in np.rint(xy * 2**_SHIFT))
    color = FOR if positive else AGAINST
    for ink, r in (((255, 255, 255), radius + 1.0), (color, radius)):
        cv2.circle(canvas, center, int(r * 2**_SHIFT), ink, -1, cv2.LINE_AA, _SHIFT)
    arm = radius * 0.55
    if arm < 1.8:
        return
    wide = max(1, round(unit * 1.4))
    white = (255, 255, 255)
    left, right = (xy + [-arm, 0]), (xy + [arm, 0])
    ends = [tuple(int(v) for v in np.rint(p * 2**_SHIFT)) for p in (left, right)]
    cv2.line(canvas, ends[0], ends[1], white, wide, cv2.LINE_AA, _SHIFT)
    if positive:
        ends = [
            tuple(int(v) for v in np.rint(p * 2**_SHIFT)) for p in (xy - [0, arm], xy + [0, arm])
        ]
        cv2.line(canvas, ends[0], ends[1], white, wide, cv2.LINE_AA, _SHIFT)


def _placed(explanation: Explanation, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
    factor = max(shape) / max(explanation.image_shape)
    return factor, _moved(explanation.xy, explanation.image_shape, shape)


def _moved(xy: np.ndarray, own: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """Positions in an image of another size; pixel centers are at whole numbers."""
    scale = np.array([shape[1] / own[1], shape[0] / own[0]])
    return (np.asarray(xy, np.float64) + 0.5) * scale - 0.5


def _rgb(picture: np.ndarray) -> np.ndarray:
    picture = check_image(picture)
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    """As wide as a panel; small images with sharp pixels."""
    return _fit(_rgb(picture), _PANEL_WIDTH, round(1.2 * _PANEL_WIDTH))


def _fit(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    factor = min(width / rgb.shape[1], height / rgb.shape[0])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST if factor > 6 else cv2.INTER_CUBIC
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    return cv2.resize(rgb, size, interpolation=how)
