"""Why an act is refused: everything that is missing, at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that an act lacks: a code for programs and one plain sentence that is true wherever it is read.

    `command` is the command or option that mends it, for whoever types commands; "" where none does.
    """

    code: str
    detail: str
    command: str = ""

    @property
    def typed(self) -> str:
        """The sentence for the command line: with the command or option that mends it."""
        return f"{self.detail.removesuffix('.')} ({self.command})." if self.command else self.detail


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is refused; `code` is that of the first thing missing, `detail` says them all.

    `missing` is never empty when an act made the refusal.
    """

    code: str
    detail: str
    missing: tuple[Missing, ...] = ()

    @property
    def typed(self) -> str:
        """`detail` for the command line."""
        return " ".join(m.typed for m in self.missing) or self.detail


def refuse(code: str, detail: str, command: str = "") -> Refusal:
    """The refusal for one reason."""
    return of([Missing(code, detail, command)]) or Refusal(code, detail)


def of(missing: Iterable[Missing]) -> Refusal | None:
    """The refusal for everything that is missing, the first thing first; None when nothing is."""
    found = tuple(dict.fromkeys(missing))
    if not found:
        return None
    return Refusal(found[0].code, " ".join(m.detail for m in found), found)
