"""Signed power and unit length."""

import numpy as np
import pytest

from cvclassic.describe import power_normalize


def test_power_normalize_keeps_signs_and_length(rng):
    vector = rng.normal(size=50).astype(np.float32)
    for power in (1, 0.5, 0.3):
        out = power_normalize(vector.copy(), power)
        np.testing.assert_array_equal(np.sign(out), np.sign(vector))
        assert np.linalg.norm(out) == pytest.approx(1, rel=1e-5)


def test_rows_are_normalized_each_in_its_place(rng):
    vectors = rng.normal(size=(3, 50)).astype(np.float32)
    vectors[1] = 0
    rows = np.stack([power_normalize(row.copy(), 0.5) for row in vectors])
    wide = np.zeros((3, 80), np.float32)
    wide[:, 20:70] = vectors
    out = power_normalize(wide[:, 20:70], 0.5)
    np.testing.assert_allclose(out, rows, atol=1e-6)
    np.testing.assert_array_equal(wide[:, 20:70], out)
    assert not out[1].any()
    assert not wide[:, :20].any()
