"""From files to a policy: every section validated by itself, then against the others, every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from checks.metrics import catalogue
from checks.policy import (
    alerts,
    drift,
    files,
    gate_checks,
    judge_checks,
    metric_checks,
    privacy,
    quality,
    red_team,
    reviews,
    rollouts,
    sources,
    streams,
    warn,
)
from checks.policy.configuration import ConfigurationFile, Settings
from checks.policy.known import NO_SUCH, Known, Raw, text
from checks.policy.policy import Policy
from checks.policy.report import Place, problems_of, shown
from checks.policy.shape import Shape, entry
from checks.policy.yaml_source import Document
from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.streams import BUILT_IN

Check = Callable[[Raw, Place, Known], Iterator[Problem]]

_CHECKS: dict[str, Check] = {
    "sources": sources.check,
    "streams": streams.check,
    "metrics": metric_checks.check,
    "judges": judge_checks.check,
    "rollouts": rollouts.check,
    "gates": gate_checks.check,
    "alerts": alerts.check,
    "checks": quality.check,
    "drift": drift.check,
    "red_team": red_team.check,
    "reviews": reviews.check,
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
    problems += _between(items, gathered.complete) + _twice(items)
    problems += [problem for document in gathered.documents for problem in _texts(document, items)]
    if problems:
        raise ConfigurationError(_once(problems))
    return _policy(items, settings, Place(gathered.documents[0], ()))


def _between(items: Sequence[Item], complete: bool) -> list[Problem]:
    """What the entries say that does not fit together."""
    known = _known(items)
    entries = [item for item in items if isinstance(item.raw, dict)]
    found = [problem for item in entries for problem in _CHECKS[item.section](item.raw, item.place, known)]
    # A name that seems unknown may be declared in the file that could not be read.
    return [problem for problem in found if complete or not problem.message.startswith(NO_SUCH)]


def _texts(document: Document, items: Sequence[Item]) -> Iterator[Problem]:
    """What the retention of one file says of columns that the streams do not have."""
    if isinstance(document.data, dict):
        yield from privacy.texts_check(document.data.get("retention"), Place(document, ()), _known(items).streams)


def _policy(items: Sequence[Item], settings: dict[str, Any], root: Place) -> Policy:
    sections: dict[str, Any] = {name: tuple(i.model for i in items if i.section == name) for name in _CHECKS}
    policy = Policy(**settings, **sections)
    placed = {name: [i.place for i in items if i.section == name] for name in _CHECKS}
    found = sorted(warn.warnings(policy, placed, root), key=lambda w: (w.file, w.line or 0, w.path))
    return policy.model_copy(update={"warnings": tuple(found)})


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
        return Item(section, raw, place, None), problems_of(error, place, Shape(_entry(section), raw))


def _errors(model: type[BaseModel], raw: Any, place: Place) -> list[Problem]:
    try:
        model.model_validate(raw)
    except ValidationError as error:
        return problems_of(error, place, Shape(model, raw))
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
    return entry(ConfigurationFile.model_fields[section].annotation)


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    return TypeAdapter(_entry(section))


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
        judges=dict(named("judges")),
        alerts=tuple(name for name, _ in named("alerts")),
        sources=tuple(model for _, model in named("sources")),
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
