"""YAML text as plain values, with the line of every key and value.

Scalars are read by the core schema of YAML 1.2: only `true` and `false` are truth values, so `no`, `on`, `1:30` and
dates stay the text they look like. Duplicate keys, tags, and aliases that expand without end are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from warehouse.records.errors import ConfigurationError, Problem

Path = tuple[str | int, ...]

MOST_VALUES = 100_000
"""Values that one file may hold, aliases expanded."""
DEEPEST = 40
"""How deep values may nest."""

_NULL = re.compile(r"(~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(true|True|TRUE)\Z")
_FALSE = re.compile(r"(false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?\Z")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One file as plain values; `lines` gives the line of a value, `key_lines` that of the key it stands under."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    key_lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path, *, key: bool = False) -> int:
        """The line of a place, or of the nearest place around it."""
        if key and path in self.key_lines:
            return self.key_lines[path]
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Refused(Exception):
    def __init__(self, message: str, line: int, *, given: str = "", hint: str = "") -> None:
        self.message, self.line, self.given, self.hint = message, line, given, hint
        super().__init__(message)


class _Loader(yaml.BaseLoader):
    """Composes nodes without giving any scalar a meaning; refuses tags and deep nesting on the way."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped in the stubs
        line = event.start_mark.line + 1
        tag = getattr(event, "tag", None)
        if tag is not None:
            given = tag.replace("tag:yaml.org,2002:", "!!")
            raise _Refused("YAML tags are not read here.", line, given=given, hint="Leave the tag out.")
        if self.depth > DEEPEST:
            raise _Refused(f"values are nested more than {DEEPEST} deep.", line)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def load(file: str, text: str) -> Document:
    """The values of one file with their lines; duplicate keys are in its `problems`.

    Raises:
        ConfigurationError: the text is not YAML, or uses a part of YAML that is refused.
    """
    try:
        node = _compose(text)
        if node is None:
            raise _Refused("the file is empty.", 1, hint="`gatehold init DIR` writes a working one.")
        document = Document(file, None)
        builder = _Builder(document)
        data = builder.value(node, (), frozenset())
    except _Refused as refused:
        problem = Problem(file, refused.line, "", refused.message, given=refused.given, hint=refused.hint)
        raise ConfigurationError([problem]) from None
    return Document(file, data, document.lines, document.key_lines, document.problems)


def _compose(text: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
            return node
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise _Refused(
            "a character stands here that YAML does not allow.", line, given=f"U+{_code(error):04X}"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(text, error) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        # The scanner of PyYAML lets some escapes ("\UFFFFFFFF") fail as plain ValueError, without a place.
        raise _Refused("the file is not valid YAML.", 1) from None


def _code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")


def _syntax(text: str, error: yaml.MarkedYAMLError) -> _Refused:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    said = str(error.problem or error.context or "")
    written = (text.splitlines() or [""])[min(line, max(len(text.splitlines()), 1)) - 1]
    if "'\\t'" in said or (mark and "\t" in written[: mark.column + 1]):
        return _Refused("a tab stands where YAML wants spaces.", line, hint="Indent with spaces.")
    if "but found another document" in said:
        return _Refused(
            "a second document begins here (---).", line, hint="Put it into a file of its own and `include` it."
        )
    return _Refused(f"this is not valid YAML: {said}.", line, hint='Text with ": ", "#" or brackets needs quotes.')


class _Builder:
    """Turns nodes into values, and notes where each of them stands."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def value(self, node: yaml.Node, path: Path, above: frozenset[int]) -> Any:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > MOST_VALUES:
            raise _Refused(f"aliases make the file larger than {MOST_VALUES:,} values.", line)
        if id(node) in above:
            raise _Refused("an alias stands inside the value that it names.", line)
        if len(path) > DEEPEST:
            raise _Refused(f"values are nested more than {DEEPEST} deep.", line)
        self.document.lines.setdefault(path, line)
        above = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(child, (*path, key), above) for key, child in self.entries(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index), above) for index, child in enumerate(node.value)]
        return _scalar(node)

    def entries(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _Refused(
                    "a key must be plain text.", line, hint="Braces without quotes begin a mapping: quote them."
                )
            key = _visible(str(key_node.value), line)
            if key in seen:
                self.document.problems.append(_twice(self.document.file, key, path, line, seen[key]))
                continue
            seen[key] = line
            self.document.key_lines[(*path, key)] = line
            yield key, child


def _twice(file: str, key: str, path: Path, line: int, first: int) -> Problem:
    message = f"the key stands here twice; the first is in line {first}."
    return Problem(file, line, dotted((*path, key)), message, hint="Keep one of them.")


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = _visible(str(node.value), node.start_mark.line + 1)
    if getattr(node, "style", None) is not None:
        return text
    if _NULL.match(text):
        return None
    if _TRUE.match(text) or _FALSE.match(text):
        return text[0] in "tT"
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _visible(text: str, line: int) -> str:
    found = _HIDDEN.search(text)
    if found:
        raise _Refused("a text holds a control character.", line, given=f"U+{ord(found[0]):04X}", hint="Take it out.")
    return text


def dotted(path: Path) -> str:
    """A place as people write it: `gates[0].alpha`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" if text else shown_key(part)
    return text


def shown_key(key: str) -> str:
    """A key as it stands in a path; anything but plain words in quotes."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key) else repr(key[:64])
