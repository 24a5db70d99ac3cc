"""The command line as a new user meets it: help, quick answers, and plain errors in the wrong place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command import gatehold
from shops import HOSTILE, ask, new_shop, plain, publish

from flows.cli.app import app

QUESTIONS = ("gate support-agent", "status", "log show", "log verify", "report", "log explain 1", "ingest", "run")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return new_shop(tmp_path / "shop")


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
