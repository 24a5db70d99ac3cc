"""Doctor: look at this machine and this project, and say what is wrong and what to do."""

from __future__ import annotations

import glob
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
from flows.deploying import examining as prefect
from flows.project import Project
from flows.scaling import doctor as scaling
from warehouse.records.errors import ConfigurationError, GateholdError, describe

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
    """Everything looked at, in the order in which it should be mended; nothing is made or changed."""
    found = [*_python(), *_packages()]
    try:
        project = projects.load(config, data=data)
    except ConfigurationError as error:
        count = len(error.problems)
        first = f"{'1 problem' if count == 1 else f'{count} problems, the first'}: {describe(error.problems[0])}"
        advice = "`gatehold validate` lists every mistake; `gatehold init DIR` makes a working project."
        return [*found, Diagnosis("configuration", "wrong", first, advice)]
    found.append(Diagnosis("configuration", "ok", f"{project.file}, digest {project.policy.digest[:12]}"))
    found += _sources(project)
    folder = _folder(project)
    found.append(folder)
    if folder.state == "ok":
        found += [*_store(project), *scaling.examine(project), *_records(project, now)]
    return [*found, *_secrets(project), *prefect.examine(project), *_ports()]


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


def _sources(project: Project) -> Iterator[Diagnosis]:
    for source in project.policy.sources:
        what = f"source {source.name}"
        files = glob.glob(source.path, root_dir=project.base, recursive=True)
        closed = [name for name in files if not os.access(project.base / name, os.R_OK)]
        if closed:
            yield Diagnosis(what, "wrong", f"{closed[0]} cannot be read", "Give this account the right to read it.")
        elif files:
            yield Diagnosis(what, "ok", f"{len(files)} file{'' if len(files) == 1 else 's'} at {source.path}")
        else:
            advice = f'Look at "path:"; it starts from {project.base.absolute()}.'
            yield Diagnosis(what, "warning", f"no file at {source.path}", advice)


def _folder(project: Project) -> Diagnosis:
    folder, advice = project.data, "Choose another with --data or GATEHOLD_DATA."
    try:
        there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    except OSError as error:
        return Diagnosis("data folder", "wrong", f"{folder}: {error.strerror}", advice)
    if not there.is_dir():
        return Diagnosis("data folder", "wrong", f"{there} is a file", advice)
    if not os.access(there, os.W_OK | os.X_OK):
        return Diagnosis("data folder", "wrong", f"{there} cannot be written", advice)
    return Diagnosis("data folder", "ok", str(folder) + ("" if there == folder else " (made by the first run)"))


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


def _records(project: Project, now: datetime) -> Iterator[Diagnosis]:
    from warehouse.people import file, glance

    restore = "Restore people.sqlite from a copy."
    try:
        stands = file.version(project.data / file.FILE_NAME, 5.0)
        if stands is None:
            yield Diagnosis("decision log", "ok", "not made yet: `gatehold run`")
        elif stands != file.revisions()[-1]:
            yield Diagnosis("decision log", "warning", "of an older version", "The next run brings it up to date.")
        else:
            yield from _log(project, now)
        waiting, dead = glance.undelivered(project.data) if stands else (0, 0)
    except GateholdError as error:
        yield Diagnosis("decision log", "wrong", str(error), restore)
        return
    if waiting or dead:
        advice = "Look at the receiver and at what the page says of each; the next run tries those that wait."
        yield Diagnosis("deliveries", "warning", f"{waiting} tried and waiting, {dead} given up", advice)


def _log(project: Project, now: datetime) -> Iterator[Diagnosis]:
    from warehouse.people import log
    from warehouse.people.store import People

    with People.open(project.data) as people:
        report = log.verify(people)
        entries = log.entries(people) if report.ok else []
    if not report.ok:
        found = f"broken at {report.bad_seq}: {report.reason}"
        yield Diagnosis("decision log", "wrong", found, "Compare with a copy; `gatehold log verify`.")
        return
    yield Diagnosis("decision log", "ok", f"{report.entries} entries, chain whole")
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
            advice = "Set it where the monitor runs; what needs it cannot be delivered until then."
            yield Diagnosis(f"environment {name}", "warning", "not set", advice)


def _ports() -> Iterator[Diagnosis]:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex(("127.0.0.1", PREFECT_PORT)) == 0
    found = "in use (a Prefect server, perhaps)" if taken else "free"
    yield Diagnosis(f"port {PREFECT_PORT} (Prefect)", "ok", found)
