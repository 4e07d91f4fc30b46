"""People are known again, strangers are not, and a gallery is one safe file."""

import json

import cv2
import numpy as np
import pytest
from safetensors.numpy import load, save

from cvclassic.errors import DataError, OutputLockedError, ParameterError
from cvclassic.faces import (
    FEATURES,
    Gallery,
    HaarFaceDetector,
    compare_people,
    describe_face,
    error_rates,
    faces_to_compare,
    largest_face,
    learn_metric,
    load_gallery,
    load_metric,
    locked,
    prepare_face,
    save_gallery,
    save_metric,
)
from cvclassic.faces.recognition.files import _LENGTHS
from cvclassic.models.digests import digest_of


def pictures_of(faces: np.ndarray, n: int, seed: int = 0) -> list[list[np.ndarray]]:
    """For each face some images of it: moved, brighter or darker, with noise."""
    random = np.random.default_rng(seed)
    people = []
    for face in faces:
        large = cv2.resize(face, (92, 112), interpolation=cv2.INTER_CUBIC)
        shown = []
        for _ in range(n):
            move = np.array([[1, 0, random.uniform(-4, 4)], [0, 1, random.uniform(-4, 4)]])
            moved = cv2.warpAffine(large, move, (92, 112), borderMode=cv2.BORDER_REPLICATE)
            light = moved * random.uniform(0.6, 1.1) + random.normal(0, 5, moved.shape)
            shown.append(np.clip(light, 0, 255).astype(np.uint8))
        people.append(shown)
    return people


@pytest.fixture(scope="module")
def people(small_faces) -> list[list[np.ndarray]]:
    """Six people, four images each."""
    return pictures_of(small_faces[:6], 4)


@pytest.mark.parametrize("feature", FEATURES)
def test_vectors_have_length_one_and_do_not_see_brightness(feature, people) -> None:
    face = people[0][0]
    vector = describe_face(face, feature)
    assert vector.shape == (_LENGTHS[feature],)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    darker = describe_face((face * 0.7).astype(np.uint8), feature)
    assert vector @ darker > vector @ describe_face(people[1][0], feature)
    assert np.linalg.norm(describe_face(np.zeros((112, 92), np.uint8), "pixels")) == 0


@pytest.mark.parametrize("shape", [(112, 92), (30, 30), (400, 300, 3), (50, 200), (200, 50)])
def test_any_shape_is_prepared(shape) -> None:
    assert prepare_face(np.zeros(shape, np.uint8)).shape == (112, 92)


@pytest.mark.parametrize("feature", FEATURES)
def test_people_are_known_again(feature, people) -> None:
    gallery = Gallery(feature)
    for i, shown in enumerate(people):
        gallery.enroll(f"person {i}", shown[:2])
    for i, shown in enumerate(people):
        for face in shown[2:]:
            assert gallery.identify(face).nearest == f"person {i}"


def test_mirror_images_are_known(people) -> None:
    gallery = Gallery()
    gallery.enroll("a", people[0][:1])
    mirrored = np.ascontiguousarray(people[0][0][:, ::-1])
    assert gallery.distances(mirrored)["a"] == pytest.approx(0, abs=1e-3)


def test_adding_and_removing_changes_nobody_else(people, tmp_path) -> None:
    gallery = Gallery("hog")
    gallery.enroll("a", people[0][:2])
    gallery.enroll("b", people[1][:2])
    before = gallery.distances(people[2][0])
    save_gallery(tmp_path / "before", gallery)
    gallery.enroll("c", people[2])
    after = gallery.distances(people[2][0])
    assert {name: after[name] for name in before} == before
    gallery.remove("c")
    save_gallery(tmp_path / "after", gallery)
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    # ... in whatever order people came
    other = Gallery("hog")
    other.enroll("b", people[1][:2])
    other.enroll("a", people[0][:1])
    other.enroll("a", people[0][1:2])
    save_gallery(tmp_path / "other", other)
    assert (tmp_path / "other").read_bytes() == (tmp_path / "before").read_bytes()


def test_verify_and_the_empty_gallery(people) -> None:
    gallery = Gallery()
    empty = gallery.identify(people[0][0])
    assert (empty.name, empty.nearest, empty.ranking) == ("unknown", None, ())
    gallery.enroll("a", people[0][:2])
    assert gallery.verify("a", people[0][0])[0]
    with pytest.raises(DataError, match="no one is named 'b'"):
        gallery.verify("b", people[0][0])
    with pytest.raises(DataError, match="no one is named 'b'"):
        gallery.remove("b")


