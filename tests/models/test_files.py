"""One file a model: the same answers, the same bytes, and nothing but a model comes out."""

import ast
import itertools
import json
import os
import pickle
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import cvclassic
from cvclassic.classify import HEADS, RECIPES, MLPClassifier, SVMClassifier, make_recipe
from cvclassic.errors import ModelFileError
from cvclassic.images import write_image
from cvclassic.models import load_model, read_model_info, save_model
from cvclassic.models.digests import digest_of
from tests import checks, source_trees
from tests.checks import picture_labels, pictures
from tests.small_recipes import fitted, small_recipe
from tests.tiny_network import network_bytes


def probe(models: list[Path], folder: Path, **env: str) -> np.ndarray:
    """Probabilities of the images in `folder` by each model, in another process."""
    script = """
        import sys
        from cvclassic.models import load_model
        from pathlib import Path
        files = sorted(Path(sys.argv[1]).iterdir())
        for model in sys.argv[2:]:
            sys.stdout.buffer.write(load_model(model).predict_proba(files).tobytes())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(folder), *map(str, models)],
        capture_output=True,
        env={**os.environ, **env},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout)


@pytest.fixture(scope="module")
def three_files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    for i, image in enumerate(pictures(3)):
        write_image(folder / f"{i}.png", image)
    return folder


# ---------------------------------------------------------------------------------- round trip


# every recipe, and every head behind the quickest of them
ALL_RECIPES = [(name, "svm") for name in RECIPES]
ALL_PARTS = [*ALL_RECIPES, *(("pixels", head) for head in HEADS if head != "svm")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "head"), ALL_PARTS)
def test_round_trip_of_every_recipe_and_head(name, head, tmp_path) -> None:
    """The same probabilities, bit for bit, and the same file again."""
    model = fitted(name, head)
    path = tmp_path / "m"
    assert save_model(path, model, {"n_images": 12}) == path.stat().st_size
    again = load_model(path)
    assert np.array_equal(again.predict_proba(pictures()), model.predict_proba(pictures()))
    assert np.array_equal(again.predict(pictures()), model.predict(pictures()))
    assert again.get_params().keys() == model.get_params().keys()
    save_model(tmp_path / "again", again, {"n_images": 12})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_another_process_says_the_same(tmp_path, three_files) -> None:
    """Bit for bit, whatever the number of threads and the seed of hashes."""
    files = []
    for i, parts in enumerate(ALL_PARTS):
        files.append(tmp_path / str(i))
        save_model(files[-1], fitted(*parts))
    there = probe(files, three_files, OMP_NUM_THREADS="1", PYTHONHASHSEED="5")
    expected = [fitted(*parts).predict_proba(pictures(3)) for parts in ALL_PARTS]
    assert np.array_equal(there.reshape(len(files), 3, 3), expected)


@pytest.mark.slow
@pytest.mark.parametrize("head", [head for head in HEADS if head != "svm"])
@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ("pixels", "fused")])
def test_round_trip_of_every_pair(name, head, tmp_path) -> None:
    # what fused has beside fisher is the network, whose heads embedding has been through
    model = fitted(name, head)
    save_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert np.array_equal(again.predict_proba(pictures()), model.predict_proba(pictures()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"head__kernel": "rbf"},
        {"features__pyramid": ((1, 1), (2, 2))},
        {"features__describer": None},
        {"features__describer__max_side": None},
        {"features__norm": None},
        {"features__random_state": np.random.RandomState(0)},
        {"features__n_words": np.int64(9)},
        {"map__order": 3, "map__kernel": "intersection"},
    ],
    ids=lambda params: " ".join(params),
)
def test_round_trip_of_parameters(params, tmp_path) -> None:
    model = small_recipe("sift-bow", **params).fit(pictures(), picture_labels())
    save_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert np.array_equal(again.predict_proba(pictures()), model.predict_proba(pictures()))
    for name, value in params.items():
        if not isinstance(value, np.random.RandomState):
            assert again.get_params()[name] == value


@pytest.mark.slow
@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a"],
        [3, -1],
        [True, False],
        [1.0, 2.0],
        ["ä", "z\n\0\"'"],
        ["1", "2"],
        ["", "x" * 300],
        [2**62, -(2**62)],
    ],
    ids=str,
)
@pytest.mark.parametrize("head", HEADS)
def test_labels_keep_their_kind(labels, head, tmp_path) -> None:
    model = small_recipe("sift-bow", head).fit(pictures(6), np.array(labels * 3))
    save_model(tmp_path / "m", model)
    again = load_model(tmp_path / "m")
    assert again.classes_.tolist() == sorted(labels)
    assert again.classes_.dtype.kind == model.classes_.dtype.kind
    assert np.array_equal(again.predict(pictures(6)), model.predict(pictures(6)))
    assert read_model_info(tmp_path / "m").classes == sorted(labels)


def test_loaded_models_can_be_fitted_again(toy_model_file) -> None:
    again = load_model(toy_model_file)
    expected = again.predict_proba(pictures())
    again.fit(pictures(), picture_labels())
    assert np.array_equal(again.predict_proba(pictures()), expected)


def test_info(toy_model_file, toy_model) -> None:
    info = read_model_info(toy_model_file)
    assert info.format_version == 3
    assert info.classes == ["coarse", "fine", "middle"]
    assert info.summary == {"recipe": "sift-bow", "n_images": 12}
    assert info.n_bytes == toy_model_file.stat().st_size
    assert info.versions["cvclassic"] == cvclassic.__version__
    assert [name for name, _ in info.pipeline["steps"]] == [name for name, _ in toy_model.steps]


# -------------------------------------------------------------------------------- reproducible


@pytest.mark.slow
def test_same_bytes_from_another_process(toy_folder, tmp_path) -> None:
    """Another number of threads and jobs, another hash seed, another folder."""
    files = []
    for i, (threads, jobs, seed) in enumerate([("1", 1, "0"), ("3", 2, "77")]):
        where = tmp_path / str(i)
        where.mkdir()
        script = f"""
            from cvclassic.classify import fit_recipe, make_recipe
            from cvclassic.images import load_folder
            from cvclassic.models import save_model
            data = load_folder({str(toy_folder)!r})
            model = make_recipe("sift-bow", n_words=15, random_state=0, n_jobs={jobs})
            fit_recipe(model, data.paths, data.labels)
            save_model("m", model, {{"counts": data.counts}})
        """
        env = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            cwd=where,
            env={**os.environ, **env},
            check=True,
            timeout=60,
        )
        files.append((where / "m").read_bytes())
    assert files[0] == files[1]


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            lambda model: Pipeline([("scale", StandardScaler()), ("head", model[-1])]),
            "This StandardScaler cannot be saved: it is not fitted",
        ),
        (lambda model: Pipeline([*model.steps[:-1], ("x", "passthrough")]), "cannot be saved"),
        (lambda model: model[-1], "pipeline"),
        (lambda model: small_recipe("sift-bow"), "fitted"),
    ],
)
def test_what_cannot_be_saved(what, message, toy_model, tmp_path) -> None:
    with pytest.raises(ModelFileError, match=message):
        save_model(tmp_path / "m", what(toy_model))
    assert list(tmp_path.iterdir()) == []


def test_a_subclass_is_not_its_parent(toy_model, tmp_path) -> None:
    class SVM2(SVMClassifier):
        pass

    SVM2.__name__ = "SVMClassifier"
    head = SVM2(C=1.0).fit(toy_model[:-1].transform(pictures()), picture_labels())
    with pytest.raises(ModelFileError, match="A SVMClassifier cannot be saved"):
        save_model(tmp_path / "m", Pipeline([*toy_model.steps[:-1], ("head", head)]))


@pytest.mark.parametrize("summary", [{"x": {1, 2}}, {"x": float("nan")}, {"x": b"bytes"}])
def test_summary_must_be_json(toy_model, tmp_path, summary) -> None:
    with pytest.raises(ModelFileError, match="summary must be JSON-able"):
        save_model(tmp_path / "m", toy_model, summary)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_finite_are_not_saved(toy_model, tmp_path) -> None:
    model = pickle.loads(pickle.dumps(toy_model))
    model[-1].coef_[0, 0] = np.nan
    with pytest.raises(ModelFileError, match="finite"):
        save_model(tmp_path / "m", model)


@pytest.fixture
def transfer(tmp_path) -> tuple[Path, Path]:
    """A model that names a network, and the network's file."""
    network = tmp_path / "there" / "net.onnx"
    network.parent.mkdir()
    network.write_bytes(network_bytes(seed=3))
    recipe = make_recipe("embedding", C=1.0, model=network).fit(pictures(), picture_labels())
    save_model(tmp_path / "there" / "m.cvmodel", recipe)
    return tmp_path / "there" / "m.cvmodel", network


