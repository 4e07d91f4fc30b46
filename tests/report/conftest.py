"""Pages to look at."""

import numpy as np
import pytest

from cvclassic.draw import make_thumbnail
from cvclassic.evaluate import Predictions, score_intervals, score_predictions
from cvclassic.report import EvaluationReport, ExplainedMistake
from cvclassic.report.evaluation_page import evaluation_page

# names as a hostile folder may have them
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "new\nline\ttab\x1b[31m",
    "broken\udce9byte",
    "right\u202eto-left",
    "{{ 7 * 7 }}",
)


def report_of(names, n: int = 8, seed: int = 0) -> EvaluationReport:
    """A report with `n` images of each of `names`, a third of them wrong."""
    rng = np.random.default_rng(seed)
    truth = [name for name in names for _ in range(n)]
    paths = [f"folder/{name}/{i}-{name}.jpg".replace("/", "_", 1) for i, name in enumerate(truth)]
    shares = rng.dirichlet(np.full(len(names), 0.3), len(truth)).astype(np.float32)
    for i, name in enumerate(truth):
        if rng.random() > 0.33:
            shares[i] *= 0.3
            shares[i, names.index(name)] += 0.7
    labels = [names[j] for j in shares.argmax(axis=1)]
    seen = Predictions(paths, truth, labels, list(names), shares)
    scores = score_predictions(truth, labels, shares, list(names))
    scores |= {"level": 0.95, "intervals": score_intervals(seen, n_resamples=50)}
    scores |= {"n_failed": 1, "seconds": 1.5}
    pixels = rng.integers(0, 255, (60, 90, 3), np.uint8)
    picture = make_thumbnail(np.kron(pixels, np.ones((4, 4, 1), np.uint8)))
    wrong = int(np.argmin(seen.right))
    return EvaluationReport(
        model="m.cvmodel",
        data=f"test of {names[0]}",
        scores=scores,
        predictions=seen,
        failures=[(f"bad/{names[0]}.jpg", "truncated", f"about {names[0]}")],
        thumbnails=dict.fromkeys(paths, picture),
        sizes=dict.fromkeys(paths, (360, 240)),
        explained=[ExplainedMistake(wrong, picture)],
        seconds={"classifying": 1.5},
        summary={"recipe": "sift-bow", "n_images": 12},
        parameters=[("features__n_words", "500")],
        command="cvclassic evaluate m.cvmodel test/",
    )


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """The page of a small evaluation."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(evaluation_page(report_of(["cat", "dog", "long name of a class"])))
    return path


@pytest.fixture(scope="session")
def hostile_file(tmp_path_factory):
    """A page whose classes and files have names that are out for trouble."""
    path = tmp_path_factory.mktemp("page") / "hostile.html"
    path.write_text(evaluation_page(report_of(list(HOSTILE))), errors="backslashreplace")
    return path
