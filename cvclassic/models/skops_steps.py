"""Steps that only skops can write down: trees, ensembles, anything of scikit-learn.

skops never unpickles; it rebuilds objects of types that it, or this library, knows. Its archive
lies as bytes among the arrays of the model file, always in the same form, so that the same model
gives the same file.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import numpy as np

from .._basics.saving import require
from ..errors import MissingDependencyError, ModelFileError

_MAX_BYTES = 2_000_000_000
_DATE = (1980, 1, 1, 0, 0, 0)


def _skops(name: str) -> Any:
    """The package, or how to get it."""
    try:
        import skops.io
    except ImportError:
        raise MissingDependencyError(
            f"A {name} is saved with skops. Get it: pip install 'cvclassic[skops]'"
        ) from None
    return skops.io


# parts of fitted estimators of scikit-learn that skops asks about; none of them runs anything
_PARTS = {
    "sklearn._loss._loss": ("CyHalfBinomialLoss", "CyHalfMultinomialLoss", "CyHalfSquaredError"),
    "sklearn._loss.link": ("Interval", "LogitLink", "MultinomialLogit", "IdentityLink"),
    "sklearn._loss.loss": ("HalfBinomialLoss", "HalfMultinomialLoss", "HalfSquaredError"),
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration"),
    "sklearn.ensemble._hist_gradient_boosting.binning": ("_BinMapper",),
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "sklearn.feature_selection._univariate_selection": ("f_classif", "chi2", "f_regression"),
    "sklearn.metrics._dist_metrics": ("EuclideanDistance64", "EuclideanDistance32"),
    "sklearn.neighbors._ball_tree": ("BallTree", "BallTree64", "BallTree32", "newObj"),
    "sklearn.neighbors._kd_tree": ("KDTree", "KDTree64", "KDTree32", "newObj"),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.utils._bunch": ("Bunch",),
}


def trusted_names() -> set[str]:
    """Types of scikit-learn, this library and users that may lie inside a step."""
    from .registry import known_types

    ours = {f"{cls.__module__}.{cls.__name__}" for cls in known_types()}
    return ours | {f"{module}.{name}" for module, names in _PARTS.items() for name in names}


def to_bytes(estimator: Any) -> np.ndarray:
    """An estimator as bytes, the same for the same estimator.

    Raises
    ------
    ModelFileError
        It holds something that is neither of scikit-learn nor registered.
    MissingDependencyError
        skops is not installed.
    """
    name = type(estimator).__name__
    skops = _skops(name)
    hint = "Register classes of your own with cvclassic.models.register_estimator."
    try:
        data = skops.dumps(estimator)
    except Exception as error:  # whatever its writers stumble over
        raise ModelFileError(f"A {name} cannot be saved ({error}). {hint}") from None
    unknown = sorted(set(skops.get_untrusted_types(data=data)) - trusted_names())
    if unknown:
        raise ModelFileError(
            f"A {name} cannot be saved: it holds {', '.join(map(str, unknown))[:200]}, which model "
            f"files do not know. {hint}"
        )
    return np.frombuffer(_in_order(data), np.uint8)


def from_bytes(array: np.ndarray, name: str) -> Any:
    """The estimator that `to_bytes` wrote down.

    Raises
    ------
    ModelFileError
        The bytes are damaged, or hold something that is not known.
    """
    skops = _skops(name)
    data = array.tobytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
        plain = all(member.compress_type == zipfile.ZIP_STORED for member in members)
        require(plain and sum(m.file_size for m in members) <= len(data), "a step is packed")
        unknown = set(skops.get_untrusted_types(data=data)) - trusted_names()
        require(not unknown, f"a step holds {', '.join(sorted(map(str, unknown)))[:200]}")
        estimator = skops.loads(data, trusted=sorted(trusted_names()))
    except ModelFileError:
        raise
    except Exception as error:  # of many kinds, for damage of many kinds
        text = " ".join(str(error).split())[:200]
        raise ModelFileError(
            f"The model file is damaged: a step cannot be read ({text})."
        ) from None
    require(type(estimator).__name__ == name, f"a step is not the {name} that it should be")
    _check_trees(estimator, set(), 0)
    return estimator


def _in_order(data: bytes) -> bytes:
    """The archive with numbers in the place of memory addresses, and without the date."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    numbers: dict[str, int] = {}
    _collect(schema, numbers)
    text = json.dumps(_renumber(schema, numbers))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("schema.json", _DATE), text)
        renamed = {_rename(name, numbers): _without_gaps(data) for name, data in files.items()}
        for name in sorted(renamed):
            archive.writestr(zipfile.ZipInfo(name, _DATE), renamed[name])
    return out.getvalue()


def _without_gaps(data: bytes) -> bytes:
    """An array file with zeros between the fields of records, where anything may lie."""
    if b"'descr': [" not in data[:2000]:
        return data
    array = np.load(io.BytesIO(data), allow_pickle=False)
    clean = np.zeros(array.shape, array.dtype)  # `zeros_like` leaves the gaps as they are
    for name in array.dtype.names or ():
        clean[name] = array[name]
    out = io.BytesIO()
    np.lib.format.write_array_header_2_0(out, np.lib.format.header_data_from_array_1_0(clean))
    return out.getvalue() + clean.tobytes()  # `np.save` would copy, and fill the gaps again


def _collect(node: Any, numbers: dict[str, int]) -> None:
    """Number the ids in the order in which they come."""
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            numbers.setdefault(str(node["__id__"]), len(numbers) + 1)
        for value in node.values():
            _collect(value, numbers)
    elif isinstance(node, list):
        for value in node:
            _collect(value, numbers)


def _renumber(node: Any, numbers: dict[str, int]) -> Any:
    if isinstance(node, list):
        return [_renumber(value, numbers) for value in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__" and isinstance(value, int):
            found[key] = numbers[str(value)]
        elif key == "file" and isinstance(value, str):
            found[key] = _rename(value, numbers)
        else:
            found[key] = _renumber(value, numbers)
    return found


def _rename(name: str, numbers: dict[str, int]) -> str:
    """A file's name with the number of its id."""
    return re.sub(r"\d+", lambda found: str(numbers.get(found[0], found[0])), name)


def _check_trees(value: Any, seen: set[int], depth: int) -> None:
    """Trees believe every index in them: look at them before they are used."""
    if id(value) in seen or depth > 12:
        return
    seen.add(id(value))
    if hasattr(value, "tree_") and hasattr(value.tree_, "children_left"):
        _check_tree(value.tree_)
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = list(value.ravel())
    if isinstance(value, list | tuple):
        for item in value:
            _check_trees(item, seen, depth + 1)
    elif hasattr(value, "__dict__"):
        for item in vars(value).values():
            if isinstance(item, list | tuple | np.ndarray) or hasattr(item, "get_params"):
                _check_trees(item, seen, depth + 1)


def _check_tree(tree: Any) -> None:
    n = tree.node_count
    left, right = tree.children_left, tree.children_right
    inner = left != -1
    numbers = np.arange(n)
    forward = (left[inner] > numbers[inner]) & (right[inner] > numbers[inner])
    inside = (left[inner] < n) & (right[inner] < n)
    features = (tree.feature[inner] >= 0) & (tree.feature[inner] < tree.n_features)
    require(bool(forward.all() and inside.all() and features.all()), "a tree is invalid")
    require(bool(((left == -1) == (right == -1)).all()), "a tree is invalid")
