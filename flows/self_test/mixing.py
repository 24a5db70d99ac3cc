"""Mixing: shares of candidate rows that come to a wanted badness, and their even order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.self_test.records import Candidate, Mix

_STEP = 0.6180339887498949
"""The golden ratio less 1: multiples of it, cut off at 1, fill the unit interval evenly from any place on."""


def reaching(found: Sequence[Candidate], badness: float) -> Mix:
    """A mix with that mean badness, of the rows next to it on either side; the nearest row alone where one is missing.

    `found` go from the best to the worst.
    """
    below = [c for c in found if c.badness <= badness]
    above = [c for c in found if c.badness >= badness]
    if not below or not above:
        return Mix((((found[0] if not below else found[-1]), 1.0),))
    under = next(c for c in below if c.badness == below[-1].badness)
    over = above[0]
    if over.badness == under.badness:
        return Mix(((under, 1.0),))
    share = (badness - under.badness) / (over.badness - under.badness)
    return Mix(((under, 1.0 - share), (over, share)))


def ends(found: Sequence[Candidate], badness: float) -> Mix:
    """A mix of the best and the worst row alone that comes to that badness, as near as they reach."""
    return reaching([found[0], *(c for c in found if c.badness == found[-1].badness)][:2], badness)


def spread(found: Sequence[Candidate], most: int = 10) -> Mix:
    """Up to `most` values from the best to the worst, each as often as the others."""
    distinct = list({c.badness: c for c in reversed(found)}.values())[::-1]
    last = len(distinct) - 1
    number = min(most, len(distinct))
    picked = [distinct[round(i * last / max(1, number - 1))] for i in range(number)]
    return Mix(tuple((c, 1.0 / number) for c in picked))


def in_turn(mix: Mix) -> Iterator[Candidate]:
    """The mix's rows without end, each as often as its share at every length: laid out evenly, not drawn."""
    place = 0.5 * _STEP
    while True:
        reached = 0.0
        chosen = mix.parts[-1][0]
        for candidate, share in mix.parts:
            reached += share
            if place < reached:
                chosen = candidate
                break
        yield chosen
        place = (place + _STEP) % 1.0


def arms(share: float) -> Iterator[bool]:
    """Whether each unit in turn goes to the candidate, so often as its share at every length."""
    gathered = 0.5
    while True:
        gathered += share
        yield gathered >= 1.0
        gathered -= gathered >= 1.0
