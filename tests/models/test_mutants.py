"""Edited and damaged model files: each is refused in one line, or answers like a sound model."""

import random
import warnings

import numpy as np
import pytest

from benchmarks.model_mutants import base_models, mutate
from cvclassic.errors import ModelFileError
from cvclassic.models import load_model, read_model_info

PROBE = [np.zeros((20, 20), np.uint8), np.eye(40, dtype=np.uint8) * 255]


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> list[bytes]:
    return base_models(tmp_path_factory.mktemp("bases"))


def attack(bases: list[bytes], numbers: range, path) -> dict[str, int]:
    """Load the mutants of some numbers; how many were refused and accepted."""
    counts = {"refused": 0, "accepted": 0}
    for number in numbers:
        rng = random.Random(f"test {number}")
        kind, data = mutate(rng.choice(bases), rng)
        path.write_bytes(data)
        try:
            model = load_model(path)
        except ModelFileError as error:
            counts["refused" if len(str(error).splitlines()) == 1 else "long"] += 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = model.predict_proba(PROBE)
        assert answers.shape == (2, len(model.classes_)), (number, kind)
        assert np.isfinite(answers).all(), (number, kind)
        read_model_info(path)
        counts["accepted"] += 1
    return counts


@pytest.mark.slow
def test_a_few_hundred_mutants(bases, tmp_path) -> None:
    counts = attack(bases, range(300), tmp_path / "m")
    assert counts["refused"] > 150
    assert counts["accepted"] > 5


@pytest.mark.slow
def test_two_thousand_mutants(bases, tmp_path) -> None:
    assert attack(bases, range(300, 2300), tmp_path / "m")["refused"] > 1000
