"""Checks that every public estimator must pass, found by discovery.

A new estimator needs nothing here: it is found where its room exports it, its kind is seen
from its base class, and it is made with its defaults. `ARGUMENTS` has entries only where the
defaults are too slow for images of 64 pixels, or where there are no defaults.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
    is_classifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

import cvclassic
from cvclassic.classify import KeywordClassifier, SVMClassifier, make_recipe
from cvclassic.describe import HOG, Describer
from cvclassic.encode import BagOfWords, LocalEncoder
from cvclassic.errors import CvclassicError, ImageReadError, ParameterError
from cvclassic.faces import FaceLandmarks
from cvclassic.faces.detection.base import FaceDetector
from cvclassic.images import encode_image, read_image, write_image
from cvclassic.objects import ObjectDetector, SingleObjectLocalizer
from cvclassic.search import ImageIndex
from cvclassic.segment import PixelClassifier
from tests.tiny_network import tiny_network

DATA = Path(os.environ.get("CVCLASSIC_DATA", Path(__file__).parents[2] / "shared" / "data"))

# Constructor arguments by class; a function where they need other estimators.
ARGUMENTS: dict[str, Callable[[], dict]] = {
    "BagOfWords": lambda: {"n_words": 12},
    "Augmented": lambda: {"estimator": make_recipe("pixels", "ridge")},
    "AutoRecipe": lambda: {"budget": 1e-6, "params": {"n_gaussians": 3, "step": 8}},
    "CascadeFaceDetector": lambda: {
        "path": cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml"
    },
    "ColorStats": lambda: {"step": 8, "bin_sizes": (4, 6)},
    "DenseSIFT": lambda: {"step": 8, "bin_sizes": (4, 6)},
    "Embedding": lambda: {"model": tiny_network()},
    "ImageIndex": lambda: {"n_words": 40, "compact": False},
    "FisherVector": lambda: {"n_gaussians": 3, "n_components": 8},
    "FaceLandmarks": lambda: {"n_starts": 1},
    "HaarFaceDetector": lambda: {"cascades": ("alt2",), "max_side": 200},
    "LLC": lambda: {"n_words": 12},
    "MLPClassifier": lambda: {
        "hidden_layer_sizes": (8,),
        "learning_rate_init": 0.03,
        "max_iter": 40,
    },
    "MLPRegressor": lambda: {"hidden_layer_sizes": (8,), "learning_rate_init": 0.03},
    "ObjectDetector": lambda: {"n_trees": 16, "n_windows": 8},
    "OpponentSIFT": lambda: {"step": 8, "bin_sizes": (4, 6)},
    "PatchWords": lambda: {"n_words": 12, "n_patches": 2000},
    "PixelClassifier": lambda: {"n_trees": 3, "depth": 3, "max_pixels": 2000},
    "Recipe": lambda: {"steps": [("features", HOG(image_size=32)), ("head", SVMClassifier(C=1.0))]},
    "Scattering": lambda: {"image_size": 32, "n_scales": 3},
    "SingleObjectLocalizer": lambda: {"n_hidden": 8, "max_iter": 5},
    "SVMClassifier": lambda: {"C": 1.0},
    "TableColumns": lambda: {"columns": tuple("abcdef")},
    "VLAD": lambda: {"n_words": 4},
    "WeightedUnion": lambda: {
        "transformer_list": [("words", BagOfWords(n_words=8, random_state=0)), ("hog", HOG())]
    },
    "YuNetFaceDetector": lambda: {"path": DATA / "opponents" / "yunet_n_320_320.onnx"},
}

# Whole-picture vectors of a blank image that are not zero, and why.
BLANK_IS_SEEN: dict[str, str] = {
    "ColorStats": "a uniform color says something",
    "Embedding": "networks answer to whatever they are shown",
    "KernelFeatures": "kernels that do not sum to zero answer to brightness",
    "Pixels": "a uniform brightness says something",
    "LBP": "a uniform neighborhood is a pattern too",
    "Scattering": "moduli far below their means say something",
}

# Describers that see only color.
GRAY_IS_UNSEEN = {"OpponentSIFT"}


def is_abstract(cls: type) -> bool:
    """Whether a method is left to sub-classes."""
    return any(
        "NotImplementedError" in function.__code__.co_names
        for _, function in inspect.getmembers(cls, inspect.isfunction)
    )


def public_classes() -> dict[str, type]:
    """Every `BaseEstimator` that a stub of the library names, abstract ones included."""
    found: dict[str, type] = {}
    for module in pkgutil.walk_packages(cvclassic.__path__, "cvclassic."):
        if not module.ispkg:
            continue
        package = importlib.import_module(module.name)
        stub = Path(str(package.__file__)).with_suffix(".pyi")
        for name in re.findall(r"(\w+) as \1\b", stub.read_text() if stub.is_file() else ""):
            value = getattr(package, name)
            if inspect.isclass(value) and issubclass(value, BaseEstimator):
                found[name] = value
    return dict(sorted(found.items()))


def public_estimators() -> dict[str, type]:
    """Those of `public_classes` that can be used as they are."""
    return {name: cls for name, cls in public_classes().items() if not is_abstract(cls)}


def make(cls: type, **changes) -> BaseEstimator:
    """An estimator of the class: fast, and with a fixed seed where it has one."""
    names = inspect.signature(cls).parameters
    arguments = ARGUMENTS.get(cls.__name__, dict)()
    if "random_state" in names:
        arguments["random_state"] = 0
    path = arguments.get("path")
    if isinstance(path, Path) and not path.exists():
        pytest.skip(f"needs {path.name} in CVCLASSIC_DATA/opponents")
    try:
        return cls(**{**arguments, **changes})
    except TypeError as error:
        pytest.fail(f"{cls.__name__}: give its arguments in tests/checks.py ({error})")


def pictures(n: int = 12, height: int = 64, width: int = 64) -> list[np.ndarray]:
    """Color images of three textures in turn, from fine to coarse."""
    rng = np.random.default_rng(5)
    out = []
    for i in range(n):
        noise = rng.normal(size=(height, width, 3)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), (1.0, 1.7, 3.0)[i % 3])
        out.append(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8))
    return out


def picture_labels(n: int = 12) -> list[str]:
    """The texture of each of `pictures`."""
    return [("fine", "middle", "coarse")[i % 3] for i in range(n)]


def vectors(n: int = 30, d: int = 6, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Non-negative vectors of classes that overlap a little, and string labels."""
    rng = np.random.default_rng(6)
    labels = np.arange(n) % n_classes
    X = rng.random((n, d)) + 0.8 * np.eye(n_classes, d)[labels]
    return X.astype(np.float32), np.array(["ash", "birch", "cedar", "date"])[labels]


