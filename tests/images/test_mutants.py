"""Whatever happens to a file, it gives an image or a code, and the same one again."""

import resource
import time

import numpy as np
import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import read_image, watch_decoders
from tests.images.mutants import mutants, originals

CODES = {
    "corrupt", "empty", "non_finite", "too_large", "truncated", "unsupported_depth",
    "unsupported_format",
}  # fmt: skip


def outcome(data):
    """Pixels, or a code."""
    error = None
    try:
        return read_image(data, max_pixels=2_000_000)
    except ImageReadError as caught:
        error = caught
    assert error.code in CODES
    assert error.message
    assert "\n" not in error.message
    return error.code


def test_originals_are_read():
    for name, data in originals().items():
        assert isinstance(outcome(data), np.ndarray), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "seed"), [(2000, 0), pytest.param(20_000, 1, marks=pytest.mark.slow)]
)
def test_mutants(n, seed):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_read = 0
    with watch_decoders():
        for name, i, data in mutants(n, seed):
            start = time.process_time()
            first = outcome(data)
            assert time.process_time() - start < 1, (name, i)
            dirt = np.full(10_000, 0xAA, np.uint8)
            del dirt
            second = outcome(data)
            if isinstance(first, str):
                assert first == second, (name, i)
                continue
            assert first.dtype == np.uint8
            assert first.ndim == 2 or first.shape[2] == 3
            np.testing.assert_array_equal(first, second, err_msg=f"{name} {i}")
            n_read += 1
    assert n / 5 < n_read < n / 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kilobytes


def test_no_cut_of_a_file_is_taken_for_a_whole_one():
    """Where something is missing, the pixels are the whole file's or there are none."""
    lenient = ("apng", "animation", "avif", "avif alpha", "icns", "dds", "ico", "ico png")
    for name, data in originals().items():
        whole = read_image(data)
        for part in np.linspace(0, 1, 23)[1:-1]:
            got = outcome(data[: int(part * len(data))])
            if isinstance(got, np.ndarray) and name not in lenient:
                np.testing.assert_array_equal(got, whole, err_msg=f"{name} cut at {part:.2f}")
