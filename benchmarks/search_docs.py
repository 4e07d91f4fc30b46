"""The tables of docs/search.md, from results."""

from __future__ import annotations


def _table(headers: list[str], rows: list[list[str]]) -> str:
    lines = [headers, ["---"] + ["---:"] * (len(headers) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _said(results: dict, part: str) -> str:
    measured = results[part]["measured"]
    return f"\nMeasured {measured['date']}, load {measured['load']} at the start.\n"


def _score(row: dict, key: str) -> str:
    low, high = row["intervals"][key]
    return f"{row[key]:.3f} [{low:.3f}, {high:.3f}]"


def accuracy_table(results: dict) -> str:
    """Rankings of both sets, ours and those of others."""
    if "accuracy" not in results:
        return "Not measured yet.\n"
    found = ""
    for name, title, key in (
        ("ukbench", "UKBench part", "n_s"),
        ("dvd_covers", "covers", "precision_at_1"),
    ):
        data = results["accuracy"][name]
        times = data["time"]
        ours = ("words", "words and geometry", "compact codes")
        methods = {
            **{kind: data[kind] for kind in ours},
            "frozen MobileNet, 4 KB per image": data["frozen MobileNet"],
            **{kind: row for kind, row in data["codes of faiss"].items() if isinstance(row, dict)},
            "`cv2.BFMatcher`, ratio test": data["brute-force matcher"],
        }
        rows = []
        for method, row in methods.items():
            if "not measured" in row:
                continue
            time = times.get(method, row.get("time", {})).get("median_ms", row.get("ms"))
            speed = "" if time is None else f"{time:.1f}" if time >= 0.1 else f"{time:.3f}"
            cells = [_score(row, key), f"{row['map']:.3f}", str(row["n_queries"]), speed]
            rows.append([method, *cells])
        label = "N-S" if key == "n_s" else "precision at 1"
        heads = [f"{title}, {data['n_images']:,} images", label, "mAP", "queries", "ms per query"]
        found += _table(heads, rows) + "\n"
    return found.rstrip("\n") + "\n" + _said(results, "accuracy")


def duplicates_table(results: dict) -> str:
    """Which copies are found."""
    if "duplicates" not in results:
        return "Not measured yet.\n"
    data = results["duplicates"]
    kinds = ("exact", "resized", "cropped", "recolored")
    rows = [
        [name, *(f"{row[kind]:.0%}" for kind in kinds), f"{row['right']} of {row['pairs']}"]
        for name, row in data.items()
        if isinstance(row, dict) and "pairs" in row
    ]
    heads = [f"{data['n_per_kind']} copies of each kind", *kinds, "pairs that are copies"]
    return _table(heads, rows) + _said(results, "duplicates")


def limits_table(results: dict) -> str:
    """A million images, a large vocabulary, kills and damage."""
    rows = []
    if "million" in results:
        data = results["million"]
        n = f"{data['n_images']:,} simulated images of {data['n_keypoints']} keypoints"
        rows.append([f"size of an index of {n}", f"{data['file_gb']:.2f} GB"])
        for kind in ("segments as written", "one segment"):
            row = data[kind]
            count = row["n_segments"]
            where = f"{count} segment{'' if count == 1 else 's'}"
            first, again = row["first_query_cpu"]["median_ms"], row["query_cpu"]["median_ms"]
            rows.append(
                [
                    f"a query of it, {where}",
                    f"{again:.0f} ms ({first:.0f} ms the first time), at most "
                    f"{row['peak_resident_mb']:,} MB resident",
                ]
            )
        row = data["compact"]
        rows.append(
            [
                "`compact` of it",
                f"{row['wall_s']:.0f} s, at most {row['peak_resident_mb']:,} MB resident",
            ]
        )
        rows.append(
            [
                "a scan of its compact codes",
                f"{data['one segment']['scan_of_compact_codes_cpu_s']:.1f} s",
            ]
        )
    if "vocabulary" in results:
        row = results["vocabulary"]
        rows.append(
            [
                f"{row['n_words']:,} words from {row['n_descriptors']:,} descriptors",
                f"{row['wall_s']:.0f} s on {row['n_jobs']} cores ({row['cpu_s']:.0f} s of processor"
                f" time, load {row['load']})",
            ]
        )
    if "faults" in results:
        kills, mutants = results["faults"]["kills"], results["faults"]["mutants"]
        rows.append(
            [
                f"{kills['n']} kills while adding, removing and compacting",
                f"{kills['n_sound']} sound indexes",
            ]
        )
        rows.append(
            [
                f"{mutants['n']:,} damaged files",
                f"{mutants['refused']:,} refused, {mutants['found by verify']:,} with the right "
                f"answer and found by `verify`, {mutants['wrong']} wrong answers",
            ]
        )
    return _table(["what", "measured"], rows) if rows else "Not measured yet.\n"
