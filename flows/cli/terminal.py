"""Plain words on the terminal: escaped, coloured where it helps, and JSON alone on stdout where it is asked for."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["Text", "console", "emit", "fail", "jsonable", "note", "say", "styled", "table", "visible"]

STYLES = {
    "go": "bold green",
    "pass": "green",
    "hold": "bold yellow",
    "insufficient": "yellow",
    "stale": "yellow",
    "blocked": "yellow",
    "no_data": "bright_black",
    "pause": "bold red",
    "breach": "bold red",
    "error": "bold magenta",
}


def console() -> Console:
    """A console for stdout; wide enough to be read when it is not a terminal."""
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)


def visible(text: str) -> str:
    """The text with control, bidirectional and other invisible characters shown as escapes; line ends too."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else f"\\u{ord(c):04x}" for c in text
    )


def say(text: str, style: str = "") -> None:
    """Print lines of text as they are; line ends are kept, other invisible characters are escaped."""
    for line in text.split("\n"):
        console().print(Text(visible(line), style=style))


def fail(text: str) -> None:
    """Print an error on stderr."""
    out = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for number, line in enumerate(text.split("\n")):
        out.print(Text(("Error: " if number == 0 else "       ") + visible(line), style="red"))


def note(text: str) -> None:
    """Print a remark on stderr, so that stdout stays what was asked for."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(Text(visible(text), style="dim"))


def styled(word: str) -> Text:
    """An outcome or standing in its colour; the word itself carries the meaning."""
    return Text(word, style=STYLES.get(word, ""))


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
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path | Enum):
        return str(value)
    return [jsonable(item) for item in value]
