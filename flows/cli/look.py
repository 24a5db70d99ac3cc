"""`gatehold gate`, `status` and `report`: what may each rollout do, read from what the last run published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checks.gates import saying
from flows import project as projects
from flows.cli import meters, terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from warehouse.people.glance import Word

EXIT = {"go": 0, "hold": 10, "pause": 11}


def gate(
    rollout: Annotated[str, typer.Argument(metavar="ROLLOUT", help="Name of the rollout.")],
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say whether a rollout may expand.

    Exit 0 go, 10 hold, 11 pause, 1 when nothing can be said. It reads what the last run published and never waits for
    a run that is going on; when nobody renewed the word of the last run in time, it is hold.
    """
    now = moment(as_of)
    known = standings(projects.load(config, data=data), now)
    if rollout not in known:
        near = get_close_matches(rollout, known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"There is no rollout {rollout!r}.{meant} Known: {', '.join(known) or 'none'}.")
    found = known[rollout]
    if as_json:
        terminal.emit(found)
    else:
        show_standing(found)
        mark_simulated([found])
    raise typer.Exit(EXIT[found["standing"]])


def status(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show every rollout: standing, layers, and why.

    It reads what the last run published and never waits for a run that is going on.
    """
    project = projects.load(config, data=data)
    known = standings(project, moment(as_of))
    if as_json:
        terminal.emit(known)
        return
    if not known:
        terminal.say("The configuration names no rollout.")
    for found in known.values():
        show_briefly(found)
    _show_undelivered(project)
    mark_simulated(known.values())


def _show_undelivered(project: projects.Project) -> None:
    """Say so when switches or channels have not heard what they should have."""
    from warehouse.people import glance

    waiting, dead = glance.undelivered(project.data)
    if waiting:
        terminal.say(
            f"{waiting} {'message' if waiting == 1 else 'messages'} to switches and channels failed so far and "
            "will be tried again: `gatehold outbox list --state waiting`.",
            "yellow",
        )
    if dead:
        terminal.say(
            f"{dead} {'message was' if dead == 1 else 'messages were'} given up: `gatehold outbox dead`.", "bold red"
        )


def report(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; reports/index.html if not said.")] = None,
    data_docs: Annotated[
        bool, typer.Option("--data-docs", help="Beside it, a page of the data checks of each stream.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Write the page of everything known as one HTML file.

    Rollouts, gates, data and decisions, in a file that needs no network. `gatehold run` writes it as well. Evidently's
    page of each drift section is drawn beside it, where the one that is there does not tell the same. Exit 1 when one
    could not be drawn: the rest is written, and the page of before stays.
    """
    from flows import data_docs as docs
    from flows import drift_page, drifting, publishing
    from flows.stores import open_stores

    project = projects.load(config, data=data)
    with progress() as step, open_stores(project, say=step) as stores:
        now = moment(as_of)
        step("Comparing with the reference")
        drifted = list(drifting.compare_all(project, stores, now=now).values())
        step("Drawing drift pages")
        drifted = drift_page.with_pages(project, stores, drifted, now=now)
        step("Writing the page")
        written = publishing.write_page(project, stores, now=now, out=out, drift=drifted)
        pages = docs.write(project, stores, main_page=written, now=now) if data_docs else []
    drawn = [one.page for one in drifted if one.page and not one.undrawn]
    undrawn = {one.name: one.undrawn for one in drifted if one.undrawn}
    if as_json:
        drift = {key: value for key, value in (("drift", drawn), ("undrawn", undrawn)) if value}
        terminal.emit({"page": written, **drift, **({"data_docs": pages} if data_docs else {})})
    else:
        for path in (written, *drawn, *pages):
            terminal.say(f"Written: {path}")
        for name, why in undrawn.items():
            terminal.say(f"Evidently's page of {name} was not drawn: {why}", "bold red")
    if undrawn:
        raise typer.Exit(1)


def standings(project: projects.Project, now: datetime) -> dict[str, dict[str, Any]]:
    """What each configured rollout may do at `now`: the published standing, or `hold` when it is no longer good."""
    from warehouse.people import glance

    words = glance.words(project.data)
    digest = project.policy.digest
    return {
        r.name: _said_now(words[r.name], now, digest) if r.name in words else _never_run(r.name, r.stages[0])
        for r in project.policy.rollouts
    }


def _said_now(word: Word, now: datetime, digest: str) -> dict[str, Any]:
    told = {} if word.stop is None else word.stop.told()
    return saying.now_says(word.standing.body["standing"], now, config_digest=digest, **told)


def _never_run(rollout: str, stage: str) -> dict[str, Any]:
    reason = {"code": "never_run", "detail": "No run has looked at it yet: `gatehold run`.", "gate": None}
    return {
        "rollout": rollout,
        "standing": "hold",
        "stage": stage,
        "release": None,
        "at": None,
        "valid_until": None,
        "reasons": [reason],
        "binding": None,
        "runner_up": None,
        "if_mended": None,
        "layers": [],
        "verdicts": [],
        "simulated": False,
    }


def show_standing(found: Mapping[str, Any]) -> None:
    """Print one rollout: the standing, why, how long it is good for, and what every gate says, layer by layer."""
    _headline(found)
    for reason in _own_reasons(found):
        terminal.say(reason["detail"], indent=2)
    if found["valid_until"]:
        terminal.say(f"Good until {_time(datetime.fromisoformat(found['valid_until']))}.", "dim", indent=2)
    for line in _versions(found):
        terminal.say(line, "dim", indent=2)
    meters.show_rollout(found)
    layer = None
    for verdict in found["verdicts"]:
        if verdict["layer"] != layer:
            layer = verdict["layer"]
            terminal.say(layer, "bold dim")
        terminal.entry(verdict["outcome"], _said(verdict))
        meters.show_gate(verdict)
    meters.show_grounds(found["verdicts"])


def _versions(found: Mapping[str, Any]) -> Iterator[str]:
    """The versions that answer now, without those that no row names; nothing in standings of older versions."""
    named = [part for part in found.get("parts", ()) if part["versions"] != ["unknown"] or part["before"]]
    if not named:
        return
    versions = ", ".join(f"{part['part']} {_some(part['versions'])}" for part in named)
    yield f"Versions ({found['fingerprint'][:12]}): {versions}."
    for part in named:
        if part["beside"]:
            yield f"Beside {part['part']} {_some(part['versions'])}, rows of the last day name {_some(part['beside'])}."


def _some(versions: Sequence[str]) -> str:
    """At most three versions: they are text from logs, of any length and number."""
    shown = " and ".join(version[:60] for version in versions[:3])
    return f"{shown} and {len(versions) - 3} more" if len(versions) > 3 else shown


def show_briefly(found: Mapping[str, Any]) -> None:
    """Print one rollout in a few lines: the standing, its layers, and why."""
    _headline(found)
    layers = [layer for layer in found["layers"] if layer["outcome"]]
    if layers:
        parts: list[terminal.Text | str] = []
        for layer in layers:
            parts += [", " if parts else "", f"{layer['layer']} ", terminal.styled(layer["outcome"])]
        terminal.say(terminal.Text.assemble(*parts), indent=2)
    for reason in _own_reasons(found):
        gate = f"{reason['gate']}: " if reason["gate"] else ""
        terminal.say(f"{gate}{reason['detail']}", indent=2)
    meters.show_rollout(found)


def mark_simulated(found: Iterable[Mapping[str, Any]]) -> None:
    """Say so when traffic was simulated."""
    if any(one["simulated"] for one in found):
        terminal.say("SIMULATED traffic: nothing here is evidence about a real system.", "bold")


def _headline(found: Mapping[str, Any]) -> None:
    standing = terminal.styled(found["standing"])
    name = terminal.visible(found["rollout"])
    # A release is what the logs say it is: it may be anything, and of any length.
    release = f", release {terminal.visible(found['release'][:80])}" if found["release"] else ""
    terminal.say(terminal.Text.assemble((name, "bold"), ": ", standing, f" at stage {found['stage']}{release}"))


def _own_reasons(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The deciding reason, and those that no gate tells."""
    reasons: list[Mapping[str, Any]] = found["reasons"]
    deciding = next((n for n, reason in enumerate(reasons) if reason["gate"]), None)
    return [
        reason for n, reason in enumerate(reasons) if not reason["gate"] or n == deciding or reason["code"] == "waived"
    ]


def _said(verdict: Mapping[str, Any]) -> str:
    marks = [
        "" if verdict["required"] else "not required at this stage",
        "waived" if verdict["waived"] else "",
    ]
    told = ", ".join(mark for mark in marks if mark)
    return f"{verdict['gate']}{f' ({told})' if told else ''}: {verdict['detail']}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
