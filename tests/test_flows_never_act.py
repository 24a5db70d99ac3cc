"""Backfill, replay, self-test and demo never act on a live rollout: what acts takes a right that they cannot hold."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_examples import acting
from conftest import ROOT
from projects import HOUR, START
from typer.testing import CliRunner

from flows import backfilling, capability, delivering, once, replaying
from flows.capability import TOLERANCE, Acting, Reach, Withheld
from flows.cli.app import app
from flows.project import Project
from warehouse import folder as folders
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.errors import UsageError

ACTS = ("flows.delivering", "flows.capability", "flows.reaching", "flows.targets", "flows.switches", "flows.channels")
PURE = ("flows.switches.port", "flows.channels.port", "flows.switches", "flows.channels")
"""What a message looks like; the packages themselves hold nothing."""


def imports(module: str) -> Iterator[str]:
    """Our modules that a module imports, inside functions and for types too."""
    for node in ast.walk(ast.parse(source(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def source(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def reached(*roots: str) -> set[str]:
    found, waiting = set(), list(roots)
    while waiting:
        module = waiting.pop()
        if module in found or not source(module).is_file():
            continue
        found.add(module)
        waiting += [name for name in imports(module) if name.split(".")[0] in ("flows", "checks", "warehouse")]
    return found


def modules(folder: str) -> list[str]:
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / folder).glob("*.py"))]


def test_nothing_that_replay_or_backfill_can_reach_acts() -> None:
    roots = ["flows.replaying", "flows.backfilling", *modules("flows/scaling"), *modules("warehouse/backfill")]
    found = {module for module in reached(*roots) if module.startswith(ACTS)}
    assert found <= set(PURE)
    assert len(reached(*roots)) > 100


@pytest.mark.parametrize("module", ["flows.replaying", "flows.backfilling", *modules("flows/self_test")])
def test_they_do_not_even_know_the_word(module: str) -> None:
    names = {node.id for node in ast.walk(ast.parse(source(module).read_text())) if isinstance(node, ast.Name)}
    assert names.isdisjoint({"Acting", "acting", "capability", "delivering"})


def test_replay_and_backfill_have_no_parameter_for_it() -> None:
    for module in (replaying, backfilling):
        for _, function in inspect.getmembers(module, inspect.isfunction):
            found = inspect.signature(function).parameters.values()
            assert not any("Acting" in str(parameter.annotation) or parameter.name == "acting" for parameter in found)


def test_whatever_hands_out_asks_for_the_right() -> None:
    for function in (delivering.deliver, delivering.deliver_project):
        parameter = inspect.signature(function).parameters["acting"]
        assert (parameter.annotation, parameter.default) == ("Acting", inspect.Parameter.empty)


def test_only_one_module_makes_the_right() -> None:
    making = [
        path.relative_to(ROOT).as_posix()
        for folder in ("flows", "dashboards", "checks", "warehouse")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Acting"
    ]
    assert set(making) == {"flows/capability.py"}


def test_the_right_can_be_neither_made_nor_changed(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="granted, not made"):
        Acting(tmp_path, START)
    may = acting(tmp_path, START)
    with pytest.raises(FrozenInstanceError):
        may.folder = tmp_path / "other"  # type: ignore[misc]  # that it cannot be set is what is tried
    assert "seal" not in repr(may)


@pytest.mark.parametrize("given", [None, True, "live", Withheld("no")])
def test_anything_else_is_refused_where_it_counts(tmp_path: Path, given: Any) -> None:
    with People.open(tmp_path) as people, pytest.raises(TypeError, match="takes an Acting"):
        delivering.deliver(people, acting=given, switches={}, channels={})


def test_a_right_is_good_for_one_folder_and_one_moment(tmp_path: Path) -> None:
    ours = p.make(tmp_path / "a")
    p.write(ours, "0.jsonl", p.answers(0))
    other = acting(tmp_path / "b", START)
    with People.open(tmp_path / "c") as people, pytest.raises(UsageError, match="was granted for"):
        delivering.deliver(people, acting=other, switches={}, channels={})
    with pytest.raises(UsageError, match="was granted for 2026-03-01T00:00"):
        once.run_once(ours, now=START + HOUR, acting=acting(ours.data, START))


@pytest.mark.parametrize("off", [timedelta(0), -TOLERANCE / 2, TOLERANCE / 2])
def test_the_present_of_a_live_folder_may_act(tmp_path: Path, off: timedelta) -> None:
    assert isinstance(capability.granted(tmp_path, now=datetime.now(UTC) + off), Acting)


def test_the_past_may_not_and_the_future_is_refused(tmp_path: Path) -> None:
    past = capability.granted(tmp_path, now=datetime.now(UTC) - 2 * TOLERANCE)
    assert isinstance(past, Withheld)
    assert "which is not now" in past.reason
    with pytest.raises(UsageError, match="lies in the future"):
        capability.granted(tmp_path, now=datetime.now(UTC) + 2 * TOLERANCE)
    with pytest.raises(UsageError, match="which is not now"):
        capability.asked_for(tmp_path, now=START)


@pytest.mark.parametrize("why", ["replay", "self-test", "", "\udcff"])
def test_a_folder_that_is_set_apart_may_not(tmp_path: Path, why: str) -> None:
    (tmp_path / folders.APART_FILE).write_bytes(why.encode("utf-8", "surrogateescape"))
    found = capability.granted(tmp_path, now=datetime.now(UTC))
    assert isinstance(found, Withheld)
    assert "set apart" in found.reason


def failing(folder: Path) -> Project:
    """A project whose rows of the last hours prove a breach."""
    ours = p.make(folder)
    now = datetime.now(UTC)
    hours = int((now - START) / HOUR) - 4
    p.write(ours, "0.jsonl", p.answers(hours, harmful=40, hours=3))
    return ours


def test_a_run_as_of_the_past_records_and_leaves_the_switch_alone(tmp_path: Path) -> None:
    ours = failing(tmp_path)
    then = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    done = CliRunner().invoke(app, ["run", "--config", str(tmp_path), "--as-of", then, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert "which is not now" in said["withheld"]
    assert said["delivered"] is None
    assert p.kinds(ours) == ["start", "pause"]
    assert not (tmp_path / f"{p.AGENT}.switch.json").exists()
    assert {d.state for d in p.deliveries(ours)} == {"waiting"}
    # What was recorded stands, so the present hands it out.
    done = CliRunner().invoke(app, ["run", "--config", str(tmp_path), "--json"])
    assert json.loads(done.stdout)["withheld"] == ""
    assert p.switched(ours)["action"] == "pause"


def test_a_run_as_of_the_future_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    ours = failing(tmp_path)
    done = CliRunner().invoke(app, ["run", "--config", str(tmp_path), "--as-of", "2999-01-01"])
    assert done.exit_code != 0
    assert not ours.data.exists()


def test_a_replay_leaves_switch_and_outbox_alone(tmp_path: Path) -> None:
    ours = p.make(tmp_path)
    p.write(ours, "0.jsonl", p.answers(0, hours=2))
    p.run(ours, 3)
    before = (p.deliveries(ours), p.switched(ours))
    stricter = replace(p.make(tmp_path / "other", p.policy(gates=[p.harm_gate(at_most=0.001)])), data=ours.data)
    replaying.replay(stricter, start=START, end=START + 5 * HOUR)
    assert (p.deliveries(ours), p.switched(ours)) == before
    assert not (tmp_path / "other" / f"{p.AGENT}.switch.json").exists()


def test_a_demo_reaches_files_of_its_own_folder_and_the_receiver_that_it_listens_at(tmp_path: Path) -> None:
    demo, outside = tmp_path / "demo", tmp_path / "outside"
    outside.mkdir()
    demo.mkdir()
    (demo / capability.DEMO_MARK).touch()
    (demo / "link").symlink_to(outside)
    reach = Reach(demo.resolve(), "http://127.0.0.1:9/")
    assert reach.file(demo / "a.json")
    assert not any(reach.file(path) for path in (outside / "a", demo / ".." / "a", demo / "link" / "a"))
    assert reach.address("http://127.0.0.1:9/")
    assert not any(reach.address(url) for url in (None, "", "http://127.0.0.1:8/", "https://live.example.org"))
    assert not Reach(demo).address(None)


def test_a_live_policy_on_a_demos_data_reaches_nothing(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / capability.DEMO_MARK).touch()
    live = p.make(tmp_path / "live")
    ours = replace(live, data=tmp_path / "demo" / ".gatehold")
    folders.set_apart(ours.data, capability.DEMO)
    p.write(live, "0.jsonl", p.answers(0, harmful=40))
    p.run(ours, 2)
    assert not (live.base / f"{p.AGENT}.switch.json").exists()
    with People.open(ours.data) as people:
        assert {(d.state, str(d.last_error)[:27]) for d in outbox.all(people)} == {
            ("dead", "This is a demo's data folde")
        }


def test_a_simulated_right_is_for_demos_and_for_receivers_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no demo's data folder"):
        capability.simulated(tmp_path, at=START, receiver="http://127.0.0.1:1/")
    folders.set_apart(tmp_path, capability.DEMO)
    with pytest.raises(UsageError, match="calls nobody but itself"):
        capability.simulated(tmp_path, at=START, receiver="https://live.example.org/")
    may = capability.simulated(tmp_path, at=START, receiver="http://127.0.0.1:1/")
    assert may.reach == Reach(tmp_path.resolve(), "http://127.0.0.1:1/")
