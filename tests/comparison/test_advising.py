"""The advice: cheap first, networks first where they are better, and what nobody can say."""

import numpy as np
import pytest

from cvclassic.comparison import advise
from cvclassic.comparison.advising import GROUPS
from cvclassic.evaluate import Predictions


def seen(n_right: int, n: int = 200, first_wrong: int = 0) -> Predictions:
    """Answers of which `n_right` are right; the wrong ones begin at `first_wrong`."""
    labels = np.array(["a"] * n, dtype=object)
    labels[np.arange(first_wrong, first_wrong + n - n_right) % n] = "b"
    return Predictions([str(i) for i in range(n)], ["a"] * n, labels.tolist(), ["a", "b"])


def test_where_a_network_is_better_it_is_said_first() -> None:
    advice = advise({"fisher": seen(150), "embedding": seen(180), "cnn-small": seen(90)}, {})
    assert advice.group == "pre-trained"
    assert advice.headline.startswith("A pre-trained network's features are better here")
    assert "90.0%" in advice.headline
    assert "fisher" in advice.headline
    assert not any("No pre-trained network" in line for line in advice.caveats)


def test_the_cheapest_stays_where_nothing_is_better() -> None:
    advice = advise({"fisher": seen(180), "embedding": seen(181), "cnn-small": seen(150)}, {})
    assert (advice.group, advice.method) == ("classical", "fisher")
    assert any("may be chance on 200 images" in line for line in advice.reasons)


def test_a_network_from_scratch_can_win() -> None:
    advice = advise({"fast": seen(120), "cnn-resnet": seen(170)}, {})
    assert advice.group == "scratch"
    assert advice.headline.startswith("A network trained from scratch is better here")
    assert any("--network" in line for line in advice.caveats)


def test_few_pictures_are_said_to_be_few() -> None:
    advice = advise({"fast": seen(17, 20), "embedding": seen(18, 20)}, {})
    assert advice.group == "pre-trained"
    assert "too few images to be sure" in advice.headline
    assert any("few" in line for line in advice.caveats)


def test_the_classical_champion_is_not_chosen_on_the_test() -> None:
    rows = {"fast": {"held_out_accuracy": 0.9}, "fisher": {"held_out_accuracy": 0.8}}
    assert advise({"fast": seen(150), "fisher": seen(160)}, rows).method == "fast"


def test_what_is_left_out_is_explained() -> None:
    advice = advise({"fast": seen(150)}, {}, {"cnn-small": "PyTorch is not installed."})
    assert any("PyTorch is not installed." in line for line in advice.caveats)


def test_answers_from_elsewhere_take_part() -> None:
    advice = advise({"fast": seen(120), "mine.csv": seen(199)}, {})
    assert advice.group == "elsewhere"
    assert advice.method == "mine.csv"


@pytest.mark.parametrize("method", ["embedding", "cnn-small", "mine.csv", "fast"])
def test_one_contestant_alone(method: str) -> None:
    advice = advise({method: seen(150)}, {})
    assert advice.method == method
    assert advice.group in GROUPS
    assert "75.0%" in advice.headline


def test_costs_are_compared() -> None:
    row = {"fit_s": 3.0, "latency_ms": 4.0, "model_mb": 0.5}
    advice = advise({"fast": seen(150), "embedding": seen(150)}, {"fast": row, "embedding": row})
    assert any("trains in 3 s" in line for line in advice.reasons)


def of_two(right: str, n: int = 200) -> Predictions:
    """Answers about two classes, so many of each; "a" or "b" for always that answer."""
    truth = ["a", "b"] * (n // 2)
    labels = [right] * n if right in "ab" else list(truth)
    return Predictions([str(i) for i in range(n)], truth, labels, ["a", "b"])


def test_a_network_at_chance_takes_part_in_no_verdict() -> None:
    rows = {"cnn-small": {"fit_s": 30.0, "epochs": 3.5, "train_accuracy": 0.51}}
    advice = advise({"fast": of_two("all"), "cnn-small": of_two("a")}, rows)
    assert advice.method == "fast"
    said = advice.at_chance["cnn-small"]
    assert "has not started to learn in 30 s" in said
    assert "3.5 epochs" in said
    assert "51.0% of its training images" in said
    assert advice.reasons[0] == said
    assert not any("cnn-small has" in line and "accuracy and" in line for line in advice.reasons)
    assert "a network trained from scratch" not in advice.headline


def test_where_all_are_at_chance_no_advice_is_given() -> None:
    advice = advise({"fast": of_two("a"), "cnn-small": of_two("b")}, {})
    assert "Nothing here is better than guessing" in advice.headline
    assert set(advice.at_chance) == {"fast", "cnn-small"}


def test_few_images_alone_are_no_chance() -> None:
    """Seven of ten may be chance; a network that knows its training images has learned."""
    from cvclassic.comparison.chance import is_at_chance

    truth = ["a", "b"] * 5
    labels = [*truth[:7], *["b" if t == "a" else "a" for t in truth[7:]]]
    seen = Predictions([str(i) for i in range(10)], truth, labels, ["a", "b"])
    assert not is_at_chance(seen, {"train_accuracy": 0.95})
    assert is_at_chance(seen, {"train_accuracy": 0.52})
    assert not is_at_chance(seen, {})
