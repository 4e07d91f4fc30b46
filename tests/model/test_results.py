"""Results show themselves: as figures, as tables, in a notebook."""

import numpy as np
import pytest

import cvclassic
from cvclassic.evaluate import LearningCurve, Predictions, compare_predictions
from cvclassic.images import Detections
from cvclassic.match import match_images
from tests.checks import pictures


@pytest.fixture(scope="module")
def model(toy_folder):
    return cvclassic.train(toy_folder, "sift-bow", params={"n_words": 12, "C": 1.0})


@pytest.fixture(scope="module")
def results(model, toy_folder):
    """One of each, and what `plot` takes."""
    truth, paths = ["a", "b"] * 10, [f"{i}.png" for i in range(20)]
    one = Predictions(paths, truth, truth, ["a", "b"])
    two = Predictions(paths, truth, ["<a>"] * 20, ["a", "b"])
    image = pictures()[0]
    path = next((toy_folder / "fine").iterdir())
    scene = np.kron(np.random.default_rng(1).integers(0, 255, (24, 24)), np.ones((8, 8)))
    scene = scene.astype(np.uint8)
    shares = np.array([[0.5, 0.6], [0.7, 0.8]])
    return {
        "Evaluation": (model.evaluate(toy_folder), ()),
        "Comparison": (compare_predictions(["<one>", "two"], [one, two]), ()),
        "Explanation": (model.explain(path), ()),
        "LearningCurve": (LearningCurve([1, 2], shares, shares, False, 9), ()),
        "MatchResult": (match_images(scene, scene), (scene, scene)),
        "Detections": (Detections([[1, 2, 30, 20]], [0.9], ["<cat>"]), (image,)),
    }


KINDS = ("Evaluation", "Comparison", "Explanation", "LearningCurve", "MatchResult", "Detections")


@pytest.mark.parametrize("kind", KINDS)
def test_each_result_shows_itself(results, kind) -> None:
    pytest.importorskip("pandas")
    result, arguments = results[kind]
    assert type(result).__name__ == kind
    figure = result.plot(*arguments)
    assert figure._repr_png_().startswith(b"\x89PNG")
    html = result._repr_html_()
    assert html.count("<table>") >= 1
    for raw in ("<one>", "<a>", "<cat>"):
        assert raw not in html
    assert isinstance(result.to_dict(), dict)
    table = result.to_pandas()
    assert len(table.columns) > 1


def test_results_cannot_be_changed(results) -> None:
    for result, _ in results.values():
        name = next(iter(vars(result)))
        with pytest.raises(AttributeError):
            setattr(result, name, None)


@pytest.mark.slow
def test_a_notebook_shows_them(tmp_path, toy_folder) -> None:
    """Without a line of matplotlib: images and tables in the outputs."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [
        "import cvclassic",
        f"model = cvclassic.train({str(toy_folder)!r}, 'sift-bow',"
        " params={'n_words': 12, 'C': 1.0})\nmodel",
        f"found = model.evaluate({str(toy_folder)!r})\nfound",
        "found.plot()",
        "model.explain(found.predictions.paths[0])",
        "found.to_pandas().head()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [[set(output.get("data", {})) for output in cell.outputs] for cell in notebook.cells]
    kinds = [set().union(*outputs) for outputs in shown]
    assert "text/html" in kinds[1]
    assert "text/html" in kinds[2]
    assert "image/png" in kinds[3]
    assert "text/html" in kinds[4]
    explained = notebook.cells[4].outputs[0]["data"]["text/html"]
    assert "data:image/webp;base64," in explained
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert "stream" not in {output.output_type for output in outputs}
