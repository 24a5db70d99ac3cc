"""`gatehold init`, `validate`, `schema` and `doctor`: from nothing to a project that can run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from warehouse.records.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from flows.demo.files import DemoFile


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project; made if absent.")],
    seed: Annotated[int, typer.Option(help="Seed of the sample logs.")] = 7,
    as_json: Json = False,
) -> None:
    """Make a working project.

    Configuration, sample logs (simulated) and a README. Nothing that is there already is touched.
    """
    from flows.demo import sample

    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    files = list(sample.sample_project(seed, end))
    _nothing_in_the_way(folder, files)
    written = []
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        written.append(str(path))
    if as_json:
        terminal.emit({"folder": folder, "files": written})
        return
    terminal.say(f"Made {len(written)} files in {folder}. The sample logs are simulated. Next:")
    steps = ["gatehold validate", "gatehold run", "gatehold status"]
    if folder.resolve() != Path.cwd():
        steps.insert(0, f"cd {shlex.quote(str(folder))}")
    terminal.say("\n".join(f"  {step}" for step in steps))


def _nothing_in_the_way(folder: Path, files: Sequence[DemoFile]) -> None:
    blocking = next((p for p in (folder, *folder.parents) if p.exists() and not p.is_dir()), None)
    if blocking is not None:
        raise UsageError(f"{blocking} is a file. Name a folder that is empty or does not exist yet.")
    there = [str(folder / file.path) for file in files if (folder / file.path).exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(f"{there[0]}{more} would be overwritten. Choose another folder, or move that away first.")


def validate(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check the configuration.

    Every mistake is reported at once, with its line and what is allowed; exit 2 if there is one.
    """
    from checks.policy import describe

    try:
        project = projects.load(config)
    except ConfigurationError as error:
        if as_json:
            terminal.emit({"valid": False, "problems": error.problems, "warnings": []})
        terminal.fail(f"The configuration is not valid.\n{describe(error.problems)}")
        raise typer.Exit(2) from error
    policy = project.policy
    if as_json:
        terminal.emit({"valid": True, "problems": [], "warnings": policy.warnings, "digest": policy.digest})
        return
    for warning in policy.warnings:
        terminal.entry("warning", f"{warning.file}:{warning.line}: {warning.path}: {warning.message} {warning.hint}")
    counts = [(len(policy.sources), "source"), (len(policy.rollouts), "rollout"), (len(policy.gates), "gate")]
    told = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)
    terminal.say(f"{project.file} is valid: {told}. Digest {policy.digest[:16]}.", "green")


def schema(
    as_json: Annotated[bool, typer.Option("--json", help="Changes nothing: it is JSON always.")] = False,
) -> None:
    """Print the JSON Schema of the configuration.

    Editors that know it complete keys and mark mistakes while you type.
    """
    from checks.policy import schema as made

    terminal.emit(made())


def doctor(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Check this machine and this project.

    Says what is wrong and what to do; exit 1 if something is wrong. It changes nothing.
    """
    from flows import doctoring

    findings = doctoring.examine(config, data=data, now=datetime.now(UTC))
    if as_json:
        terminal.emit(findings)
    else:
        for f in findings:
            terminal.entry(f.state, f"{f.what}: {f.found.rstrip('.')}" + (f". {f.advice}" if f.advice else ""))
    raise typer.Exit(1 if any(f.state == "wrong" for f in findings) else 0)
