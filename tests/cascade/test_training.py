"""Training: goes on where it was stopped, says what is wrong, and finds what it learnt."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from cvclassic._basics.locking import lock_beside
from cvclassic.cascade import (
    CascadeDetector,
    Jitter,
    Objects,
    Settings,
    false_alarms,
    judge_crops,
    read_cascade,
    train_cascade,
)
from cvclassic.cascade.mining import mine
from cvclassic.cascade.positive_samples import spoil
from cvclassic.errors import DataError, OutputLockedError, ParameterError, ResumeError

from .conftest import SMALL, clutter, targets

STILL = Jitter(False, 0, 0, 0, 0, 0)
SETTINGS = Settings(stages=3, hit_rate=0.99, **SMALL)


@pytest.fixture(scope="module")
def objects() -> Objects:
    return Objects(targets(60), (12, 12))


@pytest.fixture(scope="module")
def scenes() -> list[np.ndarray]:
    return clutter()


@pytest.fixture(scope="module")
def whole(objects, scenes, tmp_path_factory) -> bytes:
    """The file of a training that nothing disturbed."""
    path = tmp_path_factory.mktemp("whole") / "cross.xml"
    assert train_cascade(objects, scenes, SETTINGS, path).why == "stages"
    return path.read_bytes()


def test_it_finds_what_it_learnt(objects, scenes, whole, tmp_path) -> None:
    (tmp_path / "a.xml").write_bytes(whole)
    detector = CascadeDetector(tmp_path / "a.xml")
    assert judge_crops(detector.cascade, np.stack(targets(100, seed=5))).passed.mean() > 0.9
    scene = clutter(seed=8)[0]
    scene[40:64, 60:84] = np.kron(targets(1, seed=6)[0], np.ones((2, 2), np.uint8))
    found = detector.detect(scene, min_neighbors=1)
    x, y, w, _ = found.boxes[found.scores.argmax()]
    assert abs(x + w / 2 - 72) < 5
    assert abs(y + w / 2 - 52) < 5
    passed, looked = false_alarms(detector.cascade, scenes)
    assert passed / looked < 0.05


def test_stopped_after_any_stage_it_ends_the_same(objects, scenes, whole, tmp_path) -> None:
    for n in (1, 2):
        path = tmp_path / f"{n}.xml"
        train_cascade(objects, scenes, replace(SETTINGS, stages=n), path)
        assert len(read_cascade(path).stages) == n
        train_cascade(objects, scenes, SETTINGS, path, n_jobs=2)
        assert path.read_bytes() == whole


def test_a_finished_one_is_left_alone(objects, scenes, whole, tmp_path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(whole)
    seen: list = []
    train_cascade(objects, scenes, SETTINGS, path, stage_done=seen.append)
    assert not seen
    assert path.read_bytes() == whole


SCRIPT = """
import sys
sys.path[:0] = [{root!r}]
from dataclasses import replace
from tests.cascade.test_training import SETTINGS, clutter, targets
from cvclassic.cascade import Objects, train_cascade
train_cascade(Objects(targets(60), (12, 12)), clutter(), SETTINGS, sys.argv[1])
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_the_same(root, whole, tmp_path, rng) -> None:
    path = tmp_path / "a.xml"
    call = [sys.executable, "-c", SCRIPT.format(root=str(root)), str(path)]
    for _ in range(3):
        process = subprocess.Popen(call, start_new_session=True)
        while process.poll() is None and not path.exists():
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.3)))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        read_cascade(path)  # always a sound one
    subprocess.run(call, check=True)
    assert path.read_bytes() == whole


