"""Find faces in a stream of files: each is decoded once, each gives exactly one record."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from ..._basics.checks import check_choice
from ...batch.classifying import ENGINES, path_of
from ...batch.engines.recovery import Loss, call_with_recovery
from ...batch.records import Record
from ...draw import draw_faces
from ...errors import CvclassicError, ImageReadError
from ...images import ArchiveMember, Fault, decode_image, map_blocks, write_image
from .parts import find_parts
from .results import Faces, blur_faces, cut_faces

BLOCK = 4
PICTURES = ("draw", "blur", "crop")


@dataclass(frozen=True)
class Job:
    """One input and what its pictures are called.

    Parameters
    ----------
    item : path, or what `find_inputs` finds
    name : str
        File name without an ending.
    """

    item: Any
    name: str


@dataclass(frozen=True)
class Wishes:
    """What is made beside the boxes.

    Parameters
    ----------
    folder : str or None
        Where pictures go.
    picture : {"draw", "blur", "crop"} or None
    parts : bool
        Whether eyes and smiles are looked for.
    """

    folder: str | None = None
    picture: str | None = None
    parts: bool = False


def detect_files(
    detector,
    jobs: Iterable[Job],
    wishes: Wishes = Wishes(),
    *,
    n_jobs: int | None = None,
    engine: str = "threads",
    timeout: float | None = None,
) -> Generator[Record]:
    """Find faces in files, in order, in bounded memory.

    Parameters
    ----------
    detector : HaarFaceDetector, CascadeFaceDetector or YuNetFaceDetector
    jobs : iterable of Job
        Read no further ahead than the work needs.
    wishes : Wishes
    n_jobs : int or None
        Pictures under way at once, as in joblib.
    engine : {"threads", "processes"}
        In processes a crash inside a decoder costs one record and not the run.
    timeout : float, optional
        Seconds that a picture may take before it is given up, with "processes".

    Yields
    ------
    Record
        Its label is the number of faces, its labels are their `face_row`.
    """
    check_choice("engine", engine, ENGINES)
    if wishes.picture is not None:
        check_choice("picture", wishes.picture, PICTURES)
    function = partial(_block, detector, wishes)
    blocks: Generator[list[Record]]
    if engine == "threads":
        blocks = map_blocks(function, jobs, n_jobs=n_jobs, block_size=BLOCK)
    else:
        from ...batch.engines.processes import map_in_processes

        blocks = map_in_processes(
            function,
            jobs,
            lost=_lost,
            n_workers=effective_n_jobs(n_jobs),
            block_size=BLOCK,
            timeout=timeout,
        )
    with contextlib.closing(blocks):
        for records in blocks:
            yield from records


def face_row(box, score: float, angle: float, parts: dict | None = None) -> list:
    """A face as plain values: x, y, width, height, score, angle, and perhaps its parts."""
    row = [*map(int, box), round(float(score), 4), float(angle)]
    return row if parts is None else [*row, parts]


def _block(detector, wishes: Wishes, jobs: list[Job]) -> list[Record]:
    """Records of a few inputs, one after the other."""

    def work(some: list[Job]) -> list[Record]:
        return [_timed(detector, wishes, job) for job in some]

    return call_with_recovery(work, jobs, _lost)


def _timed(detector, wishes: Wishes, job: Job) -> Record:
    start = time.perf_counter()
    record = _detect(detector, wishes, job)
    return replace(record, seconds=time.perf_counter() - start)


def _lost(job: Job, loss: Loss) -> Record:
    return Record(path_of(job.item), "error", loss.code, loss.message)


def _detect(detector, wishes: Wishes, job: Job) -> Record:
    """Record of one input; its pictures are written before it is given out."""
    item = job.item
    if isinstance(item, Fault):
        return Record(item.path, "error", item.code, item.message)
    path = path_of(item)
    # what is written has the size of the file's picture; else a smaller decode is enough
    limit = getattr(detector, "max_side", None) if wishes.picture is None else None
    try:
        source = item.read() if isinstance(item, ArchiveMember) else path
        decoded = decode_image(source, max_side=limit, name=path)
    except ImageReadError as error:
        return Record(path, "error", error.code, error.message)
    pixels = decoded.pixels
    faces = detector.detect(pixels)
    found = find_parts(pixels, faces, "eyes") if wishes.parts else None
    smiles = find_parts(pixels, faces, "smile") if wishes.parts else None
    factor = max(decoded.width, decoded.height) / max(pixels.shape[:2])
    status = "warn" if decoded.warnings else "ok"
    codes = [note.code for note in decoded.warnings]
    messages = [note.message for note in decoded.warnings]
    if not len(faces):
        codes.append("no_faces")
        messages.append("no face was found")
    if wishes.picture is not None:
        try:
            _write(wishes, job.name, pixels, faces, decoded.format)
        except (CvclassicError, OSError) as error:
            status = "error"
            codes, messages = ["not_written"], [str(error)]
    rows = []
    whole = faces.scaled(factor)
    for i, (box, score, angle) in enumerate(
        zip(whole.boxes, whole.scores, whole.angles, strict=True)
    ):
        parts = None
        if found is not None and smiles is not None:
            parts = {
                name: np.rint(boxes[i] * factor).astype(int).tolist()
                for name, boxes in (("eyes", found), ("smile", smiles))
            }
        rows.append(face_row(box, score, angle, parts))
    return Record(
        path,
        status,
        " ".join(codes),
        "; ".join(messages),
        len(faces),
        labels=tuple(rows),
        size=(decoded.width, decoded.height),
    )


def _write(wishes: Wishes, name: str, pixels: np.ndarray, faces: Faces, format: str) -> None:
    """Write the pictures that are asked for, each whole or not at all."""
    stem = os.path.join(wishes.folder or ".", name)
    if wishes.picture == "draw":
        write_image(
            f"{stem}.faces.png", draw_faces(pixels, faces.boxes, faces.scores, faces.angles)
        )
    elif wishes.picture == "blur":
        suffix = ".jpg" if format == "jpeg" else ".png"
        write_image(f"{stem}{suffix}", blur_faces(pixels, faces))
    else:
        for i, cut in enumerate(cut_faces(pixels, faces), 1):
            write_image(f"{stem}.face-{i}.png", cut)
