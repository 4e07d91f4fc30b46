"""Leave-one-out evaluation of a kernel, in closed form."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from scipy.linalg import blas, lapack

from .annotation import fit_logistic, word_priors
from .calibration import fit_temperature, probabilities
from .gram import clear_lower, one_against_rest
from .samples import group_numbers

_FACTORS = (0.0, 0.25, 0.5, 2.0, 4.0)  # tried on the kernel weight of one block at a time
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_LEAST_PENALTY = 1e-4  # where classes are easily told apart the search would go on to less
_MOST_WORDS = 100  # that weights are chosen by
# Below so many images weights are drawn towards equal ones, at the other number by half: on pairs
# of classes with three images each, chosen weights alone lose 8 and 5 points (caltech101, scene15).
_FEW, _HALF_TRUSTED = 24, 8
_WORTH = 2e-3  # relative change of the loss that is too small to keep a block for


def left_out_decisions(
    gram: np.ndarray,
    targets: np.ndarray,
    penalty: float,
    groups: np.ndarray | None = None,
    *,
    intercept: bool = False,
) -> np.ndarray:
    """Decisions of kernel ridge regression for each image when it is left out.

    Closed form: with ``H = (gram + penalty I)^-1`` the residuals of a group of samples
    that is left out together are ``H[g, g]^-1 (H T)[g]``. With an intercept that is not
    penalized, ``H - H 1 1' H / (1' H 1)`` takes the place of H.

    Parameters
    ----------
    gram : ndarray of shape (n, n), float32
    targets : ndarray of shape (n, k), float32
    penalty : float
        Raised tenfold for as long as the sum is not positive definite in float32.
    groups : ndarray of shape (n,), optional
        Samples with the same value are left out together, such as an image and its mirror image.
    intercept : bool
        Whether the regression has an intercept, fitted without those that are left out.

    Returns
    -------
    ndarray of shape (n, k), float32

    References
    ----------
    Rifkin & Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025, section 4.

    Examples
    --------
    >>> x = np.array([[1.0], [1.0], [2.0]], np.float32)
    >>> left_out_decisions(x @ x.T, x, penalty=1e-3).round(2).ravel().tolist()
    [1.0, 1.0, 2.0]
    """
    root = _inverse_root(gram, penalty)
    solved = _solve(root, targets)
    sums, total = np.zeros(len(gram), np.float32), np.float32(1)
    if intercept:
        sums = _solve(root, np.ones((len(gram), 1), np.float32))[:, 0]
        total = sums.sum()
        solved -= np.outer(sums, sums @ targets / total)
    if groups is None:
        own = np.einsum("ni,ni->n", root.T, root.T) - sums**2 / total
        return targets - solved / own[:, None]
    numbers = group_numbers(groups, len(gram))
    sizes = np.bincount(numbers)
    order = np.argsort(numbers, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    out = targets.copy()
    for size in np.unique(sizes):  # all groups of one size are solved together
        members = order[starts[:-1][sizes == size][:, None] + np.arange(size)]
        blocks = np.empty((len(members), size, size), np.float32)
        for a, b in combinations_with_replacement(range(size), 2):
            i, j = members[:, a], members[:, b]
            found = np.einsum("ni,ni->n", root.T[i], root.T[j]) - sums[i] * sums[j] / total
            blocks[:, a, b] = blocks[:, b, a] = found
        out[members] -= np.linalg.solve(blocks, solved[members])
    return out


def _inverse_root(gram: np.ndarray, penalty: float) -> np.ndarray:
    """R with ``R.T @ R = (gram + penalty I)^-1``: lower triangle, columns along memory.

    It takes two thirds of the time of the inverse, of which little is needed.
    """
    for _ in range(20):
        square = np.array(gram, np.float32, order="C")
        square.flat[:: len(square) + 1] += np.float32(penalty)
        root, info = lapack.spotrf(square.T, lower=1, overwrite_a=1, clean=0)
        if info == 0:
            root, info = lapack.strtri(root, lower=1, overwrite_c=1)
        if info == 0:
            clear_lower(root.T)
            return root
        penalty *= 10
    raise np.linalg.LinAlgError("the matrix is not positive semi-definite")


def _solve(root: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``root.T @ root @ right``, in C order."""
    half = blas.strmm(1.0, root, right, lower=1)
    return np.ascontiguousarray(blas.strmm(1.0, root, half, lower=1, trans_a=1, overwrite_b=1))


