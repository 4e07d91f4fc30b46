"""Model files: the same answers again, and nothing damaged is loaded."""

from __future__ import annotations

import numpy as np
import pytest

from cvclassic.errors import ModelFileError
from cvclassic.models.bundles import load_bundle, save_bundle
from cvclassic.objects import ObjectDetector, load_detector, save_detector
from tests.objects.scenes import scene


def test_round_trip(trained, tmp_path):
    path = tmp_path / "m.cvobjects"
    size = save_detector(path, trained, {"note": 1})
    assert size == path.stat().st_size
    again, summary = load_detector(path)
    assert summary == {"note": 1}
    assert list(again.classes_) == list(trained.classes_)
    image, _, _ = scene(9)
    assert again.detect(image) == trained.detect(image)


def test_only_fitted_detectors_are_saved(tmp_path):
    with pytest.raises(ModelFileError, match="not fitted"):
        save_detector(tmp_path / "m", ObjectDetector())


@pytest.mark.parametrize(
    "change",
    [
        lambda a, c: a.pop("weights"),
        lambda a, c: a.update(extra=np.zeros(1)),
        lambda a, c: a.update(floors=a["floors"][:-1]),
        lambda a, c: a["trees.features"].__setitem__((0, 0), 10**6),
        lambda a, c: a["trees.features"].__setitem__((0, 0), -1),
        lambda a, c: a["codebook.variances"].__setitem__((0, 0), 0),
        lambda a, c: a["scales"].__setitem__((0, 0), 0),
        lambda a, c: a.update(gains=a["gains"].astype(np.float64)),
        lambda a, c: c.update(window=[10**6, 10**6]),
        lambda a, c: c.update(classes=["disc", "disc"]),
        lambda a, c: c.update(classes=[]),
        lambda a, c: c.update(n_windows=0),
        lambda a, c: c.update(grid=[1, 2, 3]),
        lambda a, c: c.update(params={"n_trees": 1}),
        lambda a, c: c.update(odd=1),
    ],
)
def test_damaged_files_are_refused(trained, tmp_path, change):
    path = tmp_path / "m.cvobjects"
    save_detector(path, trained)
    arrays, content = load_bundle(path, "cvclassic-objects", 1)
    arrays = {name: array.copy() for name, array in arrays.items()}
    change(arrays, content)
    save_bundle(path, "cvclassic-objects", 1, arrays, content)
    with pytest.raises(ModelFileError):
        load_detector(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "m").write_bytes(b"no model")
    with pytest.raises(ModelFileError, match="object detector"):
        load_detector(tmp_path / "m")
    with pytest.raises(ModelFileError, match="no such"):
        load_detector(tmp_path / "none")
