"""Order of the gallery's subjects, and what every example begins with."""

from __future__ import annotations

import os
from pathlib import Path

SUBJECTS = (
    "classify",
    "explain",
    "features",
    "detect",
    "segment",
    "faces",
    "learn",
    "data",
)


def by_subject(folder: str) -> int:
    """Place of a subject's folder."""
    return SUBJECTS.index(Path(folder).name)


def reset_figures(gallery_conf: dict, fname: str) -> None:
    """Same size and colors for every figure; samples are found from the project's root."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.figsize": (7.2, 4.2),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "image.cmap": "gray",
            "font.size": 10,
        }
    )
    os.chdir(Path(__file__).resolve().parents[2])
    link_estimators()


def link_estimators() -> None:
    """Names in scikit-learn's drawings of estimators lead to this site's reference."""
    from generated_pages import public_names, rooms
    from sklearn.base import BaseEstimator

    for room in rooms():
        for found in public_names(room).values():
            if isinstance(found, type) and issubclass(found, BaseEstimator):
                found._doc_link_module = "cvclassic"
                found._doc_link_template = (
                    f"../../reference/api/cvclassic.{room}.{found.__name__}.html"
                )
                found._doc_link_url_param_generator = lambda self: {}
