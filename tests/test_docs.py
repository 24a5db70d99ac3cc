"""What the documents say is true: commands run as they stand, examples load, links lead somewhere, help is the help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest
from conftest import ROOT

from checks.policy import parse
from flows.cli import document

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
MADE_BY_MAKE = re.compile(r"^make ([a-z]+)\b")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a page, and the lines that the page shows below it (`...` stands for anything)."""

    command: str
    shown: tuple[str, ...]


def steps(page: Path) -> Iterator[Step]:
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, *shown = part.splitlines()
            yield Step(command, tuple(shown))


def ids(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def matches(shown: tuple[str, ...], printed: list[str]) -> bool:
    """Whether the shown lines stand in what was printed, in order; a line of dots stands for any number of lines."""
    if not shown:
        return True
    if shown[0] == "...":
        return any(matches(shown[1:], printed[skipped:]) for skipped in range(len(printed) + 1))
    pattern = re.sub(r"([\[\]?*])", r"[\1]", shown[0]).replace("...", "*")
    return bool(printed) and fnmatch(printed[0], pattern) and matches(shown[1:], printed[1:])


def test_there_are_commands_to_run() -> None:
    assert len(list(steps(ROOT / "README.md"))) > 8


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_what_make_is_asked_for_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)[^`]*`", text)) | set(re.findall(r"^\$ make ([a-z]+)", text, flags=re.M))
    assert named - targets == set()


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(not s.command.startswith("make") for s in steps(p))], ids=ids)
def test_commands_do_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    here = tmp_path
    for step in steps(page):
        if MADE_BY_MAKE.match(step.command):
            continue
        script = f"{step.command}\ncode=$?\npwd > {tmp_path}/.here\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script], cwd=here, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{step.command}\n{done.stdout}{done.stderr}"
        assert matches(step.shown, done.stdout.splitlines()), f"{step.command} printed\n{done.stdout}"
        here = Path((tmp_path / ".here").read_text(encoding="utf-8").strip())


def test_the_configuration_of_the_readme_is_valid() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    policy = parse("gatehold.yaml", lambda _: example)
    assert policy.warnings == ()
    assert policy.secret_names() == ("ONCALL_URL", "ROLLOUT_HOOK", "ROLLOUT_SECRET")


def test_the_commands_page_is_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == document.markdown(), "write it again: python -m flows.cli.document > docs/commands.md"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    assert [t for t in targets if t and not (page.parent / t).exists()] == []


def test_files_that_the_documents_name_exist() -> None:
    for page in PAGES:
        named = re.findall(
            r"`((?:flows|checks|warehouse|dashboards|tests|benchmarks|infra|docs)/[\w/.]*)`", page.read_text()
        )
        assert [name for name in named if not (ROOT / name).exists()] == [], page


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in (ROOT / "docs").glob("*.md") if p.name != "README.md" and f"({p.name})" not in index] == []


def test_the_readme_names_every_command_and_folder() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Commands")[1].split("## Layout")[0]
    from flows.cli.app import app

    assert [c.name for c in app.registered_commands if f"`{c.name}" not in table] == []
    for folder in ("warehouse/", "checks/", "flows/", "dashboards/", "infra/"):
        assert f"\n{folder}" in text
