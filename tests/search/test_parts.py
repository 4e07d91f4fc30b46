"""Pure functions: bits, places, votes, geometry, codes."""

import numpy as np
import pytest

from cvclassic.describe import LocalFeatures
from cvclassic.encode import word_tree
from cvclassic.errors import DataError, IndexFileError
from cvclassic.search.coding import ImageCode
from cvclassic.search.compact import CompactCoder
from cvclassic.search.hamming import learn_thresholds, pack_bits, random_projection
from cvclassic.search.merging import write_merged
from cvclassic.search.places import pack_places, unpack_places
from cvclassic.search.ranking import fuse
from cvclassic.search.segment_files import open_segment, write_segment
from cvclassic.search.segments import build_segment
from cvclassic.search.verification import verify
from cvclassic.search.voting import THRESHOLD, cast_votes, inverse_frequencies

RNG = np.random.default_rng(0)


def random_code(n: int, n_words: int, rng=RNG) -> ImageCode:
    features = LocalFeatures(
        rng.uniform(0, 300, (n, 2)).astype(np.float32),
        rng.uniform(2, 40, n).astype(np.float32),
        rng.uniform(0, 6.28, n).astype(np.float32),
        np.zeros((n, 1), np.float32),
        (300, 300),
    )
    return ImageCode(
        rng.integers(0, n_words, n).astype(np.int32),
        rng.integers(0, 2**63, n).astype(np.uint64),
        pack_places(features),
        (300, 300),
        np.zeros(0, np.float32),
        rng.bytes(16),
    )


def segment_from(codes, n_words=20):
    none = np.zeros((len(codes), 0), np.uint8)
    return build_segment(codes, [f"{i}.jpg" for i in range(len(codes))], [(1, 2)] * len(codes),
                         none, n_words)  # fmt: skip


def test_places_survive_packing():
    n = 500
    features = LocalFeatures(
        RNG.uniform(0, 640, (n, 2)).astype(np.float32),
        RNG.uniform(1.5, 300, n).astype(np.float32),
        RNG.uniform(-7, 7, n).astype(np.float32),
        np.zeros((n, 1), np.float32),
        (640, 640),
    )
    back = unpack_places(pack_places(features))
    assert np.abs(back[:, :2] - features.xy).max() <= 1 / 16 + 1e-4
    assert np.abs(back[:, 2] - np.log2(features.scale)).max() <= 1 / 48 + 1e-4
    turn = back[:, 3] - features.angle
    assert np.abs((turn + np.pi) % (2 * np.pi) - np.pi).max() <= np.pi / 256 + 1e-4


def test_thresholds_halve_the_descriptors_of_a_word():
    projected = RNG.standard_normal((600, 64)).astype(np.float32) + 3
    words = RNG.integers(0, 3, 600)
    thresholds = learn_thresholds(projected, words, 4, np.full((4, 64), 9, np.float32))
    share = (projected > thresholds[words]).mean(axis=0)
    assert np.abs(share - 0.5).max() < 0.02
    assert (thresholds[3] == 9).all()  # no descriptors: the fallback


@pytest.mark.parametrize("n_dims", [128, 64, 16])
def test_projections_are_of_length_one(n_dims):
    basis = random_projection(n_dims, np.random.RandomState(0))
    assert np.allclose(np.linalg.norm(basis, axis=0), 1, atol=1e-5)
    if n_dims >= 64:
        assert np.allclose(basis.T @ basis, np.eye(64), atol=1e-5)


def test_hamming_distance_of_packed_bits():
    a, b = RNG.random((50, 64)) < 0.5, RNG.random((50, 64)) < 0.5
    assert (np.bitwise_count(pack_bits(a) ^ pack_bits(b)) == (a != b).sum(axis=1)).all()


