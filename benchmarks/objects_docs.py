"""Tables of docs/objects.md."""

from __future__ import annotations

from collections.abc import Callable

_HEAD = [
    "set, detector",
    "AP50",
    "AP75",
    "AP",
    "miss rate",
    "recall",
    "ms per image",
    "training, s",
]


def detectors(results: dict, table: Callable) -> str:
    """Scores on test images, beside those of the opponents."""
    rows = []
    refused: dict[str, list[str]] = {}  # words of refusal -> what was refused
    for name, row in results.items():
        if "refused" in row:
            refused.setdefault(row["refused"], []).append(name)
        elif "ap50" in row:
            keys = ("ap50", "ap75", "ap", "log_average_miss_rate", "recall50")
            took = row.get("training_seconds") or row.get("training_processor_seconds")
            milliseconds = row.get("ms_per_image")
            rows.append(
                [
                    name,
                    *(f"{row[key]:.3f}" for key in keys),
                    "–" if milliseconds is None else f"{milliseconds:.0f}",
                    "–" if took is None else f"{took:.0f}",
                ]
            )
    text = table(_HEAD, rows)
    six = results.get("six classes")
    if six:
        text += (
            f"\nSix classes in one model: {six['ms_per_image']:.0f} ms per image of "
            f"{six['megapixels']:.2f} megapixels; two processes are "
            f"{six['two_processes_times_one']:.2f} times as fast as one, two threads "
            f"{six['two_threads_times_one']:.2f} times.\n"
        )
    for words, names in refused.items():
        text += f"\nRefused ({', '.join(names)}): “{words.removeprefix('Error! ')}”\n"
    return text


def proposals(results: dict, table: Callable) -> str:
    """Recall of proposals."""
    keys = [f"recall_at_{n}_iou_{overlap}" for overlap in (0.5, 0.7) for n in (10, 100, 1000)]
    rows = [
        [name.replace("proposals, ", ""), *(f"{row[key]:.2f}" for key in keys),
         f"{row['ms_per_image']:.0f}"]
        for name, row in results.items()
        if "proposals" in name
    ]  # fmt: skip
    if not rows:
        return "Not measured yet.\n"
    head = ["set, method", *(f"{n}, IoU {o}" for o in (0.5, 0.7) for n in (10, 100, 1000))]
    return table([*head, "ms per image"], rows)
