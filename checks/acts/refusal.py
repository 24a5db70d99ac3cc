"""Why an act is refused: everything that is missing, at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that an act lacks: a code for programs and one plain sentence that says what to do."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is refused; `code` is that of the first thing missing, `detail` says them all.

    `missing` is never empty when an act made the refusal.
    """

    code: str
    detail: str
    missing: tuple[Missing, ...] = ()


def refuse(code: str, detail: str) -> Refusal:
    """The refusal for one reason."""
    return of([Missing(code, detail)]) or Refusal(code, detail)


def of(missing: Iterable[Missing]) -> Refusal | None:
    """The refusal for everything that is missing, the first thing first; None when nothing is."""
    found = tuple(dict.fromkeys(missing))
    if not found:
        return None
    return Refusal(found[0].code, " ".join(m.detail for m in found), found)
