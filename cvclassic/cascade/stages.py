"""Training data of a stage: objects that pass all earlier stages, and negatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .boosting import StageGoal, boost_stage
from .cascades import Cascade, Stage, Tree
from .evaluating import judge_crops
from .feature_pool import Pool
from .integral import CropSums
from .mining import mine
from .positive_samples import Jitter, Objects

_TRIES = 12  # copies that are made, over those that are wanted, before giving up
LEAST_NEGATIVES = 100
# Nearly all of the time of a scan goes into the first three or four stages: these have to be
# short. What later ones lose is lost for nothing.
HIT_RATES = (0.98, 0.984, 0.988, 0.99, 0.993, 0.995, 0.997)


@dataclass(frozen=True)
class Settings:
    """How a cascade is trained.

    Attributes
    ----------
    feature : {"lbp", "haar"}
    window : (width, height)
        Size of the windows in pixels: the smallest object that can be found.
    stages : int
        Maximum number of stages.
    hit_rate : float or tuple of float
        Share of the objects that a stage must let through, measured on a fifth of the objects
        that is kept from learning. Several are for the first stages, the last for all that follow.
    false_alarm : float or tuple of float
        Share of the negatives that a stage may let through, likewise. A looser first stage is
        shorter, and all windows have to pass through that one.
    n_positives, n_negatives : int
        Windows that each stage learns from. Every stage gets new copies of the objects, and new
        negatives.
    max_trees : int
        Maximum number of trees per stage.
    jitter : Jitter
        How copies of the objects differ.
    seed : int
    """

    feature: str = "lbp"
    window: tuple[int, int] = (24, 24)
    stages: int = 18
    hit_rate: float | tuple[float, ...] = HIT_RATES
    false_alarm: float | tuple[float, ...] = 0.5
    n_positives: int = 12000
    n_negatives: int = 12000
    max_trees: int = 200
    jitter: Jitter = field(default_factory=Jitter)
    seed: int = 0

    def goal(self, number: int) -> StageGoal:
        """What the stage of a number, from 0 on, has to reach."""

        def of_stage(rates: float | tuple[float, ...]) -> float:
            return rates[min(number, len(rates) - 1)] if isinstance(rates, tuple) else rates

        return StageGoal(of_stage(self.hit_rate), of_stage(self.false_alarm), self.max_trees)


@dataclass(frozen=True)
class StageReport:
    """How a stage came out.

    Attributes
    ----------
    number : int
        From 0 on.
    trees : int
    hit_rate : float
        Share of the held-out objects that passed the stages before and this one, too.
    false_alarm : float
        Share of the stage's own negatives that it lets through.
    negatives : int
        Windows that passed all stages before it and were learnt from.
    before : float
        Share of all windows that pass the stages before it.
    """

    number: int
    trees: int
    hit_rate: float
    false_alarm: float
    negatives: int
    before: float


class CannotGoOn(Exception):
    """A stage cannot be trained. The message is for people; `done` says whether that is an end."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


