"""Boosting: the best stump is the best of all, and a stage keeps its promise."""

import numpy as np
import pytest

from cvclassic.cascade import CropSums
from cvclassic.cascade.boosting import StageGoal, _Team, best_stump, boost_stage
from cvclassic.cascade.feature_pool import Pool

from .conftest import clutter, targets


def windows(n: int) -> np.ndarray:
    """Crosses, then as many windows of clutter."""
    rng = np.random.default_rng(3)
    scenes = clutter()
    cut = []
    for i in range(n):
        x, y = rng.integers(0, 90, 2)
        cut.append(scenes[i % len(scenes)][y : y + 12, x : x + 12])
    return np.stack([*targets(n), *cut])


def error(pool: Pool, weight: np.ndarray, y: np.ndarray, row: int, split) -> float:
    """Weighted squared error of a stump with the best leaves."""
    holds = pool.holds(row, split)
    total = 0.0
    for side in (holds, ~holds):
        mass = weight[side].sum()
        if mass:
            mean = (weight[side] * y[side]).sum() / mass
            total += (weight[side] * (y[side] - mean) ** 2).sum()
    return total


def test_the_best_haar_stump_is_the_best() -> None:
    crops = windows(60)
    pool = Pool("haar", crops, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    weight = rng.random(len(crops))
    weight /= weight.sum()
    y = np.where(np.arange(len(crops)) < 60, 1.0, -1.0)
    rows = rng.choice(len(pool.codes), 12, replace=False)
    row, split, yes, no = best_stump(pool, rows, weight, 60)
    tried = [error(pool, weight, y, r, s) for r in rows for s in range(255)]
    assert error(pool, weight, y, row, split) <= min(tried) + 1e-9
    assert (yes > 0) != (no > 0)


def test_the_best_lbp_stump_beats_random_ones() -> None:
    crops = windows(60)
    pool = Pool("lbp", crops, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    weight = np.full(len(crops), 1 / len(crops))
    y = np.where(np.arange(len(crops)) < 60, 1.0, -1.0)
    rows = np.arange(len(pool.codes))
    row, split, yes, no = best_stump(pool, rows, weight, 60)
    assert yes > no
    least = error(pool, weight, y, row, split)
    for r in rng.choice(rows, 100):
        # for each feature, the codes that objects have more often
        ours, others = (np.bincount(part, minlength=256) for part in np.split(pool.codes[r], [60]))
        assert least <= error(pool, weight, y, int(r), ours > others) + 2e-2


@pytest.mark.slow
def test_a_stage_keeps_its_hit_rate() -> None:
    crops = windows(150)
    for kind in ("lbp", "haar"):
        pool = Pool(kind, crops, np.random.default_rng(0))
        held = CropSums(np.stack(targets(100, seed=9)), kind == "haar")
        seen = []
        result = boost_stage(
            pool,
            150,
            held,
            StageGoal(0.97, 0.05, 40),
            np.random.default_rng(0),
            lambda *numbers, seen=seen: seen.append(numbers),
        )
        assert result.reached
        assert result.hits >= 0.97
        assert result.false_alarms <= 0.05
        assert len(seen) == len(result.stage.trees)


def test_out_of_reach_is_said() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (400, 9, 9), dtype=np.uint8)
    pool = Pool("lbp", crops[:300], np.random.default_rng(0))
    result = boost_stage(
        pool, 150, CropSums(crops[300:]), StageGoal(0.99, 0.01, 5), np.random.default_rng(0)
    )
    assert not result.reached
    assert len(result.stage.trees) == 5


def test_refitting_never_raises_the_loss() -> None:
    crops = windows(200)
    pool = Pool("lbp", crops, np.random.default_rng(0))
    held = CropSums(np.stack(targets(50, seed=9)))
    team = _Team(pool, 200, held)
    y = np.where(np.arange(pool.n) < 200, 1, -1)
    for _ in range(4):
        team.add(np.flatnonzero(team.free)[:40])  # not the best of all: refitting has work to do
    before = np.exp(-y * team.score).mean()
    rows = {stump.row for stump in team.stumps}
    team.refit(1)
    after = np.exp(-y * team.score).mean()
    assert after < before
    assert {stump.row for stump in team.stumps} != rows
    # no feature twice, and all that are not in use are free
    assert len({stump.row for stump in team.stumps}) == 4 == (~team.free).sum()
    np.testing.assert_allclose(team.score, sum(stump.value for stump in team.stumps))
    np.testing.assert_allclose(team.held, sum(stump.held for stump in team.stumps))
    assert all(not team.free[stump.row] for stump in team.stumps)
