"""Spatial pyramids for encodings whose cells are sums over their descriptors."""

from __future__ import annotations

import numpy as np


def cell_groups(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group descriptors that lie in the same cell on every level of a pyramid.

    What is summed over descriptors is then summed once a group, and a cell is the sum of
    its groups, however many levels there are.

    Parameters
    ----------
    cells : ndarray of shape (n_levels, n), int
        From `cell_index`; n >= 1.

    Returns
    -------
    order : ndarray of shape (n,), int
        Descriptors group by group.
    bounds : ndarray of shape (n_groups + 1,), int
        Group g is ``order[bounds[g]:bounds[g + 1]]``.
    owners : ndarray of shape (n_levels, n_groups), int
        The cells that each group is a part of.

    Examples
    --------
    >>> order, bounds, owners = cell_groups(np.array([[0, 0, 0], [2, 1, 2]]))
    >>> order.tolist(), bounds.tolist(), owners.tolist()
    ([1, 0, 2], [0, 1, 3], [[0, 0], [1, 2]])
    """
    code = cells[0]
    for level in cells[1:]:
        code = code * (level.max() + 1) + level
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    return order, np.append(starts, len(order)), cells[:, order[starts]]


def sum_groups(group_sums: np.ndarray, owners: np.ndarray, n_cells: int) -> np.ndarray:
    """Sums of cells from the sums of the groups in them.

    Parameters
    ----------
    group_sums : ndarray of shape (n_groups, ...), float32
    owners : ndarray of shape (n_levels, n_groups), int
    n_cells : int

    Returns
    -------
    ndarray of shape (n_cells, ...), float32
        Zeros for cells without descriptors.

    Examples
    --------
    >>> sum_groups(np.array([1.0, 2.0]), np.array([[0, 0], [1, 2]]), 3)
    array([3., 1., 2.])
    """
    out = np.zeros((n_cells, *group_sums.shape[1:]), group_sums.dtype)
    for level in owners:
        for group, cell in enumerate(level):
            out[cell] += group_sums[group]
    return out
