"""Fixtures that every test room shares."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of research data, which is not part of the project."""
    folder = Path(os.environ.get("CVCLASSIC_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"benchmark data not found in {folder} (set CVCLASSIC_DATA)")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded random generator."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory) -> Path:
    """Twelve small images of three textures in class folders."""
    from cvclassic.images import write_image
    from tests.checks import picture_labels, pictures

    folder = tmp_path_factory.mktemp("toys")
    for i, (image, label) in enumerate(zip(pictures(), picture_labels(), strict=True)):
        (folder / label).mkdir(exist_ok=True)
        write_image(folder / label / f"{i}.png", image)
    return folder


@pytest.fixture(scope="session")
def toy_model():
    """The recipe sift-bow, fitted to the toys."""
    from cvclassic.classify import make_recipe
    from tests.checks import picture_labels, pictures

    recipe = make_recipe("sift-bow", n_words=15, C=1.0, random_state=0)
    return recipe.fit(pictures(), picture_labels())


@pytest.fixture(scope="session")
def toy_model_file(toy_model, tmp_path_factory) -> Path:
    """A file of `toy_model`. Do not change it."""
    from cvclassic.models import save_model

    path = tmp_path_factory.mktemp("model") / "toys.cvmodel"
    save_model(path, toy_model, {"recipe": "sift-bow", "n_images": 12})
    return path


@pytest.fixture(scope="session")
def browser():
    """One headless browser for all pages."""
    from tests.report.browser import Browser

    found = Browser()
    yield found
    found.driver.quit()
