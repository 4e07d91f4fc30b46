"""Links detections of frames into tracks, also behind obstacles.

Each track is a Kalman filter over its box (constant speed); in every frame tracks and detections
are assigned at least cost (Hungarian method) of overlap and appearance, the sure detections
first [1]_, [2]_.

References
----------
.. [1] A. Bewley et al., "Simple online and realtime tracking", ICIP 2016.
.. [2] Y. Zhang et al., "ByteTrack: multi-object tracking by associating every detection box",
   ECCV 2022, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from .._basics.checks import check_integer, check_number
from ..evaluate import box_overlaps
from ..images import Detections

_FORBIDDEN = 1e3
_LEAST_OVERLAP = 0.1
_BINS = (8, 4, 4)
_POSITION, _SPEED, _MEASURED = 0.05, 0.012, 0.06  # standard deviations, in heights of the box


@dataclass(frozen=True)
class TrackedBox:
    """A track in one frame.

    Attributes
    ----------
    frame : int
    track : int
        Number of the track, from 1.
    box : tuple of float
        (x, y, width, height) in pixels.
    score : float
        Score of the detection; 0 where the box is predicted or bridges a gap.
    label : object
    seen : bool
        Whether there was a detection in this frame.
    """

    frame: int
    track: int
    box: tuple[float, float, float, float]
    score: float
    label: object
    seen: bool


@dataclass
class _Track:
    number: int
    mean: np.ndarray  # center x, center y, width, height, and their speeds
    spread: np.ndarray  # variance of position and speed, their covariance
    label: object
    look: np.ndarray | None
    last_seen: int
    hits: int = 1
    boxes: list[TrackedBox] = field(default_factory=list)


class BoxTracker:
    """Links detections frame by frame.

    Parameters
    ----------
    max_hidden : int
        Frames that a track survives without a detection.
    min_hits : int
        Detections that make a track; fewer are treated as errors.
    sure : float
        Detections of this score or more may start a track; the others only continue one.
    appearance : float
        Weight of color against overlap in the assignment, from 0 to 1.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> tracker = BoxTracker(min_hits=1)
    >>> for x in (0, 2, 4):
    ...     now = tracker.update(Detections([[x, 0, 10, 10]], [0.9], ["cat"]))
    >>> [(box.track, round(box.box[0])) for box in now]
    [(1, 4)]
    """

    def __init__(
        self,
        *,
        max_hidden: int = 15,
        min_hits: int = 3,
        sure: float = -np.inf,
        appearance: float = 0.4,
    ) -> None:
        check_integer("max_hidden", max_hidden, 0)
        check_integer("min_hits", min_hits, 1)
        check_number("appearance", appearance, 0)
        self.max_hidden = max_hidden
        self.min_hits = min_hits
        self.sure = sure
        self.appearance = min(appearance, 1.0)
        self.frame = -1
        self._tracks: list[_Track] = []
        self._ended: list[_Track] = []
        self._count = 0

    def update(self, found: Detections, image: np.ndarray | None = None) -> list[TrackedBox]:
        """Take the detections of the next frame.

        Parameters
        ----------
        found : Detections
        image : ndarray of shape (H, W, 3), uint8, optional
            The frame; its colors tell objects apart that cross.

        Returns
        -------
        list of TrackedBox
            Confirmed tracks.
        """
        self.frame += 1
        for track in self._tracks:
            _predict(track)
        looks = [None if image is None else _look(image, box) for box in found.boxes]
        free = list(range(len(found)))
        open_tracks = list(self._tracks)
        for sure in (True, False):
            chosen = [i for i in free if (found.scores[i] >= self.sure) == sure]
            for track, i in self._assign(open_tracks, found, looks, chosen):
                self._correct(track, found, i, looks[i])
                open_tracks.remove(track)
                free.remove(i)
        for i in free:
            if found.scores[i] >= self.sure:
                self._begin(found, i, looks[i])
        hidden = self.frame - self.max_hidden
        self._ended += [track for track in self._tracks if track.last_seen < hidden]
        self._tracks = [track for track in self._tracks if track.last_seen >= hidden]
        for track in open_tracks:
            track.boxes.append(self._boxed(track, 0.0, seen=False))
        return [track.boxes[-1] for track in self._tracks if track.hits >= self.min_hits]

    def finish(self) -> list[TrackedBox]:
        """All boxes of tracks that are long enough, gaps bridged, by frame and track."""
        boxes: list[TrackedBox] = []
        for track in [*self._ended, *self._tracks]:
            if track.hits >= self.min_hits:
                boxes += bridge_gaps(track.boxes)
        numbers = {n: i + 1 for i, n in enumerate(sorted({box.track for box in boxes}))}
        renamed = [
            TrackedBox(b.frame, numbers[b.track], b.box, b.score, b.label, b.seen) for b in boxes
        ]
        return sorted(renamed, key=lambda box: (box.frame, box.track))

    def _assign(self, tracks, found, looks, chosen) -> list[tuple[_Track, int]]:
        if not tracks or not chosen:
            return []
        boxes = np.array([_box_of(track) for track in tracks])
        theirs = found.boxes[chosen].astype(float)
        overlap = box_overlaps(boxes, theirs)
        # small or fast objects do not overlap: then nearness in their own sizes counts
        centers = boxes[:, None, :2] + boxes[:, None, 2:] / 2 - (theirs[:, :2] + theirs[:, 2:] / 2)
        size = np.sqrt(boxes[:, None, 2:] * theirs[None, :, 2:])
        hidden = np.array([self.frame - track.last_seen for track in tracks])[:, None]
        near = np.exp(-0.5 * ((centers / size) ** 2).sum(axis=2) / (0.5 + 0.1 * hidden) ** 2)
        shape = np.abs(np.log(boxes[:, None, 2:] / theirs[None, :, 2:])).max(axis=2)
        nearness = np.maximum(overlap, 0.8 * near) * np.exp(-shape)
        cost = 1 - nearness
        if all(look is not None for look in looks):
            alike = np.array([[_alike(track.look, looks[i]) for i in chosen] for track in tracks])
            cost = (1 - self.appearance) * cost + self.appearance * (1 - alike)
        labels = np.array([[track.label != found.labels[i] for i in chosen] for track in tracks])
        cost = np.where(labels | (nearness < _LEAST_OVERLAP), _FORBIDDEN, cost)
        rows, columns = linear_sum_assignment(cost)
        return [
            (tracks[r], chosen[c])
            for r, c in zip(rows, columns, strict=True)
            if cost[r, c] < _FORBIDDEN
        ]

    def _begin(self, found: Detections, i: int, look: np.ndarray | None) -> None:
        self._count += 1
        center = _center(found.boxes[i])
        mean = np.concatenate([center, np.zeros(4)])
        height = center[3]
        spread = np.array([(2 * _MEASURED * height) ** 2, (0.2 * height) ** 2, 0.0])
        track = _Track(self._count, mean, spread, found.labels[i], look, self.frame)
        track.boxes.append(self._boxed(track, float(found.scores[i]), seen=True))
        self._tracks.append(track)

    def _correct(self, track: _Track, found: Detections, i: int, look) -> None:
        _measure(track, _center(found.boxes[i]))
        track.last_seen = self.frame
        track.hits += 1
        if look is not None:
            track.look = look if track.look is None else 0.9 * track.look + 0.1 * look
        box = tuple(map(float, found.boxes[i]))
        score = float(found.scores[i])
        track.boxes.append(TrackedBox(self.frame, track.number, box, score, track.label, True))  # type: ignore[arg-type]

    def _boxed(self, track: _Track, score: float, seen: bool) -> TrackedBox:
        box = tuple(map(float, _box_of(track)))
        return TrackedBox(self.frame, track.number, box, score, track.label, seen)  # type: ignore[arg-type]


def bridge_gaps(boxes: list[TrackedBox]) -> list[TrackedBox]:
    """One track without its unseen end, and with straight lines through its gaps.

    Parameters
    ----------
    boxes : list of TrackedBox
        One per frame, in order.

    Returns
    -------
    list of TrackedBox
    """
    seen = [i for i, box in enumerate(boxes) if box.seen]
    if not seen:
        return []
    result = []
    for a, b in zip(seen, [*seen[1:], None], strict=True):
        result.append(boxes[a])
        if b is None:
            break
        for k in range(a + 1, b):
            share = (k - a) / (b - a)
            start, end = np.array(boxes[a].box), np.array(boxes[b].box)
            box = tuple(((1 - share) * start + share * end).tolist())
            one = boxes[k]
            result.append(TrackedBox(one.frame, one.track, box, 0.0, one.label, False))
    return result


def track_detections(
    frames: Iterable[tuple[Detections, np.ndarray | None]], **options
) -> Iterator[TrackedBox]:
    """Tracks through all frames, gaps bridged.

    Parameters
    ----------
    frames : iterable of (Detections, image or None)
    **options
        Options of `BoxTracker`.

    Yields
    ------
    TrackedBox
        By frame, then by track.
    """
    tracker = BoxTracker(**options)
    for found, image in frames:
        tracker.update(found, image)
    yield from tracker.finish()


def _center(box: np.ndarray) -> np.ndarray:
    x, y, w, h = map(float, box)
    return np.array([x + w / 2, y + h / 2, max(w, 1e-3), max(h, 1e-3)])


def _box_of(track: _Track) -> np.ndarray:
    x, y, w, h = track.mean[:4]
    w, h = max(w, 1.0), max(h, 1.0)
    return np.array([x - w / 2, y - h / 2, w, h])


def _predict(track: _Track) -> None:
    """Constant speed; width and height keep still while nothing is seen.

    All four coordinates share one filter of position and speed, as their noise is the same.
    """
    height = track.mean[3]
    position, speed, both = track.spread
    track.mean[:4] += track.mean[4:]
    track.mean[6:] *= 0.8
    track.spread = np.array(
        [
            position + 2 * both + speed + (_POSITION * height) ** 2,
            speed + (_SPEED * height) ** 2,
            both + speed,
        ]
    )


def _measure(track: _Track, measured: np.ndarray) -> None:
    position, speed, both = track.spread
    total = position + (_MEASURED * measured[3]) ** 2
    gain, push = position / total, both / total
    error = measured - track.mean[:4]
    track.mean[:4] += gain * error
    track.mean[4:] += push * error
    track.spread = np.array([(1 - gain) * position, speed - push * both, (1 - gain) * both])


def _look(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Square roots of a color histogram of the inner part of a box."""
    height, width = image.shape[:2]
    x, y, w, h = map(float, box)
    left, right = np.clip([x + 0.15 * w, x + 0.85 * w], 0, width).astype(int)
    top, bottom = np.clip([y + 0.15 * h, y + 0.85 * h], 0, height).astype(int)
    part = np.ascontiguousarray(image[top : max(bottom, top + 1), left : max(right, left + 1)])
    n = int(np.prod(_BINS))
    if part.size == 0:
        return np.full(n, n**-0.5)
    if part.ndim == 2:
        part = cv2.cvtColor(part, cv2.COLOR_GRAY2RGB)
    hsv = cv2.cvtColor(part, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256]).ravel()
    return np.sqrt(counts / max(counts.sum(), 1))


def _alike(first: np.ndarray | None, second: np.ndarray | None) -> float:
    """Bhattacharyya coefficient, 0.5 where one is unknown."""
    return 0.5 if first is None or second is None else float((first * second).sum())
