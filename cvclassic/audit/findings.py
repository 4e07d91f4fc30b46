"""Findings of an audit, most serious first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .._basics.checks import check_number
from .._basics.printable import show_path
from ..images import differ_in_case
from .dataset_listing import Listed
from .near_duplicates import group_pairs, near_pairs
from .scanning import Scanned, scan_images

# kind -> (heading, what it means and what to do)
KINDS = {
    "leak": (
        "The same image in several splits",
        "A model that was trained on test images looks better than it is. Keep each group in one "
        "split.",
    ),
    "conflict": (
        "The same image in several classes",
        "At most one of the labels can be correct.",
    ),
    "unreadable": ("Files that cannot be read", "Training skips them."),
    "unsupported": (
        "Files in unsupported formats",
        "Training skips them. The last column says how to convert each.",
    ),
    "loose": (
        "Images outside class folders",
        "They are outside the class folders, so training skips them.",
    ),
    "empty": (
        "Classes without images",
        "Training stops at an empty class folder unless you pass --skip-empty.",
    ),
    "spelling": (
        "Names that differ only in case",
        "A program treats them as different classes or splits; you probably mean one.",
    ),
    "duplicate": (
        "The same image several times",
        "Copies count more than other images, and cross-validation with copies on both sides "
        "is too optimistic.",
    ),
    "blank": ("Blank images", "Their brightness is uniform."),
    "featureless": (
        "Images without local features",
        "Recipes based on keypoints learn nothing from them and cannot classify them.",
    ),
    "tiny": ("Tiny images", "There is too little to describe."),
    "blurred": (
        "Blurred images",
        "Much less sharp than the other images in this set at the same size.",
    ),
    "odd": ("Odd files", "They can be read, but something about them is unusual."),
    "single": ("Classes with one image", "No image can be held out to test these classes."),
    "imbalance": (
        "Classes of very different size",
        "Accuracy then mostly reflects the large classes; look at mean class accuracy.",
    ),
}
_TINY = 32  # pixels of the shorter side
_BLANK = 2.0  # standard deviation of brightness
_BLUR = 0.05  # of the set's median sharpness
_IMBALANCE = 10.0


@dataclass(frozen=True)
class Finding:
    """One problem of an image set.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    images : tuple of Listed
        A group of duplicates, or one image; empty where it is about a class.
    detail : str
        More about it.
    code : str
        Error or warning code of the file; "exact" or "near" for duplicates.
    """

    kind: str
    images: tuple[Listed, ...]
    detail: str
    code: str = ""


@dataclass(frozen=True)
class Audit:
    """An image set and its problems.

    Parameters
    ----------
    findings : list of Finding
        From the worst kind to the least, in the order of `KINDS`.
    n_images, n_bytes : int
    counts : dict of str to dict of str to int
        Images of each class in each split.
    """

    findings: list[Finding]
    n_images: int
    n_bytes: int
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Finding]:
        """Findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    @property
    def totals(self) -> dict[str, int]:
        """Number of findings of each kind that occurs, from the worst."""
        counts = Counter(finding.kind for finding in self.findings)
        return {kind: counts[kind] for kind in KINDS if counts[kind]}


def audit_images(images: Iterable[Listed], *, n_jobs: int | None = None, **limits) -> Audit:
    """Check images for problems.

    Parameters
    ----------
    images : iterable of Listed
    n_jobs : int or None
        As in joblib.
    **limits
        As `judge_images` takes them.

    Returns
    -------
    Audit

    Examples
    --------
    >>> audit_images([Listed("missing.jpg", "cat")]).findings[0].code
    'not_found'
    """
    return judge_images(list(scan_images(images, n_jobs=n_jobs)), **limits)


def judge_images(
    scanned: Sequence[Scanned],
    *,
    tiny: float = _TINY,
    blur: float = _BLUR,
    imbalance: float = _IMBALANCE,
    empty_classes: Sequence[str] = (),
    copies: np.ndarray | None = None,
) -> Audit:
    """Find what is wrong with images that were looked at.

    Duplicates are **exact** (the same bytes) or **near**: difference hashes of 128 bits that
    differ in at most 16, the same proportions within 6%, and brightness on 16 × 16 cells
    correlated by at least 0.97. So copies that were re-encoded or resized are found, mirrored
    and strongly cropped ones are not, unless `copies` names them. Blank images are near to
    nothing.

    Parameters
    ----------
    scanned : sequence of Scanned
    tiny : float
        Images whose shorter side is below this number of pixels are tiny.
    blur : float
        Images less sharp than this share of the set's median are blurred; see `sharpness_of`.
    imbalance : float
        Maximum ratio of the largest class to the smallest.
    empty_classes : sequence of str
        Folders of classes without images, as `find_empty_classes` gives them.
    copies : ndarray of shape (m, 2), int, optional
        Pairs of images that are known to be copies, as `cvclassic.search.find_copies` gives them.

    Returns
    -------
    Audit

    Raises
    ------
    ParameterError
        A limit is out of range.
    """
    check_number("tiny", tiny, 0)
    check_number("blur", blur, 0)
    check_number("imbalance", imbalance, 1)
    found = [*_unreadable(scanned), *_duplicates(scanned, copies)]
    found += _poor(scanned, tiny, blur)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for one in scanned:
        splits = counts[one.image.label]
        splits[one.image.split] = splits.get(one.image.split, 0) + 1
    counts = dict(sorted(counts.items()))
    found += _classes(counts, imbalance)
    found += _loose(scanned)
    found += [
        Finding("empty", (), f"{show_path(path)} holds no images", path) for path in empty_classes
    ]
    order = {kind: i for i, kind in enumerate(KINDS)}
    found.sort(key=lambda finding: order[finding.kind])
    return Audit(found, len(scanned), sum(one.n_bytes for one in scanned), counts)