def test_a_network_is_found_where_it_was_and_beside_the_model(transfer, tmp_path) -> None:
    model, network = transfer
    expected = load_model(model).predict_proba(pictures())
    (tmp_path / "elsewhere").mkdir()
    moved = model.rename(tmp_path / "elsewhere" / "m.cvmodel")
    assert np.array_equal(load_model(moved).predict_proba(pictures()), expected)
    network.rename(moved.parent / network.name)
    assert np.array_equal(load_model(moved).predict_proba(pictures()), expected)


def test_a_missing_network_is_named(transfer) -> None:
    model, network = transfer
    network.unlink()
    with pytest.raises(ModelFileError, match=r"m\.cvmodel: .*net\.onnx .*missing"):
        load_model(model)


def test_another_network_is_refused(transfer) -> None:
    model, network = transfer
    network.write_bytes(network_bytes(seed=4))
    with pytest.raises(ModelFileError, match="another"):
        load_model(model)


def test_a_model_cannot_make_other_files_be_opened(transfer) -> None:
    """Only what has the digest is given to OpenCV, and only regular files are read."""
    model, network = transfer
    network.unlink()
    os.mkfifo(network)
    with pytest.raises(ModelFileError, match="missing"):
        load_model(model)


def test_every_public_part_of_a_recipe_is_registered() -> None:
    """What a recipe can be made of can also be saved."""
    from cvclassic.models.registry import known_types, type_name

    for recipe, head in itertools.product(RECIPES, HEADS):
        pipeline = make_recipe(recipe, head)
        parts = [step for _, step in pipeline.steps]
        parts += [v for v in pipeline.get_params().values() if hasattr(v, "get_params")]
        for part in parts:
            assert type_name(type(part)) == type(part).__name__
    for cls in known_types():
        if cls.__module__.startswith("cvclassic."):
            assert cls is checks.public_estimators()[cls.__name__]


