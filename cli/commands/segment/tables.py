"""Tables of regions: CSV or Parquet."""

from __future__ import annotations

import csv
from typing import Any


def check_table(path: str) -> None:
    """Refuse other endings before the work."""
    from cvclassic.errors import ParameterError

    if not path.lower().endswith((".csv", ".parquet")):
        raise ParameterError(f"a table must end in .csv or .parquet. Got {path!r} instead.")


def write_table(path: str, rows: list[dict[str, Any]], *, raw: bool = False) -> None:
    """Write rows; the ending of `path` says how.

    Names that a spreadsheet would run as a formula are defused in CSV, unless `raw`.
    """
    from cvclassic._basics.atomic import atomic_file
    from cvclassic.batch.outputs.writers import defused
    from cvclassic.errors import MissingDependencyError

    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["path", "region"]
    if path.lower().endswith(".parquet"):
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            raise MissingDependencyError(
                "Parquet needs pyarrow: pip install 'cvclassic[parquet]'"
            ) from None
        table = pa.table({name: [row.get(name) for row in rows] for name in columns})
        with atomic_file(path) as file:
            parquet.write_table(table, file)
        return
    if not raw:
        rows = [{**row, "path": defused(str(row["path"]))} for row in rows]
    with atomic_file(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