def words_of_vectors() -> np.ndarray:
    """The labels of `vectors` as a matrix of zeros and ones."""
    labels = vectors()[1]
    return (labels[:, None] == np.unique(labels)).astype(int)


class Nonsense:
    """A value that no parameter can take."""

    def __repr__(self) -> str:
        return "<nonsense>"


# ---------------------------------------------------------------- what an estimator is used by


def takes_pictures(estimator) -> bool:
    """Whether X is a sequence of images: the input tag says so."""
    return not get_tags(estimator).input_tags.two_d_array


def gives_vectors(cls: type) -> bool:
    """Whether it turns images into vectors."""
    return issubclass(cls, TransformerMixin) and takes_pictures(make(cls))


def gives_faces(cls: type) -> bool:
    """Whether it looks for faces in images, and learns nothing."""
    return issubclass(cls, FaceDetector)


def learns_nothing(cls: type) -> bool:
    """Whether it can be used without fitting."""
    return issubclass(cls, Describer) or gives_faces(cls)


@cache
def portrait() -> np.ndarray:
    """An image with a face."""
    path = Path(__file__).parents[1] / "sample_images" / "face" / "astronaut.jpg"
    return read_image(path, max_side=256)


def landmarks(n: int = 12) -> np.ndarray:
    """Points inside of `pictures`."""
    return np.random.default_rng(3).uniform(10, 50, (n, 68, 2))


def masks(n: int = 12) -> list[np.ndarray]:
    """Two classes of pixels in `pictures`: light and dark."""
    return [(image.mean(axis=2) > 128).astype(int) for image in pictures(n)]


def boxes(n: int = 4) -> list[np.ndarray]:
    """A box in each of `pictures`."""
    return [np.array([[8.0 + i, 12.0, 30.0, 24.0]]) for i in range(n)]


def fit(estimator: BaseEstimator) -> BaseEstimator:
    """Fit with what its kind takes."""
    if isinstance(estimator, (ObjectDetector, SingleObjectLocalizer)):
        return estimator.fit(pictures(4), boxes())
    if isinstance(estimator, PixelClassifier):
        return estimator.fit(pictures(4), masks(4))
    if isinstance(estimator, Describer):
        return estimator
    if isinstance(estimator, FaceLandmarks):
        return estimator.fit(pictures(), landmarks())
    if isinstance(estimator, RegressorMixin):
        return estimator.fit(vectors()[0], vectors()[0].sum(axis=1))
    if takes_pictures(estimator):
        return estimator.fit(pictures(), picture_labels())
    if isinstance(estimator, KeywordClassifier):
        return estimator.fit(vectors()[0], words_of_vectors())
    return estimator.fit(*vectors())


