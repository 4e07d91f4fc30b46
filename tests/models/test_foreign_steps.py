"""Pipelines with scikit-learn's own steps, and with classes of users."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.linear_model import RidgeClassifier as SklearnRidge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import cvclassic
from cvclassic.classify import SVMClassifier
from cvclassic.describe import HOG, LBP, ImageTransformer, Pixels
from cvclassic.encode import BagOfWords
from cvclassic.errors import ModelFileError, ParameterError
from cvclassic.models import (
    SavedState,
    load_model,
    read_model_info,
    register_estimator,
    save_model,
)
from tests.checks import picture_labels, pictures

IMAGES, LABELS = pictures(), picture_labels()


def pixels() -> Pixels:
    return Pixels(image_size=8)


OWN_FORMAT = {
    "standard, logistic": [StandardScaler(), LogisticRegression()],
    "no mean, linear svc": [StandardScaler(with_mean=False), LinearSVC()],
    "min max, pca, bayes": [MinMaxScaler(), PCA(5), GaussianNB()],
    "max abs, svd, own head": [MaxAbsScaler(), TruncatedSVD(4), SVMClassifier(C=1.0)],
    "robust, normalizer, logistic": [RobustScaler(), Normalizer(), LogisticRegression()],
    "whitened pca, logistic": [PCA(0.9, whiten=True), LogisticRegression(C=3.0)],
    "passthrough": ["passthrough", LogisticRegression()],
}
BY_SKOPS = {
    "forest": [RandomForestClassifier(10, random_state=0)],
    "boosting": [GradientBoostingClassifier(n_estimators=3, random_state=0)],
    "tree": [DecisionTreeClassifier(random_state=0)],
    "neighbors": [StandardScaler(), KNeighborsClassifier(3)],
    "svc": [StandardScaler(), SVC()],
    "lda": [PCA(5), LinearDiscriminantAnalysis()],
    "sgd": [StandardScaler(), SGDClassifier(random_state=0)],
    "their ridge": [SklearnRidge()],
    "power transform": [PCA(4), PowerTransformer(), LogisticRegression()],
    "selection": [SelectKBest(k=20), LogisticRegression()],
    "calibrated own head": [CalibratedClassifierCV(SVMClassifier(C=1.0), cv=2, ensemble=False)],
    "voting": [VotingClassifier([("a", GaussianNB()), ("b", SVMClassifier(C=1.0))])],
    "stacking": [
        StackingClassifier([("a", GaussianNB()), ("b", LogisticRegression())], cv=2),
    ],
}


def fitted(steps: list) -> Pipeline:
    """A pipeline of pixels and these steps."""
    named = [
        (f"s{i}", step if isinstance(step, str) else clone(step)) for i, step in enumerate(steps)
    ]
    return Pipeline([("features", pixels()), *named]).fit(IMAGES, LABELS)


def assert_round_trip(model: Pipeline, path) -> None:
    """The same answers, the same file again, and the classes in its header."""
    save_model(path, model)
    again = load_model(path)
    assert list(again.predict(IMAGES)) == list(model.predict(IMAGES))
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            assert np.array_equal(getattr(again, method)(IMAGES), getattr(model, method)(IMAGES))
    first = path.read_bytes()
    save_model(path, again)
    assert path.read_bytes() == first
    assert read_model_info(path).classes == sorted(set(LABELS))


def types(node) -> set[str]:
    """All types that a description names."""
    if isinstance(node, dict):
        mine = {node["type"]} if isinstance(node.get("type"), str) else set()
        return mine.union(*map(types, node.values()), set())
    return set().union(*map(types, node), set()) if isinstance(node, list) else set()


@pytest.mark.parametrize("name", OWN_FORMAT)
def test_the_own_format_holds_what_fits(name, tmp_path) -> None:
    path = tmp_path / "m"
    assert_round_trip(fitted(OWN_FORMAT[name]), path)
    assert "skops" not in types(read_model_info(path).pipeline)


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_SKOPS)
def test_skops_holds_the_rest(name, tmp_path) -> None:
    pytest.importorskip("skops")
    path = tmp_path / "m"
    assert_round_trip(fitted(BY_SKOPS[name]), path)
    assert "skops" in types(read_model_info(path).pipeline)


def test_unions_and_nested_pipelines(tmp_path) -> None:
    union = FeatureUnion(
        [
            ("hog", make_pipeline(HOG(image_size=32), StandardScaler(), PCA(4))),
            ("lbp", LBP(image_size=32)),
            ("none", "drop"),
        ],
        transformer_weights={"lbp": 0.5},
    )
    model = Pipeline([("u", union), ("head", LogisticRegression())]).fit(IMAGES, LABELS)
    assert_round_trip(model, tmp_path / "m")
    assert "skops" not in types(read_model_info(tmp_path / "m").pipeline)


def test_a_table_of_images_and_numbers(tmp_path, toy_folder) -> None:
    """ColumnTransformer with an encoder of ours on a column of paths."""
    pytest.importorskip("skops")
    pandas = pytest.importorskip("pandas")
    paths = sorted(map(str, toy_folder.rglob("*.png")))
    table = pandas.DataFrame({"image": paths, "size": np.arange(12.0)})
    labels = [path.split("/")[-2] for path in paths]
    columns = ColumnTransformer(
        [
            ("words", BagOfWords(n_words=8, random_state=0), "image"),
            ("numbers", StandardScaler(), ["size"]),
        ]
    )
    model = Pipeline([("columns", columns), ("head", LogisticRegression())]).fit(table, labels)
    save_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))


def test_a_model_around_them_does_the_main_job(tmp_path, toy_folder) -> None:
    """Records, evaluation and save, also where the head gives no probabilities."""
    for head in (LogisticRegression(), LinearSVC()):
        model = cvclassic.Model(fitted([StandardScaler(), head]))
        model.save(tmp_path / "m")
        again = cvclassic.load_model(tmp_path / "m")
        records = list(again.classify(toy_folder, n_jobs=1))
        assert [record.label for record in records] == list(
            model.predict([record.path for record in records])
        )
        assert again.evaluate(toy_folder).accuracy == model.evaluate(toy_folder).accuracy


def test_without_skops_the_error_names_the_way(tmp_path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "skops.io", None)
    model = fitted([DecisionTreeClassifier()])
    with pytest.raises(ImportError, match=r"pip install 'cvclassic\[skops\]'"):
        save_model(tmp_path / "m", model)


class Twice(TransformerMixin, BaseEstimator):
    """A class that nobody registered."""

    def fit(self, X, y=None):
        """Learn nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        """Double."""
        return 2 * X


