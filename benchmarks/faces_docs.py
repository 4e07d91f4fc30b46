"""Tables of docs/faces.md, written from the results."""

from __future__ import annotations


def detection(results: dict, table) -> str:
    """Precision and recall of each detector; what is not measured yet is left out."""
    rows = [
        [
            name,
            f"{row['average_precision']:.3f}",
            f"{row['recall_at_precision_95']:.3f}" if row["recall_at_precision_95"] else "never",
            f"{row['recall']:.3f}",
            f"{row['precision']:.3f}",
            f"{row['ms_a_picture']:.0f}",
        ]
        for name, row in results["accuracy"].items()
    ]
    head = ["detector", "average precision", "recall at precision .95"]
    text = table([*head, "recall as set", "precision as set", "ms per image, one thread"], rows)
    for name, contest in results.get("speed", {}).items():
        ours = contest["HaarFaceDetector"]
        low, high = ours["times_baseline_quartiles"]
        text += (
            f"\nWith the cascade `{name}` alone it takes {ours['times_baseline']:.2f} "
            f"times as long as `detectMultiScale` ({low:.2f} to "
            f"{high:.2f}; processor time, the same scales).\n"
        )
    if "throughput" in results:
        found = results["throughput"]
        text += (
            f"\nA folder of {found['pictures']} images on two workers: {found['ratio']:.2f} "
            f"times as fast as on one ({', '.join(f'{ratio:.2f}' for ratio in found['ratios'])}).\n"
        )
    return text


def recognition(results: dict, table) -> str:
    """Rank-1 and equal error rates."""
    rows = [
        [
            f"`{feature}`",
            *(f"{100 * row['all 40'][f'enrolled {k}']['mean']:.1f}" for k in (1, 3, 5)),
            f"{100 * row['people 21-40']['enrolled 1']['mean']:.1f}",
            f"{100 * results['unknown'][feature]['enrolled 5']['eer']:.1f}",
        ]
        for feature, row in results["rank1"].items()
    ]
    lbph = results["opponents"]["LBPH of OpenCV"]
    cells = [f"{100 * lbph[f'enrolled {k}']['mean']:.1f}" for k in (1, 5)]
    rows.append(["LBPH of OpenCV", cells[0], "", cells[1], "", ""])
    head = ["", "1 image, %", "3, %", "5, %", "1 image, people 21–40, %"]
    text = table([*head, "EER of strangers, 5 images, %"], rows)
    learned = [
        [
            name,
            f"{100 * row['enrolled 1']:.1f}",
            f"{100 * row['enrolled 5']:.1f}",
            f"{100 * row['eer, 10 of 20 people enrolled with 5']:.1f}",
        ]
        for name, row in results["learned"].items()
    ]
    bare = results["without_views_and_mirrors"]
    return (
        f"{text}\nWithout the views and the mirror images `lbp+hog` has "
        f"{100 * bare['enrolled 1']['mean']:.1f}% with one image and "
        f"{100 * bare['enrolled 5']['mean']:.1f}% with five.\n\n"
        "Learned on 20 people, asked about the other 20, and the other way round:\n\n"
        + table(["", "1 image, %", "5, %", "EER of strangers, 5 images, %"], learned)
    )
