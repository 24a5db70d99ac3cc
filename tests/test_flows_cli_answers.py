"""What questions answer before and after a run: exit codes, JSON alone on stdout, a log that is whole."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from shops import HOSTILE, HOUR, NAME, NOW, ask, new_shop, plain, publish

from flows import doctoring, stores
from warehouse.people import log, standings
from warehouse.people.store import FILE_NAME, People


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return new_shop(tmp_path / "shop")


# -- before the first run ------------------------------------------------------------------------------------------


def test_a_rollout_that_no_run_has_looked_at_is_held(shop: Path) -> None:
    done = ask(shop, "gate", NAME, "--json")
    assert done.code == 10
    assert [reason["code"] for reason in done.json["reasons"]] == ["never_run"]
    assert "gatehold run" in ask(shop, "gate", NAME).out
    assert ask(shop, "status", "--json").json[NAME]["standing"] == "hold"
    assert ask(shop, "log", "show", "--json").json == []
    assert ask(shop, "log", "verify").code == 0
    assert not (shop / ".gatehold").exists(), "a question makes nothing"


# -- after it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "code"), [("go", 0), ("hold", 10), ("pause", 11)])
def test_the_gate_answers_by_exit_code(shop: Path, kind: str, code: int) -> None:
    publish(shop, kind)
    assert ask(shop, "gate", NAME).code == code
    done = ask(shop, "gate", NAME, "--json")
    assert (done.code, done.json["standing"], done.err) == (code, kind, "")
    assert ask(shop, "status").code == 0


def test_a_word_that_nobody_renewed_is_hold_and_a_pause_stays(shop: Path) -> None:
    publish(shop, "go")
    later = (NOW + 27 * HOUR).isoformat()
    lapsed = ask(shop, "gate", NAME, "--as-of", later, "--json")
    assert (lapsed.code, lapsed.json["reasons"][0]["code"]) == (10, "lease_lapsed")
    publish(shop, "pause", at=NOW + HOUR)
    assert ask(shop, "gate", NAME, "--as-of", later).code == 11


def test_a_changed_configuration_is_not_covered_by_the_last_run(shop: Path) -> None:
    publish(shop, "go")
    file = shop / "gatehold.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("at_most: 720", "at_most: 100"), encoding="utf-8")
    done = ask(shop, "gate", NAME, "--json")
    assert (done.code, done.json["reasons"][0]["code"]) == (10, "configuration_changed")


def test_what_people_wrote_cannot_move_the_terminal(shop: Path) -> None:
    publish(shop, "hold", detail=HOSTILE, release=HOSTILE)
    for words in (("gate", NAME), ("status",), ("log", "show")):
        done = ask(shop, *words)
        assert done.out.replace("\n", "").isprintable()
        assert "owned" in done.out


@pytest.mark.parametrize("columns", [60, 80])
def test_lines_fit_a_narrow_terminal(shop: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    publish(shop, "hold")
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in (("gate", NAME), ("status",), ("log", "show"), ("validate",)):
        lines = ask(shop, *words).out.splitlines()
        assert max(len(line) for line in lines) <= columns
    monkeypatch.delenv("COLUMNS")
    assert any(len(line) > 100 for line in ask(shop, "gate", NAME).out.splitlines()), "a pipe gets whole lines"


def test_shares_are_told_in_percent(shop: Path) -> None:
    publish(shop, "hold")
    said = ask(shop, "gate", NAME).out
    assert "answers_quarantined is 50 %; the limit is at most 2 %" in said
    assert "share;" not in said


def test_the_log_shows_the_newest_in_order_and_finds_a_change(shop: Path) -> None:
    for number in range(4):
        publish(shop, "hold", at=NOW + number * HOUR)
    entries = ask(shop, "log", "show", "--last", "3", "--json").json
    assert [entry["seq"] for entry in entries] == [2, 3, 4]
    assert ask(shop, "log", "show", "--rollout", "nobody", "--json").json == []
    assert ask(shop, "log", "verify", "--json").json["entries"] == 4
    with sqlite3.connect(shop / ".gatehold" / FILE_NAME) as connection:
        connection.execute("DROP TRIGGER decisions_never_change")
        connection.execute("UPDATE decisions SET summary = 'all is well' WHERE seq = 2")
    connection.close()
    done = ask(shop, "log", "verify")
    assert done.code == 5
    assert "entry 2" in done.out
    assert ask(shop, "log", "verify", "--json").json["bad_seq"] == 2


def test_a_log_that_vanished_beside_a_used_warehouse_is_broken(shop: Path) -> None:
    (shop / ".gatehold").mkdir()
    (shop / ".gatehold" / "warehouse.duckdb").touch()
    assert ask(shop, "log", "verify").code == 5


def test_a_file_that_is_not_ours_is_one_sentence(shop: Path) -> None:
    (shop / ".gatehold").mkdir()
    (shop / ".gatehold" / FILE_NAME).write_bytes(b"not a database" * 100)
    for words in (("gate", NAME), ("status",), ("log", "show"), ("log", "verify")):
        done = ask(shop, *words)
        assert done.code == 1
        assert plain(done)


def test_a_log_of_a_newer_version_is_refused_by_name(shop: Path) -> None:
    publish(shop, "go")
    with sqlite3.connect(shop / ".gatehold" / FILE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = ask(shop, "gate", NAME)
    assert done.code == 1
    assert "newer version" in done.err


def test_questions_are_answered_while_a_run_is_writing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(shop, "go")
    monkeypatch.setattr(stores, "AT_ONCE", 0.05)
    monkeypatch.setattr(stores, "PATIENCE", 0.1)
    with FileLock(shop / ".gatehold" / "writer.lock"):
        assert ask(shop, "gate", NAME).code == 0
        assert ask(shop, "log", "show").code == 0
        for words in ("run", "ingest", "report", "log explain 1"):
            done = ask(shop, *words.split(), "--json")
            assert (done.code, done.json["error"]["kind"]) == (1, "store_busy")
            assert "waiting" in done.err


def test_the_fast_look_reads_what_the_store_wrote(shop: Path) -> None:
    from warehouse.people import glance

    assert glance.standings(shop) == {}
    publish(shop, "hold", release=HOSTILE)
    folder = shop / ".gatehold"
    with People.open(folder) as people:
        assert glance.standings(folder) == standings.latest(people)
        assert glance.entries(folder) == log.entries(people)
    assert glance.undelivered(folder) == (0, 0)


def test_a_reader_that_goes_away_is_no_crash_and_no_go(shop: Path) -> None:
    publish(shop, "go")
    for words in (["schema"], ["gate", NAME, "--config", str(shop)]):
        command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait() == 1
        assert told == ""


# -- whole passes --------------------------------------------------------------------------------------------------


def test_json_of_numbers_that_are_none_is_null() -> None:
    from flows.cli import terminal

    diagnosis = replace(doctoring.Diagnosis("a", "ok", "b"), advice="c")
    assert terminal.jsonable([float("nan"), float("inf"), NOW, HOUR, diagnosis]) == [
        None,
        None,
        NOW.isoformat().replace("+00:00", "Z"),
        3600.0,
        {"what": "a", "state": "ok", "found": "b", "advice": "c"},
    ]
