"""Profiles of columns: how a column is seen (its scheme, fixed by a reference) and what was counted under it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any
from typing import Literal as OneOf

PartKind = OneOf["number", "category", "bucket", "token"]
"""`number`: bins between cut points. `category`: values of the reference, then "other". `bucket`: hashed values.
`token`: hashed words of a text, each counted once per text."""

Part = OneOf["", "length", "letters", "digits", "punctuation", "whitespace", "non_ascii", "words"]
"""What of the column is looked at; '' is its value, the others are properties of a text."""

MISSING, UNUSABLE = -1, -2
"""Bins of rows without a value, and of rows whose number is not finite."""

CODE_LIMIT = 10**12
"""Codes beyond this, either way, count as this."""

WORTH_LIMIT = 10**15
"""So do the summed values of a logarithmic scheme beyond this."""


@dataclass(frozen=True)
class Scheme:
    """How one property of one column is counted; never changed, so that counts under it may be added.

    A number x has the integer code round(x * scale + offset), half to even, or of its natural logarithm where
    `logarithmic` (numbers that are not above 0 have the least code). Sums are sums of codes, or of x * unit where
    `logarithmic`, up to `WORTH_LIMIT` either way and rounded: integers, exact in any order. Bin i holds
    cuts[i-1] <= code < cuts[i]. A category lies in the bin of its place in `values`, or in the one after the last.
    Hashed values and words lie in one of `buckets` bins, by the hash of engine version `hashed_by`. Only rows that
    occurred at or after `since` are counted, in windows of `window_seconds`.
    """

    stream: str
    column: str
    part: Part
    kind: PartKind
    since: datetime
    window_seconds: int
    scale: float = 1.0
    offset: int = 0
    logarithmic: bool = False
    unit: float = 1.0
    cuts: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    buckets: int = 0
    hashed_by: str = ""

    @property
    def name(self) -> str:
        """The column, with the property after a dot."""
        return f"{self.column}.{self.part}" if self.part else self.column

    @property
    def bins(self) -> int:
        """How many bins there are, `MISSING` and `UNUSABLE` not counted."""
        match self.kind:
            case "number":
                return len(self.cuts) + 1
            case "category":
                return len(self.values) + 1
            case _:
                return self.buckets

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything above."""
        return hashlib.sha256(json.dumps(to_json(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Profile:
    """What was counted of one property of one column over some rows, under the scheme with that digest.

    `counts` and `totals` are rows and sums per bin (totals are empty unless it is a number), `squares` is the sum of
    squares of what is summed. `rows` have a usable value; `missing` have none, `unusable` have a number that is not
    finite. The rows of a text's words are the texts; of those each may be in several bins.
    """

    scheme: str
    rows: int
    missing: int
    unusable: int
    counts: tuple[int, ...]
    totals: tuple[int, ...]
    squares: int

    @property
    def total(self) -> int:
        """The exact sum over all rows."""
        return sum(self.totals)


def to_json(scheme: Scheme) -> dict[str, Any]:
    """The scheme as JSON values."""
    body = {field.name: getattr(scheme, field.name) for field in fields(scheme)}
    return {**body, "since": scheme.since.isoformat(), "cuts": list(scheme.cuts), "values": list(scheme.values)}


def from_json(body: dict[str, Any]) -> Scheme:
    """The scheme that `to_json` wrote."""
    since = datetime.fromisoformat(body["since"])
    return Scheme(**{**body, "since": since, "cuts": tuple(body["cuts"]), "values": tuple(body["values"])})


def profile_to_json(profile: Profile) -> dict[str, Any]:
    """The profile as JSON values."""
    body = {field.name: getattr(profile, field.name) for field in fields(profile)}
    return {**body, "counts": list(profile.counts), "totals": list(profile.totals)}


def profile_from_json(body: dict[str, Any]) -> Profile:
    """The profile that `profile_to_json` wrote."""
    return Profile(**{**body, "counts": tuple(body["counts"]), "totals": tuple(body["totals"])})
