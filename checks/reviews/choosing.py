"""Which rows people get: each by a draw of its own, with a chance that is known before and written down.

Strategy s draws a row with the chance p_s where it applies, the uniform one everywhere. The draws are independent, so

    pi = 1 - (1 - uniform) * product over applying s of (1 - p_s)

is exactly the chance that at least one of them chooses the row; one draw with pi is the same lottery (Poisson
sampling). Every chance is rounded to millionths before the draw, and the draw compares whole millionths: what is
written down is the chance that was drawn with, not a number near it. So a label that is weighted by 1 / pi speaks of
all rows without bias (Horvitz and Thompson 1952), whatever the strategies look for.

The draw is HMAC-SHA256 of the event id under a key that only the data folder knows. It is the same whenever it is
repeated, and whoever writes the logs cannot tell which ids will be looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence

from warehouse.records.errors import CheckError

MILLION = 1_000_000


def chance(uniform: float, strategies: Sequence[float], met: Sequence[bool]) -> int:
    """The chance of a row in millionths, at least 1; `met` says of each strategy whether it applies to the row.

    Raises:
        CheckError: a share is not in (0, 1], or the strategies and `met` differ in number.
    """
    if len(strategies) != len(met) or not all(0.0 < share <= 1.0 for share in (uniform, *strategies)):
        raise CheckError(f"Shares are above 0 and at most 1, one for each strategy; given {uniform:g}, {strategies!r}.")
    missed = math.prod((1.0 - share for share, applies in zip(strategies, met, strict=True) if applies), start=1.0)
    return max(1, round((1.0 - (1.0 - uniform) * missed) * MILLION))


def thinned(chances: Mapping[int, int], room: int | None, least: int) -> Mapping[int, int]:
    """By chance in millionths, the chance when only `room` rows more are wanted on average; None: no bound.

    `chances` counts rows by chance. All chances shrink by one factor, none below `least` (or below itself where it is
    smaller): a chance of zero would make rows that nobody can speak of. The factor is known before any draw of these
    rows, so the draws stay unbiased; the number of rows still varies by chance around the bound.
    """
    expected = sum(pi * rows for pi, rows in chances.items()) / MILLION
    if room is None or expected <= room:
        return {pi: pi for pi in chances}
    factor = max(0, room) / expected
    return {pi: max(min(pi, max(1, least)), round(pi * factor)) for pi in chances}


def draw(key: bytes, queue: str, event_id: str, purpose: str = "row") -> int:
    """A number from 0 to 999,999, each as likely, fixed by key, queue, event and purpose."""
    found = hmac.new(key, "\x1f".join((purpose, queue, event_id)).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return int.from_bytes(found.digest()[:8], "big") * MILLION >> 64


def is_chosen(key: bytes, queue: str, event_id: str, pi: int) -> bool:
    """Whether the row is chosen; `pi` in millionths."""
    return draw(key, queue, event_id) < pi


def is_doubled(key: bytes, queue: str, event_id: str, share: float) -> bool:
    """Whether two people label the row; a draw apart from the one that chose it."""
    return draw(key, queue, event_id, "double") < round(share * MILLION)
