"""``train --unknown``: what it found, in words."""

from __future__ import annotations


def in_words(
    kind: str,
    error_rate: float,
    cutoff: float,
    n_held_out: int,
    share_answered: float = 0,
    mean_set_size: float = 0,
) -> str:
    """What the rule does, on one line."""
    if kind == "sets":
        return (
            f"sets of labels with a probability of at least {cutoff:.3f}: {mean_set_size:.2f} "
            f"labels on average of {n_held_out} held-out images; at most {error_rate:.1%} of the "
            "sets lack the right one"
        )
    return (
        f"below a probability of {cutoff:.3f}; {share_answered:.1%} of {n_held_out} held-out "
        f"images are answered, at most {error_rate:.1%} of the answers wrong (95% sure)"
    )
