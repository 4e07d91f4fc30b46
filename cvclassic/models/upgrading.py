"""Converts descriptions of earlier format versions."""

from __future__ import annotations

from typing import Any

# last format version with the old names -> old name -> new name
_TYPES = {
    1: {
        "DenseSift": "DenseSIFT",
        "Hog": "HOG",
        "Lbp": "LBP",
        "Llc": "LLC",
        "MLP": "MLPClassifier",
        "Ridge": "RidgeClassifier",
        "Sift": "SIFT",
        "SVM": "SVMClassifier",
        "Vlad": "VLAD",
    }
}
_PARAMETERS = {1: {"standardise": "standardize"}, 2: {"regularisation": "regularization"}}


def upgrade(node: Any, version: int) -> Any:
    """A description of format `version` with the names that this version of cvclassic knows.

    Examples
    --------
    >>> upgrade({"type": "Llc", "params": {"regularisation": 0.1}}, 1)
    {'type': 'LLC', 'params': {'regularization': 0.1}}
    """
    return _rename(node, _since(_TYPES, version), _since(_PARAMETERS, version), 0)


def _since(names: dict[int, dict[str, str]], version: int) -> dict[str, str]:
    """Names that have changed since a format version."""
    return {
        old: new for last, some in names.items() if last >= version for old, new in some.items()
    }


def _rename(node: Any, types: dict[str, str], parameters: dict[str, str], depth: int) -> Any:
    if not (types or parameters) or depth > 20:  # deeper than any description that will be accepted
        return node
    if isinstance(node, list):
        return [_rename(item, types, parameters, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if key == "type" and isinstance(value, str):
            value = types.get(value, value)
        elif key == "params" and isinstance(value, dict):
            value = {parameters.get(name, name): item for name, item in value.items()}
        found[key] = _rename(value, types, parameters, depth + 1)
    return found
