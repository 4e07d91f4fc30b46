"""What image libraries print stays off the terminal."""

import pytest

from cvclassic.images import decode_image, watch_decoders
from tests.images.makers import encode, smooth


@pytest.fixture
def damaged(tmp_path):
    """A JPEG that libjpeg repairs with a word on file descriptor 2."""
    data = bytearray(encode(smooth(200, 300), "JPEG"))
    middle = len(data) // 2
    data[middle : middle + 3] = b"\xff\xd4\x11"
    path = tmp_path / "damaged.jpg"
    path.write_bytes(data)
    with watch_decoders():
        assert [note.code for note in decode_image(path).warnings] == ["corrupt_data"]
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["match", "IMAGE", "IMAGE", "-o", "OUT.png"],
        ["augment", "IMAGE", "-o", "OUT.png"],
        ["segment", "superpixels", "IMAGE", "-o", "OUT"],
        ["audit", "FOLDER", "--blur", "0"],
    ],
    ids=lambda command: command[0],
)
def test_commands_are_quiet(cvclassic, damaged, tmp_path, command) -> None:
    names = {"IMAGE": damaged, "OUT.png": tmp_path / "out.png", "OUT": tmp_path / "out"}
    names["FOLDER"] = tmp_path
    done = cvclassic(*[names.get(word, word) for word in command])
    assert done.returncode in (0, 1), done.stderr
    assert "premature end of data" not in done.stderr
