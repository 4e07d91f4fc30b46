"""Every page that commands write: quiet, by itself, readable, and no wider than a phone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvclassic.audit import Listed, audit_images
from cvclassic.comparison import Contest, advise
from cvclassic.evaluate import (
    ImageBoxes,
    KeywordPredictions,
    Predictions,
    compare_predictions,
    score_boxes,
    score_keywords,
)
from cvclassic.evaluate.segmentations import (
    measure_image,
    segmentation_intervals,
    segmentation_scores,
)
from cvclassic.images import Detections, write_image
from cvclassic.images.labels import LabeledImage, LabeledObject
from cvclassic.objects.evaluating import DetectorEvaluation
from cvclassic.report import (
    Clip,
    EvaluationReport,
    Moment,
    segmented_image,
    write_audit_page,
    write_compare_page,
    write_evaluation_page,
    write_moments_page,
    write_search_page,
    write_segmentation_page,
    write_topics_page,
)
from cvclassic.report.comparison_page import VersusReport, write_versus_page
from cvclassic.report.objects_page import write_objects_page

LONG = "a_folder_with_a_rather_long_name/and_one_below_it/IMG_20240229_174512_HDR_edited.jpg"
FAILED = [(LONG, "corrupt", "the data end in the middle")]


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (40, 60, 3), np.uint8)


def answers() -> dict[str, Predictions]:
    rng = np.random.default_rng(0)
    names = ["dalmatian", "grand piano", "a class with a long name"]
    truth = [names[i % 3] for i in range(30)]
    made = {}
    for model, share in (("fast", 0.9), ("my_own_predictions_of_last_week.csv", 0.6)):
        labels = [t if rng.random() < share else names[rng.integers(3)] for t in truth]
        chances = rng.dirichlet([1, 1, 1], 30)
        paths = [f"{LONG}{i}" for i in range(30)]
        made[model] = Predictions(paths, truth, labels, names, chances)
    return made


def compare(path: Path) -> None:
    seen = answers()
    found = compare_predictions(list(seen), list(seen.values()))
    extras = [
        {"file": name, "n_bytes": 12_345, "ms_per_image": 1.5, "n_failed": 0} for name in seen
    ]
    pictures = {f"{LONG}{i}": image(i) for i in range(30)}
    write_compare_page(path, found, extras, FAILED, list(seen.values()), pictures)


def versus(path: Path) -> None:
    seen = answers()
    report = VersusReport(
        name=LONG,
        n_train=90,
        contest=Contest(),
        answers=seen,
        advice=advise(seen, {}),
        comparison=compare_predictions(list(seen), list(seen.values())),
        test_images=[image(i) for i in range(30)],
        budget=1,
        failures=FAILED,
        command=f"cvclassic versus-cnn {LONG}",
    )
    write_versus_page(path, report)


def audit(path: Path) -> None:
    files = [path.parent / f"{name}.png" for name in ("one", "two", "three")]
    for file in files:
        write_image(file, image())
    listed = [Listed(str(file), label) for file, label in zip(files, "aab", strict=True)]
    found = audit_images([*listed, Listed(LONG, "b")], n_jobs=1)
    write_audit_page(path, found, command=f"cvclassic audit {LONG}", seconds={"reading": 0.1})


def moments(path: Path) -> None:
    some = [Moment("Ann", 0.0, 0.2, 0.12, 5), Moment("a rather long name", 0.3, 0.9, 0.6, 12)]
    clips = [Clip(LONG, 0.0, 0.9, some), Clip("camera:0", 0.0, 1.0, [])]
    write_moments_page(path, clips, title="Who is there", lead="When.", what="name")


def segmentation(path: Path) -> None:
    truth = np.zeros((40, 60), int)
    truth[10:30, 10:30] = 1
    found = np.roll(truth, 4, axis=1)
    measures = [measure_image(truth, found, np.uint8(255 * found)[None], 2)] * 2
    shown = [segmented_image(LONG, image(), truth, found, one) for one in measures]
    scores, ends = segmentation_scores(measures), segmentation_intervals(measures)
    write_segmentation_page(path, shown, scores, ends, ["background", "cell"], command="x")


def objects(path: Path) -> None:
    file = path.parent / "one.png"
    write_image(file, image())
    boxes = np.array([[5, 5, 20, 20], [30, 5, 20, 20]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.6], np.float32), ("cat", "cat"))
    true = LabeledImage(LONG, 60, 40, (LabeledObject("cat", (5.0, 6.0, 20.0, 20.0)),) * 1)
    rows = ImageBoxes(
        found.boxes, found.scores, found.labels, true.boxes(), true.labels(), np.zeros(1, bool)
    )
    scores = score_boxes([rows], ["cat"])
    seen = DetectorEvaluation(scores, [str(file)], [true], [found], FAILED)
    write_objects_page(path, seen, model="cats.cvobjects", labels=LONG)


def keywords(path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["tiger", "a keyword with a long name"]
    has = rng.random((20, 2)) < 0.5
    truth = [tuple(np.array(names)[row]) for row in has]
    chances = np.clip(has + rng.normal(0, 0.4, has.shape), 0, 1)
    paths = [f"{LONG}{i}" for i in range(20)]
    seen = KeywordPredictions(paths, truth, names, chances, chances > 0.5)
    write_evaluation_page(path, EvaluationReport("tags", LONG, score_keywords(seen), seen))


PAGES = [compare, versus, audit, moments, segmentation, objects, keywords]


@pytest.mark.parametrize("write", PAGES, ids=lambda one: one.__name__)
def test_the_page_is_quiet_readable_and_fits(browser, tmp_path, write) -> None:
    path = tmp_path / "page.html"
    write(path)
    assert browser.faults(path) == []


@pytest.mark.slow
def test_pages_of_an_index(browser, tmp_path) -> None:
    from cvclassic.search import ImageIndex, find_topics, index_images
    from cvclassic.search.coding import learn_coder
    from tests.search.conftest import textured

    images = [textured(seed, 120) for seed in range(6)]
    files = [tmp_path / f"a_rather_long_name_of_a_photo_{i}.png" for i in range(6)]
    for file, pixels in zip(files, images, strict=True):
        write_image(file, pixels)
    coder = learn_coder(images, n_words=40, compact=False)
    index_images(tmp_path / "i", list(map(str, files)), coder=coder)
    index = ImageIndex.open(tmp_path / "i")
    query = str(files[0])
    write_search_page(tmp_path / "q.html", [([query], index.query(query))], index="i")
    assert browser.faults(tmp_path / "q.html") == []
    write_topics_page(tmp_path / "t.html", index, find_topics(index, 2), name="i")
    assert browser.faults(tmp_path / "t.html") == []
