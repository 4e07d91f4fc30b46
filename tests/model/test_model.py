"""The main job as a library call."""

import numpy as np
import pytest

import cvclassic
from cvclassic.errors import DataError, ImageReadError, ModelFileError, ParameterError
from cvclassic.model import TrainingEvents
from tests.checks import picture_labels, pictures

SMALL = {"n_words": 12, "C": 1.0}


@pytest.fixture(scope="module")
def model(toy_folder):
    return cvclassic.train(toy_folder, "sift-bow", params=SMALL, n_jobs=1)


def test_a_model_knows_what_it_is(model) -> None:
    assert model.classes == ["coarse", "fine", "middle"]
    assert (model.recipe, model.head) == ("sift-bow", "svm")
    assert (model.takes, model.columns) == ("images", None)
    assert model.max_side == 640
    assert model.unknown is None
    assert model.class_counts == {"coarse": 4, "fine": 4, "middle": 4}
    assert len(model.training.paths) == 12
    assert model.training.failures == []
    assert model.summary["params"] == SMALL


def test_it_answers_as_the_command_does(model, toy_folder, tmp_path, in_process) -> None:
    """Byte for byte the same model file, and the same records."""
    size = model.save(tmp_path / "python.cvmodel")
    assert size == (tmp_path / "python.cvmodel").stat().st_size
    done = in_process(
        "train", toy_folder, "-o", tmp_path / "shell.cvmodel", "--recipe", "sift-bow",
        "--param", "n_words=12", "--param", "C=1.0", "--no-report", "--jobs", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "python.cvmodel").read_bytes() == (tmp_path / "shell.cvmodel").read_bytes()


def test_a_file_gives_the_model_back(model, toy_folder, tmp_path) -> None:
    model.save(tmp_path / "m.cvmodel")
    again = cvclassic.load_model(tmp_path / "m.cvmodel")
    assert again.summary == model.summary
    assert (again.classes, again.recipe, again.max_side) == (model.classes, "sift-bow", 640)
    assert again.training is None
    images = pictures()
    assert np.array_equal(again.predict_proba(images), model.predict_proba(images))
    assert list(again.classify(toy_folder, top=3)) == list(model.classify(toy_folder, top=3))


def test_one_record_per_input(model, toy_folder) -> None:
    records = list(model.classify([toy_folder / "fine", "missing.jpg"], n_jobs=1))
    assert [record.status for record in records] == ["ok"] * 4 + ["error"]
    assert len(list(model.classify(toy_folder / "fine" / "nothing-here"))) == 1


def test_evaluation_holds_every_answer(model, toy_folder) -> None:
    found = model.evaluate(toy_folder)
    assert found.n_images == 12
    assert found.confusion.sum() == 12
    assert found.accuracy == found.predictions.right.mean()
    low, high = found.interval("accuracy")
    assert low <= found.accuracy <= high
    in_memory = model.evaluate(pictures(), labels=picture_labels())
    assert in_memory.accuracy == found.accuracy


def test_an_explanation_names_the_answer(model, toy_folder) -> None:
    path = next((toy_folder / "fine").iterdir())
    found = model.explain(path)
    assert found.label == model.predict([path])[0]


def test_images_in_memory(tmp_path) -> None:
    images = pictures()
    model = cvclassic.train(images, "sift-bow", labels=picture_labels(), params=SMALL)
    assert model.classes == ["coarse", "fine", "middle"]
    assert model.training.paths[0] == "images[0]"


@pytest.mark.parametrize("on_error", ["skip", "raise"])
def test_an_unreadable_image(toy_folder, tmp_path, on_error) -> None:
    import shutil

    folder = tmp_path / "toys"
    shutil.copytree(toy_folder, folder)
    (folder / "fine" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    if on_error == "raise":
        with pytest.raises(ImageReadError, match=r"broken\.jpg"):
            cvclassic.train(folder, "sift-bow", params=SMALL, on_error=on_error)
        return
    model = cvclassic.train(folder, "sift-bow", params=SMALL, on_error=on_error)
    assert [path.endswith("broken.jpg") for path, _, _ in model.training.failures] == [True]
    assert model.summary["n_failed"] == 1


def test_events_tell_how_far_it_is(toy_folder) -> None:
    seen = []

    class Watcher(TrainingEvents):
        def on_progress(self, stage, done, total):
            seen.append((stage, done, total))

    cvclassic.train(toy_folder, "sift-bow", params=SMALL, events=Watcher())
    assert ("read", 12, 12) in seen
    assert {stage for stage, _, _ in seen} >= {"read", "vocabulary", "features", "classifier"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": "no/such/folder"}, DataError, "no such folder"),
        ({"source": ["a.png"]}, ParameterError, "without labels"),
        ({"source": ["a.png"], "labels": ["a", "b"]}, ParameterError, "one entry per image"),
        ({"source": "toys", "recipe": "sift-bov"}, ParameterError, "recipe"),
        ({"source": "toys", "augment": "mirror"}, ParameterError, "augment needs a recipe"),
        ({"source": "toys", "unknown_sets": True}, ParameterError, "unknown_sets needs"),
        ({"source": "toys", "recipe": "hog", "on_error": "no"}, ParameterError, "on_error"),
    ],
)
def test_what_cannot_be_is_said(toy_folder, arguments, error, message) -> None:
    if arguments["source"] == "toys":
        arguments = {**arguments, "source": toy_folder}
    with pytest.raises(error, match=message):
        cvclassic.train(**arguments)


def test_a_file_that_is_no_model(tmp_path) -> None:
    (tmp_path / "m").write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match="not a cvclassic model"):
        cvclassic.load_model(tmp_path / "m")


def test_a_model_of_a_table(tmp_path, rng) -> None:
    rows = rng.normal(size=(60, 2)) + np.repeat([[0, 0], [3, 3]], 30, axis=0)
    lines = ["x,y,kind"] + [f"{a},{b},{'g' if i < 30 else 'h'}" for i, (a, b) in enumerate(rows)]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(lines))
    model = cvclassic.train(table, label="kind", head="ridge")
    assert (model.takes, model.columns, model.recipe) == ("table", ("x", "y"), "table")
    assert model.evaluate(table, label="kind").accuracy > 0.9
    with pytest.raises(ParameterError, match="trained on a table"):
        model.evaluate(tmp_path)
    assert len(list(model.classify(table))) == 60


def test_images_in_memory_are_for_predict(model) -> None:
    image = np.zeros((64, 64), np.uint8)
    with pytest.raises(ParameterError, match=r"Got a ndarray; predict and predict_proba take"):
        list(model.classify([image]))
