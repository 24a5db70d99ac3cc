"""How the columns of a reference are to be counted: kinds, fixed points and cut points; pure.

CODES. A number gets an integer code of two bytes, fine enough that hardly any two of the reference's 257 quantiles
share one: times the largest power of ten that has room where that makes it whole (exact), else
times a power of two, if need be about the middle of the reference, and by its logarithm where it spans many powers of
ten.

CUT POINTS. Where the reference has few different codes, each has a bin of its own, and so has what lies between them.
Else the quantiles of the reference, and beyond its ends distances that double: a far outlier lies in another bin than a
near one. Sums per bin make distances between distributions far more exact than the bins are fine (`distances`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from typing import Literal as OneOf

import numpy as np
from numpy.typing import NDArray

from checks.drift.preparing import PROSE
from warehouse.records.profiles import CODE_LIMIT, Part, Scheme
from warehouse.records.streams import Stream

Texts = OneOf["length", "full"]
Floats = NDArray[np.float64]

HIGH = 1_000
"""Different values from which on a category is counted by its hash."""

IDENTIFIER = 80
"""Characters up to which a text of one or two words may be a name or an identifier."""

QUANTILES, FINER, DOUBLINGS, ATOMS = 180, 12, 13, 120
"""Equal parts of the reference; ever smaller parts at either end; distances beyond; values with bins of their own."""

_LARGEST, _USUAL = 32_000.0, 8_000.0
_LOSS = 0.05
_PARTS: tuple[Part, ...] = ("length", "letters", "digits", "punctuation", "whitespace", "non_ascii")


class Held(Protocol):
    """A column of the reference: rows with a value, how many different ones, and some of them as a numpy array."""

    @property
    def column(self) -> str:
        """Its name."""

    @property
    def rows(self) -> int:
        """Rows that have a value."""

    @property
    def distinct(self) -> int:
        """About how many different values they hold."""

    @property
    def sample(self) -> Any:
        """Values of some rows."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all columns of a comparison: see `Scheme` for the last three."""

    stream: Stream
    texts: Texts
    top: int
    since: datetime
    window_seconds: int
    hashed_by: str


def schemes(held: Sequence[Held], setting: Setting) -> tuple[Scheme, ...]:
    """One scheme per column, several for a text that is prose.

    A text is one of categories unless the reference holds more than 100 different ones that make up more than a tenth
    of its values and most of them are several words or longer than an identifier: then it is prose, counted by length,
    kinds of characters and words, or by length alone.
    """
    return tuple(scheme for column in held for scheme in _column(column, setting))


def _column(held: Held, setting: Setting) -> Iterator[Scheme]:
    declared = setting.stream.column(held.column)
    same: dict[str, Any] = {
        "stream": setting.stream.name,
        "column": held.column,
        "since": setting.since,
        "window_seconds": setting.window_seconds,
    }
    if declared is not None and declared.type in ("number", "integer"):
        yield Scheme(**same, part="", kind="number", **number(held.sample))
    elif declared is not None and declared.type == "text" and _is_prose(held):
        yield from _prose(held, setting, same)
    elif held.distinct > HIGH:
        yield Scheme(**same, part="", kind="bucket", buckets=4_096, hashed_by=setting.hashed_by)
    else:
        counted = Counter(str(value) for value in held.sample)
        values = tuple(v for v, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[: setting.top])
        yield Scheme(**same, part="", kind="category", values=values)


def _is_prose(held: Held) -> bool:
    if held.distinct <= max(PROSE, held.rows / 10):
        return False
    some = [str(text).strip() for text in held.sample[:1_000]]
    return 2 * sum(len(text.split()) > 2 or len(text) > IDENTIFIER for text in some) > len(some)


def _prose(held: Held, setting: Setting, same: dict[str, Any]) -> Iterator[Scheme]:
    lengths = np.array([len(text) for text in held.sample], dtype=float)
    yield Scheme(**same, part="length", kind="number", **number(lengths))
    if setting.texts == "length":
        return
    # Shares lie between 0 and 1 whatever the reference holds: one ruler for all, in hundredths.
    for part in _PARTS[1:]:
        yield Scheme(**same, part=part, kind="number", scale=10_000.0, cuts=_shares())
    yield Scheme(**same, part="words", kind="token", buckets=1_024, hashed_by=setting.hashed_by)


