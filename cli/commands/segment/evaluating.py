"""Segment labeled images and count what is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One image: what it counts, and what the page shows of it."""

    pair: Any
    measures: Any
    shown: Any = None


def evaluate_pairs(
    classifier, summary, pairs, tolerance: float, jobs: int, keep, numbered: bool
) -> Iterator[Case]:
    """Yield a case for each pair, in order."""
    from joblib import Parallel, delayed

    def case(pair) -> Case:
        return _case(classifier, summary, pair, tolerance, bool(keep), numbered)

    run = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")
    yield from run(delayed(case)(pair) for pair in pairs)


def _case(classifier, summary, pair, tolerance: float, keep: bool, numbered: bool) -> Case:
    import numpy as np

    from cvclassic.errors import DataError
    from cvclassic.evaluate import measure_image
    from cvclassic.segment import MaskValues, class_numbers, read_pair, split_instances
    from cvclassic.segment.instances import InstanceRule

    image, mask = read_pair(pair)
    values = tuple(summary.get("values") or classifier.classes_.tolist())
    found, steps = classifier.segment(image)
    numbers = np.searchsorted(classifier.classes_, found)
    instances = None
    if numbered:
        truth = np.where(mask < 0, -1, (mask > 0).astype(np.int32))
        instances = (
            np.maximum(mask, 0),
            split_instances(steps[0], classifier.rule_ or InstanceRule()),
        )
        numbers = np.where(instances[1] > 0, 1, 0) if classifier.rule_ else numbers
    else:
        try:
            truth = class_numbers(mask, _meaning(mask, values, summary, MaskValues))
        except DataError as error:
            hint = "; numbers of objects need --instances" if len(values) == 2 else ""
            raise DataError(f"{pair.mask}: {error}{hint}") from None
    measures = measure_image(
        truth, numbers, steps, len(values), tolerance=tolerance, instances=instances
    )
    if not keep:
        return Case(pair, measures)
    from cvclassic.report import segmented_image

    return Case(pair, measures, segmented_image(pair.image, image, truth, numbers, measures))


def _meaning(mask, values, summary, kind):
    """The training values; also 0 and 255, or numbers from 0, in their place."""
    import numpy as np

    n = len(values)
    found = {int(v) for v in np.unique(mask) if v >= 0}
    ignored = tuple(summary.get("ignored", ()))
    names = tuple(summary["names"])
    if n > 2 and 255 not in values:
        ignored = (*ignored, 255)
    if not summary.get("scribbles") and found <= {*values, *ignored}:
        return kind(values, names, ignored)
    # Scribbles count from 1, masks from 0: what is in the masks decides.
    if n == 2 and found <= {0, 255}:
        return kind((0, 255), names)
    if found <= {*range(n), 255}:
        return kind(tuple(range(n)), names, () if n == 256 else (255,))
    return kind(values, names, ignored)
