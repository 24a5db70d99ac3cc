"""From files to a policy: every section validated by itself, then against the others, every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from checks.metrics import catalogue
from checks.policy import alerts, drift, files, gate_checks, metric_checks, quality, rollouts, sources, streams, warn
from checks.policy.configuration import ConfigurationFile, Settings
from checks.policy.known import Known, Raw, text
from checks.policy.policy import Policy
from checks.policy.report import Place, problems_of, shown
from checks.policy.yaml_source import Document, Path
from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.streams import BUILT_IN

Check = Callable[[Raw, Place, Known], Iterator[Problem]]

_CHECKS: dict[str, Check] = {
    "sources": sources.check,
    "streams": streams.check,
    "metrics": metric_checks.check,
    "rollouts": rollouts.check,
    "gates": gate_checks.check,
    "alerts": alerts.check,
    "checks": quality.check,
    "drift": drift.check,
}
SETTINGS = tuple(Settings.model_fields)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of one section: what stands in the file, where, and its model (None when it is not valid)."""

    section: str
    raw: Any
    place: Place
    model: BaseModel | None


def parse(file: str, read: files.Read) -> Policy:
    """The policy that a file and all that it includes make; `read` gives the text of a path.

    Raises:
        ConfigurationError: with every problem of every file at once.
    """
    gathered = files.gather(file, read)
    problems = list(gathered.problems)
    items: list[Item] = []
    settings: dict[str, Any] = {}
    for document in gathered.documents:
        found, wrong = _sections(document)
        items += found
        problems += wrong + _settings(document, settings)
    known = _known(items)
    for item in items:
        if isinstance(item.raw, dict):
            problems += _CHECKS[item.section](item.raw, item.place, known)
    problems += _twice(items)
    if problems:
        raise ConfigurationError(_once(problems))
    return _policy(items, settings, Place(gathered.documents[0], ()))


def _policy(items: Sequence[Item], settings: dict[str, Any], root: Place) -> Policy:
    sections = {name: tuple(i.model for i in items if i.section == name) for name in _CHECKS}
    policy = Policy(**settings, **sections)
    placed = {name: [i.place for i in items if i.section == name] for name in _CHECKS}
    return policy.model_copy(update={"warnings": tuple(warn.warnings(policy, placed, root))})


def _sections(document: Document) -> tuple[list[Item], list[Problem]]:
    root, data = Place(document, ()), document.data
    if not isinstance(data, dict):
        allowed = "a mapping with keys such as sources, rollouts, gates"
        return [], [root.problem((), "the file is not a mapping.", given=shown(data), allowed=allowed)]
    items: list[Item] = []
    problems = _errors(ConfigurationFile, {k: v for k, v in data.items() if k not in _CHECKS}, root)
    for section in _CHECKS:
        entries = data.get(section)
        if entries is None:
            continue
        if not isinstance(entries, list):
            allowed = "a list: one entry after each hyphen"
            problems.append(root.problem((section,), "must be a list.", given=shown(entries), allowed=allowed))
            continue
        for index, raw in enumerate(entries):
            item, wrong = _item(section, raw, Place(document, (section, index)))
            items.append(item)
            problems += wrong
    return items, problems


def _item(section: str, raw: Any, place: Place) -> tuple[Item, list[Problem]]:
    adapter = _adapter(section)
    try:
        return Item(section, raw, place, adapter.validate_python(raw)), []
    except ValidationError as error:
        keys = _keys_of(_entry(section), raw)
        return Item(section, raw, place, None), problems_of(error, place, raw, keys)


def _errors(model: type[BaseModel], raw: Any, place: Place) -> list[Problem]:
    try:
        model.model_validate(raw)
    except ValidationError as error:
        return problems_of(error, place, raw, _keys_of(model, raw))
    return []


