"""One small detector for all tests of the room."""

from __future__ import annotations

import pytest

from cvclassic.objects import ObjectDetector
from tests.objects.scenes import scenes


@pytest.fixture(scope="session")
def trained():
    images, truth = scenes(16)
    return ObjectDetector(n_trees=32, n_windows=20).fit(images, truth)
