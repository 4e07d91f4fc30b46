"""A model that knows nothing and answers at once, for runs whose load is simulated."""

from __future__ import annotations

import resource
import time
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from cvclassic.batch import classify_files, label_columns, open_journal, open_writer, resume
from cvclassic.images import NamedItem, single_threaded

from .common import SEED


class Brightness(BaseEstimator):
    """The mean of each image."""

    max_side = None
    n_features_out_ = 1

    def fit(self, X, y=None):
        """Nothing is learned."""
        return self

    def transform(self, X) -> np.ndarray:
        """One column."""
        return np.array([[np.mean(image) + 1] for image in X], np.float32)


class Fixed(BaseEstimator):
    """The same answer for all."""

    def __init__(self) -> None:
        self.classes_ = np.array(["dark", "light"])

    def predict_proba(self, X) -> np.ndarray:
        """Shares of both."""
        share = X[:, 0] / 300
        return np.column_stack([1 - share, share])


def stub_model() -> Pipeline:
    """Both, as `classify_files` takes them."""
    return Pipeline([("features", Brightness()), ("head", Fixed())])


def stub_run(out: str, n: int, results) -> None:
    """Classify n tiny images by the stub; an interrupted run goes on."""
    tiny = np.random.default_rng(SEED).integers(0, 256, (97, 8, 8), np.uint8)
    inputs = (NamedItem(f"tiny/{i:07d}", tiny[i % 97]) for i in range(n))
    start = time.perf_counter()
    classify = partial(classify_files, stub_model(), n_jobs=1)
    with single_threaded(), open_journal(out, {"n": n}) as journal:
        for _ in resume(journal, inputs, classify):
            pass
        classified = time.perf_counter() - start
        with open_writer(out, "csv", label_columns(1)) as writer:
            for record, _ in journal.kept():
                writer.write(record)
        journal.finish()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    results.put((classified, time.perf_counter() - start, peak))