def _unreadable(scanned: Sequence[Scanned]) -> list[Finding]:
    """Files without pixels, and those with warnings."""
    found = []
    for one in scanned:
        if one.code:
            kind = "unsupported" if one.code == "unsupported_format" else "unreadable"
            found.append(Finding(kind, (one.image,), one.message, one.code))
        elif one.warnings:
            codes = " ".join(code for code, _ in one.warnings)
            text = "; ".join(message for _, message in one.warnings)
            found.append(Finding("odd", (one.image,), text, codes))
    return found


def _duplicates(scanned: Sequence[Scanned], copies: np.ndarray | None) -> list[Finding]:
    """Groups of images that are one."""
    same: dict[bytes, list[int]] = defaultdict(list)
    for i, one in enumerate(scanned):
        if one.n_bytes and one.digest:
            same[one.digest].append(i)
    exact = [(group[0], i) for group in same.values() for i in group[1:]]
    # of files with the same bytes one stands for all, so that a thousand copies are no million
    # pairs; blank images are all alike
    first = {group[0] for group in same.values()}
    index = np.array(
        [i for i in first if scanned[i].bits is not None and scanned[i].contrast >= _BLANK], int
    )
    index.sort()
    near = np.empty((0, 2), int)
    if len(index) > 1:
        near = index[
            near_pairs(
                np.stack([scanned[i].bits for i in index]),
                np.stack([scanned[i].tiny for i in index]),
            )
        ]
        shape = np.array([one.width / max(one.height, 1) for one in scanned])
        ratio = shape[near[:, 0]] / shape[near[:, 1]]
        near = near[np.abs(np.log(ratio)) <= 0.06]
    more = np.empty((0, 2), int) if copies is None else copies
    pairs = np.concatenate([np.array(exact, int).reshape(-1, 2), near, more])
    return [_group(scanned, group) for group in group_pairs(len(scanned), pairs)]


def _group(scanned: Sequence[Scanned], group: list[int]) -> Finding:
    """A finding about images that are one."""
    images = tuple(scanned[i].image for i in group)
    exact = len({scanned[i].digest for i in group}) == 1
    known = [one for one in images if one.label] or images  # those in no class are loose
    splits = sorted({one.split for one in known})
    labels = sorted({one.label for one in known})
    how = "identical" if exact else "nearly the same image"
    where = ""
    if len(splits) > 1:
        where = f" in the splits {', '.join(map(repr, splits))}"
    if len(labels) > 1:
        where += f"{' and' if where else ''} in the classes {', '.join(map(repr, labels))}"
    kind = "leak" if len(splits) > 1 else "conflict" if len(labels) > 1 else "duplicate"
    return Finding(kind, images, f"{len(group)} files, {how}{where}", "exact" if exact else "near")


def _loose(scanned: Sequence[Scanned]) -> list[Finding]:
    """Images without a class, where others have one."""
    if not any(one.image.label for one in scanned):
        return []
    return [
        Finding("loose", (one.image,), "outside any class folder")
        for one in scanned
        if not one.image.label
    ]


def _poor(scanned: Sequence[Scanned], tiny: float, blur: float) -> list[Finding]:
    """Blank, tiny and blurred images; each is only the first of these."""
    readable = [one for one in scanned if one.bits is not None]
    sharp = [one.sharpness for one in readable if one.contrast >= _BLANK]
    limit = blur * float(np.median(sharp)) if sharp else 0.0
    found = []
    for one in readable:
        if one.contrast < _BLANK:
            detail = f"brightness varies by {one.contrast:.1f} of 255"
            found.append(Finding("blank", (one.image,), detail))
        elif one.n_features == 0:
            detail = "no keypoints at up to 512 pixels"
            found.append(Finding("featureless", (one.image,), detail))
        elif min(one.width, one.height) < tiny:
            detail = f"{one.width} × {one.height} pixels"
            found.append(Finding("tiny", (one.image,), detail))
        elif one.sharpness < limit:
            share = one.sharpness / limit * blur
            detail = f"{100 * share:.1f}% of the median sharpness"
            found.append(Finding("blurred", (one.image,), detail))
    return found


def _classes(counts: dict[str, dict[str, int]], imbalance: float) -> list[Finding]:
    """What is odd about the sizes of classes."""
    totals = {label: sum(splits.values()) for label, splits in counts.items() if label}
    found = [
        Finding("single", (), f"class {label!r} has one image", label)
        for label, total in totals.items()
        if total == 1
    ]
    splits = {split for found_splits in counts.values() for split in found_splits}
    for names, what in ((totals, "classes"), (filter(None, splits), "splits")):
        found += [
            Finding("spelling", (), f"{what} {' and '.join(map(repr, group))}", group[0])
            for group in differ_in_case(names)
        ]
    if len(totals) > 1:
        least, most = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
        if totals[most] > imbalance * totals[least]:
            detail = f"{most!r} has {totals[most]} images, {least!r} has {totals[least]}"
            found.append(Finding("imbalance", (), detail))
    return found