def answer(estimator: BaseEstimator, X=None) -> np.ndarray:
    """What it says of `X`, or of what it learned from, as one array."""
    if isinstance(estimator, Describer):
        parts = [estimator.describe(image) for image in (pictures(3) if X is None else X)]
        return np.concatenate(
            [np.column_stack([f.xy, f.scale, f.angle, f.descriptors]) for f in parts]
        )
    if isinstance(estimator, FaceDetector):
        faces = estimator.predict_faces([portrait()] if X is None else X)
        return np.concatenate([np.column_stack([f.boxes, f.scores]) for f in faces])
    if isinstance(estimator, FaceLandmarks):
        X = pictures() if X is None else X
        return estimator.predict(X, np.tile([10, 10, 40, 40], (len(X), 1)))
    if isinstance(estimator, (ObjectDetector, SingleObjectLocalizer)):
        found = estimator.predict(pictures(4) if X is None else X)
        return np.concatenate([np.column_stack([f.boxes, f.scores]) for f in found])
    if isinstance(estimator, PixelClassifier):
        return np.stack(estimator.predict_proba(pictures(4) if X is None else X))
    if isinstance(estimator, ImageIndex):
        return np.hstack(estimator.kneighbors(pictures() if X is None else X, n_neighbors=3))
    if gives_vectors(type(estimator)):
        return estimator.transform(pictures() if X is None else X)
    if X is None:
        X = pictures() if takes_pictures(estimator) else vectors()[0]
    if isinstance(estimator, RegressorMixin):
        return estimator.predict(X)
    return estimator.predict_proba(X) if is_head(estimator) else estimator.transform(X)


def is_head(estimator) -> bool:
    """Whether it gives labels."""
    return is_classifier(estimator) or isinstance(estimator, KeywordClassifier)


def use(estimator: BaseEstimator) -> np.ndarray:
    """Fit and answer."""
    return answer(fit(estimator))


# ------------------------------------------------------------------------- checks of all kinds


def check_init_stores_parameters_unchanged(cls: type) -> None:
    """`__init__` neither looks at nor changes what it is given."""
    values = {name: Nonsense() for name in inspect.signature(cls).parameters}
    estimator = cls(**values)
    assert {name: vars(estimator)[name] for name in values} == values
    assert set(vars(estimator)) == set(values)


def check_clone(cls: type) -> None:
    """A clone has the same parameters and nothing learned."""
    fitted = fit(make(cls))
    again = clone(fitted)
    assert repr(again) == repr(fitted)
    assert set(vars(again)) == set(inspect.signature(cls).parameters)
    assert np.array_equal(use(again), answer(fitted))


def check_fit_leaves_parameters(cls: type) -> None:
    """`fit` returns the estimator and changes no parameter."""
    estimator = make(cls)
    before = {name: id(value) for name, value in estimator.get_params(deep=False).items()}
    assert fit(estimator) is estimator
    after = {name: id(value) for name, value in estimator.get_params(deep=False).items()}
    assert before == after


def check_set_params(cls: type) -> None:
    """Every parameter can be set, unknown ones are refused, nested ones are reached."""
    estimator = make(cls)
    for name in estimator.get_params(deep=False):
        value = Nonsense()
        assert estimator.set_params(**{name: value}) is estimator
        assert getattr(estimator, name) is value
    with pytest.raises(ValueError, match="no_such_parameter"):
        estimator.set_params(no_such_parameter=1)
    if isinstance(estimator, LocalEncoder):
        from cvclassic.describe import SIFT

        nested = make(cls, describer=SIFT())
        assert nested.set_params(describer__max_side=32).describer.max_side == 32
        assert nested.get_params()["describer__max_side"] == 32


def check_pickle(cls: type) -> None:
    """Round trip, before and after fitting."""
    estimator = make(cls)
    assert repr(pickle.loads(pickle.dumps(estimator))) == repr(estimator)
    expected = use(estimator)
    assert np.array_equal(answer(pickle.loads(pickle.dumps(estimator))), expected)


def check_same_seed_same_output(cls: type) -> None:
    """Two estimators alike give the same bits; so does fitting one twice."""
    first = make(cls)
    expected = use(first)
    assert expected.size
    assert np.array_equal(use(make(cls)), expected)
    assert np.array_equal(use(first), expected)


