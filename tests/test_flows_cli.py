"""The command line as a new user meets it: exit codes, plain errors, JSON alone on stdout, quick answers."""

from __future__ import annotations

import ast
import gzip
import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import Typed, gatehold
from filelock import FileLock

from checks.gates import codec, standing
from checks.gates.deterministic import evaluate
from flows import doctoring, stores
from flows import project as projects
from flows.cli.app import app
from warehouse.people import log, standings
from warehouse.people.store import FILE_NAME, People
from warehouse.records.decisions import NewDecision, PublishedStanding

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
NAME = "support-agent"
QUESTIONS = ("gate support-agent", "status", "log show", "log verify", "report", "log explain 1", "ingest", "run")
HOSTILE = "\x1b]0;owned\x07\u202e<b>\x00"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    made = gatehold("init", str(tmp_path / "shop"))
    assert (made.code, made.err) == (0, "")
    return tmp_path / "shop"


def ask(shop: Path, *words: str) -> Typed:
    return gatehold(*words, "--config", str(shop))


def publish(shop: Path, kind: str, *, at: datetime = NOW, detail: str = "", release: str = "r1") -> None:
    """Write what a run would have published and decided: one gate, and a standing of this kind."""
    project = projects.load(shop)
    gate = project.policy.gate_specs(NAME, "pilot")[0]
    verdict = evaluate(gate, value=0.5 if kind == "hold" else 0.0, newest=at, now=at, sentence=detail)
    said = standing.decide(
        rollout=NAME,
        stage="pilot",
        release=release,
        verdicts=[verdict],
        paused=kind == "pause",
        now=at,
        lease=26 * HOUR,
        config_digest=project.policy.digest,
        simulated=False,
    )
    assert said.standing == kind
    body = {"standing": codec.standing_to_json(said)}
    with People.open(project.data) as people:
        new = NewDecision(
            f"k{at}", at, NAME, said.standing, "gatehold monitor", said.reasons[0].detail, "", "", {"note": 1}
        )
        log.append(people, new, standing=PublishedStanding(NAME, body, at, said.valid_until))


def plain(done: Typed) -> bool:
    """An error of a sentence or two, without a traceback, and a way on."""
    return done.err.startswith("Error: ") and "Traceback" not in done.err and len(done.err) < 400


# -- help ----------------------------------------------------------------------------------------------------------


def test_without_a_command_it_shows_what_there_is() -> None:
    bare = gatehold()
    assert bare.code == 2
    assert "init" in bare.out + bare.err
    assert gatehold("--help").code == 0
    assert gatehold("--version").out.startswith("gatehold 0.")


@pytest.mark.parametrize("name", [c.name for c in app.registered_commands])
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    done = gatehold(name, "--help")
    assert done.code == 0
    assert f"gatehold {name}" in done.out.split("Examples:")[1]
    assert "--json" in done.out


def test_every_command_fits_its_line_of_the_overview() -> None:
    assert "...\n" not in (gatehold("--help").out + gatehold("log", "--help").out).replace("[ARGS]...", "")


@pytest.mark.parametrize(
    "words", [("nosuch",), ("gate",), ("init",), ("log", "show", "--last", "0"), ("run", "--nope")]
)
def test_wrong_usage_exits_2_and_says_where_help_is(words: Sequence[str]) -> None:
    done = gatehold(*words)
    assert done.code == 2
    assert "--help' for help" in done.err
    assert done.out == ""
    as_json = gatehold(*words, "--json")
    assert (as_json.code, as_json.json["error"]["kind"], as_json.json["error"]["exit"]) == (2, "usage", 2)


