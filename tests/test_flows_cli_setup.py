"""Setting up: a project is made, its configuration checked, and the doctor names what is wrong around it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from command import gatehold
from shops import HOUR, NOW, ask, new_shop, plain, publish

from flows import doctoring
from warehouse.people.store import FILE_NAME


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return new_shop(tmp_path / "shop")


# -- init, validate, schema ----------------------------------------------------------------------------------------


def test_init_makes_a_project_that_is_valid_and_touches_nothing_of_yours(shop: Path, tmp_path: Path) -> None:
    assert "valid: 4 sources, 1 rollout, 7 gates" in ask(shop, "validate").out
    assert "SIMULATED" in (shop / "README.md").read_text(encoding="utf-8")
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    again = gatehold("init", str(shop))
    assert again.code == 2
    assert plain(again)
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before
    for way in (shop / "gatehold.yaml", shop / "gatehold.yaml" / "below"):
        blocked = gatehold("init", str(way))
        assert blocked.code == 2
        assert "is a file" in blocked.err
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("mine", encoding="utf-8")
    assert gatehold("init", str(mine)).code == 2
    assert [path.name for path in mine.iterdir()] == ["README.md"]


def test_init_says_what_to_type_next_ready_to_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"cd '{tmp_path}/my shop'" in gatehold("init", str(tmp_path / "my shop")).out
    monkeypatch.chdir(tmp_path)
    here = gatehold("init", ".")
    assert "cd " not in here.out
    assert len(gatehold("init", "other", "--json").json["files"]) == 11


def test_validate_reports_every_mistake_with_its_line(shop: Path) -> None:
    file = shop / "gatehold.yaml"
    text = (
        file.read_text(encoding="utf-8").replace("at_most: 0.02,", "at_mots: 0.02,").replace("alpha: 0.02", "alpha: 7")
    )
    file.write_text(text, encoding="utf-8")
    done = ask(shop, "validate")
    assert done.code == 2
    assert done.out == ""
    assert "at_mots" in done.err
    assert done.err.count("line ") >= 4
    assert "allowed:" in done.err
    as_json = ask(shop, "validate", "--json")
    assert (as_json.code, as_json.json["valid"]) == (2, False)
    assert len(as_json.json["problems"]) == done.err.count("    line ")
    assert ask(shop, "run").err.count("    line ") == len(as_json.json["problems"])


def test_validate_names_what_is_probably_not_meant(shop: Path) -> None:
    file = shop / "gatehold.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("lease: 26h", "lease: 10m"), encoding="utf-8")
    done = ask(shop, "validate")
    assert done.code == 0
    assert "lapses to hold" in done.out
    assert len(ask(shop, "validate", "--json").json["warnings"]) == 1


@pytest.mark.parametrize("content", [b"sources: [1,\n", b"\xff\xfe", b"", b"- a\n- b\n", b"gates: {a: b}\n", b"\x00"])
def test_broken_yaml_is_a_problem_and_never_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gatehold.yaml").write_bytes(content)
    for words in ("validate", "status", "run"):
        done = ask(tmp_path, words)
        assert done.code == 2
        assert done.err.startswith("Error: ")
        assert "Traceback" not in done.err


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    assert gatehold("schema").json["properties"].keys() >= {"sources", "rollouts", "gates"}
    assert gatehold("schema", "--json").json == gatehold("schema").json


# -- doctor (looks at a port) --------------------------------------------------------------------------------------


@pytest.mark.live
@pytest.mark.enable_socket
def test_the_doctor_names_what_is_wrong_and_makes_nothing(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROLLOUT_HOOK", raising=False)
    monkeypatch.setenv("ROLLOUT_SECRET", "hush")
    file = shop / "gatehold.yaml"
    text = file.read_text(encoding="utf-8")
    hook = "switch: {kind: webhook, url_env: ROLLOUT_HOOK, secret_env: ROLLOUT_SECRET}"
    text = text.replace('switch: {kind: file, path: "switch.json"}', hook).replace("logs/steps-*", "nowhere/steps-*")
    file.write_text(text, encoding="utf-8")
    done = ask(shop, "doctor", "--json")
    found = {one["what"]: one for one in done.json}
    assert done.code == 0
    assert found["environment ROLLOUT_HOOK"]["state"] == "warning"
    assert found["environment ROLLOUT_SECRET"]["state"] == "ok"
    assert "hush" not in done.out
    assert found["source step-logs"]["state"] == "warning"
    assert all(one["advice"] for one in done.json if one["state"] != "ok")
    assert not (shop / ".gatehold").exists()
    blocked = tmp_path / "file"
    blocked.touch()
    assert ask(shop, "doctor", "--data", str(blocked)).code == 1
    assert ask(tmp_path, "doctor").code == 1


@pytest.mark.live
@pytest.mark.enable_socket
def test_the_doctor_finds_a_broken_log_and_a_clock_that_went_back(shop: Path) -> None:
    publish(shop, "hold", at=NOW + 100 * HOUR)
    found = {one.what: one for one in doctoring.examine(shop, data=None, now=NOW)}
    assert found["clock"].state == "warning"
    with sqlite3.connect(shop / ".gatehold" / FILE_NAME) as connection:
        connection.execute("DROP TRIGGER decisions_never_change")
        connection.execute("UPDATE decisions SET summary = 'all is well'")
    connection.close()
    done = ask(shop, "doctor")
    assert done.code == 1
    assert "broken at 1" in done.out


# -- whole passes --------------------------------------------------------------------------------------------------


def test_a_demo_never_removes_what_no_demo_made(shop: Path) -> None:
    done = gatehold("demo", str(shop))
    assert done.code == 2
    assert plain(done)
    assert (shop / "gatehold.yaml").exists()
    assert gatehold("demo", "--help").code == 0