def _shares() -> tuple[int, ...]:
    fine = range(0, 1_000, 10)
    return (*range(1, 10), *fine[1:], *range(1_000, 10_000, 100), 9_950, 10_000)


def number(sample: Floats) -> dict[str, Any]:
    """The fixed point and the cut points of a scheme of numbers, from values of the reference (may be none)."""
    values = np.sort(sample[np.isfinite(sample)].astype(float))
    if not len(values):
        return {}
    point = _point(values)
    return {**point, "cuts": _cuts(_codes(values, point))}


def _point(values: Floats) -> dict[str, Any]:
    low, high = np.quantile(values, [0.0005, 0.9995])
    size = max(abs(low), abs(high))
    exact = [s for s in (1e4, 1e3, 100.0, 10.0, 1.0) if size * s <= _LARGEST and _whole(values * s)]
    if exact:
        return {"scale": next((s for s in exact if size * s <= _USUAL), exact[-1])}
    # Room for twice the largest value, so that few rows need a second look; else for nearly all of them.
    choices = [{"scale": _power(2.0 * max(abs(values[0]), abs(values[-1])))}, {"scale": _power(size)}]
    choices.append(_centred(low, high))
    if values[0] > 0:
        unit = 10.0 ** float(np.clip(9 - np.ceil(np.log10(high)), -300, 300))
        choices.append({**_centred(np.log(low), np.log(high)), "logarithmic": True, "unit": unit})
    quantiles = np.unique(np.quantile(values, np.linspace(0, 1, 257)))
    lost = [1.0 - len(np.unique(_codes(quantiles, point))) / len(quantiles) for point in choices]
    good = next((point for point, loss in zip(choices, lost, strict=True) if loss <= _LOSS), None)
    return good or choices[int(np.argmin(lost))]


def _whole(values: Floats) -> bool:
    return bool(np.all(np.abs(values - np.rint(values)) <= 1e-6))


def _power(size: float) -> float:
    return float(2.0 ** np.clip(np.floor(np.log2(_USUAL / size)), -300, 300)) if size > 0 else 1.0


def _centred(low: float, high: float) -> dict[str, Any]:
    scale = _power((high - low) / 2 or abs(high))
    offset = -(low + high) / 2 * scale
    return {"scale": scale, "offset": int(np.clip(np.rint(offset), -CODE_LIMIT, CODE_LIMIT))}


def _codes(values: Floats, point: dict[str, Any]) -> NDArray[np.int64]:
    plain = np.log(values) if point.get("logarithmic") else values
    codes = np.rint(plain * point["scale"] + point.get("offset", 0))
    clipped: NDArray[np.int64] = np.clip(codes, -CODE_LIMIT, CODE_LIMIT).astype(np.int64)
    return clipped


def _cuts(codes: NDArray[np.int64]) -> tuple[int, ...]:
    codes = np.sort(codes)
    atoms = np.unique(codes)
    if len(atoms) <= ATOMS:
        return tuple(sorted({int(c) for atom in atoms for c in (atom, atom + 1)}))
    even = np.linspace(0, 1, QUANTILES + 1)[1:-1]
    ends = even[0] * 2.0 ** (-np.arange(1, FINER + 1) / 2.0)
    at = np.quantile(codes, np.concatenate([even, ends, 1.0 - ends]), method="inverted_cdf")
    # A quantile met twice is a value of its own: it ends where it began.
    met = Counter(at.tolist())
    cuts = {int(c) for c in at} | {int(c) + 1 for c, n in met.items() if n > 1}
    low, high = int(at.min()), int(at.max())
    reach = high - low or 1
    cuts |= {end for k in range(DOUBLINGS) for end in (high + (reach << k) // 4, low - (reach << k) // 4)}
    return tuple(sorted(c for c in cuts if abs(c) < CODE_LIMIT))
