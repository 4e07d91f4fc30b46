"""Writes the tables in the pages of docs/ from the results that are there."""

from __future__ import annotations

import json

from . import faces_docs, objects_docs, scale_docs, serve, video_docs
from .common import RESULTS, ROOT, fill_block
from .small import RECIPES


def _table(headers: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] + ["---:"] * (len(headers) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def edges(results: dict) -> str:
    """F-measure of each edge method."""
    rows = []
    for method, row in results.items():
        everything, rest = row["all"], row["held_out_half"]
        chosen = ", ".join(f"{k} {v}" for k, v in row["parameters"].items())
        cells = [everything["f"], everything["precision"], everything["recall"], rest["f"]]
        rows.append([method, chosen, *(f"{cell:.3f}" for cell in cells)])
    return _table(["method", "parameters", "F", "precision", "recall", "F, other half"], rows)


def repeatability(results: dict) -> str:
    """Repeatability of each detector."""
    found = results["repeatability"]
    names = ["graf", "boat", "leuven", "ubc", "mean"]
    rows = [
        [name, *(f"{row[key]:.2f}" for key in names), str(row["median_n"])]
        for name, row in found.items()
    ]
    return _table(["detector", *names, "detections"], rows)


def matching(results: dict) -> str:
    """Corner error and inliers of each pair."""
    found = results["matching"]
    rows = [
        [
            row["pair"] + (" (views)" if row["used_views"] else ""),
            f"{row['error_px']:.2f}",
            str(row["inliers"]),
            f"{row['plain_error_px']:.2f}",
            str(row["plain_inliers"]),
        ]
        for row in found["rows"]
    ]
    head = ["pair", "error, px", "inliers", "plain: error, px", "plain: inliers"]
    other = results["different_pictures"]
    fewer = ", ".join(found["pairs_with_fewer_inliers_than_plain"]) or "none"
    return (
        _table(head, rows)
        + f"\nBelow 5 px: {found['pairs_below_5px']} of {len(rows)}; plain "
        + f"{found['plain_pairs_below_5px']}. Pairs with fewer inliers than plain: {fewer}. Of "
        + f"{other['pairs']} pairs of different images, a homography was claimed for "
        + f"{other['matches_found']['homography']}, a fundamental matrix for "
        + f"{other['matches_found']['fundamental']}.\n"
    )


def speed(results: dict) -> str:
    """Ratios against scikit-image and OpenCV."""
    rows = []
    for opponent, ours in (("scikit-image", "cvclassic"), ("OpenCV", "cvclassic")):
        for name, contest in results[opponent].items():
            row = contest[opponent] if opponent == "scikit-image" else contest[ours]
            low, high = row["times_baseline_quartiles"]
            rows.append(
                [
                    f"{name}, against {opponent}",
                    f"{contest[ours]['median_ms']:.2f}",
                    f"{contest[opponent]['median_ms']:.2f}",
                    f"{row['times_baseline']:.2f} ({low:.2f}…{high:.2f})",
                ]
            )
    return _table(["work", "cvclassic, ms", "the other, ms", "ratio"], rows)


def small(results: dict) -> str:
    """Accuracy on arrays, and what changed copies gain."""
    names = ["mnist", "fashion_mnist"]
    rows = []
    for recipe in RECIPES:
        found = [results[f"{name} {recipe}"] for name in names]
        cells = [(f"{row['test_accuracy']:.2f}", f"{row['train_s']:.0f}") for row in found]
        rows.append([f"`{recipe}`", *(cell for pair in cells for cell in pair)])
    table = _table(["recipe", "mnist, %", "training, s", "fashion_mnist, %", "training, s"], rows)
    gains = []
    for recipe in ("pixels", "patches"):
        row = results[f"mnist 1000 {recipe}"]
        plain, more = row["plain"]["test_accuracy"], row["augmented"]["test_accuracy"]
        gains.append(f"`{recipe}` {plain:.2f} → {more:.2f}%")
    dogs = results["chihuahua_muffin patches"]
    how = results["mnist 1000 patches"]["augment"]
    rays = results["magic mlp-deep"]
    return (
        f"{table}\nmnist with 1,000 training images, and with `--augment {how}`: "
        f"{', '.join(gains)}. chihuahua_muffin, `patches`: {dogs['five_fold_accuracy']:.1f}% in "
        f"five folds of the training part, {dogs['validation_accuracy']:.1f}% on the validation "
        f"part. Gamma rays, `mlp-deep`: area under the ROC curve {rays['roc_auc']:.4f}, mean of "
        f"{len(rays['roc_auc_of_each_split'])} splits "
        f"({', '.join(f'{auc:.4f}' for auc in rays['roc_auc_of_each_split'])}).\n"
    )


def patch_speed(results: dict) -> str:
    """Rate of encoding patches beside bare matrix products."""
    rows = [
        [
            name.removeprefix("encode "),
            *(f"{row['gflops'][key]:.0f}" for key in ("square", "shape", "encode")),
            f"{row['share_of_square']:.2f}",
            f"{row['share_of_shape']:.2f}",
        ]
        for name, row in results.items()
        if name.startswith("encode ")
    ]
    head = ["patches", "square product", "product of this shape", "encoding"]
    return _table([*head, "share of the first", "of the second"], rows)


def landmarks(results: dict) -> str:
    """Errors, times and costs of each way to find landmarks."""
    rows = []
    for name, row in results.items():
        shaken, detected = row["shaken_box"], row["detector_box"]
        low, high = shaken["spread_of_repeats"]
        train = f"{row['train_cpu_seconds']:.0f}" if "train_cpu_seconds" in row else "-"
        rows.append(
            [
                name,
                f"{shaken['mean_percent']:.2f} ({low:.2f}…{high:.2f})",
                f"{shaken['median_percent']:.2f}",
                f"{100 * shaken['share_over_10_percent']:.1f}",
                f"{detected['mean_percent']:.2f} ({detected['faces_found']})",
                f"{row['ms_a_face']:.2f}",
                train,
            ]
        )
    head = ["method", "mean error, %", "median, %", "over 10%, % of faces"]
    head += ["from the detector's box, % (faces)", "ms a face", "training, s"]
    stages = [
        f"{name}: {', '.join(f'{value:.2f}' for value in row['by_stage_percent'])}."
        for name, row in results.items()
        if "by_stage_percent" in row
    ]
    return (
        _table(head, rows)
        + "\nMean error at the start and after each stage, in %. "
        + " ".join(stages).replace("descent", "Descent").replace("trees", "Trees")
        + "\n"
    )


def cascade(results: dict) -> str:
    """Precision, recall and speed of the trained cascade and of OpenCV's own."""
    rows = []
    ours = {
        "cvclassic": results["test"]["cvclassic"],
        "cvclassic as trained, 3 neighbors": results["as_trained"],
    }
    for name, row in (ours | results["test"]).items():
        timing = results["speed"].get(name, {})
        numbers = [row["recall"], row["precision"], row["average_precision"]]
        rows.append(
            [
                name,
                f"{row['stages']}, {row['trees']}",
                *(f"{number:.3f}" for number in numbers),
                f"{row['recall_at_precision_0.93']:.3f}",
                f"{timing['times_baseline']:.2f}" if timing else "–",
            ]
        )
    head = ["cascade", "stages, trees", "recall", "precision", "average precision"]
    head += ["recall at precision 0.93", "scan, time over OpenCV LBP's"]
    took, same = results["training"], results["agreement"]
    chosen = results["choice"]["chosen"]
    text = (
        f"\nTrained in {took['seconds'] / 60:.0f} minutes "
        f"({took['processor_seconds'] / 60:.0f} minutes of processor time, "
        f"{took['peak_memory_gib']:.1f} GiB) with two threads. Chosen on images held out: "
        f"{chosen['stages']} stages, {chosen['min_neighbors']} neighbors; OpenCV's cascades with "
        f"their usual 3. OpenCV and cvclassic judged {same['windows']:,} windows, of which "
        f"{same['passed']:,} passed: {same['different']} differences.\n"
    )
    return _table(head, rows) + text


BLOCKS = {
    "throughput": ("throughput", "scale.md", scale_docs.throughput),
    "million": ("batch-million", "scale.md", scale_docs.million),
    "kills": ("batch-kills", "scale.md", scale_docs.kills),
    "bombs": ("batch-bombs", "scale.md", scale_docs.bombs),
    "engines": ("batch-engines", "scale.md", scale_docs.engines),
    "dask": ("batch-dask", "scale.md", scale_docs.dask),
    "writing": ("batch-writing", "scale.md", scale_docs.writing),
    "mutants": ("batch-mutants", "scale.md", scale_docs.mutants),
    "memory": ("batch-memory", "scale.md", scale_docs.memory),
    "cascade": ("cascade_training", "cascade.md", cascade),
    "small": ("small", "small-pictures.md", small),
    "patch_speed": ("small", "small-pictures.md", patch_speed),
    "edges": ("edges_bsds", "detectors.md", edges),
    "repeatability": ("matching_affine", "detectors.md", repeatability),
    "speed": ("detect_speed", "detectors.md", speed),
    "landmarks": ("landmarks", "landmarks.md", landmarks),
    "faces-detection": ("faces_detection", "faces.md", lambda r: faces_docs.detection(r, _table)),
    "faces-recognition": (
        "faces_recognition",
        "faces.md",
        lambda r: faces_docs.recognition(r, _table),
    ),
    "matching": ("matching_affine", "matching.md", matching),
    "objects": ("objects", "objects.md", lambda r: objects_docs.detectors(r, _table)),
    "proposals": ("objects", "objects.md", lambda r: objects_docs.proposals(r, _table)),
    "serve": ("serve", "deploy.md", serve.table),
    "video-tracks": ("video_tracks", "video.md", lambda r: video_docs.tracks(r, _table)),
    "video-speed": ("video_speed", "video.md", video_docs.speed),
    "video-memory": ("video_memory", "video.md", video_docs.memory),
    "video-kills": ("video_kills", "video.md", video_docs.kills),
    "video-mutants": ("video_mutants", "video.md", video_docs.mutants),
}


def block(name: str) -> str | None:
    """Text of a block from its results; None where they have not been measured."""
    source, _, write = BLOCKS[name]
    path = RESULTS / f"{source}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    machine = content["machine"]
    text = write(content["results"])
    return f"{text}\n{machine['processor']}, {machine['cores']} cores, {content['date']}.\n"


def fill(page: str, text: str) -> str:
    """The text of a page of docs/ with its blocks written anew."""
    for name, (_, home, _) in BLOCKS.items():
        new = block(name) if home == page else None
        if new is not None:
            text = fill_block(name, new, text)
    return text


def main() -> None:
    """Fill in every block whose results are there."""
    for name, (source, _, _) in BLOCKS.items():
        if block(name) is None:
            print(f"no {source}.json: {name} is left as it is")
    for page in sorted({home for _, home, _ in BLOCKS.values()}):
        path = ROOT / "docs" / page
        path.write_text(fill(page, path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"docs/{page}")


if __name__ == "__main__":
    main()