@pytest.mark.parametrize("words", ["gate support-agent", "status", "log show", "validate"])
def test_a_question_loads_nothing_heavy(shop: Path, words: str) -> None:
    publish(shop, "hold")
    script = (
        "import sys\nfrom flows.cli import main\n"
        f"sys.argv = ['gatehold', *{words.split()!r}, '--config', {str(shop)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout.rsplit("LOADED ", 1)[1]))
    heavy = {"prefect", "great_expectations", "evidently", "pandas", "pyarrow", "numpy", "plotly", "scipy", "duckdb"}
    assert loaded & (heavy | {"sqlalchemy", "sqlmodel", "alembic"}) == set()


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


# -- in the wrong place --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [*QUESTIONS, "validate"])
def test_in_a_folder_without_a_project_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = gatehold(*words.split())
    assert done.code == 2
    assert plain(done)
    assert "gatehold init" in done.err
    assert gatehold(*words.split(), "--json").json
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_rollout_gets_the_nearest_name(shop: Path) -> None:
    done = ask(shop, "gate", "support-agnt")
    assert done.code == 2
    assert "Did you mean support-agent?" in done.err
    assert ask(shop, "gate", HOSTILE.replace("\x00", ""), "--json").json["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    "when", ["nonsense", "", "2026-13-45", "0001-01-01T00:00:00+23:00", "9999-12-31", "1969-12-31"]
)
def test_a_moment_that_is_none_is_refused(shop: Path, when: str) -> None:
    for words in ("run", "ingest", "status", "gate support-agent"):
        done = ask(shop, *words.split(), "--as-of", when)
        assert done.code == 2
        assert plain(done)
        assert "--as-of" in done.err
    assert not (shop / ".gatehold").exists()


def test_a_data_folder_that_is_a_file_is_named(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for words in ("run", "ingest", "report"):
        done = ask(shop, words, "--data", str(file))
        assert done.code == 1
        assert "it is a file" in done.err
        assert plain(done)


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


@pytest.mark.slow
def test_from_nothing_to_an_answer(shop: Path) -> None:
    first = ask(shop, "run")
    assert first.code == 0
    assert "support-agent: hold at stage pilot" in first.out
    assert "SIMULATED" in first.out
    assert "Pulling sources" in first.err
    second = ask(shop, "run", "--json")
    assert second.code == 0
    assert [report["batches"] for report in second.json["pulled"]] == [[]] * 4 or all(
        batch["repeated"] for report in second.json["pulled"] for batch in report["batches"]
    )
    assert second.json["outcomes"][0]["entry"] is None, "nothing new, nothing decided"
    assert Path(second.json["page"]).exists()
    assert ask(shop, "gate", NAME, "--json").json == second.json["outcomes"][0]["standing"]
    assert "320 received" in first.out
    assert ask(shop, "ingest", "--json").code == 0
    page = ask(shop, "report", "--out", str(shop / "page.html"), "--json")
    assert Path(page.json["page"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    entries: list[dict[str, Any]] = ask(shop, "log", "show", "--json").json
    assert [entry["kind"] for entry in entries] == ["start", "hold"]
    for name, equal in (("1", None), ("2", True), (entries[1]["id"], True), (entries[1]["id"][:6], True)):
        told = ask(shop, "log", "explain", name, "--json")
        assert (told.code, told.json["equal"]) == (0, equal)
    assert "nothing to recompute" in ask(shop, "log", "explain", "1").out
    assert "stored evidence: equal" in ask(shop, "log", "explain", "2").out
    assert ask(shop, "log", "explain", "99").code == 2
    assert ask(shop, "log", "verify").code == 0


@pytest.mark.slow
def test_hostile_lines_and_names_stop_nothing(shop: Path) -> None:
    row = {"id": "x1", "ts": "2026-01-01T10:00:00Z", "conversation": "c", "deploy": HOSTILE, "topic": "\ud800"}
    lines = [json.dumps({**row, "id": f"{HOSTILE}{n}", key: HOSTILE}) for n, key in enumerate(("topic", "ts", "done"))]
    content = "\n".join([json.dumps(row), *lines, "not json", "[" * 50_000]).encode() + b"\n\xff\x00\n"
    (shop / "logs" / f"interactions-{HOSTILE[:-1]}.jsonl").write_bytes(content)
    done = ask(shop, "ingest")
    assert done.code == 0
    assert "in quarantine" in done.out
    for typed in (done, ask(shop, "run"), ask(shop, "status"), ask(shop, "gate", NAME), ask(shop, "log", "show")):
        assert typed.out.replace("\n", "").isprintable()
        assert typed.err.replace("\n", "").isprintable()
    assert ask(shop, "run", "--json").json["outcomes"]


@pytest.mark.slow
def test_a_source_that_cannot_be_read_in_full_exits_4_by_name(shop: Path) -> None:
    cut = gzip.compress(b'{"id": "s1", "ts": "2026-01-01T00:00:00Z"}\n')[:-6]
    (shop / "logs" / "steps-2026-01-01.jsonl").write_bytes(cut)
    done = ask(shop, "ingest")
    assert done.code == 4
    assert "degraded" in done.out
    assert "step-logs" in done.out
    assert ask(shop, "ingest", "--json").code == 4


@pytest.mark.slow
def test_a_switch_that_was_not_reached_is_said(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLOUT_HOOK", raising=False)
    file = shop / "gatehold.yaml"
    hook = "switch: {kind: webhook, url_env: ROLLOUT_HOOK, secret_env: ROLLOUT_SECRET}"
    text = file.read_text(encoding="utf-8").replace('switch: {kind: file, path: "switch.json"}', hook)
    file.write_text(text, encoding="utf-8")
    done = ask(shop, "run")
    assert done.code == 0
    assert "switch support-agent was not reached" in done.out
    assert "ROLLOUT_HOOK" in done.out


def test_a_demo_never_removes_what_no_demo_made(shop: Path) -> None:
    done = gatehold("demo", str(shop))
    assert done.code == 2
    assert plain(done)
    assert (shop / "gatehold.yaml").exists()
    assert gatehold("demo", "--help").code == 0


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
