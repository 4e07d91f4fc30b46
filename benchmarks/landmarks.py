"""68 points of a face: descent and trees against PFLD, a network, on 100 faces held back.

The images are shuffled with a fixed seed: 300 train, 100 test. Settings were chosen inside the
300. Test faces start from the bounding box of their points, shaken by 5%, and from a detector's
box. PFLD gets the same boxes; how far its cut-out reaches was chosen for it on training faces. What
PFLD was trained on is not known; it may well have seen these images.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from functools import partial

import cv2
import numpy as np

from cvclassic.draw import draw_landmarks
from cvclassic.faces import FaceLandmarks, bounding_boxes, landmark_errors, shake_boxes
from cvclassic.faces.landmarks.boxes import box_of_face, find_boxes
from cvclassic.images import read_image

from .common import ROOT, SEED, data_dir, interleave, read_results, threads, write_results

N_TRAIN, SHAKE, REPEATS = 300, 0.05, 5
PFLD_REACH = 1.1  # side of its cut-out over the box's longer side
PFLD_SIDE = 112


class Pfld:
    """The network, run by OpenCV."""

    def __init__(self) -> None:
        model = (data_dir() / "opponents" / "pfld.onnx").read_bytes()
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
        self._names = self._net.getUnconnectedOutLayersNames()

    def mark(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """As `FaceLandmarks.mark`."""
        shapes = []
        for x, y, width, height in boxes:
            side = max(width, height) * PFLD_REACH
            corner = np.array([x + width / 2 - side / 2, y + height / 2 - side / 2])
            step = side / PFLD_SIDE
            matrix = np.array([[step, 0, corner[0]], [0, step, corner[1]]])
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            crop = cv2.warpAffine(image, matrix, (PFLD_SIDE, PFLD_SIDE), flags=how)
            if crop.ndim == 2:
                crop = cv2.cvtColor(crop, cv2.COLOR_GRAY2RGB)
            self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255))
            outputs = self._net.forward(self._names)
            points = next(out for out in outputs if out.size == 136)
            shapes.append(points.reshape(68, 2) * side + corner)
        return np.array(shapes)


def load() -> tuple[list[str], list[np.ndarray], np.ndarray]:
    """Names, images and points, shuffled."""
    folder = data_dir() / "landmarks68"
    known = json.loads((folder / "points68_xy.json").read_text(encoding="utf-8"))
    names = sorted(known)
    names = [names[i] for i in np.random.default_rng(SEED).permutation(len(names))]
    images = [read_image(folder / name) for name in names]
    return names, images, np.array([known[name] for name in names])


def summary(errors: np.ndarray) -> dict[str, float]:
    """Errors of shape (repeats, faces)."""
    flat = errors.ravel()
    return {
        "mean_percent": round(100 * float(flat.mean()), 3),
        "spread_of_repeats": [round(100 * float(f(errors.mean(axis=1))), 3) for f in (min, max)],
        "median_percent": round(100 * float(np.median(flat)), 3),
        "share_over_10_percent": round(float((flat > 0.1).mean()), 4),
        "quantiles_percent": np.round(100 * np.quantile(flat, np.linspace(0, 1, 21)), 3).tolist(),
    }


def train(method: str, images, points, boxes, starts: int) -> tuple[FaceLandmarks, dict]:
    """A model, and what it cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    model = FaceLandmarks(method=method, n_starts=starts, random_state=SEED)
    model.fit(images, points, boxes)
    cost = {
        "train_seconds": round(time.perf_counter() - wall, 1),
        "train_cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "starts": starts,
    }
    return model, cost


def score(model, images, points, detected) -> dict:
    """Errors from shaken boxes and from the detector's."""
    own = bounding_boxes(points)
    shaken = []
    for repeat in range(REPEATS):
        boxes = shake_boxes(own, SHAKE, np.random.default_rng([SEED, repeat]))
        marked = [model.mark(i, b[None])[0] for i, b in zip(images, boxes, strict=True)]
        shaken.append(landmark_errors(np.array(marked), points))
    seen = np.isfinite(detected).all(axis=1)
    rows = {"shaken_box": summary(np.array(shaken))}
    which = np.flatnonzero(seen)
    found = np.array([model.mark(images[i], detected[i : i + 1])[0] for i in which])
    rows["detector_box"] = {
        **summary(landmark_errors(found, points[which])[None]),
        "faces_found": int(seen.sum()),
    }
    return rows


