"""``python -m benchmarks NAME [arguments]`` runs a benchmark; without a name it lists them."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

_SHARED = {"__init__", "__main__", "boundary_match", "common", "datasets", "processes"}
_SHARED |= {
    "comparison_plot",
    "comparison_verdict",
    "faces_docs",
    "http_load",
    "objects_docs",
    "objects_opponents",
    "scale_docs",
    "search_docs",
    "search_faults",
    "search_scale",
    "stub",
}


def benchmarks() -> dict[str, str]:
    """Name of each benchmark and the first line of its docstring."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in _SHARED:
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[path.stem] = docstring.partition("\n")[0]
    return found


def main() -> None:
    """Run what the command line names."""
    known = benchmarks()
    name = sys.argv[1] if len(sys.argv) > 1 else None
    if name not in known:
        if name is not None:
            print(f"There is no benchmark {name!r}.\n", file=sys.stderr)
        print("usage: python -m benchmarks NAME [arguments]\n")
        for known_name, line in known.items():
            print(f"  {known_name:24} {line}")
        sys.exit(2 if name is not None else 0)
    sys.argv = [f"benchmarks {name}", *sys.argv[2:]]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
