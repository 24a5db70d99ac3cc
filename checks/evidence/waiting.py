"""How long a proof takes: the engine itself, run on simulated windows.

Nothing is approximated but the traffic. The same bets, prior, starts and proofs that judge a gate are applied to
several hundred simulated streams, and the window in which each stream proves its claim is noted.

Two things keep a long horizon cheap. A pass rests on sums, so its evidence is looked at after every window at first
and then at every fiftieth part more, which finds a proof at most 2 % late. A breach is looked at after every window
unless a proof is expected to take more than a few hundred of them; then several windows are one look, so that a look
is below a hundredth of the wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.evidence import monitor

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

Draw = Callable[[np.random.Generator, int, Integers], Floats]
"""Growths (ln) of shape (runs, looks, bets): look i of each of so many runs holds as many windows as its number says.

Called with the generator, the number of runs and the windows in each look.
"""

ENOUGH = 0.9
"""Share of the streams after which waiting ends: what later ones do is not asked for."""

_CLOSE = 50
_BLOCK = 64
_FIRST_LOOKS, _MOST_LOOKS = 32, 1024
_WANTED_LOOKS = 170


@dataclass(frozen=True, slots=True)
class Waited:
    """Windows until half of the streams, and until nine in ten, had their proof; None: not within the horizon.

    `together` is how many windows were taken as one look.
    """

    half: int | None
    most: int | None
    together: int = 1


def until_pass(
    draw: Draw,
    passing: Callable[[Floats], Floats],
    proof: float,
    *,
    runs: int,
    horizon: int,
    least: int,
    rng: np.random.Generator,
) -> Waited:
    """How many windows a pass takes when every window brings what `draw` says of the passing bets.

    `passing` turns the ln wealth of the bets (last axis) into ln evidence, `proof` is what it must reach; no proof
    counts before `least` windows. `horizon` is the number of windows after which waiting is given up.
    """
    ends = _checkpoints(horizon)
    gaps = np.diff(ends, prepend=0)
    found = np.full(runs, np.inf)
    alive, wealth = np.arange(runs), np.zeros((runs, 1))
    for first in range(0, len(ends), _BLOCK):
        part = slice(first, first + _BLOCK)
        walk = wealth[:, None, :] + np.cumsum(draw(rng, len(alive), gaps[part]), axis=1)
        proved = (passing(walk) >= proof) & (ends[part] >= least)
        hit = proved.any(axis=1)
        found[alive[hit]] = ends[part][proved[hit].argmax(axis=1)]
        alive, wealth = alive[~hit], walk[~hit, -1]
        if len(alive) <= (1.0 - ENOUGH) * runs:
            break
    return _waited(found, 1)


def until_breach(
    draw: Draw,
    quiet: Floats | None,
    prior: Floats | None,
    proof: float,
    *,
    runs: int,
    horizon: int,
    rng: np.random.Generator,
) -> Waited:
    """How many windows a breach takes from the first on that brings what `draw` says of the breach bets.

    `quiet` holds the growths of the windows before, of shape (runs, windows, bets); None when it begins at once.
    Streams that prove a breach in their quiet time are left out. `proof` and `horizon` are as in `until_pass`, `prior`
    as in `monitor.track`.
    """
    pace = float((draw(rng, 32, np.full(1, _BLOCK)).mean(axis=(0, 1)) / _BLOCK).max())
    expected = math.inf if pace <= 0.0 else (proof + 3.0) / pace
    if expected > 4.0 * horizon:
        return Waited(None, None)
    together = max(1, int(expected / _WANTED_LOOKS))
    most = min(_MOST_LOOKS, -(-horizon // together))
    found, left = np.full(runs, np.inf), np.ones(runs, dtype=bool)
    streams: list[Floats] = [np.empty((0, 0))] * runs if quiet is None else list(quiet)
    before, looks = (0 if quiet is None else quiet.shape[1]), 0
    while looks < most and np.isinf(found[left]).sum() > (1.0 - ENOUGH) * left.sum():
        more = min(max(_FIRST_LOOKS, looks), most - looks)
        waiting = np.flatnonzero(left & np.isinf(found))
        grown = draw(rng, len(waiting), np.full(more, together))
        looks += more
        for new, run in zip(grown, waiting.tolist(), strict=True):
            streams[run] = new if not len(streams[run]) else np.concatenate((streams[run], new))
            numbers = np.arange(1, before + looks + 1)
            evidence = monitor.log_evidence(numbers, streams[run], prior)
            left[run] = not (evidence[:before] >= proof).any()
            proved = evidence[before:] >= proof
            if left[run] and proved.any():
                found[run] = (int(proved.argmax()) + 1) * together
    return _waited(found[left], together)


def _checkpoints(horizon: int) -> Integers:
    """The windows after which a pass is asked for, ascending: every one at first, then each 2 % later."""
    return np.array(list(_steps(horizon)), dtype=np.int64)


def _steps(horizon: int) -> Iterator[int]:
    at = 0
    while at < horizon:
        at = min(horizon, at + max(1, at // _CLOSE))
        yield at


def _waited(found: Floats, together: int) -> Waited:
    """The half and the nine-in-ten point of so many waits, of which some may not have ended."""
    if not len(found):
        return Waited(None, None, together)
    ordered = np.sort(found)
    half, most = (_whole(float(ordered[math.ceil(share * len(ordered)) - 1])) for share in (0.5, ENOUGH))
    return Waited(half, most, together)


def _whole(windows: float) -> int | None:
    return None if math.isinf(windows) else int(windows)
