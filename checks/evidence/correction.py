"""Evidence of an epoch whose data were restated: the original and its corrections side by side.

History is not rewritten: each restatement opens a corrected epoch, folded again from the corrected data. The original
weighs one half, and each correction takes half of what is left; the newest takes all of it (1/2, 1/4, 1/4).

BREACH. A weighted mean of processes that are evidence for themselves is evidence again, so it ever reaches 1/alpha in
a healthy epoch with probability at most alpha, at a price of ln 2 per halving. What the original had proved before the
first restatement stays proved; so each restatement adds at most one more alpha to the epoch. Looking at all and
choosing the best would not be bounded at all.

PASS needs the weighted mean *and* the newest correction by itself: an original that took harm for harmlessness must
not carry a pass that the corrected data refuse.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.evidence.cumulative import log_mean


def weights(number: int) -> list[float]:
    """The weights of an original and its `number` - 1 corrections, in the order they were opened; they sum to 1."""
    if number == 1:
        return [1.0]
    halves = [0.5**k for k in range(1, number)]
    return [*halves, halves[-1]]


def mixed_breach(tracks: Sequence[Sequence[tuple[int, float]]]) -> list[tuple[int, float]]:
    """(look, ln evidence) of the mixture at every look at which one of the tracks moved.

    Each track holds (look, ln evidence after it), ascending; before its first look a track's evidence is one.
    """
    share = weights(len(tracks))
    moves = sorted((look, which, value) for which, steps in enumerate(tracks) for look, value in steps)
    now = [0.0] * len(tracks)
    mixed: dict[int, float] = {}
    for look, which, value in moves:
        now[which] = value
        mixed[look] = log_mean(now, share)
    return list(mixed.items())


def mixed_pass(evidence: Sequence[float]) -> float:
    """Evidence (ln) for a pass: the smaller of the mixture and the newest correction."""
    return min(log_mean(evidence, weights(len(evidence))), evidence[-1])
