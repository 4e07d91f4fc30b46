"""The sample images: small, listed with their origin, and honest."""

import csv
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="module")
def samples(root: Path) -> Path:
    """The folder of the sample images."""
    return root / "sample_images"


@pytest.fixture(scope="module")
def crops(samples: Path) -> list[dict[str, str]]:
    """Where every crop was cut."""
    with open(samples / "materials" / "crops.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pictures(samples: Path) -> list[Path]:
    return sorted(samples.rglob("*.jpg"))


def decode(path: Path) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, path
    return image


def test_they_are_small(samples: Path) -> None:
    files = [p for p in samples.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(file.stat().st_size for file in files) < 3e6


def test_origin_and_license_of_each_are_listed(samples: Path) -> None:
    lines = (samples / "SOURCES.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "`" in line]
    table = [(row[0].strip("`"), row[-1]) for row in rows if len(row) == 4]
    for file in pictures(samples):
        name = file.relative_to(samples).as_posix()
        licenses = [license for pattern, license in table if fnmatch(name, pattern)]
        assert len(licenses) == 1, f"{name} must be in SOURCES.md once"
        assert licenses[0] in ("CC0", "public domain", "no known copyright restrictions")


def test_every_crop_is_listed(samples: Path, crops: list[dict[str, str]]) -> None:
    listed = [f"materials/{crop['path']}" for crop in crops]
    found = [p.relative_to(samples).as_posix() for p in pictures(samples / "materials")]
    assert sorted(listed) == found
    for crop in crops:
        image = decode(samples / "materials" / crop["path"])
        assert image.shape[:2] == (int(crop["height"]), int(crop["width"]))
        assert 128 <= min(image.shape[:2]) <= max(image.shape[:2]) <= 200
        assert crop["path"].split("/")[:2] == [crop["split"], crop["label"]]


def test_there_is_something_to_learn_from(crops: list[dict[str, str]]) -> None:
    labels = {crop["label"] for crop in crops}
    assert len(labels) >= 5
    for label in labels:
        splits = [crop["split"] for crop in crops if crop["label"] == label]
        assert splits.count("train") >= 12
        assert splits.count("test") >= 6


def test_no_test_crop_touches_a_training_crop(crops: list[dict[str, str]]) -> None:
    train = [crop for crop in crops if crop["split"] == "train"]
    test = [crop for crop in crops if crop["split"] == "test"]
    for a, b in product(train, test):
        if a["source"] == b["source"]:
            assert max(distance(a, b, "x", "width"), distance(a, b, "y", "height")) >= 16


def distance(a: dict[str, str], b: dict[str, str], start: str, size: str) -> int:
    """Pixels between two crops along one axis, negative where they overlap."""
    first, second = sorted((int(crop[start]), int(crop[size])) for crop in (a, b))
    return second[0] - (first[0] + first[1])


def test_the_views_to_match_show_the_same(samples: Path) -> None:
    """Take the left view to the right one by the given homography: gray values agree."""
    left = decode(samples / "match" / "coffee_left.jpg").astype(np.float32)
    right = decode(samples / "match" / "coffee_right.jpg").astype(np.float32)
    homography = np.loadtxt(samples / "match" / "left_to_right.txt")
    size = right.shape[1], right.shape[0]
    warped = cv2.warpPerspective(left, homography, size)
    seen = cv2.warpPerspective(np.ones_like(left), homography, size) > 0.99
    assert 0.4 < seen.mean() < 0.95
    assert np.abs(warped - right)[seen].mean() < 6 < np.abs(left - right)[seen].mean()


def test_the_script_makes_these_pictures(root: Path, samples: Path, tmp_path: Path) -> None:
    """Pixels are compared, as JPEG encoders differ between versions."""
    import runpy

    data = pytest.importorskip("skimage.data")
    try:
        for name in ("brick", "hubble_deep_field", "immunohistochemistry", "coffee"):
            getattr(data, name)()
    except (ImportError, OSError) as error:
        pytest.skip(f"this scikit-image does not ship its images: {error}")
    runpy.run_path(str(root / "sample_images" / "make_samples.py"))["main"](tmp_path)
    made = [p.relative_to(tmp_path) for p in pictures(tmp_path)]
    assert made == [p.relative_to(samples) for p in pictures(samples)]
    for name in made:
        difference = cv2.absdiff(decode(tmp_path / name), decode(samples / name))
        assert difference.mean() < 2, name
    listing = Path("materials") / "crops.csv"
    assert (tmp_path / listing).read_text() == (samples / listing).read_text()
