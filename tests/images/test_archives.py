"""Images in archives are read in place, whatever the archive says about itself."""

import bz2
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from cvclassic.errors import ImageReadError
from cvclassic.images import (
    ArchiveMember,
    Fault,
    MemberReader,
    find_inputs,
    read_image,
    walk_archive,
)
from cvclassic.images.archives import members
from cvclassic.images.archives import walking as archives
from tests.images.makers import encode, png, smooth

PIXELS = [smooth(24, 16, seed=seed) for seed in range(3)]
PICTURES = [encode(pixels, "PNG") for pixels in PIXELS]
JPEG = encode(smooth(40, 40), "JPEG")
TARS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.xz": "w:xz", ".tar.bz2": "w:bz2"}


def make_zip(path: Path, members, method=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def make_tar(path: Path, members, mode="w", format=tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=format, errors="surrogateescape") as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def names(path) -> list[str]:
    """Names of the members that are inputs; a fault is its code."""
    return [
        item.code if isinstance(item, Fault) else item.path.removeprefix(f"{path}!")
        for item in walk_archive(str(path))
    ]


def outcomes(path) -> list[str]:
    """What became of each input: ok or a code."""
    found = []
    for item in walk_archive(str(path)):
        if isinstance(item, Fault):
            found.append(f"archive {item.code}")
            continue
        try:
            read_image(item.read())
            found.append("ok")
        except ImageReadError as error:
            found.append(error.code)
    return found


SAMPLES = [(f"d/{i}.png", data) for i, data in enumerate(PICTURES)]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_zip_methods(tmp_path, method) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES, method)
    for item, pixels in zip(walk_archive(str(path)), PIXELS, strict=True):
        assert np.array_equal(read_image(item.read()), pixels)
        # the name of its record reads it again
        assert np.array_equal(read_image(item.path), pixels)


@pytest.mark.parametrize("suffix", TARS)
@pytest.mark.parametrize(
    "format",
    [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT],
    ids=["u", "gnu", "pax"],
)
def test_tars(tmp_path, suffix, format) -> None:
    members = [*SAMPLES, ("long/" * 40 + "name.png", PICTURES[0])]
    path = make_tar(tmp_path / f"a{suffix}", members, TARS[suffix], format)
    assert names(path) == [name for name, _ in members]
    for item, pixels in zip(walk_archive(str(path)), [*PIXELS, PIXELS[0]], strict=True):
        assert np.array_equal(read_image(item.read()), pixels)
        assert np.array_equal(read_image(item.path), pixels)


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_only_pictures_of_samples_are_inputs(tmp_path, make) -> None:
    members = [
        ("000.jpg", JPEG), ("000.cls", b"3"), ("000.json", b"{}"), ("000.seg.png", PICTURES[0]),
        ("no_suffix", PICTURES[1]), ("words", b"words"), (".hidden.jpg", JPEG),
        ("__MACOSX/._000.jpg", b"fork"), (".git/a.jpg", JPEG), ("bad.jpg", b"words"),
        ("empty.jpg", b""), ("../../up.jpg", JPEG), ("/etc/root.jpg", JPEG), ("in.zip", b"PK"),
    ]  # fmt: skip
    path = make(tmp_path / f"a.{make.__name__[5:]}", members)
    wanted = ["000.jpg", "000.seg.png", "no_suffix", "bad.jpg", "empty.jpg", "../../up.jpg"]
    assert names(path) == [*wanted, "/etc/root.jpg", "in.zip"]
    assert outcomes(path) == [
        "ok", "ok", "ok", "unsupported_format", "empty", "ok", "ok", "unsupported_format",
    ]  # fmt: skip
    assert os.listdir(tmp_path) == [path.name]


def test_names_are_lossless(tmp_path) -> None:
    odd = ["caf\udce9.png", "ünï.png", "new\nline.png", "a!b.png", "with space.png"]
    path = make_tar(tmp_path / "a.tar", [(name, PICTURES[0]) for name in odd])
    assert names(path) == odd
    for name in odd:
        assert read_image(f"{path}!{name}").shape == (24, 16, 3)
    raw = make_zip(tmp_path / "a.zip", [("caf_.png", PICTURES[0])])
    raw.write_bytes(raw.read_bytes().replace(b"caf_.png", b"caf\xe9.png"))
    assert names(raw) == ["caf\udce9.png"]


