"""Doctor: look at this machine and this project, and say what is wrong and what to do."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Literal

from flows import project as projects
from flows.project import Project
from warehouse.records.errors import ConfigurationError, GateholdError

PREFECT_PORT = 4200
TESTED = {
    "prefect": ("3.8", "3.9 needs a newer certifi than may be served"),
    "duckdb": ("1.5.5", "2.0 writes files that 1.5 cannot read"),
    "great-expectations": ("1.", "the DuckDB adapter was proved on 1.24"),
    "evidently": ("0.7", "report records changed between minor versions"),
    "pandas": ("2.", "Evidently does not import with pandas 3"),
    "sqlalchemy": ("2.0", "with 2.1 Prefect's scheduler silently creates no runs"),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: `state` ok, warning or wrong, what was found, and what to do (empty when ok)."""

    what: str
    state: Literal["ok", "warning", "wrong"]
    found: str
    advice: str = ""


def examine(config: Path, *, data: Path | None, now: datetime) -> list[Diagnosis]:
    """Everything looked at, in the order in which it should be mended."""
    found = [*_python(), *_packages()]
    try:
        project = projects.load(config, data=data)
    except ConfigurationError as error:
        first = str(error.problems[0].message)
        advice = "`gatehold validate` lists every mistake; `gatehold init DIR` makes a working project."
        return [*found, Diagnosis("configuration", "wrong", f"{len(error.problems)} problem(s): {first}", advice)]
    found.append(Diagnosis("configuration", "ok", f"{project.file}, digest {project.policy.digest[:12]}"))
    return [*found, *_folder(project), *_store(project), *_clock(project, now), *_secrets(project), *_ports()]


def _python() -> Iterator[Diagnosis]:
    version = ".".join(str(n) for n in sys.version_info[:3])
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield Diagnosis("python", "ok" if fits else "wrong", version, "" if fits else "Use Python 3.11 to 3.13.")


def _packages() -> Iterator[Diagnosis]:
    for name, (prefix, why) in TESTED.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Diagnosis(
                name, "wrong", "not installed", "Install from the lock file: make demo builds the environment."
            )
            continue
        fits = version.startswith(prefix)
        yield Diagnosis(name, "ok" if fits else "warning", version, "" if fits else f"Tested with {prefix}*: {why}.")


def _folder(project: Project) -> Iterator[Diagnosis]:
    folder = project.data
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if os.access(there, os.W_OK):
        yield Diagnosis("data folder", "ok", str(folder) + ("" if folder.exists() else " (made by the first run)"))
    else:
        yield Diagnosis("data folder", "wrong", f"{there} cannot be written", "Choose another with --data.")


def _store(project: Project) -> Iterator[Diagnosis]:
    from warehouse import health

    seen = health.examine(project.data)
    yield Diagnosis("duckdb extensions", "ok", ", ".join(seen.extensions) or "none loaded")
    if seen.problem:
        advice = "Restore the file from a copy, or move it away and run `gatehold run` to read the sources again."
        yield Diagnosis("warehouse", "wrong", seen.problem, advice)
    elif seen.busy:
        yield Diagnosis("warehouse", "ok", "another process is writing now")
    elif seen.pending:
        yield Diagnosis(
            "warehouse", "warning", f"{len(seen.pending)} migration(s) pending", "The next run applies them."
        )
    else:
        yield Diagnosis("warehouse", "ok", "up to date" if seen.exists else "not made yet: `gatehold run`")


def _clock(project: Project, now: datetime) -> Iterator[Diagnosis]:
    from warehouse.people import log
    from warehouse.people.store import People

    if not project.data.exists():
        return
    try:
        with People.open(project.data) as people:
            report = log.verify(people)
            entries = log.entries(people)
    except GateholdError as error:
        yield Diagnosis("decision log", "wrong", str(error), "Restore people.sqlite from a copy.")
        return
    if report.ok:
        yield Diagnosis("decision log", "ok", f"{report.entries} entries, chain whole")
    else:
        yield Diagnosis(
            "decision log", "wrong", f"broken at {report.bad_seq}: {report.reason}", "`gatehold log verify`"
        )
    ahead = [e for e in entries if e.at > now + timedelta(minutes=5)]
    if ahead:
        advice = "Set the clock (NTP), or it was a run with --as-of in the future."
        yield Diagnosis("clock", "warning", f"{len(ahead)} decision(s) lie in the future of this clock", advice)
    else:
        yield Diagnosis("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


def _secrets(project: Project) -> Iterator[Diagnosis]:
    for name in project.policy.secret_names():
        if project.environment.get(name):
            yield Diagnosis(f"environment {name}", "ok", "set")
        else:
            yield Diagnosis(
                f"environment {name}", "warning", "not set", "Set it where the monitor runs; deliveries wait."
            )


def _ports() -> Iterator[Diagnosis]:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex(("127.0.0.1", PREFECT_PORT)) == 0
    found = "in use (a Prefect server, perhaps)" if taken else "free"
    yield Diagnosis(f"port {PREFECT_PORT} (Prefect)", "ok", found)
