"""Faces are found where they are, by whatever looks for them."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.base import clone

from cvclassic.errors import ModelFileError, ParameterError
from cvclassic.evaluate import box_overlaps
from cvclassic.faces import (
    CascadeFaceDetector,
    Faces,
    Gallery,
    HaarFaceDetector,
    YuNetFaceDetector,
    blur_faces,
    cut_faces,
    find_parts,
    make_faces,
)
from cvclassic.faces.detection.haar import turn_picture
from cvclassic.faces.detection.stock import all_channels, stock_classifier
from cvclassic.faces.detection.verify import face_patches, second_look, weights
from cvclassic.faces.detection.windows import cascade_windows, gather, group_windows, to_faces

FACE = (95, 65, 98, 98)  # of the portrait, as measured with a ruler


def near(box, other, share=0.5) -> bool:
    return box_overlaps([box], [other])[0, 0] > share


@pytest.fixture(scope="module")
def fast() -> HaarFaceDetector:
    return HaarFaceDetector(("alt", "alt2"), scale_factor=1.1)


def test_the_face_is_found_and_sure(portrait) -> None:
    faces = HaarFaceDetector().detect(portrait)
    assert len(faces) == 1
    assert near(faces.boxes[0], FACE)
    assert faces.scores[0] > 0.9


def test_gray_and_color_agree(portrait, fast) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    assert np.array_equal(fast.detect(portrait).boxes, fast.detect(gray).boxes)


def test_mirrored_picture_mirrored_faces(portrait, fast) -> None:
    (x, y, w, h) = fast.detect(portrait).boxes[0]
    mirrored = fast.detect(np.ascontiguousarray(portrait[:, ::-1])).boxes[0]
    assert near(mirrored, (portrait.shape[1] - x - w, y, w, h), 0.8)


def test_larger_picture_larger_box(portrait, fast) -> None:
    twice = cv2.resize(portrait, None, fx=2, fy=2)
    assert near(fast.detect(twice).boxes[0], 2 * fast.detect(portrait).boxes[0], 0.8)
    # ... also where it is reduced first
    reduced = HaarFaceDetector(fast.cascades, scale_factor=1.1, max_side=300).detect(twice)
    assert near(reduced.boxes[0], 2 * fast.detect(portrait).boxes[0], 0.8)


def test_tilted_heads_need_their_angle(portrait) -> None:
    turn = cv2.getRotationMatrix2D((144, 114), -35, 1.0)  # clockwise by 35 degrees
    tilted = cv2.warpAffine(portrait, turn, portrait.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    upright = HaarFaceDetector(("alt", "alt2"), scale_factor=1.1, min_confidence=0.9)
    angled = clone(upright).set_params(angles=(-30, 0, 30)).detect(tilted)
    assert len(upright.detect(tilted)) == 0
    assert near(angled.boxes[0], FACE)
    assert angled.angles[0] == 30


@pytest.mark.parametrize("angle", [-40.0, 10.0, 25.0])
def test_turned_there_and_back(angle) -> None:
    turned, back = turn_picture(np.zeros((60, 90), np.uint8), angle)
    center = (np.array(turned.shape[::-1]) - 1) / 2
    assert np.allclose(back[:, :2] @ center + back[:, 2], (44.5, 29.5), atol=1)


def test_small_size_is_a_share_of_the_shorter_side(portrait) -> None:
    detector = HaarFaceDetector(("alt",), scale_factor=1.1)
    assert len(detector.set_params(min_size=0.25).detect(portrait)) == 1
    assert len(detector.set_params(min_size=0.6).detect(portrait)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (19, 19), (20, 20), (80, 80, 3)])
def test_nothing_to_see(shape, fast) -> None:
    faces = fast.detect(np.full(shape, 128, np.uint8))
    assert faces.boxes.shape == (0, 4)
    assert faces.records() == []


@pytest.mark.slow
def test_threads_give_what_one_gives(portrait, fast) -> None:
    pictures = [np.roll(portrait, 7 * i, axis=1) for i in range(6)]
    alone = [fast.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fast.detect, pictures))
    for one, two in zip(alone, together, strict=True):
        assert np.array_equal(one.boxes, two.boxes)
        assert np.array_equal(one.scores, two.scores)
    again = clone(fast).set_params(n_jobs=2).predict(pictures)
    assert all(np.array_equal(a.boxes, b) for a, b in zip(alone, again, strict=True))


def test_each_thread_has_its_classifier() -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(stock_classifier, "frontalface_alt").result()
    assert other is not stock_classifier("frontalface_alt")
    assert stock_classifier("frontalface_alt") is stock_classifier("frontalface_alt")


def test_detectors_pickle(portrait, fast) -> None:
    path = cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml"
    for detector in (fast, CascadeFaceDetector(path).fit()):
        again = pickle.loads(pickle.dumps(detector))
        assert np.array_equal(again.detect(portrait).boxes, detector.detect(portrait).boxes)


@pytest.mark.parametrize(
    "bad",
    [
        {"cascades": "alt"},
        {"cascades": ()},
        {"cascades": ("eyes",)},
        {"min_confidence": 1.5},
        {"min_size": -0.1},
        {"scale_factor": 1.0},
        {"angles": (75,)},
        {"max_side": 5},
    ],
)
def test_bad_parameters(bad) -> None:
    (name,) = bad
    with pytest.raises(ParameterError, match=name):
        HaarFaceDetector(**bad).fit()


# ------------------------------------------------------------------------------ the parts of it


def test_windows_are_those_of_opencv(portrait) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    classifier = stock_classifier("frontalface_alt")
    boxes, sums = cascade_windows(classifier, gray, scale_factor=1.1, min_side=20, max_side=300)
    theirs = classifier.detectMultiScale(gray, 1.1, 0, minSize=(20, 20))
    assert sorted(map(tuple, boxes.astype(int))) == sorted(map(tuple, theirs))
    assert (np.diff(sums) <= 0).all()
    groups = group_windows(boxes, sums, 20)
    assert groups.best.max() == sums[0]
    assert groups.counts.sum() >= len(boxes)


def test_gather_is_greedy() -> None:
    boxes = np.random.default_rng(0).integers(1, 40, (60, 4)).astype(float)
    labels = gather(boxes, 0.3)
    heads = [int(np.flatnonzero(labels == label)[0]) for label in range(labels.max() + 1)]
    assert heads == sorted(heads)
    overlaps = box_overlaps(boxes, boxes)
    for i, label in enumerate(labels):
        assert i == heads[label] or overlaps[heads[label], i] >= 0.3
        assert (overlaps[heads[:label], i] < 0.3).all()


def test_shift_of_a_window_is_mirrored_with_it() -> None:
    boxes = np.array([[10.0, 20, 30, 30]])
    shift = np.array([-0.2, 0.1, 0.8])
    right = to_faces(boxes, shift)[0]
    left = to_faces(boxes, shift, mirrored=True)[0]
    assert right[0] + left[0] + 24 == pytest.approx(50)  # about the window's center, x = 25
    assert right[1] == left[1]


def test_patches_beyond_the_border_go_on(portrait) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    for side in (30, 100, 500):
        patches = face_patches(gray, np.array([[-side / 2, -side / 2, side, side]]))
        assert patches.shape == (1, 36, 36)
    flat = face_patches(np.full((40, 40), 77, np.uint8), np.array([[-90.0, 10, 60, 60]]))
    assert (flat == 77).all()


def test_there_are_weights_for_every_choice_of_cascades() -> None:
    assert {"+".join(channels) for channels in all_channels()} == set(weights()) - {
        "hidden",
        "output",
    }


def test_fewer_stages_let_the_same_windows_through_and_more(portrait) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    whole, cut = (
        {
            tuple(box)
            for box in cascade_windows(
                stock_classifier("frontalface_alt", left_out),
                gray,
                scale_factor=1.1,
                min_side=20,
                max_side=300,
            )[0]
        }
        for left_out in (0, 4)
    )
    assert whole < cut


def test_the_second_look_tells_a_face_from_the_rest(portrait) -> None:
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    beside = [[0, 150, 98, 98], [200, 10, 90, 90], [95, 160, 98, 98]]
    face, *rest = second_look(gray, np.array([FACE, *beside], float))
    assert face > 2
    assert max(rest) < -2


def test_damaged_weights_are_said(tmp_path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match="install"):
        weights(tmp_path / "w.safetensors")


# --------------------------------------------------------------------------- what is done with them


def test_no_two_faces_overlap_and_none_is_inside_another() -> None:
    boxes = [[0, 0, 40, 40], [2, 0, 40, 40], [10, 10, 15, 15], [60, 0, 40, 40]]
    faces = make_faces(boxes, [0.9, 0.8, 0.7, 0.95])
    assert faces.boxes.tolist() == [[60, 0, 40, 40], [0, 0, 40, 40]]


def test_equal_scores_have_one_order() -> None:
    boxes = np.random.default_rng(1).permutation([[60 * i, 0, 40, 40] for i in range(5)])
    assert make_faces(boxes, np.ones(5)).boxes[:, 0].tolist() == [0, 60, 120, 180, 240]


def test_cuttings_show_the_face_upright(portrait) -> None:
    faces = Faces.at(np.array([FACE]), np.ones(1), np.zeros(1))
    (cut,) = cut_faces(portrait, faces, margin=0)
    x, y, w, h = FACE
    assert np.array_equal(cut, portrait[y : y + h, x : x + w])
    center = (x + (w - 1) / 2, y + (h - 1) / 2)
    turn = cv2.getRotationMatrix2D(center, -30, 1.0)
    tilted = cv2.warpAffine(portrait, turn, portrait.shape[1::-1])
    (upright,) = cut_faces(
        tilted, Faces.at(np.array([FACE]), np.ones(1), np.array([30.0])), margin=0
    )
    difference = np.abs(upright.astype(int) - cut)[20:-20, 20:-20]
    assert difference.mean() < 8


def test_blur_hides_the_face_and_nothing_else(portrait, fast) -> None:
    faces = fast.detect(portrait)
    before = portrait.copy()
    hidden = blur_faces(portrait, faces)
    assert np.array_equal(portrait, before)
    gallery = Gallery()
    gallery.enroll("Eileen", cut_faces(portrait, faces))
    assert gallery.verify("Eileen", cut_faces(portrait, faces, margin=0.25)[0])[0]
    assert not gallery.verify("Eileen", cut_faces(hidden, faces)[0])[0]
    x, y, w, h = faces.boxes[0].astype(int)
    far = np.ones(portrait.shape[:2], bool)
    far[y - h // 4 : y + h + h // 4, x - w // 4 : x + w + w // 4] = False
    assert np.array_equal(hidden[far], portrait[far])


def test_blur_at_the_border_and_outside(portrait) -> None:
    boxes = np.array([[-50, -50, 80, 80], [290, 290, 100, 100], [400, 0, 20, 20]])
    assert blur_faces(portrait, Faces.at(boxes, np.ones(3), np.zeros(3))).shape == portrait.shape


def test_eyes_and_smile(portrait) -> None:
    faces = Faces.at(np.array([FACE]), np.ones(1), np.zeros(1))
    (eyes,) = find_parts(portrait, faces, "eyes")
    (smile,) = find_parts(portrait, faces, "smile")
    assert len(eyes) == 2
    assert eyes[0, 0] < eyes[1, 0] < FACE[0] + FACE[2]
    assert len(smile) == 1
    assert smile[0, 1] > eyes[:, 1].max()
    with pytest.raises(ParameterError):
        find_parts(portrait, faces, "nose")


# ------------------------------------------------------------------------------ other detectors


def test_any_cascade_runs(portrait, tmp_path) -> None:
    path = cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml"
    faces = CascadeFaceDetector(path).detect(portrait)
    assert near(faces.boxes[0], FACE)
    assert faces.scores[0] >= 3
    for name, text in (("no.xml", "<a>"), ("cut.xml", Path(path).read_text()[:5000])):
        (tmp_path / name).write_text(text)
        with pytest.raises(ModelFileError, match=name):
            CascadeFaceDetector(tmp_path / name).fit()
    with pytest.raises(ModelFileError, match="gone"):
        CascadeFaceDetector(tmp_path / "gone.xml").fit()


def test_yunet_runs_where_it_is(portrait, data_dir) -> None:
    detector = YuNetFaceDetector(data_dir / "opponents" / "yunet_n_320_320.onnx")
    (faces,) = detector.predict_faces([portrait])
    assert near(faces.boxes[0], FACE, 0.3)
    assert detector.set_params(min_confidence=0.99).detect(portrait).boxes.shape == (0, 4)


def test_no_network_is_said(tmp_path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"no network")
    for name in ("no.onnx", "gone.onnx"):
        with pytest.raises(ModelFileError, match=name):
            YuNetFaceDetector(tmp_path / name).fit()