# -------------------------------------------------------------------------------- hostile files


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def parts_of(path: Path) -> tuple[dict, dict]:
    """The description and the arrays of a model file."""
    from safetensors.numpy import load

    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return json.loads(header["__metadata__"]["cvclassic"]), load(data)


def assemble(description, arrays) -> bytes:
    """A well-formed safetensors file of any description, with the checksum that it must have."""
    if isinstance(description, dict) and "digest" in description:
        description = {**description, "digest": digest_of(description, arrays)}
    text = description if isinstance(description, str) else json.dumps(description)
    return save_tensors(arrays, metadata={"cvclassic": text})


def raw(header: bytes, body: bytes = b"") -> bytes:
    """A file with any header."""
    return len(header).to_bytes(8, "little") + header + body


def assert_sound_or_refused(data: bytes, path: Path) -> bool:
    """Either a clear error, or a model that answers; True where it was refused."""
    path.write_bytes(data)
    try:
        model = load_model(path)
    except ModelFileError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert len(message.splitlines()) == 1
        return True
    shares = model.predict_proba([np.zeros((4, 4), np.uint8), PROBE])
    assert shares.shape == (2, len(model.classes_))
    assert np.isfinite(shares).all()
    assert model.predict([PROBE])[0] in model.classes_.tolist()
    read_model_info(path)
    return False


