"""Every file of a collection of broken, odd and malicious ones gives an array or a code."""

import os
import time
from collections import Counter

import numpy as np

from cvclassic.errors import ImageReadError
from cvclassic.images import decode_image, read_image, walk_images, watch_decoders

CODES = {
    "not_found", "permission", "not_regular", "symlink_loop", "path_invalid", "path_encoding",
    "path_too_long", "unreadable", "io", "empty", "unsupported_format", "unsupported_depth",
    "truncated", "corrupt", "too_large", "non_finite",
}  # fmt: skip
# Damaged on purpose by the makers of the PNG suite, as its README says.
BROKEN_PNG = {
    "xc1n0g08", "xc9n2c08", "xcsn0g01", "xd0n2c08", "xd3n2c08", "xd9n2c08", "xdtn0g01", "xhdn0g08",
}  # fmt: skip


def attempt(path):
    """The image or None, and the code."""
    try:
        return decode_image(path), "ok"
    except ImageReadError as error:
        return None, error.code


def test_one_record_each(data_dir):
    top = data_dir / "hostile"
    found = [item.path for item in walk_images([top])]
    there = [os.path.join(d, name) for d, _, names in os.walk(top) for name in names]
    assert sorted(found) == sorted(there)
    assert len(found) == 345
    outcomes = Counter()
    with watch_decoders():
        for path in found:
            start = time.process_time()
            decoded, code = attempt(path)
            outcomes[code] += 1
            if decoded is not None:
                pixels = decoded.pixels
                assert pixels.dtype == np.uint8
                assert pixels.ndim == 2 or pixels.shape[2] == 3
                assert pixels.shape[:2] == (decoded.height, decoded.width)
                assert pixels.flags.c_contiguous
                small = read_image(path, max_side=16)
                assert small.ndim == pixels.ndim
                assert max(small.shape[:2]) == min(16, max(pixels.shape[:2]))
            assert time.process_time() - start < 2, path
    assert set(outcomes) <= CODES | {"ok"}
    assert outcomes["ok"] >= 280


def test_png_suite(data_dir):
    folder = data_dir / "hostile" / "pngsuite"
    for path in sorted(folder.glob("*.png")):
        decoded, code = attempt(path)
        if path.stem in BROKEN_PNG:
            assert code == "corrupt", path
        if decoded is None:
            assert path.stem.startswith("x"), path
            continue
        assert not path.stem.startswith("x"), path
        if path.stem[3:4] in "in" and path.stem[4:5] in "0234 6" and path.stem != "PngSuite":
            gray = path.stem[4] in "04"
            assert (decoded.pixels.ndim == 2) == gray, path


def test_interlaced_and_plain_are_the_same_picture(data_dir):
    folder = data_dir / "hostile" / "pngsuite"
    for interlaced in folder.glob("basi*.png"):
        plain = folder / interlaced.name.replace("basi", "basn")
        np.testing.assert_array_equal(read_image(interlaced), read_image(plain))


def test_caltech_is_read_as_opencv_reads_it(data_dir):
    import cv2

    for path in sorted((data_dir / "caltech101").rglob("*.jpg"))[::150]:
        bare = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        got = read_image(path)
        got = got if got.ndim == 3 else np.dstack([got] * 3)
        np.testing.assert_array_equal(got, bare[..., ::-1])
