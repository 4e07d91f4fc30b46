"""Scores against scikit-learn's, and what they say of unknown labels and of no answer."""

import json

import numpy as np
import pytest
from sklearn import metrics

from cvclassic.errors import ParameterError
from cvclassic.evaluate import confused_pairs, score_predictions

CLASSES = ["ape", "bee", "cat", "dog"]


def example(rng, n=200, classes=CLASSES):
    """Truth, predictions and probabilities that are right about half of the time."""
    k = len(classes)
    true = rng.choice(k, n, p=np.arange(1, k + 1) / (k * (k + 1) / 2))
    raw = rng.random((n, k)) + 0.7 * np.eye(k)[true]
    shares = raw / raw.sum(axis=1, keepdims=True)
    truth = [classes[i] for i in true]
    return truth, [classes[i] for i in shares.argmax(axis=1)], shares


@pytest.mark.parametrize("classes", [CLASSES, [3, -1, 10], ["b", "a"], [True, False]])
def test_agrees_with_scikit_learn(rng, classes) -> None:
    classes = sorted(classes)
    truth, predicted, shares = example(rng, classes=classes)
    scores = score_predictions(truth, predicted, shares, classes)
    assert scores["n_images"] == 200
    assert scores["labels"] == classes
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert scores["mean_class_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(truth, predicted)
    )
    assert scores["macro_f1"] == pytest.approx(metrics.f1_score(truth, predicted, average="macro"))
    assert scores["log_loss"] == pytest.approx(metrics.log_loss(truth, shares, labels=classes))
    assert scores["confusion"] == metrics.confusion_matrix(truth, predicted).tolist()
    report = metrics.precision_recall_fscore_support(truth, predicted, labels=classes)
    for i, entry in enumerate(scores["classes"]):
        got = (entry["precision"], entry["recall"], entry["f1"], entry["n_images"])
        assert got == pytest.approx(tuple(column[i] for column in report))
        assert entry["label"] == classes[i]


def test_order_of_pictures_does_not_matter(rng) -> None:
    truth, predicted, shares = example(rng)
    order = rng.permutation(200)
    turned = score_predictions(
        [truth[i] for i in order], [predicted[i] for i in order], shares[order], CLASSES
    )
    plain = score_predictions(truth, predicted, shares, CLASSES)
    for loss in ("log_loss", "hinge_loss", "mean_squared_error"):
        assert turned.pop(loss) == pytest.approx(plain.pop(loss))
    assert turned == plain


def test_a_class_that_does_not_occur(rng) -> None:
    """It counts in macro F1 only if it was answered; never in the mean class accuracy."""
    truth, predicted, shares = example(rng, classes=CLASSES[:3])
    wide = np.hstack([shares, np.zeros((200, 1))])
    plain = score_predictions(truth, predicted, shares, CLASSES[:3])
    wider = score_predictions(truth, predicted, wide, CLASSES)
    for name in ("accuracy", "mean_class_accuracy", "macro_f1", "log_loss", "classes"):
        assert wider[name] == plain[name]
    assert np.array(wider["confusion"])[:3, :3].tolist() == plain["confusion"]
    predicted[0] = "dog"
    once = score_predictions(truth, predicted, wide, CLASSES)
    assert once["macro_f1"] == pytest.approx(
        metrics.f1_score(truth, predicted, labels=CLASSES, average="macro", zero_division=0)
    )


def test_labels_unknown_to_the_model(rng) -> None:
    """They count as wrong, as a class with accuracy 0, and in the log loss at the clip."""
    truth, predicted, shares = example(rng)
    truth = ["emu"] * 10 + truth[10:]
    scores = score_predictions(truth, predicted, shares, CLASSES)
    assert scores["labels"] == [*CLASSES, "emu"]
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    recalls = metrics.recall_score(
        truth, predicted, labels=[*CLASSES, "emu"], average=None, zero_division=0
    )
    assert scores["mean_class_accuracy"] == pytest.approx(recalls.mean())
    known = score_predictions(truth[10:], predicted[10:], shares[10:], CLASSES)
    expected = (190 * known["log_loss"] + 10 * -np.log(1e-15)) / 200
    assert scores["log_loss"] == pytest.approx(expected)


