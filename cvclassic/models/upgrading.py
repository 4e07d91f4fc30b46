"""Converts descriptions of earlier format versions."""

from __future__ import annotations

from typing import Any

# of format version 1
_TYPES = {
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
_PARAMETERS = {"standardise": "standardize"}


def upgrade(node: Any, version: int, depth: int = 0) -> Any:
    """A description of format `version` with the names that this version of cvclassic knows.

    Examples
    --------
    >>> upgrade({"type": "Sift", "params": {}}, 1)
    {'type': 'SIFT', 'params': {}}
    """
    if version >= 2 or depth > 20:  # deeper than any description that will be accepted
        return node
    if isinstance(node, list):
        return [upgrade(item, version, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if key == "type" and isinstance(value, str):
            value = _TYPES.get(value, value)
        elif key == "params" and isinstance(value, dict):
            value = {_PARAMETERS.get(name, name): item for name, item in value.items()}
        found[key] = upgrade(value, version, depth + 1)
    return found
