"""A small thing to find, and a cascade that finds it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

SMALL = {"window": (12, 12), "n_positives": 120, "n_negatives": 150}


def targets(n: int, seed: int = 0) -> list[np.ndarray]:
    """A bright cross on gray, with noise."""
    rng = np.random.default_rng(seed)
    cross = np.kron([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.full((4, 4), 110.0)) + 60
    return [np.uint8(cross + rng.normal(0, 12, (12, 12))) for _ in range(n)]


def clutter(n: int = 5, side: int = 110, seed: int = 1) -> list[np.ndarray]:
    """Noise of several grain sizes."""
    rng = np.random.default_rng(seed)
    noise = [rng.integers(0, 256, (side, side)).astype(np.uint8) for _ in range(n)]
    blurred = [cv2.GaussianBlur(x, (0, 0), 1 + i % 4) for i, x in enumerate(noise)]
    return [cv2.normalize(x, None, 0, 255, cv2.NORM_MINMAX) for x in blurred]


@pytest.fixture(scope="session", params=["lbp", pytest.param("haar", marks=pytest.mark.slow)])
def trained(request):
    """A cascade of both kinds of features."""
    from cvclassic.cascade import Objects, Settings, train_cascade

    settings = Settings(feature=request.param, stages=3, hit_rate=0.99, **SMALL)
    training = train_cascade(Objects(targets(60), (12, 12)), clutter(), settings)
    assert training.cascade is not None
    return training.cascade


@pytest.fixture(scope="session")
def lbp_face():
    """OpenCV's LBP face cascade, from scikit-image, where one name in it is changed."""
    import skimage.data

    from cvclassic.cascade import parse_cascade

    text = Path(skimage.data.lbp_frontal_face_cascade_filename()).read_text(encoding="utf-8")
    return parse_cascade(text.replace("featuhreParams", "featureParams").encode())


@pytest.fixture(scope="session")
def portrait(root) -> np.ndarray:
    """A gray image with one face."""
    from cvclassic.cascade.loading import to_gray
    from cvclassic.images import read_image

    return to_gray(read_image(root / "sample_images" / "face" / "astronaut.jpg"))