PROBE = pictures(1, 40, 40)[0]


@pytest.fixture(scope="module")
def tiny_file(tmp_path_factory) -> Path:
    """A small model: fewer bytes, faster mutations."""
    model = make_recipe("sift-bow", n_words=3, C=1.0, random_state=0, max_keypoints=20)
    path = tmp_path_factory.mktemp("tiny") / "m"
    save_model(path, model.fit(pictures(6), ["a", "b"] * 3), {"n_images": 6})
    return path


@pytest.fixture(scope="module")
def tiny_mlp_file(tmp_path_factory) -> Path:
    model = small_recipe("sift-bow", "mlp", features__n_words=3)
    path = tmp_path_factory.mktemp("tiny") / "mlp"
    save_model(path, model.fit(pictures(6), picture_labels(6)))
    return path


def test_truncation_anywhere(tiny_file, tmp_path) -> None:
    data = tiny_file.read_bytes()
    length = 8 + int.from_bytes(data[:8], "little")
    for n in {*range(0, 60), *range(60, len(data), 37), *range(length - 5, length + 5)}:
        assert assert_sound_or_refused(data[:n], tmp_path / "m"), n
    assert assert_sound_or_refused(data[:-1], tmp_path / "m")
    assert assert_sound_or_refused(data + b"\0", tmp_path / "m")


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("which", ["tiny_file", "tiny_mlp_file"])
def test_flipped_bytes(which, tmp_path, request) -> None:
    """Up to three bytes of the header or the arrays become others."""
    data = request.getfixturevalue(which).read_bytes()
    length = 8 + int.from_bytes(data[:8], "little")
    rng = random.Random(which)
    refused = 0
    for i in range(250):
        mutant = bytearray(data)
        end = length if i % 4 else len(data)
        for _ in range(rng.randint(1, 3)):
            mutant[rng.randrange(end)] = rng.randrange(256)
        refused += assert_sound_or_refused(bytes(mutant), tmp_path / "m")
    assert refused > 100


def nodes_of(value, path=()):
    """Paths of every value inside JSON."""
    yield path
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from nodes_of(inner, (*path, key))


