"""What the figures of the comparison say, in sentences."""

from __future__ import annotations

BEHIND = "behind"


def verdict(results: dict) -> str | None:
    """Who is ahead of whom, and what it took to find out."""
    lines = []
    for data, methods in results.items():
        said = (*_transfer(methods), *_against_scratch(methods), *_fusion(methods))
        lines += [f"- {data}: {line}" for line in said]
    lines.sort(key=lambda line: BEHIND not in line)  # losses first, else as they come
    jobs = [row["job_s"] for row in _usual_rows(results) if "job_s" in row]
    if jobs:
        lines.append(f"- {len(jobs)} jobs took {sum(jobs) / 60:.0f} minutes together.")
    return "\n".join(lines) + "\n" if lines else None


def _usual_rows(results: dict) -> list[dict]:
    """Rows of the questions that are asked unless others are named."""
    return [
        asked[question]
        for methods in results.values()
        for asked in methods.values()
        for question in ("full", "curve")
        if question in asked
    ]


def _against_scratch(methods: dict) -> list[str]:
    """Classical recipes against networks from scratch, the narrowest point named."""
    lines = []
    points = _by_size(methods.get("fisher", {}))
    for network in ("cnn-small", "cnn-resnet"):
        theirs = _by_size(methods.get(network, {}))
        leads = sorted((points[n] - theirs[n], n) for n in points.keys() & theirs.keys())
        if len(leads) > 1:
            least, at = leads[0]
            lines.append(
                f"of {len(leads)} numbers of images per class, `fisher` is {_by(least)} "
                f"`{network}` at the narrowest ({at}) and {_by(leads[-1][0])} it at the widest "
                f"({leads[-1][1]})"
            )
        leads = [
            (ours[0] - point["mean_class_accuracy"], point["budget_s"])
            for point in budgets_of(methods.get(network, {}))
            if (ours := within(methods, point["budget_s"])) is not None
        ]
        if leads:
            least, at = min(leads)
            within_s = "within" if len(leads) == 1 else "at the narrowest, within"
            lines.append(
                f"{within_s} {at:.0f} seconds of training, the best classical recipe is "
                f"{_by(least)} `{network}`"
            )
        ends = budgets_of(methods.get(network, {}))
        if ends and ends[-1]["train_accuracy"] > 0.995:
            last = ends[-1]
            lines.append(
                f"`{network}` has converged after {last['budget_s']:.0f} seconds: it labels "
                f"{100 * last['train_accuracy']:.1f}% of its training images correctly and "
                f"{100 * last['mean_class_accuracy']:.1f}% of the test images"
            )
    return lines


def budgets_of(questions: dict) -> list[dict]:
    """What a network from scratch came to after each budget, those to convergence included."""
    points = [
        point
        for question in ("full", "converged")
        for point in questions.get(question, {}).get("budgets", [])
    ]
    return sorted(points, key=lambda point: point["budget_s"])


def _by_size(questions: dict) -> dict[int, float]:
    """Accuracy by images a class; all of them count as 15, of which caltech101 has no more."""
    points = questions.get("curve", {}).get("points", [])
    found = {point["pictures_a_class"]: point["mean_class_accuracy"] for point in points}
    whole = questions.get("full", {}).get("mean_class_accuracy")
    return found | ({15: whole} if found and whole is not None else {})


def _transfer(methods: dict) -> list[str]:
    """The best classical recipe against a trained network's features."""
    network = methods.get("embedding", {}).get("full", {}).get("mean_class_accuracy")
    ours = within(methods, float("inf"))
    if network is None or ours is None:
        return []
    return [
        f"the best classical recipe ({ours[1]}, {100 * ours[0]:.1f}%) is {_by(ours[0] - network)} "
        f"a trained network's features ({100 * network:.1f}%)"
    ]


def _fusion(methods: dict) -> list[str]:
    """A trained network's features alone, and with our vectors."""
    alone, fused = (
        methods.get(name, {}).get("full", {}).get("mean_class_accuracy")
        for name in ("embedding", "fused")
    )
    if alone is None or fused is None:
        return []
    return [
        f"`fused` has {100 * fused:.1f}%, the trained network's features alone {100 * alone:.1f}%"
    ]


def _by(lead: float) -> str:
    """A difference of accuracies in words."""
    if abs(lead) < 5e-4:
        return "level with"
    return f"{abs(100 * lead):.1f} points {'ahead of' if lead > 0 else BEHIND}"


def within(methods: dict, seconds: float) -> tuple[float, str] | None:
    """Accuracy and name of the best classical recipe that ends in time.

    One that does not is taken with as many images a class as there is time for.
    """
    found = []
    for method in ("fisher", "fast", "phow", "hog", "patches", "small"):
        questions = methods.get(method, {})
        row = questions.get("full", {})
        if "fit_s" in row and row["fit_s"] <= seconds:
            found.append((row["mean_class_accuracy"], method))
        for point in questions.get("curve", {}).get("points", []):
            if point["fit_s"] <= seconds:
                name = f"{method}, {point['pictures_a_class']} per class"
                found.append((point["mean_class_accuracy"], name))
    return max(found) if found else None