def train_stage(
    cascade: Cascade | None,
    objects: Objects,
    scenes: Sequence[np.ndarray],
    settings: Settings,
    n_jobs: int,
    progress: Callable[..., None],
) -> tuple[Cascade, StageReport]:
    """Train one stage more.

    All that it learns from follows from the cascade so far, the images and the seed: so a run
    that was killed goes on from its file as if nothing had happened.

    Returns
    -------
    Cascade
        With the new stage.
    StageReport

    Raises
    ------
    CannotGoOn
        Too few objects or negatives pass, or the goal was not reached.
    """
    number = 0 if cascade is None else len(cascade.stages)
    seed = [settings.seed, number]
    progress(number, "negatives", 0, settings.n_negatives)
    mined = mine(
        cascade,
        scenes,
        settings.window,
        settings.n_negatives,
        [*seed, 0],
        n_jobs,
        lambda found, _: progress(number, "negatives", found, settings.n_negatives),
        settings.jitter,
    )
    if len(mined.crops) < LEAST_NEGATIVES:
        raise CannotGoOn(
            "negatives",
            f"no negatives left: of {mined.n_windows:,} windows of the images without the "
            f"object, {len(mined.crops)} pass the {number} stages so far. More images would make "
            "it more accurate",
        )
    progress(number, "positives", 0, settings.n_positives)
    learnt, held = _split(len(objects), settings.seed)
    positives = passing_copies(cascade, objects, learnt, settings, settings.n_positives, [*seed, 1])
    judges = passing_copies(
        cascade, objects, held, settings, max(settings.n_positives // 4, 200), [*seed, 2]
    )
    pool = Pool(
        settings.feature,
        np.concatenate([positives, mined.crops]),
        np.random.default_rng([*seed, 3]),
        n_jobs,
    )
    goal = settings.goal(number)
    result = boost_stage(
        pool,
        len(positives),
        CropSums(judges, settings.feature == "haar"),
        goal,
        np.random.default_rng([*seed, 4]),
        lambda trees, hits, alarms: progress(
            number, "trees", trees, settings.max_trees, hits, alarms, len(mined.crops)
        ),
    )
    if not result.reached:
        raise CannotGoOn(
            "rates",
            f"stage {number} does not reach its rates: after {goal.max_trees} trees "
            f"{result.false_alarms:.1%} of the negatives still pass with a hit rate of "
            f"{result.hits:.1%}; wanted {goal.false_alarm:.1%} at {goal.hit_rate:.1%}. "
            "Allow a lower hit rate, more trees or more false alarms",
        )
    report = StageReport(
        number,
        len(result.stage.trees),
        result.hits,
        result.false_alarms,
        len(mined.crops),
        mined.false_alarms,
    )
    return _append(cascade, pool, result.stage, settings), report


def _split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Objects to learn from, and a fifth that is not."""
    order = np.random.default_rng([seed, 99]).permutation(n)
    held = max(n // 5, 1)
    return np.sort(order[held:]), np.sort(order[:held])


def passing_copies(
    cascade: Cascade | None,
    objects: Objects,
    index: np.ndarray,
    settings: Settings,
    wanted: int,
    seed: Sequence[int],
) -> np.ndarray:
    """Changed copies of objects that pass the cascade so far.

    Raises
    ------
    CannotGoOn
        Hardly any do.
    """
    rng = np.random.default_rng([*seed])
    found: list[np.ndarray] = []
    n_found = n_made = 0
    while n_found < wanted and n_made < _TRIES * wanted:
        # every object comes up as often as the others
        times = -(-wanted // len(index))
        which = np.concatenate([rng.permutation(index) for _ in range(times)])[:wanted]
        crops = objects.copies(which, settings.jitter, rng)
        n_made += len(crops)
        if cascade is not None:
            crops = crops[judge_crops(cascade, crops).passed]
        elif settings.feature == "haar":
            crops = crops[CropSums(crops, True).contrast()[1]]
        found.append(crops)
        n_found += len(crops)
    if n_found < wanted / 2:
        raise CannotGoOn(
            "positives",
            f"too few objects pass the stages so far: {n_found:,} of {n_made:,} copies. The hit "
            "rate is too low, or the objects are too different",
        )
    return np.concatenate(found)[:wanted]


def _append(cascade: Cascade | None, pool: Pool, stage: Stage, settings: Settings) -> Cascade:
    """The cascade with one stage more; its features are those that some stump asks for."""
    if cascade is None:
        empty = np.zeros((0, *pool.features.shape[1:]), pool.features.dtype)
        cascade = Cascade(settings.feature, *settings.window, empty, np.zeros(0, bool))
    features = [feature for feature in cascade.features]
    known = {feature.tobytes(): i for i, feature in enumerate(features)}
    trees: list[Tree] = []
    for tree in stage.trees:
        feature = pool.features[tree.feature[0]]
        place = known.setdefault(feature.tobytes(), len(features))
        if place == len(features):
            features.append(feature)
        trees.append(replace(tree, feature=np.array([place], np.int32)))
    return replace(
        cascade,
        features=np.array(features),
        tilted=np.zeros(len(features), bool),
        stages=(*cascade.stages, Stage(tuple(trees), stage.threshold)),
    )
