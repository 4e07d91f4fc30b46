"""What the page computes is what the library and scikit-learn compute."""

import cv2
import numpy as np
import pytest

from cvclassic.cascade import CropSums, group_boxes, haar_value, judge_windows, parse_cascade
from cvclassic.detect import sift_stages
from cvclassic.encode.bag_of_words import normalize_histogram
from cvclassic.encode.vocabulary import nearest_words
from cvclassic.evaluate.boxes import box_overlaps
from cvclassic.filters import convolve, get_kernel, output_size, pool
from cvclassic.teach.materials import CASCADE

PLANE = "const image = plane(img.width, img.height, Float32Array.from(img.data));"


@pytest.mark.slow
@pytest.mark.parametrize("padding", [0, 2, "same", "reflect", "edge"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_convolution(js, rng, padding, stride) -> None:
    image = rng.integers(0, 256, (17, 23)).astype(float)
    for kernel in (rng.normal(size=(3, 3)), rng.normal(size=(2, 5))):
        for turn, operation in ((False, "correlation"), (True, "convolution")):
            expected = convolve(image, kernel, stride=stride, padding=padding, operation=operation)[
                0
            ]
            got = js(
                "return convolve(image, kernel, options)",
                image=image,
                kernel=kernel,
                options={"stride": stride, "padding": padding, "turn": turn},
            )
            np.testing.assert_allclose(got, expected, atol=1e-9)
            sizes = js(
                "return [outputSize(23, w, s, p), outputSize(17, h, s, p)]",
                w=kernel.shape[1],
                h=kernel.shape[0],
                s=stride,
                p=padding,
            )
            assert sizes == [
                output_size(23, kernel.shape[1], stride, padding),
                output_size(17, kernel.shape[0], stride, padding),
            ]


def test_kernels_are_those_of_the_bank(js) -> None:
    rows = js("return Object.fromEntries(Object.keys(KERNELS).map((k) => [k, KERNELS[k].rows]))")
    parameters = {"box": {"normalize": True}}
    for name in set(rows) - {"gaussian5"}:
        np.testing.assert_allclose(rows[name], get_kernel(name, **parameters.get(name, {})))
    blur = cv2.getGaussianKernel(5, 0)  # OpenCV's table for 5 is binomial
    np.testing.assert_allclose(rows["gaussian5"], blur @ blur.T)


@pytest.mark.parametrize("method", ["max", "average"])
def test_pooling(js, rng, method) -> None:
    maps = rng.normal(size=(11, 14))
    for size, stride in ((2, 2), (3, 2), (4, 4)):
        got = js("return pool(maps, size, method, stride)", maps=maps, size=size, stride=stride,
                 method=method)  # fmt: skip
        np.testing.assert_allclose(got, pool(maps, size, stride=stride, method=method))
    assert (js("return relu(maps)", maps=maps) == np.maximum(maps, 0)).all()
    np.testing.assert_allclose(
        js("return flatten([maps, maps])", maps=maps), np.tile(maps.ravel(), 2)
    )


def test_sift_stages(js, face) -> None:
    expected = sift_stages(face)
    got = js(
        PLANE
        + """
        const space = buildSpace(image);
        const slim = (points) => points.map((p) => [p.x, p.y, p.size, p.response, p.angle ?? 0]);
        const found = stages(space);
        return { shapes: space.gaussians.map((o) => [o.length, o[0].height, o[0].width]),
          gaussian: space.gaussians[1][2], dog: space.dogs[0][3],
          extrema: slim(found.extrema), strong: slim(found.strong), stable: slim(found.stable),
          oriented: slim(found.oriented) };
        """,
        img=face,
    )
    assert got["shapes"] == [list(octave.shape) for octave in expected.gaussians]
    np.testing.assert_allclose(got["gaussian"], expected.gaussians[1][2], atol=2e-6)
    np.testing.assert_allclose(got["dog"], expected.differences[0][3], atol=2e-6)
    for name in ("extrema", "strong", "stable", "oriented"):
        ours, theirs = np.array(got[name]), getattr(expected, name)
        assert len(theirs) > 20
        table = np.column_stack([theirs.xy, theirs.scale, theirs.response])
        distance = np.abs(ours[:, None, :4] - table[None]).max(axis=2)
        assert (distance.min(axis=0) < 0.01).mean() > 0.98, name
        assert abs(len(ours) - len(theirs)) <= 0.02 * len(theirs), name
    # every angle of the library has one of the page at the same place
    angles = np.abs(ours[:, 4][:, None] - expected.oriented.angle[None])
    angles = np.minimum(angles, 2 * np.pi - angles)
    near = np.abs(ours[:, None, :2] - expected.oriented.xy[None]).max(axis=2) < 0.01
    assert (np.where(near, angles, 9).min(axis=0) < 0.02).mean() > 0.97


def test_descriptors_are_like_opencvs(js, face) -> None:
    keypoints, descriptors = cv2.SIFT_create().detectAndCompute(face, None)
    theirs = descriptors / np.linalg.norm(descriptors, axis=1, keepdims=True)
    got = js(
        PLANE
        + """
        const space = buildSpace(image);
        return stages(space).oriented.map((p) => [p.x, p.y, p.size, p.angle,
          ...describePoint(space, p)]);
        """,
        img=face,
    )
    ours = np.array(got)
    cosines = []
    for point, descriptor in zip(keypoints, theirs, strict=True):
        turn = np.abs(ours[:, 3] - np.radians(point.angle))
        same = np.hypot(ours[:, 0] - point.pt[0], ours[:, 1] - point.pt[1]) < 0.4
        same &= np.abs(ours[:, 2] / point.size - 1) < 0.06
        same &= np.minimum(turn, 2 * np.pi - turn) < 0.06
        if same.any():
            cosines.append((ours[same, 4:] @ descriptor).max())
    assert len(cosines) > 0.5 * len(keypoints)
    assert np.median(cosines) > 0.97


def test_words_and_histograms(js, rng) -> None:
    from sklearn.cluster import KMeans

    points = rng.random((150, 12)).astype(np.float32)
    seeds = points[:7]
    got = js(
        """
        let centers = seeds;
        for (let i = 0; i < 60; i++) centers = update(points, assign(points, centers), centers);
        const words = assign(points, centers);
        const counts = wordCounts(words, 7);
        return { centers, words, counts, inertia: inertia(points, words, centers),
          l1: normalizeHistogram(counts, "l1"), l2: normalizeHistogram(counts, "l2"),
          hellinger: normalizeHistogram(counts, "hellinger") };
        """,
        points=points.tolist(),
        seeds=seeds.tolist(),
    )
    reference = KMeans(7, init=seeds, n_init=1, max_iter=60, tol=0, algorithm="lloyd").fit(points)
    np.testing.assert_allclose(got["centers"], reference.cluster_centers_, atol=1e-5)
    assert got["inertia"] == pytest.approx(reference.inertia_, rel=1e-5)
    assert got["words"] == nearest_words(points, np.array(got["centers"], np.float32)).tolist()
    counts = np.bincount(got["words"], minlength=7).astype(np.float32)
    for norm in ("l1", "l2", "hellinger"):
        np.testing.assert_allclose(got[norm], normalize_histogram(counts, norm), rtol=1e-5)


def test_kmeans_seeds_are_points_far_apart(js) -> None:
    points = [[i // 10, 0.001 * i] for i in range(40)]
    chosen = js("return seeds(points, 4, randomSource(1))", points=points)
    assert sorted(point[0] for point in chosen) == [0, 1, 2, 3]


def test_principal_plane(js, rng) -> None:
    points = rng.normal(size=(80, 5)) * [1, 7, 2, 4, 0.5]
    got = js("const p = principalPlane(points); return points.map((x) => project(p, x))",
             points=points.tolist())  # fmt: skip
    _, sizes, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    expected = (points - points.mean(axis=0)) @ axes[:2].T
    np.testing.assert_allclose(np.abs(got), np.abs(expected), atol=0.02 * sizes[0])


def test_decision_is_logistic_regression(js, rng) -> None:
    from sklearn.linear_model import LogisticRegression

    x = np.abs(rng.normal(size=(30, 6)))
    labels = np.arange(30) % 3
    x[np.arange(30), labels] += 1
    got = js(
        "const m = trainSoftmax(xs, labels, 3, { l2: 0.02, rounds: 4000 });"
        "return xs.map((x) => probabilities(m, x))",
        xs=x.tolist(),
        labels=labels.tolist(),
    )
    model = LogisticRegression(C=1 / (0.02 * 30), max_iter=5000, tol=1e-8).fit(x, labels)
    np.testing.assert_allclose(got, model.predict_proba(x), atol=2e-3)


def test_haar_features(js, face) -> None:
    crop = face[40:64, 30:54]
    sums = CropSums(crop[None], squares=True)
    names = js("return Object.keys(PATTERNS)")
    assert len(names) == 6
    for name in names:
        rects = js("return rectangles(name, 3, 2, 5, 4)", name=name)
        feature = np.zeros((3, 5))
        feature[: len(rects)] = rects
        value = js(
            PLANE
            + """const both = tables(image);
            const factor = contrast(both.sums, both.squares, 0, 0, 24, 24);
            return Math.fround(featureSum(both.sums, rects) * factor)""",
            img=crop,
            rects=rects,
        )
        assert np.float32(value) == haar_value(sums, feature)[0], name


def test_integral_image(js, face) -> None:
    table = js(PLANE + "return integral(image)", img=face)
    np.testing.assert_array_equal(table, cv2.integral(face))
    value = js("return rectangleSum(table, 5, 9, 30, 20)", table=table)
    assert value == face[9:29, 5:35].sum()


def test_cascade_judges_windows_as_the_library_does(js, face) -> None:
    with open(cv2.data.haarcascades + CASCADE, "rb") as file:
        cascade = parse_cascade(file.read())
    xy = np.stack(np.meshgrid(np.arange(0, 108, 3), np.arange(0, 108, 3)), axis=-1).reshape(-1, 2)
    expected = judge_windows(cascade, face, xy)
    got = js(
        PLANE
        + """const cascade = unpack(CASCADE); const both = tables(image);
        return xy.map(([x, y]) => { const v = judge(cascade, both, x, y);
          return [v.stage, v.total]; })""",
        img=face,
        xy=xy.tolist(),
    )
    stage, total = np.array(got).T
    np.testing.assert_array_equal(stage, expected.stage)
    np.testing.assert_allclose(total, expected.total, atol=1e-6)
    assert (stage > 0).sum() > 20


def test_windows_are_grouped_as_the_library_does(js, rng) -> None:
    centers = rng.integers(0, 150, (6, 2))
    boxes = [
        [*(centers[i % 6] + rng.integers(-3, 4, 2)).tolist(), *[int(24 + rng.integers(-2, 3))] * 2]
        for i in range(40)
    ]
    for least in (1, 3, 6):
        expected, counts, _ = group_boxes(np.array(boxes), np.ones(40), least)
        got = js("return groupBoxes(boxes, least)", boxes=boxes, least=least)
        assert sorted(g["box"] for g in got) == sorted(expected.tolist())
        assert sorted(g["count"] for g in got) == sorted(counts.tolist())


def test_overlaps_and_suppression(js, rng) -> None:
    boxes = np.column_stack([rng.integers(0, 60, (40, 2)), rng.integers(8, 40, (40, 2))])
    got = js("return boxes.map((a) => boxes.map((b) => iou(a, b)))", boxes=boxes.tolist())
    np.testing.assert_allclose(got, box_overlaps(boxes, boxes))
    scores = rng.permutation(40) / 40 + 0.01
    for limit in (0.1, 0.3, 0.6):
        kept = js("return suppress(boxes, scores, limit)", boxes=boxes.tolist(),
                  scores=scores.tolist(), limit=limit)  # fmt: skip
        expected = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0, limit)
        assert kept == np.ravel(expected).tolist()


def test_window_counts(js) -> None:
    count = js("return windowCount(100, 60, 24, 4)")
    assert count == len(range(0, 100 - 24 + 1, 4)) * len(range(0, 60 - 24 + 1, 4))
    sides = js("return pyramid(100, 80, 24, 2).map((l) => [l.width, l.height])")
    assert sides == [[100, 80], [50, 40]]


@pytest.mark.parametrize(("kind", "gamma", "C"), [("linear", 1, 0.3), ("linear", 1, 50),
                                                  ("rbf", 3, 1), ("rbf", 20, 100)])  # fmt: skip
def test_margin_is_that_of_scikit_learn(js, rng, kind, gamma, C) -> None:
    from sklearn.svm import SVC

    x = rng.normal(size=(60, 2)) * 0.5
    y = (x[:, 0] + 0.4 * rng.normal(size=60) > 0).astype(int)
    got = js(
        "const m = trainSvm({ x, y }, options);"
        "return { decision: x.map((p) => decision(m, p)), support: supportVectors(m),"
        " width: marginWidth(m) }",
        x=x.tolist(),
        y=y.tolist(),
        options={"C": C, "kind": kind, "gamma": gamma},
    )
    model = SVC(C=C, kernel=kind, gamma=gamma, tol=1e-6).fit(x, y)
    np.testing.assert_allclose(got["decision"], model.decision_function(x), atol=2e-3)
    assert sorted(got["support"]) == sorted(model.support_.tolist())
    if kind == "linear":
        assert got["width"] == pytest.approx(2 / np.linalg.norm(model.coef_), rel=1e-3)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "linear"])
def test_network_is_that_of_scikit_learn(js, rng, activation) -> None:
    """Same probabilities and losses, and the same weights after one step of plain descent."""
    from sklearn.neural_network import MLPClassifier

    x, y = rng.normal(size=(24, 2)), np.arange(24) % 2
    names = {"sigmoid": "logistic", "linear": "identity"}
    model = MLPClassifier(
        (4, 3), activation=names.get(activation, activation), solver="sgd", momentum=0,
        alpha=0.48, batch_size=24, learning_rate_init=0.1, shuffle=False, random_state=0,
    )  # fmt: skip
    model.partial_fit(x, y, classes=[0, 1])
    layers = [
        {"weights": w.T.tolist(), "biases": b.tolist()}
        for w, b in zip(model.coefs_, model.intercepts_, strict=True)
    ]
    before = model.predict_proba(x)[:, 1]
    got = js(
        """
        const network = { layers, activation }, points = { x, y };
        const l2 = 0.48 / x.length;
        const order = x.map((_, i) => i);
        const moved = epoch(network, points, { rate: 0.1, batch: 24, l2, order });
        return { before: x.map((p) => probability(network, p)), layers: moved.layers,
          loss: loss(network, points) + penalty(network, { l2 }) };
        """,
        layers=layers,
        activation=activation,
        x=x.tolist(),
        y=y.tolist(),
    )
    model.partial_fit(x, y)
    np.testing.assert_allclose(got["before"], before, atol=1e-9)
    assert got["loss"] == pytest.approx(model.loss_, rel=1e-9)
    for layer, w, b in zip(got["layers"], model.coefs_, model.intercepts_, strict=True):
        np.testing.assert_allclose(np.transpose(layer["weights"]), w, atol=1e-9)
        np.testing.assert_allclose(layer["biases"], b, atol=1e-9)


def test_gradients_with_both_penalties(js) -> None:
    """Against differences of the loss, biases and L1 included."""
    worst = js(
        """
        const points = makePoints({ shape: "moons", n: 30, noise: 0.1, seed: 3 });
        const options = { l1: 0.01, l2: 0.02 };
        const network = newNetwork([2, 5, 4, 1], "tanh", randomSource(2));
        const total = (n) => loss(n, points) + penalty(n, options);
        let worst = 0;
        gradients(network, points, options).forEach((layer, depth) => {
          for (const kind of ["weights", "biases"]) layer[kind].flat().forEach((g, k) => {
            const nudged = (by) => {
              const copy = structuredClone(network);
              const rows = copy.layers[depth][kind];
              if (kind === "biases") rows[k] += by;
              else rows[Math.floor(k / rows[0].length)][k % rows[0].length] += by;
              return total(copy);
            };
            worst = Math.max(worst, Math.abs(g - (nudged(1e-5) - nudged(-1e-5)) / 2e-5));
          });
        });
        return worst;
        """
    )
    assert worst < 1e-7


def test_perceptron_ends_without_mistakes_on_separable_points(js) -> None:
    left = js(
        """
        const data = makePoints({ shape: "blobs", n: 60, noise: 0, seed: 5 });
        data.x.forEach((p, i) => { p[0] += data.y[i] ? 0.5 : -0.5; });
        let model = newPerceptron();
        for (let pass = 0; pass < 50; pass++) data.x.forEach((p, i) => {
          ({ model } = learn(model, p, data.y[i], 0.1));
        });
        return mistakes(model, data);
        """
    )
    assert left == 0


@pytest.mark.parametrize("shape", ["blobs", "xor", "circles", "moons", "spirals"])
def test_points_are_balanced_and_repeatable(js, shape) -> None:
    script = "return makePoints({ shape, n: 50, noise: 0.05, seed: 4 })"
    one, two = js(script, shape=shape), js(script, shape=shape)
    assert one == two
    assert sum(one["y"]) == 25
    assert np.abs(one["x"]).max() < 1.6
