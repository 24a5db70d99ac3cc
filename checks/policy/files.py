"""Gathers a configuration file and all that it includes."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass, field

from checks.policy import yaml_source
from checks.policy.report import Place, shown
from checks.policy.yaml_source import Document
from warehouse.records.errors import ConfigurationError, Problem

Read = Callable[[str], str]

MOST_FILES = 100
"""Files that one policy may be made of."""


@dataclass(slots=True)
class Gathered:
    """The files that could be read, main file first, and the problems met on the way.

    `complete` is False when a file could not be read: what it declares is not known.
    """

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True


def gather(file: str, read: Read) -> Gathered:
    """The file and all that it includes, each once."""
    found = Gathered()
    try:
        found.documents.append(yaml_source.load(file, _text(file, read)))
    except ConfigurationError as error:
        found.problems.extend(error.problems)
        found.complete = False
        return found
    _include(found.documents[0], read, found, {os.path.normpath(file)})
    return found


def _include(document: Document, read: Read, found: Gathered, seen: set[str]) -> None:
    found.problems.extend(document.problems)
    named = document.data.get("include") if isinstance(document.data, dict) else None
    for index, name in enumerate(named if isinstance(named, list) else []):
        # Anything but text is reported where the file's own keys are checked.
        if isinstance(name, str) and name.strip():
            _one(document, index, name, read, found, seen)


def _one(document: Document, index: int, name: str, read: Read, found: Gathered, seen: set[str]) -> None:
    place, inner = Place(document, ()), ("include", index)
    path = os.path.normpath(os.path.join(os.path.dirname(document.file), name))
    if path == os.path.normpath(document.file):
        found.problems.append(place.problem(inner, "the file includes itself.", given=shown(name)))
    if path in seen:
        return
    seen.add(path)
    if len(seen) > MOST_FILES:
        found.problems.append(
            place.problem(inner, f"a policy is made of at most {MOST_FILES} files.", given=shown(name))
        )
        return
    try:
        text = _text(path, read)
    except ConfigurationError as error:
        first = error.problems[0]
        found.problems.append(place.problem(inner, f"the included file {first.message}", given=shown(name)))
        found.complete = False
        return
    try:
        included = yaml_source.load(path, text)
    except ConfigurationError as error:
        found.problems.extend(error.problems)
        found.complete = False
        return
    found.documents.append(included)
    _include(included, read, found, seen)


def _text(path: str, read: Read) -> str:
    try:
        return read(path)
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start})."
        raise ConfigurationError([Problem(path, None, "", message, hint="Save it as UTF-8.")]) from None
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}."
        raise ConfigurationError([Problem(path, None, "", message)]) from None