def by_stage(model: FaceLandmarks, images, points) -> list[float]:
    """Mean error in percent at the start and after each stage."""
    boxes = shake_boxes(bounding_boxes(points), SHAKE, np.random.default_rng([SEED, 0]))
    paths = np.array([model.path(i, b[None])[0] for i, b in zip(images, boxes, strict=True)])
    means = [landmark_errors(paths[:, k], points).mean() for k in range(paths.shape[1])]
    return [round(100 * float(value), 3) for value in means]


def mark_first(model, images, boxes: np.ndarray, n: int = 50) -> None:
    """Mark the first n images: what is timed."""
    for i in range(n):
        model.mark(images[i], boxes[i : i + 1])


def main() -> None:
    """Train, score, time, draw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--methods", nargs="+", default=["descent", "trees"])
    parser.add_argument("--tree-starts", type=int, default=5)
    arguments = parser.parse_args()
    _, images, points = load()
    test_images, test_points = images[N_TRAIN:], points[N_TRAIN:]
    boxes = np.array([box_of_face(i, p) for i, p in zip(images, points, strict=True)])
    results: dict[str, dict] = {}
    models = {}
    one = bounding_boxes(test_points)
    for method in arguments.methods:
        starts = 5 if method == "descent" else arguments.tree_starts
        model, cost = train(method, images[:N_TRAIN], points[:N_TRAIN], boxes[:N_TRAIN], starts)
        change = model.box_change_
        model.box_change_ = np.array([0, 0, 1], np.float32)
        rows = score(model, test_images, test_points, one)
        path = by_stage(model, test_images, test_points)
        model.box_change_ = change
        rows["detector_box"] = score(model, test_images, test_points, boxes[N_TRAIN:])[
            "detector_box"
        ]
        model.box_change_ = np.array([0, 0, 1], np.float32)
        results[method] = {
            **rows,
            **cost,
            "held_out_percent": round(100 * model.held_out_error_, 3),
            "by_stage_percent": path,
        }
        models[method] = model
        print(method, rows["shaken_box"]["mean_percent"], cost, path, flush=True)
    network = Pfld()
    results["PFLD"] = score(network, test_images, test_points, boxes[N_TRAIN:])
    contestants: dict = {**models, "PFLD": network}
    with threads(1):
        times = interleave(
            {name: partial(mark_first, m, test_images, one) for name, m in contestants.items()},
            clock=time.process_time,
        )
    for name, row in times.items():
        results[name]["ms_a_face"] = round(row["median_ms"] / 50, 3)
        results[name]["ms_a_face_quartiles"] = [round(v / 50, 3) for v in row["quartiles_ms"]]
        print(name, results[name]["shaken_box"]["mean_percent"], results[name]["ms_a_face"])
    before = read_results("landmarks")  # methods that are not measured now keep their results
    results = {**{name: row for name, row in before.items() if name not in results}, **results}
    write_results(
        "landmarks",
        results,
        train=N_TRAIN,
        test=len(test_images),
        shake=SHAKE,
        repeats=REPEATS,
        pfld_reach=PFLD_REACH,
    )
    draw(models[arguments.methods[0]], results)


def draw(model: FaceLandmarks, results: dict) -> None:
    """docs/landmarks.jpg: a face that comes with the project, and how many faces are how far off.

    The faces of the test set may not be shown.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    face = read_image(ROOT / "sample_images" / "face" / "astronaut.jpg")
    boxes = find_boxes(face)[:1]
    marked = draw_landmarks(face, model.mark(face, boxes), boxes=boxes)
    x, y, width, height = (boxes[0] * marked.shape[0] / face.shape[0]).astype(int)
    room = width // 4
    part = marked[max(y - room, 0) : y + height + room, max(x - room, 0) : x + width + room]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    left.imshow(part)
    left.set_axis_off()
    for name, row in results.items():
        quantiles = row["shaken_box"]["quantiles_percent"]
        right.plot(quantiles, np.linspace(0, 100, len(quantiles)), label=name)
    right.set(xlim=(0, 15), ylim=(0, 100))
    right.set(xlabel="error, % of the distance of the eyes' outer corners", ylabel="% of faces")
    right.grid(alpha=0.3)
    right.legend(frameon=False)
    figure.savefig(ROOT / "docs" / "landmarks.jpg", dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
