"""Plain words on the terminal: escaped, coloured where it helps, and JSON alone on stdout where it is asked for."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = [
    "Text",
    "console",
    "emit",
    "entry",
    "fail",
    "hanging",
    "jsonable",
    "note",
    "say",
    "styled",
    "table",
    "visible",
]

STYLES = {
    "go": "bold green",
    "pass": "green",
    "ok": "green",
    "held": "green",
    "hold": "bold yellow",
    "insufficient": "yellow",
    "stale": "yellow",
    "blocked": "yellow",
    "warning": "yellow",
    "not_testable": "yellow",
    "no_data": "bright_black",
    "pause": "bold red",
    "breach": "bold red",
    "wrong": "bold red",
    "failed": "bold red",
    "critical": "bold red",
    "error": "bold magenta",
    "degraded": "bold magenta",
}
LABEL = len("insufficient")
PIPED = 160
"""Columns of a table that nobody's terminal limits."""


def wraps() -> bool:
    """Whether lines are broken to a width: on a terminal, or where COLUMNS names one; a pipe gets whole lines."""
    return sys.stdout.isatty() or bool(os.environ.get("COLUMNS"))


def console() -> Console:
    """A console for stdout."""
    return Console(highlight=False, markup=False, emoji=False, width=None if wraps() else PIPED, soft_wrap=not wraps())


def visible(text: str) -> str:
    """The text with control, bidirectional and other invisible characters shown as escapes; line ends too."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else f"\\u{ord(c):04x}" for c in text
    )


def say(text: str | Text, style: str = "", *, indent: int = 0) -> None:
    """Print lines of text under an indent; line ends are kept, other invisible characters of `str` are escaped."""
    out = console()
    for line in text.split("\n") if isinstance(text, str) else [text]:
        shown = line if isinstance(line, Text) else Text(visible(line), style=style)
        out.print(Padding(shown, (0, 0, 0, indent)) if wraps() and indent else Text(" " * indent) + shown)


def entry(label: str, text: str) -> None:
    """Print a state in its colour, and beside it what it means, broken under itself."""
    word, meaning = styled(label), Text(visible(text))
    if not wraps():
        console().print(Text.assemble("  ", word, " " * max(2, LABEL + 2 - len(word)), meaning))
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=LABEL, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(word, meaning)
    console().print(Padding(grid, (0, 0, 0, 2)))


def hanging(text: str, head: int) -> None:
    """Print a line whose first `head` characters stay alone on the left when the rest is broken."""
    if not wraps():
        say(text)
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=head, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(visible(text[:head])), Text(visible(text[head:].strip())))
    console().print(grid)


def fail(text: str) -> None:
    """Print an error on stderr."""
    out = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for number, line in enumerate(text.split("\n")):
        out.print(Text(("Error: " if number == 0 else "  ") + visible(line), style="red"))


def note(text: str) -> None:
    """Print a remark on stderr, so that stdout stays what was asked for."""
    out = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    out.print(Text(visible(text), style="dim"))


def styled(word: str) -> Text:
    """An outcome or standing in its colour; the word itself carries the meaning."""
    return Text(word.replace("_", " "), style=STYLES.get(word, ""))


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a table; texts are escaped, `Text` cells are taken as they are."""
    made = Table(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        made.add_column(Text(head, style="bold dim"), overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row))
    console().print(made)


def emit(value: Any) -> None:
    """Print one JSON document on stdout, and nothing else."""
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=True, indent=2, allow_nan=False) + "\n")


def jsonable(value: Any) -> Any:
    """The value as JSON types: records by field, times as ISO 8601, durations in seconds; NaN becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return jsonable(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, str | int | bool) or value is None:
        return value
    if isinstance(value, datetime):
        # As the decision log writes them, so that one time reads the same in every document.
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path | Enum):
        return str(value)
    return [jsonable(item) for item in value]