def test_an_unknown_class_is_named(tmp_path) -> None:
    pytest.importorskip("skops")
    with pytest.raises(ModelFileError, match=r"Twice.*register_estimator"):
        save_model(tmp_path / "m", fitted([Twice(), LogisticRegression()]))


class Edge(ImageTransformer):
    """A describer of a user: how bright each quarter is, less a level that is learned."""

    saved_state = SavedState(
        arrays={"level_": 1}, scalars={"n_features_out_": int}, bounds={"power": (0.1, 10)}
    )

    def __init__(self, power=1.0, n_jobs=None):
        self.power = power
        self.n_jobs = n_jobs

    def _check(self) -> None:
        pass

    def _fit_images(self, X, y) -> None:
        self.n_features_out_ = 4
        self.level_ = np.zeros(4, np.float32)
        self.level_ = self.block_vectors(list(X)).mean(axis=0)

    def block_vectors(self, images):
        from cvclassic.images import load_pixels

        rows = []
        for image in images:
            plane = load_pixels(image).astype(np.float32)
            h, w = plane.shape[0] // 2, plane.shape[1] // 2
            parts = (plane[:h, :w], plane[:h, w:], plane[h:, :w], plane[h:, w:])
            rows.append([part.mean() ** self.power for part in parts])
        return np.array(rows, np.float32) - self.level_


def test_a_class_of_a_user(tmp_path) -> None:
    """Registered once, it is saved, checked and loaded like our own."""
    model = Pipeline([("edge", Edge()), ("head", SVMClassifier(C=1.0))]).fit(IMAGES, LABELS)
    register_estimator(Edge)
    assert_round_trip(model, tmp_path / "m")
    before = (tmp_path / "m").read_bytes()
    model.named_steps["edge"].power = 99
    with pytest.raises(ModelFileError, match="Edge cannot be saved: power must be between"):
        save_model(tmp_path / "m", model)
    assert (tmp_path / "m").read_bytes() == before  # found before anything was written


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Twice, "must have a class attribute saved_state"),
        (int, "must be an estimator class"),
        (
            type("HOG", (Twice,), {"saved_state": SavedState()}),
            "the name of a class of the library",
        ),
    ],
)
def test_what_cannot_be_registered(cls, message) -> None:
    with pytest.raises(ParameterError, match=message):
        register_estimator(cls)


def test_every_public_estimator_says_how_it_is_saved() -> None:
    from cvclassic.models.registry import known_types

    names = {cls.__name__ for cls in known_types()}
    assert {"BagOfWords", "FisherVector", "SIFT", "SVMClassifier", "WeightedUnion"} <= names
