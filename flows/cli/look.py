"""`gatehold gate`, `status` and `report`: what may each rollout do, read from what the last run published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    pass

EXIT = {"go": 0, "hold": 10, "pause": 11}


def gate(
    rollout: Annotated[str, typer.Argument(help="Name of the rollout.")],
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say whether a rollout may expand: exit 0 go, 10 hold, 11 pause, 1 error."""
    now = moment(as_of)
    known = standings(projects.load(config, data=data), now)
    if rollout not in known:
        raise UsageError(f"There is no rollout {rollout!r}. Known: {', '.join(known) or 'none'}.")
    found = known[rollout]
    if as_json:
        terminal.emit(found)
    else:
        show_standing(rollout, found)
    raise typer.Exit(EXIT[found["standing"]])


def status(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show every rollout: standing, layers, weakest gate, and why."""
    known = standings(projects.load(config, data=data), moment(as_of))
    if as_json:
        terminal.emit(known)
        return
    if not known:
        terminal.say("The configuration names no rollout.")
    terminal.table(
        "Rollouts",
        ["rollout", "standing", "stage", "data", "model", "workflow", "governance", "binding gate", "why"],
        ([name, *_status_row(found)] for name, found in known.items()),
    )
    if any(found["simulated"] for found in known.values()):
        terminal.say("SIMULATED traffic: nothing here is evidence about a real system.", "bold")


def report(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page; reports/index.html if not said.")] = None,
    as_of: AsOf = None,
) -> None:
    """Write the page of all rollouts, gates, data and decisions as one file that needs no network."""
    from flows import publishing
    from flows.stores import open_stores

    project = projects.load(config, data=data)
    with open_stores(project) as stores:
        written = publishing.write_page(project, stores, now=moment(as_of), out=out)
    terminal.say(f"Written: {written}")


def standings(project: projects.Project, now: datetime) -> dict[str, dict[str, Any]]:
    """What each configured rollout may do at `now`: the published standing, `hold` when it lapsed or never was."""
    from warehouse.people import standings as published
    from warehouse.people.store import People

    with People.open(project.data) as people:
        latest = published.latest(people)
    return {
        r.name: _current(latest[r.name].body, now) if r.name in latest else _never_run(r.name, r.stages[0])
        for r in project.policy.rollouts
    }


def _current(body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    found = dict(body["standing"])
    until = datetime.fromisoformat(found["valid_until"])
    if now >= until and found["standing"] != "pause":
        lapsed = f"The last run's word held until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC; run the monitor again."
        was = found["standing"]
        found["standing"] = "hold"
        found["reasons"] = [
            {"code": "lease_lapsed", "detail": f"{lapsed} (It was {was}.)", "gate": None},
            *found["reasons"],
        ]
    return found


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


def _status_row(found: Mapping[str, Any]) -> list[Any]:
    layers = {layer["layer"]: layer for layer in found["layers"]}

    def cell(name: str) -> Any:
        layer = layers.get(name)
        if layer is None or layer["outcome"] is None:
            return "-"
        return terminal.styled(layer["outcome"])

    return [
        terminal.styled(found["standing"]),
        found["stage"],
        *(cell(name) for name in ("data", "model", "workflow", "governance")),
        found["binding"] or "-",
        found["reasons"][0]["detail"],
    ]


def show_standing(rollout: str, found: Mapping[str, Any]) -> None:
    """Print one rollout: the standing, its reasons, and what every gate says."""
    terminal.console().print(
        terminal.Text.assemble(
            terminal.visible(rollout), ": ", terminal.styled(found["standing"]), f" at stage {found['stage']}"
        )
    )
    for reason in found["reasons"]:
        terminal.say(f"  {reason['detail']}")
    if found["valid_until"]:
        terminal.say(f"  Valid until {found['valid_until']}.", "dim")
    if found["verdicts"]:
        terminal.table(
            "", ["layer", "gate", "verdict", "n", "what it says"], (verdict_row(v) for v in found["verdicts"])
        )


def verdict_row(verdict: Mapping[str, Any]) -> list[Any]:
    """One verdict as cells of a table."""
    name = verdict["gate"].split("/", 1)[-1]
    needed = "" if verdict["required"] else " (later stage)"
    return [
        verdict["layer"],
        f"{name}{needed}",
        terminal.styled(verdict["outcome"]),
        str(verdict["units"]) if verdict["units"] else "",
        verdict["detail"],
    ]
