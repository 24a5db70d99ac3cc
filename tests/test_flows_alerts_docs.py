"""docs/alerts.md: its configuration is valid, and its verifier finds what Gatehold's own finds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from people_examples import written

from checks.policy import parse
from flows import exporting
from warehouse.people import log
from warehouse.people.store import People

PAGE = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.S | re.M)
    return str(found)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        for number in range(8):
            text = "né 漢 \x00 \u2028 </script>" * (number % 3)
            written(people, f"k{number}", rollout=f"r{number % 2}", value=number / 3, big=10**15, text=text)
        yield people


@pytest.fixture
def check() -> Callable[..., tuple[int, str]]:
    space: dict[str, Any] = {"__name__": "verifier"}
    exec(compile(block("python"), "docs/alerts.md", "exec"), space)
    found: Callable[..., tuple[int, str]] = space["check"]
    return found


def lines(people: People, tmp_path: Path, rollout: str | None = None) -> list[str]:
    exporting.as_lines(people, tmp_path / "log.jsonl", rollout=rollout)
    return (tmp_path / "log.jsonl").read_text(encoding="utf-8").split("\n")[:-1]


def test_the_configuration_is_valid_and_says_all_events() -> None:
    policy = parse("gatehold.yaml", lambda _: block("yaml"))
    assert [a.kind for a in policy.alerts] == ["apprise", "prefect_block", "webhook", "file"]
    assert policy.board_url == "https://gatehold.example.org"
    assert policy.secret_names() == ("LIST_SECRET", "LIST_URL", "OWNER_URL")


def test_the_verifier_of_the_page_agrees(people: People, tmp_path: Path, check: Callable[..., Any]) -> None:
    found = lines(people, tmp_path)
    assert check(found) == (8, log.verify(people).head)
    assert check(found, (8, log.verify(people).head)) == (8, log.verify(people).head)


def test_it_runs_as_it_stands(people: People, tmp_path: Path) -> None:
    lines(people, tmp_path)
    (tmp_path / "check.py").write_text(block("python"), encoding="utf-8")
    command = [sys.executable, "-I", "check.py", "log.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"8 {log.verify(people).head}\n"


def test_it_finds_what_was_done_to_a_file(people: People, tmp_path: Path, check: Callable[..., Any]) -> None:
    good = lines(people, tmp_path)
    head = log.verify(people).head
    changed = [*good[:3], good[3].replace("why k3", "why k4"), *good[4:]]
    for bad, said in (
        (changed, "line 4 was changed"),
        ([*good[:2], *good[3:]], "line 3 does not follow"),
        ([good[1], good[0], *good[2:]], "line 1 does not follow"),
        ([*good[:4], good[3], *good[4:]], "line 5 does not follow"),
    ):
        with pytest.raises(ValueError, match=said):
            check(bad)
    with pytest.raises(ValueError, match="the log ends at line 7, but line 8 was seen"):
        check(good[:-1], (8, head))
    with pytest.raises(ValueError, match="line 8 is not the one"):
        check(good, (8, "0" * 64))


def test_one_rollout_is_told_and_the_others_withheld(people: People, tmp_path: Path, check: Callable[..., Any]) -> None:
    found = lines(people, tmp_path, "r1")
    assert check(found) == (8, log.verify(people).head)
    told = [json.loads(line) for line in found]
    assert [e.get("rollout") for e in told] == [None, "r1"] * 4
    assert set(told[0]) == {"seq", "previous_hash", "hash", "withheld"}
    with pytest.raises(ValueError, match="line 2 was changed"):
        check([found[0], found[1].replace("why k1", "why k9"), *found[2:]])


def test_every_event_of_the_configuration_is_in_the_table() -> None:
    from typing import get_args

    from checks.policy.alerts import AlertEvent

    assert [event for event in get_args(AlertEvent) if f"`{event}`" not in PAGE.split("| event |")[1]] == []
