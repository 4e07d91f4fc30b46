"""Passes over many items: in order, in threads only where there are several blocks."""

import subprocess
import sys
import threading

import pytest

from cvclassic.images import map_blocks, thread_map


def thread_of(_block) -> threading.Thread:
    return threading.current_thread()


def test_a_single_block_starts_no_threads() -> None:
    """They take longer to start than an image takes."""
    here = threading.current_thread()
    assert list(map_blocks(thread_of, [1, 2, 3], n_jobs=2)) == [here]
    assert list(map_blocks(thread_of, [], n_jobs=2)) == []
    assert here not in list(map_blocks(thread_of, range(40), n_jobs=2))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n", [0, 1, 4, 5, 8, 9, 30])
def test_blocks_in_order(n, n_jobs) -> None:
    blocks = list(map_blocks(list, iter(range(n)), n_jobs=n_jobs, block_size=4))
    assert blocks == [list(range(i, min(i + 4, n))) for i in range(0, n, 4)]


@pytest.mark.parametrize("n", [1, 20])
def test_an_error_comes_through(n) -> None:
    def fail(block: list) -> None:
        raise ValueError(len(block))

    with pytest.raises(ValueError, match="1"):
        list(map_blocks(fail, range(n), n_jobs=2, block_size=1))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_that_stay(n_jobs) -> None:
    """Results in order, pass after pass, never many at once; an error comes through."""
    begun = []

    def half(number: int) -> float:
        begun.append(number)
        return 1 / number

    with thread_map(n_jobs) as run:
        for _ in range(3):
            assert list(run(half, range(1, 50))) == [1 / k for k in range(1, 50)]
        begun.clear()
        first = next(iter(run(half, range(1, 50))))
        assert first == 1
        assert len(begun) <= 2 * n_jobs + 1
        with pytest.raises(ZeroDivisionError):
            list(run(half, [2, 0, 1]))


def test_a_blas_that_is_loaded_later_has_one_thread_too() -> None:
    """SciPy brings its own, which may come after the first pass."""
    program = """
from threadpoolctl import ThreadpoolController
from cvclassic.images import map_blocks
def pools(_block):
    return {pool["num_threads"] for pool in ThreadpoolController().select(user_api="blas").info()}
list(map_blocks(pools, range(20), n_jobs=2))
import scipy.linalg
assert set().union(*map_blocks(pools, range(20), n_jobs=2)) == {1}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