def _settings(document: Document, settings: dict[str, Any]) -> list[Problem]:
    """Take the settings of one file into `settings`; a setting that another file has too is a problem."""
    data = document.data if isinstance(document.data, dict) else {}
    given = {key: data[key] for key in SETTINGS if key in data}
    place = Place(document, ())
    twice = [key for key in given if key in settings]
    if not _errors(Settings, given, place):
        parsed = Settings.model_validate(given)
        settings.update({key: getattr(parsed, key) for key in given})
    message = "is set in another file already."
    return [place.problem((key,), message, given=shown(given[key]), hint="Keep one of them.") for key in twice]


def _entry(section: str) -> Any:
    """The type of one entry of a section."""
    return get_args(ConfigurationFile.model_fields[section].annotation)[0]


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    return TypeAdapter(_entry(section))


def _keys_of(kind: Any, raw: Any) -> Callable[[Path], Sequence[str]]:
    """A function that gives the keys which the mapping at a place inside `raw` may have."""

    def keys(path: Path) -> Sequence[str]:
        model, value = _model(kind, raw), raw
        for part in path:
            value = value[part] if isinstance(value, dict | list) else None
            if isinstance(part, str) and model is not None and part in model.model_fields:
                inner: Any = model.model_fields[part].annotation
                model = _model(inner, value)
            elif isinstance(part, int) and model is None:
                model = _model(inner, value)
        return tuple(model.model_fields) if model else ()

    return keys


def _model(kind: Any, value: Any) -> type[BaseModel] | None:
    """The model behind a type: through lists, optionals and, for a union by kind, the member that `value` names."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    members = [m for m in get_args(kind) if m is not type(None)]
    if get_origin(kind) in (Union, UnionType) and isinstance(value, dict):
        models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
        named = [m for m in models if value.get("kind") in get_args(m.model_fields["kind"].annotation)] if len(models) > 1 else models
        return named[0] if named else None
    return next((found for m in members if (found := _model(m, value)) is not None), None)


def _known(items: Sequence[Item]) -> Known:
    """Everything that is declared by a name, broken declarations as None."""

    def named(section: str) -> Iterator[tuple[str, Any]]:
        for item in items:
            name = text(item.raw, "name") if item.section == section and isinstance(item.raw, dict) else None
            if name is not None:
                yield name, item.model

    return Known(
        streams={**BUILT_IN, **{n: m.record() if m else None for n, m in named("streams") if n not in BUILT_IN}},
        metrics={**catalogue.built_in(), **dict(named("metrics"))},
        rollouts={name: model.stages if model else None for name, model in named("rollouts")},
    )


def _twice(items: Sequence[Item]) -> list[Problem]:
    """Names that stand twice in a section; gates once in each rollout, expectations may share a name."""
    seen: dict[tuple[str, ...], Item] = {}
    problems = []
    for item in items:
        name = text(item.raw, "name") if isinstance(item.raw, dict) else None
        if name is None or item.section == "checks":
            continue
        scopes = [r for _, r in gate_checks.rollouts_of(item.raw)] if item.section == "gates" else [""]
        for scope in dict.fromkeys(scopes):
            first = seen.setdefault((item.section, scope, name), item)
            if first is not item:
                problems.append(_already(item, first, name, scope))
                break
    return problems


def _already(item: Item, first: Item, name: str, scope: str) -> Problem:
    where = f"{first.place.document.file}:{first.place.document.line((*first.place.path, 'name'))}"
    within = f" of rollout {scope}" if scope else ""
    message = f"is the name of two {item.section}{within}; the first is in {where}."
    return item.place.problem(("name",), message, given=shown(name))


def _once(problems: Sequence[Problem]) -> list[Problem]:
    """The problems without repeats: a section and the checks between sections may see the same one."""
    places: dict[tuple[str, str, str], Problem] = {}
    for problem in problems:
        kind = "missing" if problem.message.startswith("is missing") else problem.message
        places.setdefault((problem.file, problem.path, kind), problem)
    return list(places.values())
