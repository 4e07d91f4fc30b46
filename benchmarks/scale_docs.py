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
    same = "\nKilled in the middle and gone on with, the million has the same bytes.\n"
    table = _table(["records", "seconds", "a second", "peak memory, MB"], rows)
    return table + (same if "killed and gone on" in results else "")


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


def engines(results: dict) -> str:
    """Threads and processes beside a bare loop."""
    rows = [
        [
            name,
            f"{row['ms_a_picture']:.2f}",
            f"{row['times_bare_loop']:.3f}",
            " to ".join(f"{one:.2f}" for one in row["times_bare_loop_quartiles"]),
            f"{row['processor_ms_a_picture']:.2f}",
        ]
        for name, row in results.items()
        if "ms_a_picture" in row
    ]
    gains = {name: row for name, row in results.items() if "median" in row}
    head = ["engine, workers", "ms per image", "times the bare loop", "quartiles"]
    text = "; ".join(f"{name}: {row['median']:.2f} times" for name, row in gains.items())
    return _table([*head, "processor, ms"], rows) + f"\n{text}.\n"


def dask(results: dict) -> str:
    """One and two workers of a cluster."""
    rows = [[name, f"{ms:.2f}"] for name, ms in results["ms_a_picture"].items()]
    gains = {name: row for name, row in results.items() if "median" in row}
    text = "; ".join(
        f"{name}: {row['median']:.2f} times ({min(row['all']):.2f} to {max(row['all']):.2f})"
        for name, row in gains.items()
    )
    killed = results["killed"]
    text += (
        f".\n\nWith one of two workers killed in the middle, the output of {killed['pictures']:,} "
        "images has the bytes of a run on one machine"
    )
    return _table(["engine, workers", "ms per image"], rows) + f"\n{text}.\n"


def writing(results: dict) -> str:
    """Share of the journal and the output in a run."""
    rows = [
        [name, f"{row['pictures']:,}", f"{100 * row['share']:.2f}%"]
        for name, row in results.items()
    ]
    return _table(["format", "images", "journal and output, share of the run"], rows)


def mutants(results: dict) -> str:
    """Damaged images."""
    described = {"files", "real_pictures", "records", "exit_code", "s"}
    codes = sorted(
        ((n, code) for code, n in results.items() if code not in described), reverse=True
    )
    real = f" of {results['real_pictures']} real images" if "real_pictures" in results else ""
    return (
        f"{results['files']:,} damaged copies{real}: {results['records']:,} records in "
        f"{results['s']:.0f} s, nothing lost. Most frequent: "
        + ", ".join(f"`{code}` {n:,}" for n, code in codes[:6])
        + ".\n"
    )


def memory(results: dict) -> str:
    """Peak memory of the program against the number of files."""
    rows = [
        [name, f"{row['s']:.0f}", f"{row['peak_mb']:.0f}"]
        for name, row in results.items()
        if isinstance(row, dict)
    ]
    return _table(["files, engine", "seconds", "peak memory, MB"], rows)
