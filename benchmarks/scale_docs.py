"""The tables of docs/scale.md, from results."""

from __future__ import annotations


def _table(headers: list[str], rows: list[list[str]]) -> str:
    lines = [headers, ["---"] + ["---:"] * (len(headers) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def throughput(results: dict) -> str:
    """Milliseconds of each stage, and what N cores would do in an hour."""
    rows = []
    for recipe, row in results.items():
        stages = [row[name] for name in ("decode", "describe", "encode", "classify", "all")]
        hourly = [3.6e6 * cores / row["all"] for cores in (1, 16, 128)]
        cells = [*(f"{ms:.2f}" for ms in stages), *(f"{n / 1e6:.1f} million" for n in hourly)]
        rows.append([f"`{recipe}`", *cells])
    head = ["recipe", "decode, ms", "describe", "encode", "classify", "all"]
    return _table([*head, "1 core, an hour", "16 cores", "128 cores"], rows)


def million(results: dict) -> str:
    """Records without work."""
    rows = [
        [
            f"{int(name.split()[0]):,}",
            f"{row['s']:.0f}",
            f"{1e6 / row['us_a_record']:,.0f}",
            f"{row['peak_mb']:.0f}",
        ]
        for name, row in results.items()
        if isinstance(row, dict) and name.endswith(" records")
    ]
    return (
        _table(["records", "seconds", "a second", "peak memory, MB"], rows)
        + "\nKilled in the middle and gone on with, the million has the same bytes.\n"
    )


def kills(results: dict) -> str:
    """How often runs were killed."""
    n = sum(row["kills"] for row in results.values())
    at_work = sum(row["kills_at_work"] for row in results.values())
    files = max(row["files"] for row in results.values())
    return (
        f"{n} kills (`kill -9`) at random moments of runs over {files:,} files, {at_work} of them "
        f"between two records: the outputs have the same bytes as those of undisturbed runs, with "
        f"{' and '.join(results)} alike.\n"
    )


def bombs(results: dict) -> str:
    """The worst of the bombs."""
    worst = results["worst"]
    return (
        f"{len(results) - 1} little files that ask for gigabytes are refused within "
        f"{1e3 * worst['worst_s']:.1f} ms and {worst['worst_mb']:.1f} MB.\n"
    )
