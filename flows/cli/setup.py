"""`gatehold init`, `validate`, `schema` and `doctor`: from nothing to a project that can run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from warehouse.records.errors import ConfigurationError, UsageError


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new project; made if absent.")],
    seed: Annotated[int, typer.Option(help="Seed of the sample logs.")] = 7,
    as_json: Json = False,
) -> None:
    """Make a working project: configuration, sample logs (simulated), and a README."""
    from flows.demo import sample

    if (folder / projects.CONFIG_NAME).exists():
        raise UsageError(f"{folder / projects.CONFIG_NAME} is there already; choose another folder or remove it.")
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    written = []
    for file in sample.sample_project(seed, end):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        written.append(str(path))
    if as_json:
        terminal.emit({"folder": folder, "files": written})
        return
    terminal.say(f"Made {len(written)} files in {folder}. The sample logs are simulated. Next:")
    terminal.say(f"  cd {folder}\n  gatehold validate\n  gatehold run\n  gatehold status")


def validate(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check the configuration and report every mistake at once; exit 2 if there is one."""
    try:
        project = projects.load(config)
    except ConfigurationError as error:
        if as_json:
            terminal.emit({"valid": False, "problems": error.problems, "warnings": []})
        else:
            terminal.fail(f"{len(error.problems)} problem(s) in the configuration.\n{error}")
        raise typer.Exit(2) from error
    policy = project.policy
    if as_json:
        terminal.emit({"valid": True, "problems": [], "warnings": policy.warnings, "digest": policy.digest})
        return
    for warning in policy.warnings:
        terminal.say(
            f"Warning: {warning.file}:{warning.line}: {warning.path}: {warning.message} {warning.hint}", "yellow"
        )
    terminal.say(
        f"Valid: {len(policy.sources)} source(s), {len(policy.rollouts)} rollout(s), {len(policy.gates)} gate(s). "
        f"Digest {policy.digest[:16]}.",
        "green",
    )


def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from checks.policy import schema as made

    terminal.emit(made())


def doctor(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Check this machine and this project, and say what to do; exit 1 if something is wrong."""
    from flows import doctoring

    findings = doctoring.examine(config, data=data, now=datetime.now(UTC))
    if as_json:
        terminal.emit(findings)
    else:
        marks = {"ok": "green", "warning": "yellow", "wrong": "bold red"}
        terminal.table(
            "Doctor",
            ["", "what", "found", "what to do"],
            ([terminal.Text(f.state, style=marks[f.state]), f.what, f.found, f.advice] for f in findings),
        )
    raise typer.Exit(1 if any(f.state == "wrong" for f in findings) else 0)
