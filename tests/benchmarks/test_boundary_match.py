"""The matching that edge scores rest on is a maximum matching."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from benchmarks.boundary_match import match_pixels, max_matching


@pytest.mark.parametrize("seed", range(30))
def test_as_many_pairs_as_scipy_finds(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 150, 2)
    graph = csr_matrix(rng.random((n, m)) < rng.uniform(0.005, 0.1))
    left, right = max_matching(graph.indptr.astype(np.int64), graph.indices.astype(np.int64), m)
    expected = (maximum_bipartite_matching(graph, perm_type="column") >= 0).sum()
    matched = np.flatnonzero(left >= 0)
    assert len(matched) == expected
    assert len(set(left[matched])) == len(matched)
    assert (right[left[matched]] == matched).all()
    dense = graph.toarray()
    assert dense[matched, left[matched]].all()


def test_pixels_are_paired_once_and_within_the_radius():
    found, truth = np.zeros((2, 20, 20), bool)
    found[5, 5] = found[5, 6] = found[5, 7] = True
    truth[7, 6] = truth[15, 15] = True
    assert match_pixels(found, truth, 3).sum() == 1
    assert match_pixels(found, truth, 1.9).sum() == 0
    assert match_pixels(truth, truth, 0).all()
    assert match_pixels(truth, np.zeros_like(truth), 5).sum() == 0
