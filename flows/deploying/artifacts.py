"""What a run leaves on the Prefect server to look at: a table for each rollout, a summary, and a link to the board."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dashboards import format
from flows.channels.as_markdown import escaped
from flows.channels.text import visible

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from checks.gates.records import Standing, Verdict
    from flows.once import Pass

SUMMARY, BOARD = "gatehold-summary", "gatehold-board"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact: `kind` is "table" (`data` is JSON) or "markdown"; a newer one of the same key takes its place."""

    key: str
    kind: str
    data: str
    description: str = ""


def of_pass(done: Pass, link: str) -> list[Artifact]:
    """A table for each rollout, the summary of the pass, and the link to where people look."""
    tables = [_table(outcome.standing) for outcome in done.outcomes]
    address = quote(link, safe=":/?&=%#@!$',;~+*-._[]").replace("[", "%5B").replace("]", "%5D")
    board = Artifact(BOARD, "markdown", f"[The board]({address})", "Where people look.")
    return [*tables, Artifact(SUMMARY, "markdown", summary(done)), board]


def key_of(rollout: str) -> str:
    """The key of a rollout's table: small letters, digits and hyphens, another one for each name."""
    plain = re.sub(r"[^a-z0-9]+", "-", rollout.lower()).strip("-") or "rollout"
    mark = "" if plain == rollout else f"-{hashlib.sha256(rollout.encode()).hexdigest()[:6]}"
    return f"gatehold-{plain}{mark}"


def summary(done: Pass) -> str:
    """The pass as Markdown; no text of logs or of the configuration marks anything up in it."""
    lines = [f"# Gatehold, {format.moment(done.now)} UTC", ""]
    for outcome in done.outcomes:
        now = outcome.standing
        mark = " (simulated)" if now.simulated else ""
        lines.append(f"- **{_text(now.rollout)}**{mark}: **{now.standing}** at stage {_text(now.stage)}")
        lines += [f"  - {_text(reason.detail)}" for reason in now.reasons[:5]]
    if done.degraded:
        lines += ["", f"Sources not read in full: {', '.join(map(_text, done.degraded))}."]
    return "\n".join(lines if done.outcomes else [*lines, "The configuration names no rollout."])


def _table(now: Standing) -> Artifact:
    valid = f"valid until {format.moment(now.valid_until)} UTC"
    description = f"{_text(now.rollout)}: **{now.standing}** at stage {_text(now.stage)}, {valid}"
    rows = [_row(verdict) for verdict in now.verdicts]
    return Artifact(key_of(now.rollout), "table", json.dumps(rows, allow_nan=False), description)


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate": verdict.gate,
        "layer": verdict.layer,
        "outcome": verdict.outcome.replace("_", " ") + (" (waived)" if verdict.waived else ""),
        "estimate": format.value(verdict.estimate, verdict.measure),
        "interval": format.interval(verdict.low, verdict.high, verdict.measure),
        "limit": format.limit(verdict.direction, verdict.limit, verdict.measure),
        "units": verdict.units,
        "why": visible(verdict.detail),
    }


def _text(text: str) -> str:
    return escaped(visible(text))


def put(client: SyncPrefectClient, shown: Iterable[Artifact]) -> int:
    """How many artifacts the server took; they belong to the run that is going.

    Raises:
        httpx.HTTPError: the server is not there or refused one.
    """
    from prefect.client.schemas.actions import ArtifactCreate
    from prefect.context import get_run_context
    from prefect.exceptions import MissingContextError

    try:
        run = getattr(getattr(get_run_context(), "flow_run", None), "id", None)
    except MissingContextError:
        run = None
    count = 0
    for one in shown:
        made = ArtifactCreate(
            key=one.key, type=one.kind, description=one.description or None, data=one.data, flow_run_id=run
        )
        client.create_artifact(made)
        count += 1
    return count
