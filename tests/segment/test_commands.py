"""``cvclassic segment`` from training to evaluation, and what it says to bad input."""

import json
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner

from cvclassic.images import write_image
from cvclassic.images.label_pictures import read_label_picture, write_label_picture
from cvclassic.segment import PixelClassifier
from cvclassic_cli.main import main


def run(*args) -> tuple[int, str]:
    """Exit code, and all that was said."""
    result = CliRunner().invoke(main, ["segment", *map(str, args)])
    assert not (result.exception and not isinstance(result.exception, SystemExit)), result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module", autouse=True)
def _small_models():
    """Trained in a moment."""
    with pytest.MonkeyPatch.context() as patch:
        small = partial(PixelClassifier, n_trees=12, depth=4, max_pixels=6000)
        patch.setattr("cvclassic.segment.PixelClassifier", small)
        yield


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Folders of images, masks, numbers, scribbles and fields of view."""
    root = tmp_path_factory.mktemp("cells")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:80, :90]
    for name in ("images", "masks", "objects", "scribbles", "fov"):
        (root / name).mkdir()
    for i in range(4):
        number = np.zeros((80, 90), int)
        for k, (cx, cy) in enumerate(((20, 20), (38, 22), (65, 50), (25, 60)), 1):
            number[(x - cx) ** 2 + (y - cy - i) ** 2 < 90] = k
        image = np.clip(60 + 90 * (number > 0) + rng.normal(0, 15, number.shape), 0, 255)
        write_image(root / "images" / f"{i}.png", image.astype(np.uint8))
        write_label_picture(root / "masks" / f"{i}.png", 255 * (number > 0))
        write_label_picture(root / "objects" / f"{i}.png", number)
        write_label_picture(root / "fov" / f"{i}.png", 255 * (x > 5))
        if i < 2:
            marks = np.zeros_like(number)
            marks[20 + i] = 1 + (number[20 + i] > 0)
            write_label_picture(root / "scribbles" / f"{i}.png", marks)
    return root


@pytest.fixture(scope="module")
def model(cells):
    path = cells / "m.cvmodel"
    code, said = run("train", "--images", cells / "images", "--masks", cells / "objects",
                     "--instances", "-o", path, "-j", 1)  # fmt: skip
    assert code == 0, said
    assert "held-out Dice" in said
    return path


@pytest.mark.slow
def test_evaluate_writes_the_promised_keys(cells, model, tmp_path) -> None:
    code, said = run("evaluate", model, "--images", cells / "images", "--masks", cells / "objects",
                     "--json", tmp_path / "s.json", "--report", tmp_path / "p.html")  # fmt: skip
    assert code == 0, said
    scores = json.loads((tmp_path / "s.json").read_text())
    for key in ("dice", "iou", "mean_iou", "auc", "boundary_f1", "instance_f1", "instance_ap"):
        assert (0.3 if key == "instance_ap" else 0.5) < scores[key] <= 1, key
        low, high = scores["intervals"][key]
        assert low <= high <= 1, key
    assert scores["dice"] > 0.9
    assert scores["intervals"]["dice"][0] <= scores["dice"]
    page = (tmp_path / "p.html").read_text()
    assert "worst first" in page
    assert page.count("data:image/") >= 8


@pytest.mark.slow
def test_apply_writes_masks_objects_and_a_table(cells, model, tmp_path) -> None:
    code, said = run("apply", model, cells / "images", "-o", tmp_path, "--draw", "--probabilities",
                     "--table", tmp_path / "t.csv", "--json", tmp_path / "r.json")  # fmt: skip
    assert code == 0, said
    assert read_label_picture(tmp_path / "0.png").shape == (80, 90)
    assert read_label_picture(tmp_path / "0.objects.png").max() in (3, 4, 5)
    assert (tmp_path / "0.overlay.png").exists()
    assert (tmp_path / "0.probability.png").exists()
    rows = (tmp_path / "t.csv").read_text().splitlines()
    assert rows[0].startswith("path,region,area")
    assert 13 <= len(rows) <= 21
    records = json.loads((tmp_path / "r.json").read_text())
    assert [record["status"] for record in records] == ["ok"] * 4


@pytest.mark.slow
def test_masks_of_0_and_255_inside_a_field_of_view(cells, tmp_path) -> None:
    code, said = run("train", "--images", cells / "images", "--masks", cells / "masks", "--inside",
                     cells / "fov", "-o", tmp_path / "m", "--seed", 3, "-j", 1)  # fmt: skip
    assert code == 0, said
    code, said = run("evaluate", tmp_path / "m", "--images", cells / "images", "--masks",
                     cells / "masks", "--inside", cells / "fov", "--json",
                     tmp_path / "s")  # fmt: skip
    assert code == 0, said
    assert json.loads((tmp_path / "s").read_text())["dice"] > 0.9
    code, said = run("apply", tmp_path / "m", cells / "images" / "0.png", "-o", tmp_path / "out")
    assert code == 0, said
    assert np.unique(read_label_picture(tmp_path / "out" / "0.png")).tolist() == [0, 255]


@pytest.mark.slow
def test_scribbles_are_judged_on_masks(cells, tmp_path) -> None:
    (tmp_path / "names.txt").write_text("nothing\nbackground\ncell\n")
    code, said = run("train", "--images", cells / "images", "--scribbles", cells / "scribbles",
                     "--names", tmp_path / "names.txt", "-o", tmp_path / "m", "-j", 1)  # fmt: skip
    assert code == 0, said
    assert "cell" in said
    assert "Dice of scribbled pixels" in said
    assert "judge the model on full masks" in said
    code, said = run("evaluate", tmp_path / "m", "--images", cells / "images", "--masks",
                     cells / "masks", "--json", tmp_path / "s")  # fmt: skip
    assert code == 0, said
    assert json.loads((tmp_path / "s").read_text())["dice"] > 0.85


@pytest.mark.slow
def test_outlines_of_a_label_file(cells, tmp_path) -> None:
    square = [10, 10, 40, 10, 40, 40, 10, 40]
    coco = {
        "images": [
            {"id": i, "file_name": f"{i}.png", "width": 90, "height": 80} for i in range(4)
        ],
        "categories": [{"id": 1, "name": "square"}],
        "annotations": [
            {"id": i + 1, "image_id": i, "category_id": 1, "bbox": [10, 10, 30, 30], "area": 900,
             "segmentation": [square], "iscrowd": 0} for i in range(4)
        ],
    }  # fmt: skip
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    code, said = run("train", "--images", cells / "images", "--labels", tmp_path / "coco.json",
                     "-o", tmp_path / "m", "-j", 1)  # fmt: skip
    assert code == 0, said
    assert "square" in said


def _bad(cells, tmp_path, kind: str):
    """Arguments of a training that cannot be done, and a word of the complaint."""
    images, masks = cells / "images", tmp_path / "masks"
    masks.mkdir()
    base = ["train", "--images", images, "--masks", masks, "-o", tmp_path / "m"]

    def fill(function) -> None:
        for i in range(4):
            function(masks / f"{i}.png")

    if kind == "size":
        fill(lambda path: write_label_picture(path, np.eye(20, dtype=int)))
        return base, "20 x 20 pixels, but its image"
    if kind == "missing":
        write_label_picture(masks / "0.png", np.eye(80, 90, dtype=int))
        return base, "no mask for 1.png"
    if kind == "empty":
        fill(lambda path: write_label_picture(path, np.zeros((80, 90), int)))
        return base, "at least two classes"
    if kind == "colors":
        fill(lambda path: write_image(path, np.full((80, 90, 3), (1, 2, 3), np.uint8)))
        return base, "holds colors"
    if kind == "jpeg":
        for i in range(4):
            write_image(masks / f"{i}.jpg", np.zeros((80, 90), np.uint8))
        return base, "without loss"
    if kind == "many values":
        fill(lambda path: write_label_picture(path, np.arange(7200).reshape(80, 90)))
        return base, "--instances"
    if kind == "one scribble":
        fill(lambda path: write_label_picture(path, np.eye(80, 90, dtype=int)))
        return [*base[:3], "--scribbles", masks, *base[5:]], "scribbles must show at least two"
    if kind == "no objects":
        fill(lambda path: write_label_picture(path, np.zeros((80, 90), int)))
        return [*base, "--instances"], "hold"
    if kind == "no name":
        fill(lambda path: write_label_picture(path, 3 * np.eye(80, 90, dtype=int)))
        (tmp_path / "names").write_text("a\nb\n")
        return [*base, "--names", tmp_path / "names"], "no name"
    if kind == "no folder":
        return [*base[:3], "--masks", tmp_path / "nowhere", *base[5:]], "no such folder"
    return [*base, "--scribbles", masks], "one of"


@pytest.mark.parametrize(
    "kind",
    ["size", "missing", "empty", "colors", "jpeg", "many values", "one scribble", "no objects",
     "no name", "no folder", "two sources"],
)  # fmt: skip
def test_one_clear_line(cells, tmp_path, kind: str) -> None:
    args, words = _bad(cells, tmp_path, kind)
    code, said = run(*args)
    assert code == 2, said
    lines = [line for line in said.splitlines() if line.strip()]
    assert words in said
    assert len(lines) == 1 or lines[0].startswith("Usage")
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_other_values_at_evaluation(cells, tmp_path) -> None:
    run("train", "--images", cells / "images", "--masks", cells / "masks", "-o", tmp_path / "m",
        "-j", 1)  # fmt: skip
    code, said = run("evaluate", tmp_path / "m", "--images", cells / "images", "--masks",
                     cells / "objects")  # fmt: skip
    assert code == 2
    assert "numbers of objects need --instances" in said
    code, said = run("evaluate", tmp_path / "m", "--images", cells / "images", "--masks",
                     cells / "objects", "--instances", "--json", tmp_path / "s")  # fmt: skip
    assert code == 0, said
    scores = json.loads((tmp_path / "s").read_text())
    assert scores["dice"] > 0.9
    assert scores["instance_f1"] > 0.5
    code, said = run("apply", cells / "images" / "0.png", cells / "images", "-o", tmp_path / "o")
    assert code == 2
    assert "segmentation model" in said


@pytest.mark.parametrize(
    "args",
    [
        ("superpixels", "-n", "40"),
        ("threshold",),
        ("threshold", "--method", "multi"),
        ("watershed",),
        ("grabcut", "--box", "5", "5", "60", "60", "--refine", "walker"),
        ("regions", "-n", "5", "--hierarchy"),
    ],
)
def test_without_training(cells, tmp_path, args) -> None:
    code, said = run(*args, cells / "images" / "0.png", "-o", tmp_path / "out", "--table",
                     tmp_path / "t.csv", "--json", tmp_path / "r.json")  # fmt: skip
    assert code == 0, said
    labels = read_label_picture(tmp_path / "out" / "0.png")
    assert labels.shape == (80, 90)
    assert len(list((tmp_path / "out").iterdir())) >= 2
    assert (
        len((tmp_path / "t.csv").read_text().splitlines()) == len(np.unique(labels[labels > 0])) + 1
    )
    record = json.loads((tmp_path / "r.json").read_text())[0]
    assert record["n_regions"] == len(np.unique(labels[labels > 0]))


def test_a_file_that_is_no_image_costs_one_record(cells, tmp_path) -> None:
    (tmp_path / "bad.png").write_bytes(b"nothing")
    code, said = run("threshold", tmp_path / "bad.png", cells / "images" / "0.png", "-o",
                     tmp_path / "out")  # fmt: skip
    assert code == 1
    assert "unsupported_format" in said
    assert (tmp_path / "out" / "0.png").exists()
