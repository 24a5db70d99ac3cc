"""`gatehold self-test`: does every gate see what it is there to see?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress

if TYPE_CHECKING:
    from flows.self_test.records import GateResult

FAILED = 1


def self_test(
    gates: Annotated[
        list[str] | None, typer.Argument(metavar="GATE", help="Gates (NAME or ROLLOUT/NAME); all if not said.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Send planted traffic to each gate.

    Made-up rows go the whole way from a log file to the standing, in a folder of their own that is removed: healthy
    ones, which must pass, and a decline, which must be a breach; of a gate that compares arms also a decline of the
    control alone, which must not. A gate that fails is `error` in every run until a self-test of the same
    configuration holds. Exit 0 if none failed, 1 if any did; what cannot be tested is shown with the reason.
    """
    from flows import self_testing
    from flows.self_test import trying

    project, now = projects.load(config, data=data), moment(as_of)
    with progress() as say:
        results = list(trying.try_all(project.policy, gates or (), say=say, now=now))
        stored = self_testing.keep(project, results, now=now, say=say)
    if as_json:
        terminal.emit({"tested_at": now, "stored": stored, "gates": results})
    else:
        show(results)
    raise typer.Exit(FAILED if any(r.result == "failed" for r in results) else 0)


def show(results: Sequence[GateResult]) -> None:
    """Print one line for each gate, and how many came through."""
    for result in results:
        more = f" ({'; '.join(result.remarks)})" if result.remarks else ""
        terminal.entry(result.result, f"{result.gate}: {result.detail}{more}")
    numbers = [(word, sum(r.result == word for r in results)) for word in ("held", "failed", "not_testable")]
    told = ", ".join(
        f"{number} {word.replace('_', ' ')}" for word, number in numbers if number or word != "not_testable"
    )
    terminal.say(f"{told}." if results else "The configuration has no gate.")
