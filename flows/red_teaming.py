"""Red teaming: send a set of probes to the system, and write what came back where a source reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks import probing
from checks.probing import Probe, Reply
from flows.credentials import Credential
from flows.switches.calling import call
from warehouse.records.errors import DeliveryError, UsageError

if TYPE_CHECKING:
    from checks.policy.red_team import RedTeam
    from flows.project import Project

MOST = 10_000
"""Probes that one set may hold."""

Tick = Callable[[int, int], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Sent:
    """What one set came to: probes sent, refusals, answers that wait for a judge, probes without an answer.

    `left` counts the probes that were not sent because the system did not answer any more. `file` holds the rows.
    """

    name: str
    sent: int
    refused: int
    unjudged: int
    unanswered: int
    left: int
    error: str
    file: Path


def send(project: Project, section: RedTeam, *, clock: Clock, tick: Tick = lambda done, of: None) -> Sent:
    """Send every probe of the set, one after the other, and write the rows as one file.

    A probe that gets no answer is a row without one: its attack is unscored, never failed. A process that dies leaves
    no file, so a run counts whole or not at all.

    Raises:
        UsageError: the file of the probes cannot be read, or holds none.
    """
    probes = read(project.base / section.probes)
    run = f"{section.name}-{clock():%Y%m%dT%H%M%SZ}"
    rows: list[dict[str, Any]] = []
    silent, error = 0, ""
    for number, probe in enumerate(probes, start=1):
        reply = ask(project, section, probe)
        rows.append(
            probing.row(
                probe,
                reply,
                run=run,
                rollout=section.rollout,
                target=section.rollout,
                at=clock(),
                refused_when=section.refused_when,
            )
        )
        silent, error = (silent + 1, reply.error) if reply.answer is None else (0, error)
        tick(number, len(probes))
        if silent >= section.stop_after:
            break
    file = _write(project.base / section.out / f"{run}.jsonl", rows)
    answered = [r for r in rows if r["response"] is not None]
    refused = sum(r["success"] is False for r in answered)
    unanswered = len(rows) - len(answered)
    left = len(probes) - len(rows)
    return Sent(section.name, len(rows), refused, len(answered) - refused, unanswered, left, error, file)


def told(sent: Sent) -> str:
    """What a set came to, in one line."""
    line = (
        f"{sent.name}: {sent.sent:,} probes sent, {sent.refused:,} refused, {sent.unjudged:,} wait for a judge, "
        f"{sent.unanswered:,} without an answer"
    )
    if sent.left:
        line += f", {sent.left:,} not sent"
    return f"{line}. {sent.error}".rstrip() if sent.error else f"{line}."


def ask(project: Project, section: RedTeam, probe: Probe) -> Reply:
    """What the system answers to one probe; why there is no answer is in the reply."""
    headers = {"Content-Type": "application/json"}
    try:
        if section.token_env is not None:
            token = Credential.from_environment(section.token_env, project.environment)
            headers["Authorization"] = f"Bearer {token.reveal()}"
        answer = call(
            "POST",
            Credential.from_environment(section.url_env, project.environment),
            "",
            headers=headers,
            content=probing.request(section.request, probe.prompt),
            timeout=section.timeout.total_seconds(),
        )
    except DeliveryError as error:
        return Reply(None, str(error))
    found = probing.at(answer.body, section.answer)
    release = probing.at(answer.body, section.release) if section.release else None
    return Reply(
        found, "" if found is not None else f"There is no text at {section.answer} in what came back.", release
    )


def read(path: Path) -> list[Probe]:
    """The probes of a file of JSON lines, in its order.

    Raises:
        UsageError: it cannot be read, a line is no probe, two have one name, or there are none or too many.
    """
    try:
        with path.open(encoding="utf-8") as file:
            probes = [_probe(path, number, line) for number, line in enumerate(file, start=1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The probes in {path} cannot be read: {error}.") from error
    if not 0 < len(probes) <= MOST:
        raise UsageError(f"{path} holds {len(probes):,} probes; allowed are 1 to {MOST:,}.")
    names = [probe.probe for probe in probes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{path} holds the probe {twice!r} more than once. Give each a name of its own.")
    return probes


def _probe(path: Path, number: int, line: str) -> Probe:
    try:
        found = json.loads(line)
        texts = {key: found.get(key) or "" for key in ("probe", "prompt", "method", "category")}
    except (ValueError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}:{number} is no JSON object with a probe and a prompt.") from error
    if not all(isinstance(value, str) for value in texts.values()) or not (texts["probe"] and texts["prompt"]):
        raise UsageError(f"{path}:{number} needs the texts probe and prompt, and may have method and category.")
    return Probe(**texts)


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("w", encoding="ascii") as file:
        file.writelines(_lines(rows))
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    return path


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=True) + "\n"