def check_global_random_state_is_left_alone(cls: type) -> None:
    """A fixed seed neither reads nor moves NumPy's global generator."""
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    use(make(cls))
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


def check_unfitted(cls: type) -> None:
    """Whoever forgets to fit is told so."""
    if learns_nothing(cls):
        return
    with pytest.raises(NotFittedError, match=cls.__name__):
        answer(make(cls))
    with pytest.raises(NotFittedError):
        check_is_fitted(make(cls))
    check_is_fitted(fit(make(cls)))
    if hasattr(cls, "get_feature_names_out"):
        with pytest.raises(NotFittedError):
            make(cls).get_feature_names_out()


def check_bad_parameters(cls: type) -> None:
    """Each parameter is checked when it is used; the message names it and what came."""
    for name in inspect.signature(cls).parameters:
        estimator = make(cls).set_params(**{name: Nonsense()})
        with pytest.raises(ParameterError) as caught:
            use(estimator)
        message = str(caught.value)
        assert name in message, f"{name}: {message}"
        assert "must be" in message, f"{name}: {message}"
        assert "Got <nonsense>" in message, f"{name}: {message}"


def check_numbers_out_of_range(cls: type) -> None:
    """A whole number of the defaults as -1, NaN or text is refused, and nothing else happens."""
    for name, value in make(cls).get_params(deep=False).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or name == "random_state":
            continue
        for bad in (-1, float("nan"), "1"):
            with pytest.raises(ParameterError, match=name):
                use(make(cls).set_params(**{name: bad}))


def check_documented(cls: type) -> None:
    """The docstring has every parameter in the order of `__init__`, and an example."""
    doc = inspect.getdoc(cls) or ""
    place = -1
    for name in inspect.signature(cls).parameters:
        following = min(
            (
                at
                for form in (f"\n{name} : ", f", {name} : ", f"\n{name}, ")
                if (at := doc.find(form)) >= 0
            ),
            default=-1,
        )
        assert following >= 0, f"{cls.__name__} does not document {name}"
        place = max(place, following)
    assert "Examples\n--------\n" in doc


# ------------------------------------------------------------------------- checks of describers


def check_features_are_sound(cls: type) -> None:
    """Types, lengths, finite values, positions inside the image."""
    describer = make(cls)
    for image in [*pictures(3), pictures(1, 40, 90)[0], pictures(1)[0][:, :, 0]]:
        features = describer.describe(image)
        if image.ndim == 2 and cls.__name__ in GRAY_IS_UNSEEN:
            assert len(features) == 0
            continue
        assert len(features) > 0
        assert features.image_shape == image.shape[:2]
        assert features.descriptors.shape == (len(features), describer.n_dims)
        for array in (features.xy, features.scale, features.angle, features.descriptors):
            assert type(array) is np.ndarray
            assert array.dtype == np.float32
            assert np.isfinite(array).all()
        low, high = features.xy.min(axis=0), features.xy.max(axis=0)
        assert (low >= -0.5).all()
        assert (high <= np.array(image.shape[1::-1]) - 0.5).all()
        assert (features.scale > 0).all()


def check_describes_odd_shapes(cls: type) -> None:
    """Blank, tiny and thin images give valid features, if only none."""
    describer = make(cls)
    for shape in [(64, 64), (64, 64, 3), (1, 1), (1, 1, 3), (1, 50), (50, 1), (2, 3), (17, 16)]:
        features = describer.describe(np.full(shape, 128, np.uint8))
        assert features.descriptors.shape == (len(features), describer.n_dims)
        assert features.descriptors.dtype == np.float32
        assert np.isfinite(features.descriptors).all()
        assert features.image_shape == shape[:2]
    noise = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    assert describer.describe(noise).descriptors.shape[1] == describer.n_dims


def check_features_in_pixels_of_the_array(cls: type) -> None:
    """An array larger than max_side is described in its own pixels."""
    (image,) = pictures(1, 120, 160)
    small = make(cls, max_side=80).describe(image)
    assert small.image_shape == (120, 160)
    assert len(small) > 0
    assert small.xy[:, 0].max() > 80
    assert (small.xy.max(axis=0) <= [159.5, 119.5]).all()


def check_gray_equals_equal_channels(cls: type) -> None:
    """A gray image and one with three equal channels are the same to a describer."""
    gray = np.ascontiguousarray(pictures(1)[0][:, :, 1])
    color = np.dstack([gray] * 3)
    np.testing.assert_allclose(
        answer(make(cls), [gray]), answer(make(cls), [color]), rtol=1e-5, atol=1e-5
    )


# ------------------------------------------------ checks of describers and image transformers


