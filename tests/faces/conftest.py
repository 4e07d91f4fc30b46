"""A picture with one face, which scikit-image brings along."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A woman's face of about 100 pixels in 300 x 300, RGB."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 80:380])


@pytest.fixture(scope="session")
def small_faces() -> np.ndarray:
    """A hundred faces of 25 x 25 pixels, uint8."""
    from skimage.data import lfw_subset

    return np.rint(lfw_subset()[:100] * 255).astype(np.uint8)
