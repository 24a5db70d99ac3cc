"""Problems as people read them: pydantic's findings in our words, the nearest known name, and the whole report."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from checks.policy.shape import Shape
from checks.policy.yaml_source import Document, Path, dotted
from warehouse.records.errors import Problem

SECRET_KEYS = frozenset(
    {
        "url",
        "token",
        "secret",
        "password",
        "passwd",
        "key",
        "api_key",
        "apikey",
        "webhook",
        "webhook_url",
        "auth",
        "authorization",
        "credentials",
        "headers",
        "bearer",
        "access_token",
        "private_key",
    }
)
"""Keys that would hold a secret; their values, and those of keys ending in `_env`, are never shown."""

_LONGEST = 80
_MISSING = "is missing."
_NO_KEY = "there is no such key here."


@dataclass(frozen=True, slots=True)
class Place:
    """One mapping or list item of a file, for reporting what is wrong with it."""

    document: Document
    path: Path

    def problem(
        self, inner: Path, message: str, *, given: str = "", allowed: str = "", hint: str = "", at_key: bool = False
    ) -> Problem:
        """A problem at a place inside this one; `at_key` takes the line of the key rather than of the value."""
        path = (*self.path, *inner)
        line = self.document.line(path, key=at_key)
        return Problem(self.document.file, line, dotted(path), message, given=given, allowed=allowed, hint=hint)


def shown(value: Any) -> str:
    """A given value in one short line: texts in quotes, mappings and lists only by their kind."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and "://" in value:
        return "an address that is not shown, for it may hold a secret"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def nearest(given: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to what was given; empty when none is near."""
    found = difflib.get_close_matches(given.lower(), list(known), n=1, cutoff=0.6)
    return _meant(found[0]) if found else ""


def _meant(name: str) -> str:
    return f'Did you mean "{name}"?'


def closest(given: str, known: Iterable[str]) -> str:
    """The known words in one line; of many, the ten nearest to what was given."""
    names = sorted(known)
    if len(names) <= 12:
        return listed(names, none="none is declared")
    near = sorted(names, key=lambda name: -difflib.SequenceMatcher(None, given.lower(), name).ratio())[:10]
    return f"{', '.join(near)} and {len(names) - 10} more"


def listed(names: Iterable[str], *, none: str = "none") -> str:
    """Names in one line, cut after twenty."""
    every = list(names)
    more = f" and {len(every) - 20} more" if len(every) > 20 else ""
    return ", ".join(every[:20]) + more if every else none


def problems_of(error: ValidationError, place: Place, shape: Shape) -> list[Problem]:
    """Every finding of pydantic in our words; a key that is missing because it is misspelt is named once."""
    found = [_problem(details, place, shape) for details in error.errors(include_url=False)]
    misspelt = {(p.path.rpartition(".")[0], p.hint) for p in found if p.message == _NO_KEY}
    return [p for p in found if not (p.message == _MISSING and _is_misspelt(p, misspelt))]


def _is_misspelt(problem: Problem, misspelt: set[tuple[str, str]]) -> bool:
    parent, _, key = problem.path.rpartition(".")
    return (parent, _meant(key)) in misspelt


def _problem(details: ErrorDetails, place: Place, shape: Shape) -> Problem:
    path = _real(details["loc"], shape.raw)
    context = details.get("ctx", {})
    last = str(path[-1]) if path else ""
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(place, path, last, shape.keys(path[:-1]))
        case "missing":
            return place.problem(path, _MISSING, hint=f'Add "{last}:".')
        case "union_tag_not_found":
            return place.problem((*path, "kind"), _MISSING, allowed=listed(shape.kinds(path)), hint='Add "kind:".')
        case "union_tag_invalid":
            return _unknown_kind(place, (*path, "kind"), str(context["tag"]), str(context["expected_tags"]))
        case "literal_error":
            return _no_choice(place, path, details["input"], str(context["expected"]))
        case "gatehold":
            message, allowed, hint = (str(context[key]) for key in ("message", "allowed", "hint"))
            return place.problem(path, message, given=_given(last, details["input"]), allowed=allowed, hint=hint)
        case kind:
            message, allowed, hint = _plain(kind, details["input"], context)
            return place.problem(path, message, given=_given(last, details["input"]), allowed=allowed, hint=hint)


def _real(loc: tuple[int | str, ...], value: Any) -> Path:
    """The place without the tags that pydantic puts between the parts of a union."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        inside = isinstance(value, Mapping) and part in value
        inside = inside or (isinstance(value, list) and isinstance(part, int) and part < len(value))
        if inside:
            value = value[part]
        elif index != len(loc) - 1 or (isinstance(value, Mapping) and value.get("kind") == part):
            continue
        path.append(part)
    return tuple(path)


def _given(key: str, value: Any) -> str:
    if key in SECRET_KEYS or key.endswith("_env"):
        return "a value that is not shown, for it may be a secret"
    return shown(value)


def _unknown_key(place: Place, path: Path, key: str, known: Sequence[str]) -> Problem:
    if key.lower() in SECRET_KEYS and any(name.endswith("_env") for name in known):
        wanted = "secret_env" if key.lower() in ("secret", "password", "token") and "secret_env" in known else "url_env"
        message = f"secrets come from the environment: use {wanted}."
        hint = "Put the name of an environment variable there, and change the secret if this file was shared."
        return place.problem(path, message, allowed=listed(known), hint=hint, at_key=True)
    return place.problem(path, _NO_KEY, allowed=listed(known), hint=nearest(key, known), at_key=True)


def _unknown_kind(place: Place, path: Path, given: str, expected: str) -> Problem:
    names = [name.strip().strip("'") for name in expected.split(",")]
    message = "this version has no such kind."
    return place.problem(path, message, given=shown(given), allowed=listed(names), hint=nearest(given, names))


def _no_choice(place: Place, path: Path, given: Any, expected: str) -> Problem:
    names = [name.strip().strip("'") for name in expected.replace(" or ", ", ").split(",")]
    hint = nearest(given, names) if isinstance(given, str) else ""
    return place.problem(path, "is not one of the allowed words.", given=shown(given), allowed=listed(names), hint=hint)


_TYPES = {
    "string": ("must be text.", "text"),
    "float": ("must be a number.", "a number"),
    "int": ("must be a whole number.", "a whole number"),
    "bool": ("must be true or false.", "true or false"),
    "tuple": ("must be a list.", "a list: [first, second] or one per line after a hyphen"),
    "list": ("must be a list.", "a list: [first, second] or one per line after a hyphen"),
    "dict": ("must be a mapping.", "keys with values"),
    "model": ("must be a mapping.", "keys with values"),
    "mapping": ("must be a mapping.", "keys with values"),
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _plain(kind: str, given: Any, context: Mapping[str, Any]) -> tuple[str, str, str]:
    """Message, what is allowed, and hint for what pydantic checks by itself."""
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return "is out of range.", f"{words} {context[key]:g}", ""
    if kind == "finite_number":
        return "must be a finite number.", "a number", ""
    if kind == "too_short":
        needed = context["min_length"]
        return ("must not be empty." if needed == 1 else "is too short."), f"at least {needed}", ""
    if kind == "too_long":
        return "is too long.", f"at most {context['max_length']}", ""
    if kind == "model_attributes_type":
        return (*_TYPES["mapping"], "")
    message, allowed = _TYPES.get(kind.split("_")[0], ("cannot be used here.", ""))
    quote = message == "must be text." and isinstance(given, int | float)
    return message, allowed, "Put it in quotes." if quote else ""


def describe(problems: Iterable[Problem]) -> str:
    """The problems as a report: file by file, in the order of lines, each with what was given and what is allowed."""
    ordered = sorted(problems, key=lambda p: (p.file, p.line or 0, p.path))
    parts = []
    for file, group in groupby(ordered, key=lambda p: p.file):
        found = list(group)
        parts.append(f"{file}: {len(found)} problem{'s' if len(found) > 1 else ''}")
        parts.extend(_lines(problem) for problem in found)
    return "\n".join(parts)


def _lines(problem: Problem) -> str:
    where = f"line {problem.line}" if problem.line is not None else "whole file"
    lines = [f"  {where}: {problem.path + ': ' if problem.path else ''}{problem.message}"]
    if problem.given:
        lines.append(f"      given:   {problem.given}")
    if problem.allowed:
        lines.append(f"      allowed: {problem.allowed}")
    if problem.hint:
        lines.append(f"      {problem.hint}")
    return "\n".join(lines)
