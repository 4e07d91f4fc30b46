"""Batch runs at their limits: a million records, the share of writing, bombs."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from functools import partial
from pathlib import Path

from cvclassic.batch import (
    check_output,
    classify_files,
    journal_path,
    label_columns,
    open_journal,
    open_writer,
    resume,
)
from cvclassic.images import single_threaded
from cvclassic.models import load_model

from .processes import photographs, run_part
from .stub import stub_run


def million(scratch: Path, quick: bool) -> dict:
    """A million records of a stub model, also killed in the middle, against a hundredth of them."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    found = {}
    n = 20_000 if quick else 1_000_000
    for size in (n // 100, n):
        out = scratch / f"{size}.csv"
        child = context.Process(target=stub_run, args=(str(out), size, results))
        child.start()
        classified, seconds, peak = results.get()
        child.join()
        found[f"{size} records"] = {
            "s": round(seconds, 1),
            "output_s": round(seconds - classified, 1),
            "us_a_record": round(1e6 * seconds / size, 1),
            "peak_mb": round(peak, 1),
            "output_mb": round(out.stat().st_size / 1e6, 1),
        }
        print(size, found[f"{size} records"], flush=True)
    whole = hashlib.sha256(out.read_bytes()).hexdigest()
    lines = out.read_bytes().count(b"\n") - 1
    assert lines == n, "not one record each"
    again = scratch / "again.csv"
    child = context.Process(target=stub_run, args=(str(again), n, results))
    child.start()
    journal = journal_path(again)
    while child.is_alive() and not (journal.exists() and journal.stat().st_size > 45 * n):
        time.sleep(0.05)
    child.kill()
    child.join()
    assert journal.exists(), "it was over before it was killed"
    kept = journal.stat().st_size
    child = context.Process(target=stub_run, args=(str(again), n, results))
    child.start()
    _, seconds, _ = results.get()
    child.join()
    same = hashlib.sha256(again.read_bytes()).hexdigest() == whole
    assert same, "bytes differ"
    found["killed and gone on"] = {"journal_mb": round(kept / 1e6, 1), "s": round(seconds, 1)}
    peaks = [found[f"{size} records"]["peak_mb"] for size in (n // 100, n)]
    found["peak_ratio"] = round(peaks[1] / peaks[0], 3)
    return found


def writing(scratch: Path, quick: bool) -> dict:
    """Time in the journal and the output against that of the run, with a recipe of photographs."""
    model_file, paths = photographs(scratch)
    model = load_model(model_file)
    n = 100 if quick else 5000
    paths = (paths * (1 + n // len(paths)))[:n]
    found = {}
    for format in ("csv", "jsonl", "parquet", "sqlite"):
        out = scratch / f"l.{format}"
        check_output(out, format)  # imports what it needs
        spent, output = 0.0, 0.0
        used = 0.0
        start, started = time.perf_counter(), time.process_time()
        with open_journal(out, {"model": "fast"}) as journal:
            extend = journal.extend

            def timed(pairs, extend=extend) -> None:
                nonlocal spent, used
                before, already = time.perf_counter(), time.thread_time()
                extend(pairs)
                spent += time.perf_counter() - before
                used += time.thread_time() - already

            journal.extend = timed  # type: ignore[method-assign]
            with single_threaded():
                for _ in resume(journal, paths, partial(classify_files, model, n_jobs=1)):
                    pass
            before, already = time.perf_counter(), time.thread_time()
            with open_writer(out, format, label_columns(1)) as writer:
                for record, _ in journal.kept():
                    writer.write(record)
            journal.finish()
            output = time.perf_counter() - before
            used += time.thread_time() - already
        seconds, processor = time.perf_counter() - start, time.process_time() - started
        found[format] = {
            "pictures": len(paths),
            "s": round(seconds, 2),
            "journal_s": round(spent, 4),
            "output_s": round(output, 4),
            "share": round((spent + output) / seconds, 5),
            "share_of_processor_time": round(used / processor, 5),
        }
        print(format, found[format], flush=True)
    return found


def bombs(scratch: Path, quick: bool) -> dict:
    """Little files that ask for much: seconds until they are refused, and memory."""
    from tests.images.test_bombs import BOMBS, in_a_child

    found: dict = {}
    for name, make in BOMBS.items():
        data = make()
        turns = [in_a_child(data) for _ in range(1 if quick else 5)]
        found[name] = {
            "bytes": len(data),
            "code": turns[0][0],
            "worst_s": round(max(turn[1] for turn in turns), 4),
            "worst_mb": round(max(turn[2] for turn in turns), 1),
        }
    found["worst"] = {
        key: max(row[key] for row in found.values()) for key in ("worst_s", "worst_mb")
    }
    return found


if __name__ == "__main__":
    run_part({"million": million, "writing": writing, "bombs": bombs}, __doc__)
