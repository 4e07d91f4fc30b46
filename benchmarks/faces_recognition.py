"""Few-shot recognition on the ORL faces: rank-1, unknown people, and what opponents reach.

Views, features and thresholds were chosen on people 1 to 20; figures are given for people 21 to 40
alone and for all. Metrics are always learned on the other half of the people.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from cvclassic.draw import draw_error_rates
from cvclassic.encode import FisherVector
from cvclassic.faces import (
    FEATURES,
    ErrorRates,
    FaceMetric,
    Gallery,
    error_rates,
    learn_metric,
)
from cvclassic.images import read_image

from .common import ROOT, SEED, data_dir, threads, write_results

PEOPLE, PICTURES = 40, 10
HALVES = {"people 1-20": range(20), "people 21-40": range(20, 40), "all 40": range(40)}
SWAPS = ((range(20), range(20, 40)), (range(20, 40), range(20)))


def load() -> np.ndarray:
    """Images as (people, images, height, width)."""
    home = data_dir() / "orl_faces"
    return np.array(
        [
            [read_image(home / f"s{p}" / f"{i}.pgm") for i in range(1, PICTURES + 1)]
            for p in range(1, PEOPLE + 1)
        ]
    )


def describe(faces: np.ndarray, feature: str) -> tuple[np.ndarray, np.ndarray]:
    """Views (people, images, views, d) and templates (people, images, 2, d) of all images."""
    gallery = Gallery(feature)
    views = np.array([[gallery.describe(face) for face in person] for person in faces])
    kept = np.array([[gallery.template(face) for face in person] for person in faces])
    return views, kept.astype(np.float32)


def fisher(faces: np.ndarray, train: range) -> tuple[np.ndarray, np.ndarray]:
    """Fisher vectors, whose mixture is learned on some people; plain and mirrored, no views."""
    encoder = FisherVector(
        n_gaussians=32, n_components=48, augment_position=True, random_state=SEED
    )
    flat = faces.reshape(-1, *faces.shape[2:])
    encoder.fit(list(faces[list(train)].reshape(-1, *faces.shape[2:])))
    shape = faces.shape[:2]
    plain = encoder.transform(list(flat)).reshape(*shape, 1, -1)
    mirrored = encoder.transform(list(flat[:, :, ::-1])).reshape(*shape, 1, -1)
    return plain, np.concatenate([plain, mirrored], axis=2)


def distances(views: np.ndarray, kept: np.ndarray, metric: FaceMetric | None = None) -> np.ndarray:
    """From each image to each: (people, images, people, images)."""
    if metric is not None:
        views, kept = metric.apply(views), metric.apply(kept)
    p, n, v, d = views.shape
    near = views.reshape(-1, d) @ kept.reshape(-1, d).T
    return 1 - near.reshape(p, n, v, p, n, 2).max(axis=(2, 5))


def draws(people: range, k: int, n_draws: int):
    """Seeded choices of the images to enrol: (people, k) of each draw."""
    for draw in range(n_draws):
        random = np.random.default_rng([SEED, k, draw])
        yield np.array([random.permutation(PICTURES)[:k] for _ in people])


def rank1(table: np.ndarray, people: range, k: int, n_draws: int) -> dict[str, float]:
    """Share of the other images whose nearest person is the right one."""
    table = table[np.ix_(people, range(PICTURES), people, range(PICTURES))]
    shares = []
    for chosen in draws(people, k, n_draws):
        near = np.take_along_axis(table, chosen[None, None], axis=3).min(axis=3)
        asked = np.ones((len(people), PICTURES), bool)
        np.put_along_axis(asked, chosen, False, axis=1)
        right = near.argmin(axis=2) == np.arange(len(people))[:, None]
        shares.append(right[asked].mean())
    return {"mean": round(float(np.mean(shares)), 4), "std": round(float(np.std(shares)), 4)}


def unknown(table: np.ndarray, k: int, n_draws: int, of: range) -> dict[str, float]:
    """Half of the people enrolled, half not: equal error rate of the distance to the nearest."""
    rates = []
    for draw in range(n_draws):
        random = np.random.default_rng([SEED, 77, k, draw])
        order = random.permutation(list(of))
        known, strangers = order[: len(of) // 2], order[len(of) // 2 :]
        chosen = np.array([random.permutation(PICTURES)[:k] for _ in known])
        near = np.stack(
            [
                table[:, :, person, pick].min(axis=2)
                for person, pick in zip(known, chosen, strict=True)
            ],
            2,
        )
        asked = np.ones((len(known), PICTURES), bool)
        np.put_along_axis(asked, chosen, False, axis=1)
        own = np.arange(len(known))
        genuine = near[known][own, :, own][asked]
        found = error_rates(genuine, near[strangers].min(axis=2))
        rates.append(found.eer)
    return {"eer": round(float(np.mean(rates)), 4), "std": round(float(np.std(rates)), 4)}


def pairs(table: np.ndarray, people: range) -> tuple[np.ndarray, np.ndarray]:
    """Distances of different images of one person, and of images of two people."""
    table = table[np.ix_(people, range(PICTURES), people, range(PICTURES))]
    same = np.eye(len(people), dtype=bool)[:, None, :, None] & np.ones_like(table, bool)
    itself = np.eye(len(people) * PICTURES, dtype=bool).reshape(table.shape)
    return table[same & ~itself], table[~same]


def draw(rates: ErrorRates) -> None:
    """The image of docs/faces.md: the threshold that comes along, on other people."""
    distance = Gallery().threshold.distance
    at = np.searchsorted(rates.thresholds, distance, "right") - 1
    draw_error_rates(
        rates.far,
        rates.frr,
        ROOT / "docs" / "faces-roc.png",
        chosen=(rates.far[at], rates.frr[at]),
        title=f"people 21 to 40, pairs, EER {rates.eer:.1%}; threshold from people 1 to 20",
    )


def lbph(faces: np.ndarray, people: range, k: int, n_draws: int) -> dict[str, float]:
    """OpenCV's local binary patterns histograms, with its defaults."""
    shares = []
    for chosen in draws(people, k, n_draws):
        engine = cv2.face.LBPHFaceRecognizer_create()
        own = faces[list(people)]
        engine.train(
            [own[p, i] for p in range(len(people)) for i in chosen[p]],
            np.repeat(np.arange(len(people)), k),
        )
        asked = [(p, i) for p in range(len(people)) for i in range(PICTURES) if i not in chosen[p]]
        shares.append(np.mean([engine.predict(own[p, i])[0] == p for p, i in asked]))
    return {"mean": round(float(np.mean(shares)), 4), "std": round(float(np.std(shares)), 4)}