def check_input_is_not_mutated(cls: type) -> None:
    """Images, vectors and labels stay as they were, and may be read-only."""
    if issubclass(cls, Describer) or takes_pictures(make(cls)):
        given = pictures()
        for image in given:
            image.flags.writeable = False
        estimator = make(cls)
        if isinstance(estimator, FaceLandmarks):
            estimator.fit(given, landmarks())
        elif isinstance(estimator, PixelClassifier):
            estimator.fit(given, masks())
        elif isinstance(estimator, (ObjectDetector, SingleObjectLocalizer)):
            estimator.fit(given, boxes(len(given)))
        elif not isinstance(estimator, Describer):
            estimator.fit(given, picture_labels())
        answer(estimator, given)
        for image, fresh in zip(given, pictures(), strict=True):
            assert np.array_equal(image, fresh)
        return
    X, y = vectors()
    X.flags.writeable = False
    y.flags.writeable = False
    if issubclass(cls, RegressorMixin):
        answer(make(cls).fit(X, X.sum(axis=1)), X)
        return
    if issubclass(cls, KeywordClassifier):
        answer(make(cls).fit(X, words_of_vectors()), X)
        assert np.array_equal(X, vectors()[0])
        return
    answer(make(cls).fit(X, y), X)
    assert np.array_equal(X, vectors()[0])
    assert np.array_equal(y, vectors()[1])


def check_paths_bytes_and_arrays(cls: type, folder: Path) -> None:
    """The same image as a file, a name, encoded bytes and an array gives the same bits."""
    arrays = pictures()
    encoded = [encode_image(image, ".png") for image in arrays]
    paths = [folder / f"{i}.png" for i in range(len(arrays))]
    for path, image in zip(paths, arrays, strict=True):
        write_image(path, image)
    forms = [paths, [str(path) for path in paths], encoded, np.stack(arrays), tuple(arrays)]
    estimator = make(cls)
    if gives_vectors(cls):
        estimator.fit(arrays, picture_labels())
    expected = answer(estimator, arrays)
    for form in forms:
        assert np.array_equal(answer(estimator, form), expected)
    if gives_vectors(cls):
        again = make(cls).fit(paths, picture_labels())
        assert np.array_equal(answer(again, arrays), expected)


def check_bad_pictures(cls: type) -> None:
    """What is no image is refused with an error that says which and why."""
    estimator = fit(make(cls))
    ask = estimator.describe if issubclass(cls, Describer) else lambda x: estimator.transform([x])
    for bad in [
        "no/such/file.jpg",
        b"not an image",
        b"",
        np.full((4, 4), 7.5),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        None,
        7,
    ]:
        with pytest.raises(CvclassicError) as caught:
            ask(bad)
        assert len(str(caught.value)) > 10


# ----------------------------------------------------------------- checks of image transformers


def check_vectors_are_sound(cls: type) -> None:
    """One finite float32 row an image, as many columns as were announced and named."""
    estimator = fit(make(cls))
    X = answer(estimator)
    assert X.dtype == np.float32
    assert X.shape == (12, estimator.n_features_out_)
    assert np.isfinite(X).all()
    assert X.any(axis=1).all()
    names = estimator.get_feature_names_out()
    assert names.shape == (X.shape[1],)
    assert len(set(names)) == len(names)
    assert all(isinstance(name, str) for name in names)
    assert np.array_equal(make(cls).fit_transform(pictures(), picture_labels()), X)


