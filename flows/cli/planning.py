"""`gatehold plan`: what to expect of a gate before a rollout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from checks.gates.planning import Plan
    from checks.gates.simulation import Forecast, Wait

MOST = 1e12
HEADS = ("true value", "of the limit", "half within", "9 in 10 within", "units (half)")


def plan(
    gate: Annotated[str, typer.Argument(metavar="GATE", help="Name of the gate; of every rollout that has it.")],
    rollout: Annotated[str | None, typer.Option(help="Only the gate of this rollout.")] = None,
    units_per_day: Annotated[
        float | None,
        typer.Option(help="Units of evidence to expect a day, of both arms together; what there was if not said."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(help="Value to expect, in the metric's unit; where arms are compared, of the control."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say before a rollout what to expect of a gate.

    How long until it passes, how soon it notices a decline, and whether its limit can be proved at all with the traffic
    there is: by running the gate itself on simulated traffic like that of the last four weeks.
    """
    if units_per_day is not None and not 0.0 < units_per_day < MOST:
        raise UsageError(f"--units-per-day {units_per_day:g} is no amount of traffic. Give a number above 0.")
    if rate is not None and not -MOST < rate < MOST:
        raise UsageError(f"--rate {rate:g} is no value of a metric. Give a number.")
    from flows import planning

    project, now = projects.load(config, data=data), moment(as_of)
    with progress() as say:
        asked = planning.Asked(units_per_day, rate)
        found = planning.plans(project, gate, rollout=rollout, asked=asked, now=now, say=say)
    if as_json:
        terminal.emit(found)
        return
    for number, each in enumerate(found):
        if number:
            terminal.say("")
        show(each)


def show(found: Plan) -> None:
    """Print one plan: what the gate asks, warnings first, three tables, what was assumed."""
    terminal.say(f"{found.gate} of {found.rollout}: {found.claim}", "bold")
    if found.units_per_day is not None:
        terminal.say(
            f"With about {_count(found.units_per_day)} {found.unit}s a day, looked at every {_span(found.window)}.",
            indent=2,
        )
    for warning in found.warnings:
        terminal.entry("warning", warning)
    _table("How long until it passes", found.passes)
    _table("How soon it notices a decline that is there from the start", found.at_once)
    if found.quiet is not None:
        _table(f"How soon it notices a decline after {_span(found.quiet)} at 0.6 of the limit", found.later)
    for note in found.notes:
        terminal.say(note, "dim", indent=2)


def _table(title: str, forecasts: Sequence[Forecast]) -> None:
    if not forecasts:
        return
    terminal.say("")
    terminal.table(title, HEADS, [_row(forecast) for forecast in forecasts])


def _row(forecast: Forecast) -> Sequence[str]:
    share = f"{forecast.share:.3g}x"
    if not forecast.possible:
        return forecast.said, share, "-", "-", "-"
    units = f"{_rounded(forecast.half.units):,}" if forecast.half else "-"
    return forecast.said, share, _wait(forecast.half), _wait(forecast.most), units


def _wait(wait: Wait | None) -> str:
    return "not in a year" if wait is None else _span(wait.time)


def _span(length: timedelta) -> str:
    from checks.gates.wording import span

    return span(length)


def _count(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{round(number):,}"


def _rounded(number: int) -> int:
    """To two digits: a forecast is no better than that."""
    return round(number, 2 - len(str(number)))