def test_word_tree_is_a_vocabulary():
    sample = RNG.standard_normal((3000, 8)).astype(np.float32)
    tree = word_tree(sample, 100, random_state=np.random.RandomState(0))
    again = word_tree(sample, 100, random_state=np.random.RandomState(0), n_jobs=2)
    assert len(tree) == 100
    assert np.array_equal(tree.words, again.words)
    words = tree.nearest(sample)
    assert np.unique(words).size > 90
    error = np.linalg.norm(sample - tree.words[words], axis=1).mean()
    exact = np.sqrt(((sample[:, None] - tree.words[None]) ** 2).sum(2)).min(axis=1).mean()
    assert error < 1.15 * exact
    with pytest.raises(DataError, match="n_words=9000"):
        word_tree(sample, 9000, random_state=np.random.RandomState(0))


def test_votes_agree_with_a_plain_loop():
    codes = [random_code(40, 20) for _ in range(6)]
    # let some bits be near
    query = ImageCode(
        codes[2].words, codes[2].bits ^ np.uint64(0b1011), codes[2].places, (300, 300),
        np.zeros(0, np.float32), b"",
    )  # fmt: skip
    segments = [segment_from(codes[:4]), segment_from(codes[4:])]
    rarity = inverse_frequencies(segments)
    votes = cast_votes(query, segments, rarity)
    expected = np.zeros(6)
    matches = []
    for q in range(len(query)):
        for image, code in enumerate(codes):
            for k in range(len(code)):
                h = int(query.bits[q] ^ code.bits[k]).bit_count()
                if code.words[k] == query.words[q] and h <= THRESHOLD:
                    matches.append(
                        (q, image, rarity[query.words[q]] ** 2 * np.exp(-((h / 16) ** 2)))
                    )
    within, across = {}, {}
    for q, image, w in matches:
        within[q, image] = within.get((q, image), 0) + w
    tempered = [(q, image, w * np.sqrt(w / within[q, image])) for q, image, w in matches]
    for q, _, w in tempered:
        across[q] = across.get(q, 0) + w
    for q, image, w in tempered:
        expected[image] += w * np.sqrt(w / across[q])
    assert np.allclose(votes.scores, expected / np.sqrt(40))
    assert votes.scores.argmax() == 2


def test_long_lists_give_the_same_votes(monkeypatch):
    codes = [random_code(60, 5) for _ in range(8)]
    segments = [segment_from(codes, 5)]
    rarity = inverse_frequencies(segments)
    one = cast_votes(codes[3], segments, rarity)
    monkeypatch.setattr("cvclassic.search.voting._LONG", 1)
    other = cast_votes(codes[3], segments, rarity)
    assert np.allclose(one.scores, other.scores)
    monkeypatch.setattr("cvclassic.search.voting._AT_ONCE", 100)
    assert np.allclose(one.scores, cast_votes(codes[3], segments, rarity).scores)


def test_a_budget_leaves_out_frequent_words():
    codes = [random_code(60, 5) for _ in range(8)]
    segments = [segment_from(codes, 5)]
    votes = cast_votes(codes[0], segments, inverse_frequencies(segments), most_postings=300)
    assert votes.n_postings <= 300


