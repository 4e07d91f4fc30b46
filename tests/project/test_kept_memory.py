"""Memory that arrays have left is used again without asking the system."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from cvclassic._basics.platform import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()


def work():
    arrays = [np.ones((600, 600), np.float32) for _ in range(20)]  # 29 MB, as SIFT of one image
    return sum(float(one[0, 0]) for one in arrays)


work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is a setting of glibc")
def test_freed_memory_is_kept() -> None:
    faults = {}
    for how in ("keep", "leave"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
        )
        faults[how] = int(done.stdout)
    assert faults["keep"] < 1000 < 10_000 < faults["leave"]