def replaced(value, path, new):
    """A copy of JSON with one value replaced, or dropped where `new` is ...."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and new is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 1.5, 1e308, 10**30, -(10**9), "", "x", "SIFT",
    "SVMClassifier", "MLPClassifier", "BagOfWords", "Pipeline", "chi2", "rbf", "cv", "os.system",
    "__class__", [], [1], [[1, 1]],
    [[1000, 1000]], ["a", "b"], {}, {"type": "SIFT"}, {"type": "Pipeline", "steps": []}, ...,
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("which", ["tiny_file", "tiny_mlp_file"])
def test_changed_descriptions(which, tmp_path, request) -> None:
    """Values of the description replaced by others, dropped, or swapped."""
    description, arrays = parts_of(request.getfixturevalue(which))
    places = [path for path in nodes_of(description) if path]
    rng = random.Random(which)
    refused = 0
    for _ in range(300):
        mutant = description
        for path in rng.sample(places, rng.choice([1, 1, 2])):
            try:
                mutant = replaced(mutant, path, rng.choice(VALUES))
            except (KeyError, IndexError, TypeError):
                continue  # the first change took the second's place away
        refused += assert_sound_or_refused(assemble(mutant, arrays), tmp_path / "m")
    assert refused > 100


@pytest.mark.parametrize("which", ["tiny_file", "tiny_mlp_file"])
def test_changed_arrays(which, tmp_path, request) -> None:
    """Each array in another type, shape or with other values; missing, or one too many."""
    description, arrays = parts_of(request.getfixturevalue(which))
    for name, array in arrays.items():
        rest = {key: value for key, value in arrays.items() if key != name}
        bad = {
            "missing": rest,
            "renamed": {**rest, name + "x": array},
            "double": {**rest, name: array.astype(np.float64)},
            "integers": {**rest, name: array.astype(np.int32)},
            "flat": {**rest, name: array.ravel() if array.ndim > 1 else array[:, None]},
            "shorter": {**rest, name: np.ascontiguousarray(array[:-1])},
            "longer": {**rest, name: np.concatenate([array, array[:1]])},
            "empty": {**rest, name: array[:0]},
            "nan": {**rest, name: np.where(array == array.flat[0], np.nan, array)},
            "infinite": {**rest, name: np.where(array == array.flat[-1], np.inf, array)},
            "more": {**arrays, "extra": array},
        }
        for what, mutant in bad.items():
            kept = {
                key: value
                if what in ("double", "integers") and key == name
                else value.astype(np.float32)
                for key, value in mutant.items()
            }
            assert assert_sound_or_refused(assemble(description, kept), tmp_path / "m"), what


def test_arrays_of_another_model(tiny_file, tiny_mlp_file, toy_model_file, tmp_path) -> None:
    files = [parts_of(path) for path in (tiny_file, tiny_mlp_file, toy_model_file)]
    for (description, _), (_, arrays) in itertools.permutations(files, 2):
        assert assert_sound_or_refused(assemble(description, arrays), tmp_path / "m")


def test_values_that_are_too_large_to_add(tiny_file, tmp_path) -> None:
    """Finite weights, infinite decisions: still no NaN comes out."""
    description, arrays = parts_of(tiny_file)
    for name in arrays:
        huge = {**arrays, name: np.full_like(arrays[name], 3e38)}
        assert_sound_or_refused(assemble(description, huge), tmp_path / "m")


def test_two_keys_of_one_name(tiny_file, tmp_path) -> None:
    description, arrays = parts_of(tiny_file)
    text = json.dumps(description)
    twice = text.replace('"norm": "l1"', '"norm": "l1", "norm": "l2"')
    assert twice != text
    with pytest.raises(ModelFileError, match="a key occurs twice"):
        load_model(put(tmp_path / "m", assemble(twice, arrays)))
    data = tiny_file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].rstrip()
    doubled = header[:-1] + b"," + header[1:]
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(put(tmp_path / "m", raw(doubled, data[8 + length :])))


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


HOSTILE = {
    "empty": b"",
    "short": b"{}",
    "text": b"This is not a model, but it is long enough to be one.",
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(1000),
    "pickle": pickle.dumps({"model": [1, 2, 3]}),
    "pickle of a call": pickle.dumps(slice(1)) + b"cos\nsystem\n(S'touch /tmp/x'\ntR.",
    "zip": b"PK\x03\x04" + bytes(100),
    "length of 2^63": b"\xff" * 8 + b"{}",
    "length of 100 MB": (100_000_000).to_bytes(8, "little") + b"{}",
    "list": raw(b"[]      "),
    "no metadata": raw(b"{}      "),
    "metadata of numbers": raw(b'{"__metadata__": {"cvclassic": 5}}'),
    "metadata is a list": raw(b'{"__metadata__": ["cvclassic"]}'),
    "nested header": raw(b'{"a": ' + deep(100_000).encode() + b"}"),
    "not UTF-8": raw(b'{"\xff": 1}     '),
    "lone surrogate": raw(b'{"\\ud800": {}, "__metadata__": {"cvclassic": "{}"}}'),
    "description is text": raw(b'{"__metadata__": {"cvclassic": "hello"}}'),
    "description is null": raw(b'{"__metadata__": {"cvclassic": "null"}}'),
    "nested description": raw(
        json.dumps({"__metadata__": {"cvclassic": deep(50_000)}}).encode(),
    ),
    "long number": raw(json.dumps({"__metadata__": {"cvclassic": "1" * 5000}}).encode()),
    "overlong array": raw(
        b'{"x":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]},'
        b'"__metadata__":{"cvclassic":"{}"}}'
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files(what, tmp_path) -> None:
    path = put(tmp_path / "m", HOSTILE[what])
    for read in (load_model, read_model_info):
        with pytest.raises(ModelFileError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert len(str(caught.value)) < 400


def test_huge_declared_sizes(tiny_file, tmp_path) -> None:
    """Numbers that would ask for memory are refused before any is taken."""
    description, arrays = parts_of(tiny_file)
    for name, value in [
        ("n_words", 10**9),
        ("pyramid", [[10**6, 10**6]]),
        ("pyramid", [[1, 1]] * 999),
    ]:
        mutant = json.loads(json.dumps(description))
        mutant["pipeline"]["steps"][0][1]["params"][name] = value
        assert assert_sound_or_refused(assemble(mutant, arrays), tmp_path / "m")
    mutant = json.loads(json.dumps(description))
    mutant["pipeline"]["steps"][1][1]["params"]["order"] = 10**9
    assert assert_sound_or_refused(assemble(mutant, arrays), tmp_path / "m")


def test_unknown_types_and_deep_nesting(tiny_file, tmp_path) -> None:
    description, arrays = parts_of(tiny_file)

    def refusal(step, value) -> str:
        mutant = json.loads(json.dumps(description))
        mutant["pipeline"]["steps"][0][1] = step
        mutant["summary"] = value
        with pytest.raises(ModelFileError) as caught:
            load_model(put(tmp_path / "m", assemble(mutant, arrays)))
        return str(caught.value)

    for name in ("os.system", "builtins.eval", "LinearSVC", "Head", "LocalEncoder", "", "x" * 9999):
        message = refusal({"type": name, "params": {}}, {})
        assert name[:80] in message
        assert len(message) < 400
    for name in (None, 5, ["SVMClassifier"], {"type": "SVMClassifier"}):
        refusal({"type": name, "params": {}}, {})
    nested = {"type": "SIFT", "params": {}}
    for _ in range(200):
        nested = {"type": "BagOfWords", "params": {"describer": nested}}
    refusal(nested, {})


def test_newer_versions_say_so(tiny_file, tmp_path) -> None:
    description, arrays = parts_of(tiny_file)
    path = put(tmp_path / "m", assemble({**description, "format_version": 4}, arrays))
    for read in (load_model, read_model_info):
        with pytest.raises(ModelFileError, match="format version 4; this cvclassic reads up to 3"):
            read(path)
    for odd in (True, 0, "1", 1.0, None, -1):
        path = put(tmp_path / "m", assemble({**description, "format_version": odd}, arrays))
        with pytest.raises(ModelFileError):
            load_model(path)


def test_parameters_by_the_names_of_version_2(tmp_path) -> None:
    """LLC's `regularization` was spelled the British way."""
    model = small_recipe("llc", "ridge", features__regularization=0.01)
    model.fit(pictures(6), picture_labels(6))
    path = tmp_path / "m"
    save_model(path, model)
    description, arrays = parts_of(path)
    text = json.dumps(description)
    assert text.count('"regularization": 0.01') == 1
    former = json.loads(text.replace('"regularization"', '"regularisation"'))
    put(path, assemble({**former, "format_version": 2}, arrays))
    again = load_model(path)
    assert again.get_params()["features__regularization"] == 0.01
    assert np.array_equal(again.predict_proba(pictures(6)), model.predict_proba(pictures(6)))
    put(path, assemble(former, arrays))  # a file of this version must not have it
    with pytest.raises(ModelFileError):
        load_model(path)


