"""Tables of docs/video.md, from the results of `video_tracks` and `video_runs`."""

from __future__ import annotations

from collections.abc import Callable

Table = Callable[[list[str], list[list[str]]], str]


def tracks(results: dict, table: Table) -> str:
    """One box followed by cvclassic and by OpenCV's trackers."""
    rows = [
        [
            name,
            f"{row['mean_iou']:.3f}",
            f"{100 * row['frames_above_half']:.1f}%",
            f"{row['ms_per_frame']:.1f}",
        ]
        for name, row in results["jogging"].items()
    ]
    return table(["one box", "mean IoU", "frames above 0.5", "ms per frame, one thread"], rows)


def speed(results: dict) -> str:
    """How fast a clip is classified, against a loop by hand."""
    return (
        f"`classify` on a clip with the recipe `fast` reaches {100 * results['of_bare']:.1f}% of "
        "the speed of a plain loop that decodes with PyAV and predicts in blocks "
        f"({results['frames_per_s']:.0f} against {results['bare_frames_per_s']:.0f} frames "
        "per second on one core).\n"
    )


def memory(results: dict) -> str:
    """Peak memory by the length of the clip."""
    rows = {int(name.split("_")[2]): peak for name, peak in results.items()}
    peaks = " and ".join(f"{peak} MB with {n:,} frames" for n, peak in sorted(rows.items()))
    return f"Peak memory of the same command: {peaks}.\n"


def kills(results: dict) -> str:
    """Runs over a clip that were killed."""
    same = "has the bytes" if results["identical"] else "does not have the bytes"
    return (
        f"A run over {results['records']:,} frames that was killed {results['kills']} times "
        f"(`kill -9`) and resumed {same} of an undisturbed run.\n"
    )


def mutants(results: dict) -> str:
    """Clips that were damaged at random."""
    told = results["frames_and_faults"] + results["faults_only"]
    return (
        f"Of {results['clips']:,} clips with changed, missing or doubled bytes (five codecs, 60 "
        f"frames each), {results['all_frames']:,} still gave all frames and {told:,} gave a record "
        f"that says what is wrong, {results['frames_and_faults']:,} of them with the frames that "
        f"could be decoded; {results['fewer_frames_without_a_word']:,} gave fewer frames "
        f"without a record, and {results['silent']:,} gave neither. The slowest took "
        f"{results['slowest_s']:.1f} s.\n"
    )