def own_and_other(table_of, n_draws: int) -> dict[str, float]:
    """Rank-1 of a metric on each half, learned on the other; averaged."""
    out: dict[str, float] = {}
    for k in (1, 5):
        values = [rank1(table_of(other), half, k, n_draws)["mean"] for half, other in SWAPS]
        out[f"enrolled {k}"] = round(float(np.mean(values)), 4)
    strangers = [unknown(table_of(other), 5, n_draws, half)["eer"] for half, other in SWAPS]
    out["eer, 10 of 20 people enrolled with 5"] = round(float(np.mean(strangers)), 4)
    return out


def main() -> None:
    """Measure everything, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=20)
    arguments = parser.parse_args()
    n = arguments.draws
    results: dict = {"rank1": {}, "unknown": {}, "learned": {}, "thresholds": {}, "seconds": {}}
    with threads(1):
        faces = load()
        known = {}
        for feature in FEATURES:
            start = time.process_time()
            views, kept = known[feature] = describe(faces, feature)
            results["seconds"][feature] = round((time.process_time() - start) / 400, 5)
            table = distances(views, kept)
            results["rank1"][feature] = {
                name: {f"enrolled {k}": rank1(table, people, k, n) for k in (1, 3, 5)}
                for name, people in HALVES.items()
            }
            results["unknown"][feature] = {
                f"enrolled {k}": unknown(table, k, n, range(40)) for k in (1, 5)
            }
            rates = error_rates(*pairs(table, range(20)))
            if feature == "lbp+hog":
                draw(error_rates(*pairs(table, range(20, 40))))
            results["thresholds"][feature] = {
                f"far {far}": [round(x, 4) for x in rates.threshold_at(far)]
                for far in (0.001, 0.005, 0.01)
            } | {"eer": round(rates.eer, 4)}
            row = results["rank1"][feature]["all 40"]
            print(
                feature,
                row,
                results["unknown"][feature],
                results["thresholds"][feature],
                flush=True,
            )
        views, kept = known["lbp+hog"]
        bare = distances(views[:, :, :1], kept[:, :, :1].repeat(2, axis=2))
        results["without_views_and_mirrors"] = {
            f"enrolled {k}": rank1(bare, range(40), k, n) for k in (1, 5)
        }
        for feature, kind, name in (
            ("pixels", "pca", "Eigenfaces"),
            ("pixels", "lda", "Fisherfaces"),
            ("lbp+hog", "lda", "lbp+hog, LDA"),
            ("lbp+hog", "rca", "lbp+hog, RCA"),
        ):

            def table_of(train, feature=feature, kind=kind):
                views, kept = known[feature]
                some = list(train)
                # the images of the other people, also mirrored and in all views
                both = np.concatenate([views[some], kept[some]], axis=2)
                who = np.broadcast_to(np.array(some)[:, None, None], both.shape[:3])
                metric = learn_metric(both.reshape(-1, both.shape[-1])[::3], who.ravel()[::3], kind)
                return distances(views, kept, metric)

            results["learned"][name] = own_and_other(table_of, n)
            print(name, results["learned"][name], flush=True)
        results["learned"]["Fisher vectors"] = own_and_other(
            lambda train: distances(*fisher(faces, train)), n
        )
        results["learned"]["lbp+hog, nothing learned"] = own_and_other(
            lambda train: distances(*known["lbp+hog"]), n
        )
        print(results["learned"], flush=True)
        results["opponents"] = {
            "LBPH of OpenCV": {
                f"enrolled {k}": lbph(faces, range(40), k, min(n, 5)) for k in (1, 5)
            }
        }
        print(results["opponents"])
    write_results("faces_recognition", results, draws=n)


if __name__ == "__main__":
    main()
