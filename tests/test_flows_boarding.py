"""Starting the board: the first link, where it may listen, and what `up` starts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import projects as p
import pytest
from board_tools import let_in
from command import gatehold

from dashboards.http import serving
from flows import boarding
from flows.serving import children
from flows.serving.children import Places
from warehouse.people import passwords
from warehouse.people.file import FILE_NAME
from warehouse.people.store import People


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command would serve, without a socket."""
    found: list[dict[str, Any]] = []

    def serve(data: Path, *, say: Any, **given: Any) -> None:
        found.append(given)
        say("http://127.0.0.1:8765")

    monkeypatch.setattr(serving, "serve", serve)
    return found


def test_the_command_prints_a_link_until_an_admin_can_sign_in(tmp_path: Path, served: list[dict[str, Any]]) -> None:
    project = p.make(tmp_path)
    first = gatehold("board", "--config", str(tmp_path))
    assert first.code == 0
    link = first.out.splitlines()[-1]
    key = link.removeprefix("http://127.0.0.1:8765/link?key=")
    assert key != link
    with People.open(project.data) as people:
        assert passwords.whose(people, key, now=datetime.now(UTC)) == (True, None)
    silent = gatehold("board", "--config", str(tmp_path), "--no-first-link")
    assert "link?key=" not in silent.out
    told = json.loads(gatehold("board", "--config", str(tmp_path), "--json").out)
    assert told["first_link"].startswith("http://127.0.0.1:8765/link?key=")
    with People.open(project.data) as people:
        assert passwords.whose(people, key, now=datetime.now(UTC)) == (False, None), "a new link ends the old one"
        let_in(people, "Ada", "admin", datetime.now(UTC))
    assert "link?key=" not in gatehold("board", "--config", str(tmp_path)).out
    assert [bool(one["board"]) for one in served] == [True] * 4


def test_beyond_this_machine_somebody_has_to_be_able_to_sign_in(tmp_path: Path, served: list[dict[str, Any]]) -> None:
    project = p.make(tmp_path)
    refused = gatehold("board", "--config", str(tmp_path), "--host", "0.0.0.0")
    assert (refused.code, "Nobody can sign in yet" in refused.err, served) == (2, True, [])
    assert not (project.data / FILE_NAME).exists(), "looking makes nothing"
    with People.open(project.data) as people:
        let_in(people, "Ada", "admin", datetime.now(UTC))
    done = gatehold("board", "--config", str(tmp_path), "--host", "0.0.0.0")
    assert done.code == 0
    assert "without TLS" in done.err
    assert served[0]["host"] == "0.0.0.0"


def test_a_data_folder_without_people_says_that_nobody_can_sign_in(tmp_path: Path) -> None:
    assert not boarding.somebody_can_sign_in(tmp_path)


def test_up_starts_the_board_with_its_pages_and_says_the_link_itself(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    command = children.board(Places(project.data, 1, 2), project).command
    assert command[3:] == (
        "board", "--data", str(project.data.absolute()), "--config", str(project.file.absolute()), "--port", "2",
        "--no-first-link",
    )  # fmt: skip
