"""Labels of frames over time."""

from __future__ import annotations

import numpy as np
import pytest

from cvclassic.batch import Record
from cvclassic.errors import ParameterError
from cvclassic.video import LagSmoother, RecordSmoother, presences, smooth_labels


def noisy(n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, true labels and uncertain probabilities of three classes in turn."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], n // 3)
    alone = rng.dirichlet([1, 1, 1], n) + 0.9 * np.eye(3)[truth]
    return np.cumsum(rng.uniform(0.02, 0.06, n)), truth, alone / alone.sum(axis=1, keepdims=True)


def test_a_long_lag_is_the_whole() -> None:
    times, _, alone = noisy()
    smoother = LagSmoother(1.0, 1000.0)
    assert sum(len(smoother.add(*pair)) for pair in zip(alone, times, strict=True)) == 0
    np.testing.assert_allclose(smoother.finish(), smooth_labels(alone, times, hold=1.0))


def test_a_short_lag_is_nearly_as_good_and_bounded() -> None:
    times, truth, alone = noisy(600)
    smoother = LagSmoother(0.3, 0.6)
    rows, behind = [], 0
    for i, pair in enumerate(zip(alone, times, strict=True)):
        rows += list(smoother.add(*pair))
        behind = max(behind, i + 1 - len(rows))
    assert behind < 70  # 1.2 s of 25 frames a second, in the worst case 50 a second
    rows += list(smoother.finish())
    assert len(rows) == 600
    whole = smooth_labels(alone, times, hold=0.3).argmax(axis=1)
    mine = np.argmax(rows, axis=1)
    assert (mine == whole).mean() > 0.99
    assert (mine == truth).mean() > (alone.argmax(axis=1) == truth).mean()
    with pytest.raises(ParameterError, match="hold"):
        LagSmoother(0.0)


def test_records_keep_order_and_number() -> None:
    times, truth, alone = noisy()
    classes = ["a", "b", "c"]
    records = [Record("x.png", "ok", label="a", scores=(("a", 1.0),))]
    for moment, row in zip(times, alone, strict=True):
        order = np.argsort(-row)
        scores = tuple((classes[i], float(row[i])) for i in order[:2])
        records.append(Record(f"v.mp4#t={moment:.6f}", "ok", label=scores[0][0], scores=scores))
    records.insert(50, Record("v.mp4#t=1.0", "error", "corrupt"))
    records += [Record("w.mp4#t=0.000000", "ok", label="c", scores=(("c", 0.9),))]
    smooth = list(RecordSmoother(classes, 1.0)(iter(records)))
    assert [record.path for record in smooth] == [record.path for record in records]
    assert smooth[0] == records[0]
    assert smooth[50] == records[50]
    assert smooth[-1].label == "c"
    frames = [one for one in smooth[1:-1] if not one.failed]
    right = np.mean([one.label == classes[t] for one, t in zip(frames, truth, strict=True)])
    assert right > 0.97
    assert {len(one.scores) for one in frames} == {1}
    assert frames[0].values["label_alone"] in classes


def test_presences_bridge_gaps() -> None:
    shown = [["a"], ["a", "b"], [], ["a"], [], [], [], [], ["a"]]
    found = presences(shown, [0.1 * i for i in range(9)], gap=0.25)
    assert [(one.name, round(one.start, 1), round(one.end, 1)) for one in found] == [
        ("a", 0.0, 0.4), ("b", 0.1, 0.2), ("a", 0.8, 0.9),
    ]  # fmt: skip
    assert presences([], []) == []