def check_rows_are_independent(cls: type) -> None:
    """An image's vector does not depend on its neighbors or on their order."""
    estimator = fit(make(cls))
    X = answer(estimator)
    alone = np.concatenate([estimator.transform([image]) for image in pictures()])
    np.testing.assert_allclose(alone, X, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(estimator.transform(pictures()[::-1])[::-1], X, rtol=1e-5, atol=1e-6)


def check_jobs(cls: type) -> None:
    """n_jobs is a matter of time only."""
    one, two = make(cls, n_jobs=1), make(cls, n_jobs=2)
    assert np.array_equal(use(one), use(two))
    for name, value in vars(one).items():
        if name.endswith("_") and isinstance(value, np.ndarray):
            assert np.array_equal(getattr(two, name), value), name


def check_picture_without_features(cls: type) -> None:
    """Blank and 1 x 1 images give a zero vector, never an exception; also among others."""
    estimator = fit(make(cls))
    for shape in [(64, 64), (64, 64, 3), (1, 1), (1, 1, 3), (1, 40), (3, 2)]:
        rows = estimator.transform([pictures()[0], np.full(shape, 90, np.uint8)])
        assert np.isfinite(rows).all()
        if cls.__name__ not in BLANK_IS_SEEN:
            assert not rows[1].any(), shape
        np.testing.assert_allclose(rows[0], answer(estimator)[0], rtol=1e-5, atol=1e-6)


def check_mixed_sizes(cls: type) -> None:
    """Gray and color, small and large, upright and wide in one call."""
    mixed = pictures(3) + pictures(3, 90, 50) + pictures(3, 48, 130)
    mixed += [np.ascontiguousarray(image[:, :, 0]) for image in pictures(3, 70, 70)]
    X = make(cls).fit(mixed, picture_labels()).transform(mixed)
    assert X.shape[0] == len(mixed)
    assert np.isfinite(X).all()


def check_without_labels(cls: type) -> None:
    """`fit` needs no labels."""
    X = make(cls).fit(pictures()).transform(pictures())
    assert np.isfinite(X).all()


def check_wrong_X(cls: type) -> None:
    """A single image, nothing, or a table instead of images."""
    fitted = fit(make(cls))
    single = [pictures()[0], pictures()[0][:, :, 0], Image.fromarray(pictures()[0])]
    wrong = ["a.jpg", b"bytes", Path("a.jpg"), [], np.zeros((3, 4)), 5, None, iter(pictures(2))]
    wrong += [*single, {"a": 1}]
    for X in wrong:
        for call in (make(cls).fit, fitted.transform):
            with pytest.raises(ParameterError, match="X must be a sequence of images"):
                call(X)


def check_wrong_y(cls: type) -> None:
    """As many labels as images, where labels are looked at."""
    if issubclass(cls, LocalEncoder):
        with pytest.raises(ParameterError, match="y must have one label for each of the 12"):
            make(cls).fit(pictures(), ["a", "b"])


def check_in_scikit_learn(cls: type) -> None:
    """`Pipeline`, `cross_val_score` and `GridSearchCV` over a part of the recipe."""
    recipe = make_pipeline(make(cls), SVMClassifier(C=1.0))
    X, y = pictures(), np.array(picture_labels())
    recipe.fit(X, y)
    assert recipe.score(X, y) > 0.6
    scores = cross_val_score(recipe, X, y, cv=2, error_score="raise")
    assert ((scores >= 0) & (scores <= 1)).all()
    search = GridSearchCV(recipe, {"svmclassifier__C": [0.1, 10.0]}, cv=2, error_score="raise")
    assert search.fit(X, y).best_params_["svmclassifier__C"] in (0.1, 10.0)
    assert set(search.predict(X)) <= set(y)


# ---------------------------------------------------- checks of what takes images otherwise


def check_faces_are_found(cls: type) -> None:
    """A box for each face, and none where there is nothing; a single image is refused."""
    detector = make(cls)
    found, none = detector.predict([portrait(), np.full((64, 64), 128, np.uint8)])
    assert found.shape == (len(found), 4)
    assert len(found) >= 1
    assert none.shape == (0, 4)
    with pytest.raises(ParameterError, match="X must be a sequence of images"):
        detector.predict(portrait())


def check_landmarks(cls: type) -> None:
    """68 points an image; a single image is refused."""
    model = fit(make(cls))
    assert model.predict(pictures(2), [[10, 10, 40, 40]] * 2).shape == (2, 68, 2)
    with pytest.raises(ParameterError, match="X must be a sequence of images"):
        model.predict(pictures()[0], [[10, 10, 40, 40]])


def check_picture_classifier(cls: type) -> None:
    """Labels of the training set's kind; probabilities agree with them."""
    names = np.array(picture_labels())
    for labels in (names, (names == "fine"), (names == "fine") * 7 - 3, (names == "fine") * 2.0):
        model = make(cls).fit(pictures(), labels)
        predicted, shares = model.predict(pictures()), model.predict_proba(pictures())
        assert model.classes_.tolist() == sorted(set(labels.tolist()))
        assert predicted.dtype == labels.dtype
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
        assert np.array_equal(model.classes_[shares.argmax(axis=1)], predicted)
        assert model.score(pictures(), labels) > 0.6
    weights = np.arange(1, 13)
    assert make(cls).fit(pictures(), names, sample_weight=weights).score(pictures(), names) > 0.3
    with pytest.raises(ValueError, match="2 classes"):
        make(cls).fit(pictures(), ["fine"] * 12)


def check_picture_classifier_edges(cls: type) -> None:
    """Single images, labels that are missing or too few, images that cannot be read."""
    model = fit(make(cls))
    for X in (pictures()[0], pictures()[0][:, :, 0], "a.jpg", Image.fromarray(pictures()[0])):
        for call in (lambda X: make(cls).fit(X, ["fine"]), model.predict, model.predict_proba):
            with pytest.raises(ParameterError, match=r"put (it|an image) in a list: \[image\]"):
                call(X)
    for y in (None, ["a", "b"]):
        with pytest.raises(ParameterError, match="y must have one label for each of the 12"):
            make(cls).fit(pictures(), y)
    with pytest.raises(ImageReadError, match="no/such"):
        model.predict(["no/such.jpg"])
    with pytest.raises(ImageReadError, match="no/such"):
        make(cls).fit(["no/such.jpg", *pictures()[1:]], picture_labels())


# ----------------------------------------------------------------- checks of vectors and heads


def check_vector_transformer(cls: type) -> None:
    """Finite rows, as many names as columns, the order of rows does not matter."""
    estimator = fit(make(cls))
    X = vectors()[0]
    Z = estimator.transform(X)
    assert Z.dtype == np.float32
    assert Z.shape[0] == len(X)
    assert np.isfinite(Z).all()
    assert len(set(estimator.get_feature_names_out())) == Z.shape[1]
    np.testing.assert_allclose(estimator.transform(X[::-1])[::-1], Z, rtol=1e-5)
    assert make_pipeline(make(cls), SVMClassifier(C=1.0)).fit(*vectors()).score(*vectors()) > 0.6
    zeros = estimator.transform(np.zeros((1, X.shape[1]), np.float32))
    assert np.isfinite(zeros).all()


def check_head(cls: type) -> None:
    """Labels of the training set's kind, probabilities that sum to 1 and agree with them."""
    X, y = vectors(60)
    for labels in (y, np.unique(y, return_inverse=True)[1] * 10 - 7, y.tolist(), y == "ash"):
        head = make(cls).fit(X, labels)
        predicted, shares = head.predict(X), head.predict_proba(X)
        assert head.classes_.tolist() == sorted(set(np.asarray(labels).tolist()))
        assert predicted.dtype == np.asarray(labels).dtype
        assert shares.shape == (60, len(head.classes_))
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
        assert np.array_equal(head.classes_[shares.argmax(axis=1)], predicted)
        decisions = head.decision_function(X)
        if len(head.classes_) == 2:
            assert decisions.shape == (60,)
            assert np.array_equal(head.classes_[(decisions > 0).astype(int)], predicted)
        else:
            assert np.array_equal(head.classes_[decisions.argmax(axis=1)], predicted)
        assert head.score(X, labels) > 0.6


def check_head_edges(cls: type) -> None:
    """One class, no labels, too few labels; a class of one; vectors that are all zero."""
    X, y = vectors()
    with pytest.raises(ValueError, match="at least 2 classes"):
        make(cls).fit(X, np.full(len(X), "ash"))
    with pytest.raises(ValueError, match="y must have one label"):
        make(cls).fit(X, None)
    with pytest.raises(ValueError, match="y must have one label"):
        make(cls).fit(X, y[:-1])
    for bad in (X[0], np.where(X > 1, np.nan, X)):
        with pytest.raises(ValueError, match=r"1D array|NaN"):
            make(cls).fit(bad, y)
    head = make(cls).fit(X, y)
    with pytest.raises(ValueError, match="features"):
        head.predict(X[:, :-1])
    for few in (np.array(["a"] * 9 + ["b"]), np.array(["b", "a"])):
        shares = make(cls).fit(X[: len(few)], few).predict_proba(X)
        assert np.isfinite(shares).all()
    blank = make(cls).fit(np.zeros_like(X), y)
    assert np.isfinite(blank.predict_proba(X)).all()


def check_head_weights(cls: type) -> None:
    """A weight of 2 is like two samples; of 0, like none; groups are held out together."""
    X, y = vectors(40)
    fixed = {
        name: value
        for name, value in {"C": 1.0, "penalty": 0.1, "early_stopping": False}.items()
        if name in inspect.signature(cls).parameters
    }
    weights = np.arange(40) % 3
    twice = np.repeat(np.arange(40), weights)
    found = make(cls, **fixed).fit(X, y, sample_weight=weights).decision_function(X)
    if cls.__name__ != "MLPClassifier":  # whose batches are others
        expected = make(cls, **fixed).fit(X[twice], y[twice]).decision_function(X)
        np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02)
    without = make(cls, **fixed).fit(X[weights > 0], y[weights > 0], weights[weights > 0])
    np.testing.assert_allclose(without.decision_function(X), found, rtol=1e-4, atol=1e-4)
    rare = np.flatnonzero((y != "ash") | (np.arange(40) < 6))
    share = [
        (make(cls, class_weight=w).fit(X[rare], y[rare]).predict(X) == "ash").mean()
        for w in ({"ash": 0.2}, None, "balanced", {"ash": 50})
    ]
    assert share[0] < share[-1]
    for bad in ("even", 3, {"ash": -1}, {"oak": 2}):
        with pytest.raises(ParameterError, match="class_weight must be"):
            make(cls, class_weight=bad).fit(X, y)
    for wrong in (np.ones(3), np.full(40, -1.0), np.full(40, np.nan)):
        with pytest.raises(ValueError, match=r"[wW]eight"):
            make(cls).fit(X, y, sample_weight=wrong)
    with pytest.raises(ParameterError, match="groups must have one value for each of the 40"):
        make(cls).fit(X, y, groups=[1, 2])
    grouped = make(cls).fit(np.tile(X, (2, 1)), np.tile(y, 2), groups=np.tile(np.arange(40), 2))
    assert grouped.cv_accuracy_ <= 1


