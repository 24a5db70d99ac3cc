"""Lines that should not be in a log file, as every production log has some: broken, repeated, hostile."""

from __future__ import annotations

import json
from random import Random

from flows.demo.files import Row

HOSTILE = "<img src=x onerror=alert(1)></script>'; DROP TABLE cells; --\u202e{{7*7}}"


def spoil(rng: Random, rows: list[Row], number: int) -> list[Row | str]:
    """The rows of one file with two repeated and one or two spoiled ones put in; `number` picks the kind of fault."""
    mixed: list[Row | str] = list(rows)
    for _ in range(2):
        mixed.append(mixed[int(rng.random() * len(rows))])
    for turn in range(1 + number % 2):
        victim = rows[int(rng.random() * len(rows))]
        mixed.insert(int(rng.random() * len(mixed)), _FAULTS[(number + turn) % len(_FAULTS)](victim))
    return mixed


def _cut(row: Row) -> str:
    text = json.dumps(row)
    return text[: len(text) // 2]


def _text_for_number(row: Row) -> Row:
    return {**row, "id": row["id"] + "-n", "latency_ms": "n/a"}


def _out_of_range(row: Row) -> Row:
    return {**row, "id": row["id"] + "-r", "confidence": 1.7}


def _without_time(row: Row) -> Row:
    return {**row, "id": row["id"] + "-t", "ts": None}


def _hostile(row: Row) -> Row:
    return {**row, "id": row["id"] + "-h", "confidence": HOSTILE}


_FAULTS = (_cut, _text_for_number, _out_of_range, _without_time, _hostile)