def test_links_and_devices_are_not_followed(tmp_path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    members = []
    for name, kind in (
        ("sym.jpg", tarfile.SYMTYPE),
        ("hard.jpg", tarfile.LNKTYPE),
        ("dev.jpg", tarfile.CHRTYPE),
        ("pipe.jpg", tarfile.FIFOTYPE),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, str(tmp_path / "secret.jpg")
        members.append((info, b""))
    path = make_tar(tmp_path / "a.tar", [*members, ("a.jpg", JPEG)])
    assert outcomes(path) == ["not_regular"] * 4 + ["ok"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, str(tmp_path / "secret.jpg"))
    assert outcomes(tmp_path / "a.zip") == ["not_regular"]


def test_encrypted_members_are_records(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert outcomes(path) == ["encrypted", "ok", "ok"]


def test_other_methods_are_records(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES)
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 99)
    path.write_bytes(data)
    assert outcomes(path) == ["unsupported_format", "ok", "ok"]


@pytest.mark.slow
def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path) -> None:
    bomb = png(8, 8, rows=b"") + bytes(250 << 20)
    path = make_zip(tmp_path / "a.zip", [("big.png", bomb), ("ratio.png", bomb[: 66 << 20])])
    assert path.stat().st_size < 500_000
    said = []
    for item in walk_archive(str(path)):
        with pytest.raises(ImageReadError) as caught:
            item.read()
        assert caught.value.code == "too_large"
        said.append(caught.value.message)
    assert "expected at most 256000000 bytes" in said[0]
    assert "times the packed size" in said[1]


def test_what_is_no_picture_is_not_unpacked(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", [("zeros.jpg", bytes(30 << 20))])
    assert outcomes(path) == ["unsupported_format"]


def test_a_member_gives_no_more_than_it_declares(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES[:1])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    for declared in (10, len(PICTURES[0]) + 10):
        struct.pack_into("<L", data, at + 24, declared)
        path.write_bytes(data)
        (item,) = walk_archive(str(path))
        with pytest.raises(ImageReadError) as caught:
            item.read()
        assert caught.value.code in ("corrupt", "truncated")


@pytest.mark.slow
def test_packed_tars_that_unpack_to_too_much_are_stopped(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("cvclassic.images.archives.tar._RATIO_FROM", 1 << 22)
    members = [("a.png", PICTURES[0]), ("zeros.bin", bytes(40 << 20)), ("b.png", PICTURES[1])]
    for suffix in (".tar.gz", ".tar.xz", ".tar.bz2"):
        path = make_tar(tmp_path / f"a{suffix}", members, TARS[suffix])
        assert outcomes(path) == ["ok", "archive too_large"]


def test_a_packed_tar_holds_no_large_member_in_memory(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(archives, "_MAX_STREAMED", 1000)
    small = encode(np.zeros((4, 4), np.uint8), "PNG")
    path = make_tar(tmp_path / "a.tgz", [("a.jpg", JPEG * 2), ("b.png", small)], "w:gz")
    assert outcomes(path) == ["too_large", "ok"]


def test_a_dictionary_beyond_the_limit_is_refused(tmp_path, monkeypatch) -> None:
    path = make_tar(tmp_path / "a.tar", SAMPLES)
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    packed = lzma.compress(path.read_bytes(), filters=filters)
    (tmp_path / "b.tar.xz").write_bytes(packed)
    assert outcomes(tmp_path / "b.tar.xz") == ["archive too_large"]


def test_streams_in_a_row_are_one(tmp_path) -> None:
    data = make_tar(tmp_path / "a.tar", SAMPLES).read_bytes()
    cut = len(data) // 2
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)):
        path = tmp_path / f"a.tar{suffix}"
        path.write_bytes(pack(data[:cut]) + pack(data[cut:]))
        assert outcomes(path) == ["ok"] * 3


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz"])
def test_a_cut_archive_gives_what_is_there_and_says_so(tmp_path, suffix) -> None:
    rng = random.Random(1)
    # random bytes behind the images, so that packing saves nothing and the cuts are even
    members = [(n, d + rng.randbytes(30_000)) for n, d in SAMPLES]
    whole = tmp_path / f"a{suffix}"
    make_zip(whole, members) if suffix == ".zip" else make_tar(whole, members, TARS[suffix])
    data = whole.read_bytes()
    path = tmp_path / f"b{suffix}"
    n_ok = []
    for cut in range(1, 12):
        path.write_bytes(data[: len(data) * cut // 12])
        found = outcomes(path)
        # only the zeros at the end of a tar may go without a word
        assert found[-1] in ("archive truncated", "archive corrupt") or found == ["ok"] * 3
        assert all(code in ("ok", "truncated") for code in found[:-1])
        n_ok.append(found.count("ok"))
    assert n_ok == sorted(n_ok)
    assert n_ok[0] == 0
    assert n_ok[-1] >= 2


def test_a_zip_written_to_a_pipe_is_read_without_its_end(tmp_path) -> None:
    """Sizes stand behind the data there."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *args):
            raise io.UnsupportedOperation

        def tell(self):
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in SAMPLES:
            archive.writestr(name, data)
    path = tmp_path / "a.zip"
    path.write_bytes(pipe.getvalue())
    assert outcomes(path) == ["ok"] * 3
    path.write_bytes(pipe.getvalue()[:-100])
    assert outcomes(path) == ["ok"] * 3 + ["archive truncated"]


def test_a_program_before_a_zip(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES)
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert outcomes(path) == ["ok"] * 3


@pytest.mark.slow
def test_zip64(tmp_path) -> None:
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("a.png", "w", force_zip64=True) as file,
    ):
        file.write(PICTURES[0])
    assert outcomes(path) == ["ok"]
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(66_000):  # more than 16 bits can count
            archive.writestr(zipfile.ZipInfo(f"{i}.txt"), b"")
        archive.writestr("a.png", PICTURES[0])
    assert outcomes(path) == ["ok"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_damage_anywhere_is_a_record_and_never_an_exception(tmp_path, suffix, seed) -> None:
    whole = tmp_path / f"a{suffix}"
    make_zip(whole, SAMPLES) if suffix == ".zip" else make_tar(whole, SAMPLES, TARS[suffix])
    data, rng = whole.read_bytes(), random.Random(seed)
    for _ in range(60):
        bad = bytearray(data)
        for _ in range(rng.randrange(1, 8)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        if rng.random() < 0.3:
            del bad[rng.randrange(len(bad)) :]
        whole.write_bytes(bad)
        outcomes(whole)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"])
def test_what_is_no_archive_is_one_record(tmp_path, suffix) -> None:
    path = tmp_path / f"a{suffix}"
    for data in (b"", b"words" * 200, bytes(range(256)) * 8):
        path.write_bytes(data)
        (found,) = find_inputs([tmp_path])
        assert isinstance(found, Fault)
        assert found.code in ("corrupt", "truncated", "unsupported_format")
    path.unlink()
    (found,) = find_inputs([path])
    assert isinstance(found, Fault)
    assert found.code == "not_found"
    os.mkfifo(path)
    (found,) = find_inputs([path])
    assert found.code == "not_regular"


def test_a_folder_may_be_named_like_an_archive(tmp_path) -> None:
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "b.png").write_bytes(PICTURES[0])
    assert [item.path for item in find_inputs([tmp_path])] == [f"{tmp_path}/a.zip/b.png"]
    assert read_image(f"{tmp_path}/a.zip/b.png").shape == (24, 16, 3)


def test_members_that_are_not_there(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", SAMPLES)
    for name in (f"{path}!no.png", f"{tmp_path}/no.zip!a.png", f"{tmp_path}/a!b.png"):
        with pytest.raises(ImageReadError) as caught:
            read_image(name)
        assert caught.value.code == "not_found"


def test_an_archive_that_is_replaced_is_read_anew(tmp_path) -> None:
    path = make_zip(tmp_path / "a.zip", [("a.png", PICTURES[0])])
    assert np.array_equal(read_image(f"{path}!a.png"), PIXELS[0])
    new = make_zip(tmp_path / "b.zip", [("x.png", PICTURES[2]), ("a.png", PICTURES[1])])
    os.replace(new, path)
    assert np.array_equal(read_image(f"{path}!a.png"), PIXELS[1])


def test_a_reader_goes_through_a_packed_tar_once(tmp_path, monkeypatch) -> None:
    path = make_tar(tmp_path / "a.tgz", SAMPLES, "w:gz")
    opened = []
    walk = members.walk_archive
    monkeypatch.setattr(members, "walk_archive", lambda name: opened.append(name) or walk(name))
    reader = MemberReader()
    for i in (0, 1, 2, 0):
        assert reader.read(f"{path}!d/{i}.png") == PICTURES[i]
    assert len(opened) == 2


def test_members_pickle(tmp_path) -> None:
    import pickle

    path = make_tar(tmp_path / "a.tgz", SAMPLES, "w:gz")
    for item in walk_archive(str(path)):
        assert isinstance(item, ArchiveMember)
        again = pickle.loads(pickle.dumps(item))
        assert again.read() == item.read()
        assert again.fingerprint == [len(item.read()), zlib.crc32(item.read())]