def test_no_answer(rng) -> None:
    """None counts as wrong, has its own column, and even odds in the log loss."""
    truth, predicted, shares = example(rng)
    predicted[:20] = [None] * 20
    shares[:20] = 0
    scores = score_predictions(truth, predicted, shares, CLASSES)
    assert scores["labels"] == [*CLASSES, None]
    matrix = np.array(scores["confusion"])
    assert matrix[:, -1].sum() == 20
    assert not matrix[-1].any()
    assert matrix.sum() == 200
    right = sum(a == b for a, b in zip(truth, predicted, strict=True))
    assert scores["accuracy"] == right / 200
    rest = score_predictions(truth[20:], predicted[20:], shares[20:], CLASSES)
    expected = (180 * rest["log_loss"] + 20 * np.log(4)) / 200
    assert scores["log_loss"] == pytest.approx(expected)
    recalls = metrics.recall_score(
        truth, [p or "none" for p in predicted], labels=CLASSES, average="macro"
    )
    assert scores["mean_class_accuracy"] == pytest.approx(recalls)
    assert [entry["label"] for entry in scores["classes"]] == CLASSES


def test_no_answer_at_all() -> None:
    scores = score_predictions(["ape", "bee"], [None, None], np.zeros((2, 4)), CLASSES)
    assert scores["accuracy"] == scores["mean_class_accuracy"] == scores["macro_f1"] == 0
    assert scores["log_loss"] == pytest.approx(np.log(4))


def test_unknown_truth_without_an_answer() -> None:
    scores = score_predictions(["emu"], [None], np.zeros((1, 4)), CLASSES)
    assert scores["accuracy"] == 0
    assert scores["log_loss"] == pytest.approx(-np.log(1e-15))


def test_perfect_and_hopeless() -> None:
    sure = np.eye(4)
    perfect = score_predictions(CLASSES, CLASSES, sure, CLASSES)
    assert perfect["accuracy"] == perfect["mean_class_accuracy"] == perfect["macro_f1"] == 1
    assert perfect["log_loss"] == 0
    wrong = score_predictions(CLASSES, CLASSES[::-1], sure[::-1], CLASSES)
    assert wrong["accuracy"] == wrong["macro_f1"] == 0
    assert wrong["log_loss"] == pytest.approx(-np.log(1e-15))


def test_is_json(rng) -> None:
    truth, predicted, shares = example(rng)
    predicted[0] = None
    scores = score_predictions(np.array(truth), predicted, shares.astype(np.float32), CLASSES)
    assert json.loads(json.dumps(scores, allow_nan=False))["confusion"] == scores["confusion"]


@pytest.mark.parametrize(
    ("truth", "predicted", "shape", "message"),
    [
        ([], [], (0, 4), "truth must have at least one label. Got none."),
        (["ape"], ["ape", "bee"], (1, 4), "predicted and probabilities must have 1 rows"),
        (["ape"], ["ape"], (1, 3), "and 4 columns. Got 1 labels and shape (1, 3)."),
        (["ape"], ["ape"], (2, 4), "Got 1 labels and shape (2, 4)."),
    ],
)
def test_messages(truth, predicted, shape, message) -> None:
    with pytest.raises(ParameterError) as caught:
        score_predictions(truth, predicted, np.zeros(shape), CLASSES)
    assert message in str(caught.value)


def test_confused_pairs(rng) -> None:
    truth, predicted, shares = example(rng)
    predicted[0] = None
    scores = score_predictions(truth, predicted, shares, CLASSES)
    pairs = confused_pairs(scores, most=100)
    assert sum(count for count, _, _ in pairs) == 200 - round(200 * scores["accuracy"])
    counts = [count for count, _, _ in pairs]
    assert counts == sorted(counts, reverse=True)
    for count, is_, taken in pairs:
        both = zip(truth, predicted, strict=True)
        assert count == sum((a, b) == (is_, taken) for a, b in both)
    assert confused_pairs(scores, most=2) == pairs[:2]
