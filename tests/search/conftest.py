"""Images with texture, and an index of them."""

import cv2
import numpy as np
import pytest

from cvclassic.images import write_image
from cvclassic.search import index_images
from cvclassic.search.coding import learn_coder


def textured(seed: int, side: int = 160) -> np.ndarray:
    """An image of random blobs and edges in random colors."""
    rng = np.random.default_rng(seed)
    image = np.full((side, side, 3), rng.integers(60, 200, 3), np.uint8)
    for _ in range(60):
        color = rng.integers(0, 255, 3).tolist()
        x, y = rng.integers(0, side, 2).tolist()
        w, h = rng.integers(4, 30, 2).tolist()
        if rng.random() < 0.5:
            cv2.rectangle(image, (x, y), (x + w, y + h), color, -1)
        else:
            cv2.ellipse(image, (x, y), (w, h), int(rng.integers(180)), 0, 360, color, -1)
    return image


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    return [textured(seed) for seed in range(12)]


@pytest.fixture(scope="session")
def coder(images):
    return learn_coder(images, n_words=60, compact=False)


@pytest.fixture
def photos(tmp_path, images):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, image in enumerate(images):
        write_image(folder / f"{i:02d}.png", image)
    return folder


@pytest.fixture
def index_path(tmp_path, photos, coder):
    path = tmp_path / "photos.index"
    index_images(path, sorted(map(str, photos.iterdir())), coder=coder)
    return path
