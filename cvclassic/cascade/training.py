"""Trains a cascade stage by stage; each stage is saved as soon as it is done."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from .._basics.atomic import check_writable
from .._basics.checks import check_choice, check_integer, check_number, check_seed
from .._basics.locking import lock_beside
from ..errors import DataError, ParameterError, ResumeError
from ..images import single_threaded
from .cascades import FEATURES, Cascade
from .files import read_cascade, write_cascade
from .mining import mine
from .positive_samples import Objects
from .stages import CannotGoOn, Settings, StageReport, train_stage

LEAST_OBJECTS = 20
_METHOD = "2"  # what a seed leads to; goes up when that changes


@dataclass(frozen=True)
class Training:
    """A training that has come to its end.

    Attributes
    ----------
    cascade : Cascade or None
        None where not even the first stage could be trained.
    why : {"stages", "negatives", "positives", "rates"}
        Why it ended: all stages are there; the negatives have run out, so that more stages would
        have nothing to learn from; too few objects pass; a stage did not reach its rates.
    message : str
        The same as a sentence.
    """

    cascade: Cascade | None
    why: str
    message: str


def train_cascade(
    objects: Objects,
    scenes: Sequence[np.ndarray],
    settings: Settings,
    path: str | os.PathLike | None = None,
    *,
    restart: bool = False,
    n_jobs: int = 1,
    progress: Callable[..., None] = lambda *args: None,
    stage_done: Callable[[StageReport], None] = lambda report: None,
) -> Training:
    """Train a cascade from images of objects and images without them.

    Parameters
    ----------
    objects : Objects
    scenes : sequence of ndarray of shape (H, W), uint8
        Nothing in them may look like the object.
    settings : Settings
    path : str or os.PathLike, optional
        File that the cascade is written to after every stage. If it holds the beginning of the
        same training, that is resumed, and the result is the same to the byte.
    restart : bool
        Begin again, whatever `path` holds.
    n_jobs : int
        Threads. The result does not depend on it.
    progress : callable, optional
        Called with the stage's number, what is being done ("negatives", "positives", "trees"),
        how much of it is done and how much there is; for trees with hit rate, false alarms and
        number of negatives as well.
    stage_done : callable, optional
        Called with the `StageReport` of each stage as it is trained.

    Returns
    -------
    Training

    Raises
    ------
    DataError
        There are too few objects, or no scene is as large as the window.
    ParameterError
        A setting is out of range.
    ResumeError
        `path` holds something else.
    OutputLockedError
        Another training is writing `path`.
    OSError
        `path` cannot be written.

    References
    ----------
    P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, section 4 and
    algorithm 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> target = np.kron([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.full((4, 4), 120)) + 60
    >>> noisy = [np.uint8(target + rng.normal(0, 12, (12, 12))) for _ in range(60)]
    >>> scenes = [rng.integers(0, 256, (90, 90), dtype=np.uint8) for _ in range(4)]
    >>> small = Settings(window=(12, 12), stages=2, n_positives=100, n_negatives=100)
    >>> training = train_cascade(Objects(noisy, (12, 12)), scenes, small)
    >>> training.why, len(training.cascade.stages)
    ('stages', 2)
    """
    check_settings(settings)
    if objects.window != tuple(settings.window):
        raise ParameterError(
            f"the objects were cut for windows of {objects.window}. Got {settings.window} instead."
        )
    if len(objects) < LEAST_OBJECTS:
        raise DataError(
            f"too few images of the object: {len(objects)}. At least {LEAST_OBJECTS} are needed, "
            "several hundred are better"
        )
    width, height = settings.window
    scenes = [s for s in scenes if s.shape[1] >= width and s.shape[0] >= height]
    if not scenes:
        raise DataError(
            f"no image without the object is as large as the window of {width}x{height} pixels"
        )
    digest = fingerprint(objects, scenes, settings)
    cascade: Cascade | None = None
    with contextlib.ExitStack() as stack:
        if path is not None:
            stack.enter_context(lock_beside(path, "another training is writing it"))
            if os.path.lexists(path) and not restart:
                cascade = _begun(path, digest)
            check_writable(path)
        stack.enter_context(single_threaded())
        return _train(
            cascade, objects, scenes, settings, digest, path, n_jobs, progress, stage_done
        )


def _train(
    cascade, objects, scenes, settings, digest, path, n_jobs, progress, stage_done
) -> Training:
    n = 0 if cascade is None else len(cascade.stages)
    why, message = "stages", ""
    while n < settings.stages:
        try:
            cascade, report = train_stage(cascade, objects, scenes, settings, n_jobs, progress)
        except CannotGoOn as reason:
            why, message = reason.why, str(reason)
            break
        notes = {
            **cascade.notes,
            "training": digest,
            f"stage_{n}": f"{report.trees} trees, {report.hit_rate:.4f} of the objects held out, "
            f"{report.false_alarm:.4f} of {report.negatives} negatives; "
            f"{report.before:.3g} of all windows reach it",
        }
        cascade = replace(cascade, notes=notes)
        n += 1
        if path is not None:
            write_cascade(path, cascade)
        stage_done(report)
    return Training(
        cascade, why, message or f"{n} {'stage is' if n == 1 else 'stages are'} trained"
    )


def false_alarms(
    cascade: Cascade, scenes: Sequence[np.ndarray], n_jobs: int = 1, wanted: int = 2000
) -> tuple[int, int]:
    """Windows of images without the object that pass all stages, of how many looked at."""
    with single_threaded():
        found = mine(cascade, scenes, (cascade.width, cascade.height), wanted, [7], n_jobs)
    return found.n_passed, found.n_windows


def check_settings(settings: Settings) -> None:
    """Raise `ParameterError` unless all settings are in range."""
    check_choice("feature", settings.feature, FEATURES)
    for side in settings.window:
        check_integer("window", side, 6)
        if side > 100:
            raise ParameterError(f"window must be at most 100 pixels wide and high. Got {side}.")
    check_integer("stages", settings.stages, 1)
    check_integer("max_trees", settings.max_trees, 1)
    check_integer("n_positives", settings.n_positives, 50)
    check_integer("n_negatives", settings.n_negatives, 100)
    for name in ("hit_rate", "false_alarm"):
        wanted = getattr(settings, name)
        if wanted == ():
            raise ParameterError(f"{name} must be a number or several. Got none instead.")
        for value in wanted if isinstance(wanted, tuple) else [wanted]:
            check_number(name, value, 0, exclusive=True)
            if value > 1 or (name == "false_alarm" and value == 1):
                raise ParameterError(f"{name} must be below 1. Got {value!r} instead.")
    check_seed("seed", settings.seed)
    settings.jitter.check()


def fingerprint(objects: Objects, scenes: Sequence[np.ndarray], settings: Settings) -> str:
    """Stands for all that the stages follow from; not for how many there will be."""
    wanted = {name: value for name, value in asdict(settings).items() if name != "stages"}
    mark = hashlib.blake2b(digest_size=16)
    mark.update(repr((_METHOD, sorted(wanted.items()), objects.inner)).encode())
    for picture in (objects.pixels, *scenes):
        mark.update(repr(picture.shape).encode())
        mark.update(np.ascontiguousarray(picture).data)
    return mark.hexdigest()


def _begun(path: str | os.PathLike, digest: str) -> Cascade:
    """The beginning of the same training."""
    name = os.fsdecode(path)
    try:
        cascade = read_cascade(path)
    except Exception as error:
        raise ResumeError(
            f"{name} exists and is not a cascade ({error}). Name another file, or start over "
            "with --restart"
        ) from None
    if cascade.notes.get("training") != digest:
        raise ResumeError(
            f"{name} was trained from other images or with other settings. Name another file, or "
            "start over with --restart"
        )
    return cascade