def check_head_in_scikit_learn(cls: type) -> None:
    """`cross_val_score` and `GridSearchCV` over its first number."""
    X, y = vectors()
    assert np.isfinite(cross_val_score(make(cls), X, y, cv=2, error_score="raise")).all()
    search = GridSearchCV(make(cls), {"random_state": [0, 1]}, cv=2, error_score="raise")
    assert search.fit(X, y).predict(X).shape == y.shape


def check_pixels(cls: type) -> None:
    """Classes of pixels are those of the masks, and of the same size as the image."""
    estimator = fit(make(cls))
    found = estimator.predict(pictures(4))
    for image, mask, classes in zip(pictures(4), masks(4), found, strict=True):
        assert classes.shape == image.shape[:2]
        assert (classes == mask).mean() > 0.8


COMMON = [
    check_init_stores_parameters_unchanged,
    check_clone,
    check_fit_leaves_parameters,
    check_set_params,
    check_pickle,
    check_same_seed_same_output,
    check_global_random_state_is_left_alone,
    check_unfitted,
    check_bad_parameters,
    check_numbers_out_of_range,
    check_documented,
    check_input_is_not_mutated,
]
DESCRIBERS: list[Callable] = [
    check_features_are_sound,
    check_describes_odd_shapes,
    check_features_in_pixels_of_the_array,
    check_gray_equals_equal_channels,
    check_paths_bytes_and_arrays,
    check_bad_pictures,
]
IMAGE_TRANSFORMERS: list[Callable] = [
    check_paths_bytes_and_arrays,
    check_bad_pictures,
    check_vectors_are_sound,
    check_rows_are_independent,
    check_jobs,
    check_picture_without_features,
    check_mixed_sizes,
    check_without_labels,
    check_wrong_X,
    check_wrong_y,
    check_in_scikit_learn,
]
VECTOR_TRANSFORMERS = [check_vector_transformer]
HEADS = [check_head, check_head_edges, check_head_weights, check_head_in_scikit_learn]
PICTURE_CLASSIFIERS = [check_picture_classifier, check_picture_classifier_edges]


