"""Case 45: what the decoder repairs is told, if the program asks."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from cvclassic.images import decode_image, read_image, watch_decoders
from tests.images.makers import encode, smooth


@pytest.fixture(scope="module")
def good():
    return encode(smooth(160, 240), "JPEG", quality=90)


@pytest.fixture(scope="module")
def damaged(good):
    data = bytearray(good)
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(range(1, 65))
    return bytes(data)


def warnings(data):
    return [note.code for note in decode_image(data).warnings]


def test_damage_is_heard_and_not_shown(good, damaged, capfd):
    with watch_decoders():
        assert warnings(damaged) == ["corrupt_data"]
        assert warnings(good) == []
        with watch_decoders():
            assert warnings(damaged) == ["corrupt_data"]
        assert warnings(damaged) == ["corrupt_data"]
        assert warnings(good[:-2]) == ["missing_eoi"]
    assert capfd.readouterr().err == ""


def test_without_watching_standard_error_is_left_alone(good, damaged):
    before = os.fstat(2)
    assert warnings(damaged) == []
    read_image(good)
    after = os.fstat(2)
    assert (before.st_dev, before.st_ino) == (after.st_dev, after.st_ino)


def test_the_right_picture_is_blamed_among_threads(good, damaged):
    files = [damaged if i % 7 == 0 else good for i in range(200)]
    with watch_decoders(), ThreadPoolExecutor(8) as pool:
        found = list(pool.map(warnings, files))
    assert found == [["corrupt_data"] if data is damaged else [] for data in files]


def test_other_messages_come_through(damaged, tmp_path):
    script = (
        "import os, sys\n"
        "from cvclassic.images import decode_image, watch_decoders\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "with watch_decoders():\n"
        "    decode_image(data)\n"
        "    print('from Python', file=sys.stderr)\n"
        "    os.write(2, b'from elsewhere\\n')\n"
        "    decode_image(data)\n"
        "print('afterwards', file=sys.stderr)\n"
    )
    path = tmp_path / "a.jpg"
    path.write_bytes(damaged)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stderr.split("\n") == ["from Python", "from elsewhere", "afterwards", ""]
