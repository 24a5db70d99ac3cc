"""Numbers, times and foreign text as people can read them: without rounding a limit away, without hidden characters."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

NOTHING = "\u2013"
"""What stands where there is no value; never 0."""

THIN = "\u202f"
_SHARES = frozenset({"share", "rate", "probability", "fraction", "share of units", "share of rows"})
_TIMES = {"hours": "h", "minutes": "min", "seconds": "s", "milliseconds": "ms", "days": "d"}
_LINK = re.compile(r"^(?!/)(?!.*//)(?!(?:.*/)?\.\.(?:/|$))[A-Za-z0-9._/-]{1,300}$")
_HIDDEN = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff")


def is_share(measure: str) -> bool:
    """True when values of that measure are shares between 0 and 1, which people read as percent."""
    word = measure.strip().lower()
    return word in _SHARES or word.startswith("share")


def number(value: float | None) -> str:
    """A number with three or more significant digits and thin spaces between thousands; a dash for none."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", THIN)
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", THIN)
    return _trimmed(f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1e}")


def percent(share: float | None) -> str:
    """A share as percent with about three significant digits; a dash for none."""
    if share is None or not math.isfinite(share):
        return NOTHING
    value = share * 100
    size = abs(value)
    digits = 3 if size < 1 else 2 if size < 10 else 1
    if 0 < size < 0.0005:
        return f"{value:.1e}{THIN}%"
    return _trimmed(f"{value:.{digits}f}") + f"{THIN}%"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def value(amount: float | None, measure: str) -> str:
    """A value of a metric with its unit: shares as percent, times with their sign, others with the unit's own words."""
    if amount is None:
        return NOTHING
    if is_share(measure):
        return percent(amount)
    unit = _TIMES.get(measure.strip().lower(), measure.strip())
    return f"{number(amount)}{THIN}{unit}" if unit else number(amount)


def limit(direction: str, amount: float, measure: str) -> str:
    """A limit in words: "at most 0.5 %"."""
    return f"{'at most' if direction == 'at_most' else 'at least'} {value(amount, measure)}"


def interval(low: float | None, high: float | None, measure: str) -> str:
    """Both ends of an interval; a dash when either is unknown."""
    if low is None or high is None:
        return NOTHING
    return f"{value(low, measure)} to {value(high, measure)}"


def between(low: float | None, high: float | None) -> str:
    """A stretch of numbers in words; None is an end that is open."""
    if low is None and high is None:
        return "all"
    if low is None:
        return f"below {number(high)}"
    return f"{number(low)} and more" if high is None else f"{number(low)} to {number(high)}"


def moment(at: datetime | None) -> str:
    """A time in UTC to the minute: "24 Nov 2026, 13:00"; a dash for none."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%-d %b %Y, %H:%M}"


def day(at: datetime) -> str:
    """The day of a time, short: "24 Nov"."""
    return f"{at.astimezone(UTC):%-d %b}"


def iso(at: datetime) -> str:
    """A time for machines, in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(length: timedelta | float) -> str:
    """A length of time (a number: seconds) in its largest sensible unit, such as "2 days"; never negative."""
    seconds = max(0, int(length.total_seconds() if isinstance(length, timedelta) else length))
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * (2 if word == "day" else 1):
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


def visible(text: str, limit: int = 400) -> str:
    """Foreign text with every control, direction and other hidden character made visible, cut at `limit` characters.

    It says how long the whole text was. It does not escape HTML: the template does.
    """
    head = text[:limit]
    shown = head if head.isascii() and head.isprintable() else "".join(_shown(character) for character in head)
    return shown if len(text) <= limit else f"{shown}… ({number(len(text))} characters)"


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "⏎"
    if code < 0x20:
        return chr(0x2400 + code)
    if character == THIN:
        return character
    if code == 0x7F or character in _HIDDEN or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"[U+{code:04X}]"
    return character


def safe_link(target: str | None) -> str | None:
    """The target when it is a plain relative path below this page, else None: no scheme, no host, no way upwards."""
    return target if target is not None and _LINK.fullmatch(target) else None


def script_json(data: Any) -> str:
    """Data as JSON that may stand inside a script element: nothing in it can end the element or the line.

    Raises:
        ValueError: the data hold NaN or an infinity.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def short(digest: str) -> str:
    """The head of a digest, enough to recognise it by."""
    return digest[:12]