def test_what_is_no_file(tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    put(tmp_path / "secret", b"x").chmod(0)
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(5_000_000_000)
    expected = {
        "missing": "there is no such model file",
        "folder": "is a folder",
        "pipe": "is not a regular file",
        "loop": "cannot be read",
        "secret": "." if os.geteuid() == 0 else "cannot be read",
        "huge": "is too large for a model file",
        "nul\0": "cannot be read",
        "x" * 300: "cannot be read",
    }
    for name, message in expected.items():
        for read in (load_model, read_model_info):
            with pytest.raises(ModelFileError, match=message):
                read(tmp_path / name)
    with pytest.raises(ModelFileError, match="is not a regular file"):
        load_model("/dev/zero")


# ------------------------------------------------------------------------------ nothing runs


@pytest.mark.slow
def test_no_pickle_anywhere(root) -> None:
    """Neither the library nor the commands import anything that unpickles."""
    banned = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "skops"}
    for file in [*(root / "cvclassic").rglob("*.py"), *(root / "cli").rglob("*.py")]:
        for node in source_trees.nodes_of(file.read_text(encoding="utf-8")):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name.partition(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [(node.module or "").partition(".")[0]]
                if node.module == "joblib":
                    assert not {"load", "dump"} & {alias.name for alias in node.names}, file
            # the processes of a run speak to each other through pipes of their own
            # (and those of a cluster, which pickles whatever it sends)
            own_pipes = file.parent.name == "engines" and file.stem in (
                "forkserver",
                "spawn",
                "processes",
                "dask",
                "dask_worker",
            )
            allowed = {"pickle"} if own_pipes else set()
            if file.stem == "skops_steps":  # which never unpickles
                allowed = {"skops"}
            assert not (banned - allowed) & set(names), file
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), file
                assert node.value.value is False, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = (
                    ast.unparse(node.func)
                    if isinstance(node.func, ast.Name)
                    else (f"{getattr(node.func.value, 'id', '')}.{node.func.attr}")
                )
                assert called not in ("eval", "exec", "joblib.load", "__import__"), file