def test_geometry_counts_what_agrees():
    rng = np.random.default_rng(1)
    n = 60
    code = random_code(n, 1000, rng)
    code = ImageCode(np.arange(n, dtype=np.int32), *[getattr(code, name) for name in
                     ("bits", "places", "image_shape", "vector", "digest")])  # fmt: skip
    a = unpack_places(code.places)
    cos, sin = 0.8 * np.cos(0.5), 0.8 * np.sin(0.5)
    xy = a[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + [90, 20]
    moved = LocalFeatures(
        xy.astype(np.float32),
        (0.8 * 2 ** a[:, 2]).astype(np.float32),
        a[:, 3] + 0.5,
        np.zeros((n, 1), np.float32),
        (300, 300),
    )
    places = pack_places(moved)
    wrong = rng.permutation(n)[:25]
    places[wrong] = random_code(25, 5, rng).places
    other = ImageCode(code.words, code.bits, places, (300, 300), code.vector, b"1" * 16)
    chance = ImageCode(code.words, code.bits, random_code(n, 5, rng).places, (300, 300),
                       code.vector, b"2" * 16)  # fmt: skip
    segments = [segment_from([other, chance], 1000)]
    votes = cast_votes(code, segments, inverse_frequencies(segments))
    first, second = verify(code, votes, np.array([0, 1]), np.array([300.0, 300.0]))
    assert 33 <= first.n_inliers <= 38
    assert second.n_inliers < 10
    assert np.allclose(first.affine[:2], [[cos, sin], [-sin, cos]], atol=0.05)


def test_merging_is_the_same_as_building_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("cvclassic.search.segments._AT_ONCE", 50)
    codes = [random_code(30, 20) for _ in range(7)]
    whole = segment_from(codes)
    parts = [segment_from(codes[:3]), segment_from(codes[3:])]
    entry = write_merged(tmp_path / "a", parts, [np.ones(3, bool), np.ones(4, bool)])
    merged = open_segment(tmp_path, entry)
    for name in ("bits", "owners", "places", "starts", "checks", "frequencies", "counts"):
        assert np.array_equal(whole.arrays[name], merged.arrays[name]), name
    entry = write_merged(tmp_path / "b", [merged], [np.arange(7) != 2])
    less = open_segment(tmp_path, entry)
    assert less.n_postings == 180
    assert codes[2].digest not in [row.tobytes() for row in less.arrays["digests"]]
    assert [less.name(i) for i in range(6)] == [
        "0.jpg",
        "1.jpg",
        "0.jpg",
        "1.jpg",
        "2.jpg",
        "3.jpg",
    ]


def test_copied_lists_give_the_same_votes(tmp_path, monkeypatch):
    codes = [random_code(60, 30) for _ in range(9)]
    segment = segment_from(codes, 30)
    entry = write_segment(tmp_path / "a", segment)
    copied = open_segment(tmp_path, entry, copied=True)
    rarity = inverse_frequencies([segment])
    one = cast_votes(codes[3], [segment], rarity)
    monkeypatch.setattr("cvclassic.search.voting._AT_ONCE", 100)
    for other in (cast_votes(codes[3], [copied], rarity), cast_votes(codes[3], [segment], rarity)):
        for name in ("query", "owners", "weights", "scores"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        some = np.random.default_rng(0).permutation(len(one.query))[:50].reshape(5, 10)
        assert len(other.postings) >= 1
        assert np.array_equal(one.places(some), other.places(some))


def test_copied_lists_are_checked(tmp_path):
    codes = [random_code(60, 30) for _ in range(3)]
    entry = write_segment(tmp_path / "a", segment_from(codes, 30))
    data = bytearray((tmp_path / "a").read_bytes())
    data[2000] ^= 1
    (tmp_path / "a").write_bytes(data)
    copied = open_segment(tmp_path, entry, copied=True)
    with pytest.raises(IndexFileError, match=r"damaged \(word"):
        copied.lists(np.arange(30))


def test_what_is_kept_of_an_image_comes_back():
    codes = [random_code(30, 20) for _ in range(4)]
    back = segment_from(codes).code_of(2)
    order = np.argsort(codes[2].words, kind="stable")
    assert np.array_equal(np.sort(back.words), np.sort(codes[2].words))
    assert set(back.bits.tolist()) == set(codes[2].bits[order].tolist())


def test_compact_codes_keep_cosines(images):
    coder = CompactCoder().fit(images)
    vectors = coder.vectors(images)
    codes = coder.encode(vectors)
    assert codes.shape == (12, coder.n_bytes)
    assert coder.n_bytes <= 64
    assert np.abs(coder.decode(codes) @ vectors.T - vectors @ vectors.T).max() < 0.15


def test_removed_inliers_do_not_lower_a_score():
    words = RNG.uniform(0, 1, 50)
    plain = fuse(words, {}, None)
    more = fuse(words, {4: 9, 7: 0}, None)
    assert more[4] > plain[4]
    assert np.allclose(np.delete(more, 4), np.delete(plain, 4))