def checks_of(cls: type) -> Iterator[Callable]:
    """The checks that fit an estimator's kind."""
    yield from COMMON
    if issubclass(cls, Describer):
        yield from DESCRIBERS
    elif gives_vectors(cls):
        yield from IMAGE_TRANSFORMERS
    elif gives_faces(cls):
        yield check_faces_are_found
    elif issubclass(cls, FaceLandmarks):
        yield check_landmarks
    elif issubclass(cls, PixelClassifier):
        yield check_pixels
    elif issubclass(cls, (ObjectDetector, SingleObjectLocalizer)):
        return  # tests/objects/
    elif issubclass(cls, ImageIndex):
        yield check_jobs
    elif takes_pictures(make(cls)):
        yield from PICTURE_CLASSIFIERS
    elif issubclass(cls, RegressorMixin):
        return
    elif issubclass(cls, KeywordClassifier):
        return  # tests/classify/test_keywords.py
    elif issubclass(cls, ClassifierMixin):
        yield from HEADS
    elif issubclass(cls, TransformerMixin):
        yield from VECTOR_TRANSFORMERS
    else:
        pytest.fail(f"{cls.__name__} is of no kind that tests/checks.py knows")


def takes_vectors(cls: type) -> bool:
    """Whether scikit-learn's own checks, which use tables, apply."""
    six_columns = cls.__name__ == "TableColumns"
    if learns_nothing(cls) or six_columns or issubclass(cls, KeywordClassifier):
        return False  # a learner of sets has no use for one label each
    return not takes_pictures(make(cls))