AUDIT = """
import sys
from pathlib import Path
from cvclassic.models import load_model
for path in sys.argv[1:3]:
    load_model(path)  # what is loaded lazily is loaded now
seen = []
def hook(event, args):
    if event == "open":
        seen.append((event, str(args[0])))
    elif event in ("import", "exec", "compile", "os.system", "os.exec", "os.posix_spawn",
                   "subprocess.Popen", "pickle.find_class", "socket.connect", "marshal.loads",
                   "ctypes.dlopen", "shutil.rmtree", "os.remove", "os.rename", "os.mkdir"):
        seen.append((event, str(args[0])[:200]))
sys.addaudithook(hook)
for path in sys.argv[1:]:
    try:
        load_model(path)
    except Exception as error:
        assert type(error).__name__ == "ModelFileError", repr(error)
watched = list(seen)
print(repr(watched))
"""


@pytest.mark.slow
def test_loading_opens_only_the_file_and_runs_nothing(tiny_file, tiny_mlp_file, tmp_path) -> None:
    """Watched by an audit hook, for good files and for bad ones that name code."""
    description, arrays = parts_of(tiny_file)
    description["pipeline"]["steps"][0][1]["type"] = "os.system"
    paths = [tiny_file, tiny_mlp_file, put(tmp_path / "named", assemble(description, arrays))]
    paths += [put(tmp_path / f"{i}", data) for i, data in enumerate(HOSTILE.values())]
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, *map(str, paths)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    events = ast.literal_eval(done.stdout)
    opened = [name for event, name in events if event == "open"]
    # a file is opened by os.open and wrapped by open(fd)
    assert {name for name in opened if not name.isdigit()} == {str(path) for path in paths}
    assert [event for event in events if event[0] != "open"] == []


def test_refused_model_files_leave_the_old_one(toy_model, tmp_path) -> None:
    """Saving replaces the file whole or not at all."""
    path = tmp_path / "m"
    save_model(path, toy_model)
    before = path.read_bytes()
    model = pickle.loads(pickle.dumps(toy_model))
    model.steps[-1] = ("head", MLPClassifier())
    with pytest.raises(ModelFileError):
        save_model(path, model)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m"]
    with pytest.raises(ModelFileError, match="cannot be written"):
        save_model(tmp_path / "no" / "m", toy_model)
    with pytest.raises(ModelFileError, match="cannot be written"):
        save_model(tmp_path, toy_model)