def test_something_else_is_not_overwritten(objects, scenes, whole, tmp_path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(whole)
    other = replace(SETTINGS, seed=1)
    with pytest.raises(ResumeError, match="other settings"):
        train_cascade(objects, scenes, other, path)
    with pytest.raises(ResumeError, match="other images"):
        train_cascade(objects, scenes[:-1], SETTINGS, path)
    notes = tmp_path / "notes.xml"
    notes.write_text("dear diary")
    with pytest.raises(ResumeError, match="is not a cascade"):
        train_cascade(objects, scenes, SETTINGS, notes)
    assert notes.read_text() == "dear diary"
    train_cascade(objects, scenes, replace(other, stages=1), path, restart=True)
    assert path.read_bytes() != whole


def test_too_few_objects(scenes) -> None:
    with pytest.raises(DataError, match="too few images of the object: 3"):
        train_cascade(Objects(targets(3), (12, 12)), scenes, SETTINGS)


def test_scenes_that_are_too_small(objects) -> None:
    with pytest.raises(DataError, match="as large as the window"):
        train_cascade(objects, [np.zeros((5, 90), np.uint8)], SETTINGS)


def test_rates_out_of_reach(objects, tmp_path) -> None:
    """The negatives are the objects themselves."""
    field = np.concatenate([np.concatenate(targets(9, seed=i), axis=1) for i in range(9)])
    settings = replace(SETTINGS, max_trees=3, false_alarm=0.05, hit_rate=1.0, stages=9)
    path = tmp_path / "a.xml"
    training = train_cascade(objects, [field], settings, path)
    assert training.why == "rates"
    assert "does not reach its rates" in training.message
    assert path.exists() == (training.cascade is not None)


def test_first_stages_of_their_own(objects, scenes) -> None:
    settings = replace(SETTINGS, hit_rate=(0.9, 0.97, 0.99), false_alarm=(0.8, 0.3), stages=4)
    goals = [settings.goal(number) for number in range(4)]
    assert [goal.hit_rate for goal in goals] == [0.9, 0.97, 0.99, 0.99]
    assert [goal.false_alarm for goal in goals] == [0.8, 0.3, 0.3, 0.3]
    reports: list = []
    train_cascade(objects, scenes, settings, stage_done=reports.append)
    assert reports
    for report, goal in zip(reports, goals, strict=False):
        assert report.false_alarm <= goal.false_alarm
        assert report.hit_rate >= goal.hit_rate


def test_one_training_at_a_time(objects, scenes, tmp_path) -> None:
    path = tmp_path / "a.xml"
    with (
        lock_beside(path, "another training is writing it"),
        pytest.raises(OutputLockedError, match=r"a\.xml: another training"),
    ):
        train_cascade(objects, scenes, SETTINGS, path)
    assert list(tmp_path.iterdir()) == []
    train_cascade(objects, scenes, SETTINGS, path)
    assert list(tmp_path.iterdir()) == [path]


def test_no_negatives_left(objects, tmp_path) -> None:
    """Blank scenes: one stage rejects them all."""
    scene = np.full((60, 60), 128, np.uint8)
    path = tmp_path / "a.xml"
    settings = replace(SETTINGS, jitter=Jitter(noise=0))
    training = train_cascade(objects, [scene], settings, path)
    assert training.why == "negatives"
    assert "no negatives left" in training.message
    assert len(read_cascade(path).stages) == len(training.cascade.stages) >= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature": "hog"}, "feature must be one of"),
        ({"window": (2, 12)}, "window"),
        ({"hit_rate": 1.5}, "hit_rate"),
        ({"false_alarm": 0.0}, "false_alarm"),
        ({"false_alarm": 1.0}, "false_alarm"),
        ({"false_alarm": (0.5, 1.0)}, "false_alarm"),
        ({"hit_rate": ()}, "hit_rate"),
        ({"hit_rate": (0.9, float("nan"))}, "hit_rate"),
        ({"stages": 0}, "stages"),
        ({"jitter": Jitter(turn=-1)}, "turn"),
        ({"jitter": Jitter(shift=3)}, "shift"),
        ({"jitter": Jitter(blur=-1)}, "blur"),
        ({"jitter": Jitter(noise=float("nan"))}, "noise"),
        ({"seed": -1}, "seed"),
        ({"window": (13, 12)}, "cut for windows"),
    ],
)
def test_settings_out_of_range(objects, scenes, change, message) -> None:
    with pytest.raises(ParameterError, match=message):
        train_cascade(objects, scenes, replace(SETTINGS, **change))


def test_mined_windows_pass(trained, scenes) -> None:
    found = mine(trained, scenes, (12, 12), 40, [3])
    assert judge_crops(trained, found.crops).passed.all()
    again = mine(trained, scenes, (12, 12), 40, [3], n_jobs=2)
    np.testing.assert_array_equal(found.crops, again.crops)
    assert (found.n_windows, found.n_passed) == (again.n_windows, again.n_passed)
    assert not np.array_equal(found.crops, mine(trained, scenes, (12, 12), 40, [4]).crops)


def test_a_shift_that_is_not_given_is_in_pixels() -> None:
    np.testing.assert_allclose(Jitter().shifts((12, 24)) * [12, 24], 0.84)
    np.testing.assert_allclose(Jitter(shift=0.1).shifts((12, 24)), 0.1)


def test_copies_are_the_objects(rng) -> None:
    objects = Objects(targets(5), (12, 12))
    still = objects.copies(np.arange(5), STILL, rng)
    np.testing.assert_array_equal(still, np.stack(targets(5)))
    mirrored = objects.copies(np.zeros(40, int), replace(STILL, mirror=True), rng)
    kinds = {crop.tobytes() for crop in mirrored}
    assert kinds == {still[0].tobytes(), np.ascontiguousarray(still[0][:, ::-1]).tobytes()}


def test_the_inner_part_is_the_middle(rng) -> None:
    picture = np.zeros((40, 40), np.uint8)
    picture[10:30, 10:30] = 200
    crop = Objects([picture], (20, 20), 0.5).copies(np.zeros(1, int), STILL, rng)
    assert (crop[0][1:-1, 1:-1] == 200).all()


def test_a_quarter_is_blurred_and_a_quarter_noisy() -> None:
    rng = np.random.default_rng(0)
    picture = np.uint8(np.kron(np.eye(8) * 100, np.ones((8, 8))) + 70)
    spoilt = [spoil(picture, Jitter(blur=3.0, noise=30.0), rng).astype(float) for _ in range(400)]
    n_same = sum(np.array_equal(one, picture) for one in spoilt)
    # both ways keep the mean; blurring takes contrast away, noise adds some
    assert all(abs(one.mean() - picture.mean()) < 3 for one in spoilt)
    n_flatter = sum(one.std() < picture.std() - 0.1 for one in spoilt)
    n_rougher = sum(one.std() > picture.std() + 0.1 for one in spoilt)
    assert 150 < n_same < 260
    assert min(n_flatter, n_rougher) > 60
    assert spoil(picture, Jitter(blur=0, noise=0), rng) is picture


def test_pictures_without_are_spoilt_as_well(scenes) -> None:
    still = mine(None, scenes, (12, 12), 200, [3])
    noisy = [mine(None, scenes, (12, 12), 200, [3], n, jitter=Jitter(noise=40)) for n in (1, 2)]
    np.testing.assert_array_equal(noisy[0].crops, noisy[1].crops)
    assert not np.array_equal(still.crops, noisy[0].crops)