@pytest.mark.parametrize("name", ["", " a", "a\n", "unknown", "x" * 201, 7])
def test_names_that_nobody_has(name, people) -> None:
    with pytest.raises(ParameterError, match="name"):
        Gallery().enroll(name, people[0])


def test_blank_and_no_pictures() -> None:
    with pytest.raises(DataError, match="Got none"):
        Gallery().enroll("a", [])
    with pytest.raises(DataError, match="blank"):
        Gallery("pixels").enroll("a", [np.zeros((112, 92), np.uint8)])


def test_threshold_is_learned_from_other_people(small_faces, people) -> None:
    others = pictures_of(small_faces[20:26], 3, seed=1)
    faces = [face for shown in others for face in shown]
    labels = np.repeat(np.arange(6), 3)
    gallery = Gallery("hog")
    genuine, impostor = compare_people(gallery, faces, labels)
    assert (len(genuine), len(impostor)) == (18, 18 * 5)
    assert genuine.mean() < impostor.mean()
    gallery.learn_threshold(error_rates(genuine, impostor), max_far=0.05)
    assert (gallery.threshold.far or 0) <= 0.05
    assert gallery.people == {}


def test_error_rates_are_what_counting_gives() -> None:
    random = np.random.default_rng(0)
    genuine, impostor = random.normal(1, 0.5, 200), random.normal(2, 0.5, 300)
    rates = error_rates(genuine, impostor)
    for t, far, frr in list(zip(rates.thresholds, rates.far, rates.frr, strict=True))[::37]:
        assert far == pytest.approx((impostor <= t).mean())
        assert frr == pytest.approx((genuine > t).mean())
    assert rates.eer == pytest.approx(0.159, abs=0.03)  # one standard deviation
    threshold, far, _ = rates.threshold_at(0.01)
    assert far == (impostor <= threshold).mean() <= 0.01
    assert error_rates([0.0], [1.0]).eer == 0
    assert error_rates([1.0], [0.0]).eer == 1
    for bad in (([], [1.0]), ([1.0], []), ([np.nan], [1.0])):
        with pytest.raises(DataError):
            error_rates(*bad)


@pytest.mark.parametrize("kind", ["rca", "lda", "pca"])
def test_metric_finds_what_tells_people_apart(kind) -> None:
    """Noise in twenty directions hides the person in twenty others."""
    random = np.random.default_rng(3)
    people = np.repeat(np.arange(20), 6)
    centers = random.normal(0, 1, (60, 20)).T * np.r_[np.zeros(40), np.ones(20)]

    def draw(centers):
        noise = random.normal(size=(len(people), 60)) * np.r_[np.full(20, 2.5), np.full(40, 0.3)]
        return centers[people] + noise

    def right(vectors):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        near = unit @ unit.T - 9 * np.eye(len(unit))
        return (people[near.argmax(axis=1)] == people).mean()

    metric = learn_metric(draw(centers), people, kind)
    strangers = draw(random.normal(0, 1, (20, 60)) * np.r_[np.zeros(40), np.ones(20)])
    if kind == "pca":
        assert metric.apply(strangers).shape == (120, 60)
    else:
        assert right(metric.apply(strangers)) > right(strangers) + 0.2


def test_metric_of_too_little() -> None:
    with pytest.raises(DataError, match="two people"):
        learn_metric(np.eye(3), [1, 1, 1])
    with pytest.raises(DataError, match="two people"):
        learn_metric(np.eye(3), [1, 2, 3])
    with pytest.raises(DataError, match="differ"):
        learn_metric(np.ones((4, 3)), [1, 1, 2, 2])


# ------------------------------------------------------------------------------------- images


def test_the_face_is_found_in_a_photo(portrait) -> None:
    detector = HaarFaceDetector(("alt", "alt2"), scale_factor=1.1)
    face = largest_face(portrait, "detect", detector)
    assert face.box is not None
    assert face.pixels.shape[0] > face.box[2]
    smaller = cv2.resize(portrait, (190, 190))
    gallery = Gallery()
    gallery.enroll("Eileen", [face.pixels])
    (again,) = faces_to_compare(smaller, "detect", detector)
    assert gallery.identify(again.pixels).name == "Eileen"


def test_pictures_without_a_face_to_enrol(portrait) -> None:
    detector = HaarFaceDetector(("alt", "alt2"), scale_factor=1.1)
    with pytest.raises(DataError, match="no face"):
        largest_face(np.zeros((90, 90), np.uint8), "detect", detector)
    with pytest.raises(DataError, match="24 pixels"):
        largest_face(np.zeros((10, 90), np.uint8), "whole", detector)
    with pytest.raises(DataError, match="2 faces"):
        largest_face(np.hstack([portrait, portrait]), "detect", detector)