def left_out_loss(
    gram: np.ndarray,
    labels: np.ndarray,
    penalty: float,
    groups: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> float:
    """Log loss of left-out images: softmax of ridge decisions at the best temperature.

    Parameters
    ----------
    gram : ndarray of shape (n, n), float32
        Gram matrix of vectors with a mean squared length of 1; a constant is added for the bias.
    labels : ndarray of shape (n,), int; or of shape (n, k), bool
        A class per image, or which words it has.
    penalty, groups
        As in `left_out_decisions`.
    judged : ndarray of shape (n,), bool, optional
        Which images are judged; None stands for all. An image that is the only one of its class
        never is: without it the class would be unknown.

    Returns
    -------
    float
        nan if every class has one image. With words, the loss of a calibrated probability per
        word.

    Examples
    --------
    >>> labels = np.arange(20) % 2
    >>> x = (2.0 * labels[:, None] - 1).astype(np.float32)
    >>> left_out_loss(x @ x.T, labels, 0.1) < 0.1
    True
    """
    if labels.ndim == 2:
        return _word_loss(gram, labels, penalty, groups, judged)
    alone = np.bincount(labels)[labels] == 1 if groups is None else _alone(labels, groups)
    rows = np.flatnonzero(~alone if judged is None else judged & ~alone)
    if len(rows) == 0:
        return float("nan")
    targets = one_against_rest(labels, int(labels.max()) + 1)
    decisions = left_out_decisions(gram + 1, targets, penalty, groups)[rows]
    labels = labels[rows]
    chances = probabilities(decisions, fit_temperature(decisions, labels))
    return float(-np.log(chances[np.arange(len(rows)), labels] + 1e-12).mean())


def _word_loss(gram, marks: np.ndarray, penalty: float, groups, judged) -> float:
    """Log loss of left-out images over the most frequent words, each a question of its own."""
    n = len(marks)
    numbers = np.arange(n) if groups is None else group_numbers(groups, n)
    order = np.argsort(-marks.sum(axis=0), kind="stable")[:_MOST_WORDS]
    words = [word for word in order if len(np.unique(numbers[marks[:, word] > 0])) > 1]
    if not words:
        return float("nan")
    rows = np.ones(n, bool) if judged is None else judged
    marks = marks[:, words].astype(bool)
    decisions = left_out_decisions(gram + 1, 2 * marks.astype(np.float32) - 1, penalty, groups)
    priors = np.broadcast_to(word_priors(marks[rows]), (int(rows.sum()), len(words)))
    voices = np.stack([decisions[rows], priors, np.ones_like(priors)], axis=2).reshape(-1, 3)
    truth = marks[rows].ravel()
    found = voices @ fit_logistic(voices, truth)
    return float((np.logaddexp(0, found) - truth * found).mean())


def _alone(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Which samples have all of their class in their own group."""
    pairs = np.unique(np.column_stack([labels, group_numbers(groups, len(labels))]), axis=0)
    return np.bincount(pairs[:, 0])[labels] == 1


def _other_shares(shares: np.ndarray, i: int) -> list[float]:
    """What block i of several may count instead; the last one that counts stays."""
    if shares[i] == 0:
        return [factor / 32 for factor in _FACTORS if factor > 0]
    alone = np.count_nonzero(shares) == 1
    return [float(shares[i]) * factor for factor in _FACTORS if factor > 0 or not alone]


def choose_block_weights(
    grams: np.ndarray, labels: np.ndarray, *, max_sweeps: int = 6
) -> tuple[np.ndarray, float]:
    """Choose how much each block counts, by leaving images out in closed form.

    Coordinate search from equal weights: the share of one block at a time is multiplied or
    set to zero, and a change stays if the log loss of left-out images falls (softmax of
    ridge decisions at the best temperature). Ties go to zero, which is cheapest. With fewer than
    24 images the result is a mean of these weights and of equal ones.

    Parameters
    ----------
    grams : ndarray of shape (n_blocks, n, n), float32
    labels : ndarray of shape (n,), int; or of shape (n, k), bool
    max_sweeps : int
        Passes over the blocks at most.

    Returns
    -------
    weights : ndarray of shape (n_blocks,), float32
        To multiply the columns of each block with; the weighted vectors have a mean
        squared length of 1. Blocks of zeros get zero. All others count the same if every class
        has one image: then there is nothing to choose by.
    loss : float
        Log loss of left-out images with these weights, nan if there is nothing to choose by.

    References
    ----------
    Left-out decisions: Rifkin & Lippert, MIT-CSAIL-TR-2007-025, section 4. The search is
    multiple kernel learning by cross-validation: Gehler & Nowozin, "On feature combination
    for multiclass object classification", ICCV 2009, sections 2 and 3.

    Examples
    --------
    >>> labels = np.arange(40) % 2
    >>> x = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    >>> y = (2.0 * labels[:, None] - 1).astype(np.float32)
    >>> weights, _ = choose_block_weights(np.stack([x @ x.T, y @ y.T]), labels)
    >>> weights.tolist()
    [0.0, 1.0]
    """
    sizes = np.einsum("bnn->b", grams) / grams.shape[1]
    used = np.flatnonzero(sizes > 0)
    weights = np.zeros(len(grams), np.float32)
    if len(used) == 0:
        return weights, float("nan")

    def loss(gram: np.ndarray, penalties: tuple[float, ...]) -> tuple[float, float]:
        kept = [penalty for penalty in penalties if penalty >= _LEAST_PENALTY]
        return min((left_out_loss(gram, labels, penalty), penalty) for penalty in kept)

    def mixed(shares: np.ndarray) -> np.ndarray:
        gram = np.zeros(grams.shape[1:], np.float32)
        for block, share in zip(used, shares, strict=True):
            if share > 0:
                gram += np.float32(share / sizes[block]) * grams[block]
        return gram

    def changed_loss(i: int, share: float) -> tuple[float, float]:
        changed = np.float32((share - shares[i]) / sizes[used[i]]) * grams[used[i]]
        changed += gram
        changed /= np.float32(1 + share - shares[i])
        # a block may have stood in for a penalty: judge its absence with other ones
        return loss(changed, (penalty,) if share > 0 else (penalty / 3, penalty, penalty * 3))

    shares = np.full(len(used), 1 / len(used))
    most = labels.sum(axis=0).max() if labels.ndim == 2 else np.bincount(labels).max()
    if most <= 1:
        weights[used] = np.sqrt(shares / sizes[used])
        return weights, float("nan")
    gram = mixed(shares)
    best, penalty = loss(gram, PENALTIES)
    for _ in range(max_sweeps if len(used) > 1 else 0):
        before = best
        for i in range(len(used)):
            for share in _other_shares(shares, i):
                found, at = changed_loss(i, share)
                if found < best * (1 - _WORTH if share > 0 else 1 + _WORTH):
                    shares[i], best, penalty = share, found, at
                    shares /= shares.sum()
                    gram = mixed(shares)
                    break
        found, at = loss(gram, (penalty / 3, penalty * 3))
        if found < best:
            best, penalty = found, at
        if best > before * (1 - _WORTH):
            break
    n = grams.shape[1]
    if n < _FEW:  # the choice of so few images is a matter of chance
        trust = n**2 / (n**2 + _HALF_TRUSTED**2)
        shares = trust * shares + (1 - trust) / len(used)
    weights[used] = np.sqrt(shares / sizes[used])
    return weights, best