# ----------------------------------------------------------------------------------------- files


@pytest.fixture(scope="module")
def whole(people, tmp_path_factory):
    """A gallery of two people with a learned metric and threshold, and its file."""
    views = [describe_face(face) for shown in people for face in shown]
    metric = learn_metric(np.array(views), np.repeat(np.arange(6), 4))
    gallery = Gallery("lbp+hog", metric, source="whole")
    gallery.enroll("Zoë", people[0][:2])
    gallery.enroll("Ann", people[1][:1])
    gallery.learn_threshold(error_rates([0.1, 0.2, 0.3], [0.25, 0.5]), 0.5)
    path = tmp_path_factory.mktemp("gallery") / "people.faces"
    save_gallery(path, gallery)
    return gallery, path


def test_gallery_comes_back_as_it_was(whole, people) -> None:
    gallery, path = whole
    again = load_gallery(path)
    assert again.people == {"Ann": 1, "Zoë": 2}
    assert again.threshold == gallery.threshold
    assert (again.feature, again.source) == ("lbp+hog", "whole")
    assert again.identify(people[0][3]) == gallery.identify(people[0][3])


def test_metric_comes_back_as_it_was(whole, tmp_path) -> None:
    gallery, path = whole
    save_metric(tmp_path / "m", gallery.metric, "lbp+hog")
    metric, feature = load_metric(tmp_path / "m")
    assert feature == "lbp+hog"
    assert np.array_equal(metric.projection, gallery.metric.projection)
    with pytest.raises(DataError, match="not a face gallery"):
        load_gallery(tmp_path / "m")
    with pytest.raises(DataError, match="not a face metric"):
        load_metric(path)


def changed(path, about=None, arrays=None) -> bytes:
    """The file with a different description or other arrays."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    said = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["cvclassic"])
    for key, value in (about or {}).items():
        (said if key.startswith("format") else said["content"])[key] = value
    whole = {**load(data), **(arrays or {})}
    said["digest"] = digest_of(said, whole)
    return save(whole, {"cvclassic": json.dumps(said)})


@pytest.mark.parametrize(
    ("about", "arrays"),
    [
        ({"format_version": 2}, None),
        ({"format_version": True}, None),
        ({"format": "cvclassic-model"}, None),
        ({"feature": "cnn"}, None),
        ({"feature": ["hog"]}, None),
        ({"feature": "hog"}, None),
        ({"source": "nowhere"}, None),
        ({"people": ["Ann", "Ann"]}, None),
        ({"people": ["Ann", "unknown"]}, None),
        ({"people": ["Ann", 7]}, None),
        ({"people": ["Ann"]}, None),
        ({"people": ["Ann", "Bob", "Zoë"]}, None),
        ({"people": "Ann"}, None),
        ({"metric": False}, None),
        ({"more": 1}, None),
        ({"threshold": {"distance": -1.0}}, None),
        ({"threshold": None}, None),
        (None, {"person.0": np.zeros((0, 2, 5), np.float16)}),
        (None, {"person.0": np.zeros((1, 2, 5), np.float16)}),
        (None, {"person.0": np.zeros((1, 2, 23), np.float32)}),
        (None, {"person.0": np.full((1, 2, 23), np.nan, np.float16)}),
        (None, {"mean": np.zeros(7, np.float32)}),
        (None, {"projection": np.full((6760, 23), np.inf, np.float32)}),
        (None, {"extra": np.zeros(1, np.float32)}),
    ],
)
def test_damaged_galleries_are_refused(whole, tmp_path, about, arrays) -> None:
    path = tmp_path / "bad.faces"
    path.write_bytes(changed(whole[1], about, arrays))
    with pytest.raises(DataError, match=r"(?i)bad\.faces: .*(the|not a) face gallery"):
        load_gallery(path)


def test_cut_and_random_galleries_are_refused(whole, tmp_path) -> None:
    data = whole[1].read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "bad.faces"
    cuts = [data[:n] for n in (0, 7, 8, 100, len(data) // 2, len(data) - 1)]
    for content in [*cuts, random.bytes(500), b"\xff" * 100, b"{}"]:
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"bad\.faces"):
            load_gallery(path)
    for missing in (tmp_path / "gone", tmp_path):
        with pytest.raises(DataError):
            load_gallery(missing)


def test_one_change_at_a_time(tmp_path) -> None:
    path = tmp_path / "people.faces"
    with locked(path), pytest.raises(OutputLockedError, match="another run"), locked(path):
        pass
    assert list(tmp_path.iterdir()) == []
