"""`gatehold outbox` and `gatehold log export`: what did not get through is sent again, and the log leaves the house."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from alert_examples import ATTACK
from command import gatehold
from people_examples import NOW, alert, switch, written

from warehouse.people import log, outbox
from warehouse.people.store import People

POLICY = {
    "rollouts": [
        {
            "name": "support",
            "owner": {"name": "Ines", "contact": "ines@example.com"},
            "stages": ["pilot"],
            "switch": {"kind": "file", "path": "switch.json"},
        }
    ],
    "alerts": [{"name": "on-call", "kind": "file", "path": "alerts.jsonl", "when": ["pause"]}],
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "gatehold.yaml").write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    with People.open(tmp_path / ".gatehold") as people:
        first = written(people, "a", switch("go", target="support"), alert(), kind="go")
        written(people, "b", alert(facts={"x": ATTACK}), kind="pause", rollout="support", text=ATTACK)
        for number in (1, 2):
            outbox.failed(people, f"{first.id}-{number}", now=NOW, error=f"refused {ATTACK}", transient=False)
    return tmp_path


def of(shop: Path, state: str) -> list[str]:
    with People.open(shop / ".gatehold") as people:
        return [d.id for d in outbox.all(people) if d.state == state]


def test_what_was_given_up_is_listed_with_its_reason(shop: Path) -> None:
    told = gatehold("outbox", "dead", "--config", str(shop))
    assert told.code == 0
    assert [line.split()[0] for line in told.out.splitlines()[::2]] == of(shop, "dead")
    assert "go to switch support" in told.out
    assert "1 attempt: refused <script>" in told.out
    assert not set("\x1b\u202e\x07\x00") & set(told.out)
    found = gatehold("outbox", "dead", "--config", str(shop), "--json").json
    assert [d["state"] for d in found] == ["dead", "dead"]


def test_the_list_can_be_narrowed(shop: Path) -> None:
    def listed(*words: str) -> list[str]:
        return [d["id"] for d in gatehold("outbox", "list", "--config", str(shop), "--json", *words).json]

    assert len(listed()) == 3
    assert len(listed("--last", "1")) == 1
    assert listed("--state", "waiting") == of(shop, "waiting")
    assert listed("--rollout", "nobody") == []
    assert gatehold("outbox", "list", "--config", str(shop), "--rollout", "x").out == "There are no such messages.\n"
    assert gatehold("outbox", "list", "--config", str(shop), "--state", "lost").code == 2


def test_what_was_given_up_goes_out_again(shop: Path) -> None:
    alert_id = of(shop, "dead")[1]
    told = gatehold("outbox", "retry", alert_id[:-1], "--config", str(shop))
    assert told.code == 2  # two messages of one decision begin so
    assert "2 messages" in told.err
    told = gatehold("outbox", "retry", alert_id, "--config", str(shop))
    assert told.code == 0
    assert "delivered" in told.out
    sent = [json.loads(line)["id"] for line in (shop / "alerts.jsonl").read_text().splitlines()]
    assert alert_id in sent
    assert gatehold("outbox", "retry", alert_id, "--config", str(shop)).code == 2


def test_an_old_go_is_not_sent_after_a_pause(shop: Path) -> None:
    with People.open(shop / ".gatehold") as people:
        written(people, "c", switch("pause", target="support"), kind="pause", at=NOW + timedelta(hours=1))
    go = of(shop, "dead")[0]
    told = gatehold("outbox", "retry", go, "--config", str(shop))
    assert told.code == 2
    assert "would undo that" in told.err
    told = gatehold("outbox", "retry", "--all", "--config", str(shop))
    assert told.code == 0
    assert "would undo that" in told.err
    assert of(shop, "dead") == [go]
    assert json.loads((shop / "switch.json").read_text())["action"] == "pause"


def test_one_message_or_all_has_to_be_said(shop: Path) -> None:
    assert "Name one message, or give --all" in gatehold("outbox", "retry", "--config", str(shop)).err
    assert gatehold("outbox", "retry", "x", "--all", "--config", str(shop)).code == 2
    assert gatehold("outbox", "retry", "nosuch", "--config", str(shop)).code == 2


def test_the_status_says_what_did_not_get_through(shop: Path) -> None:
    told = gatehold("status", "--config", str(shop))
    assert "2 messages were given up: `gatehold outbox dead`." in told.out
    with People.open(shop / ".gatehold") as people:
        outbox.failed(people, of(shop, "waiting")[0], now=NOW, error="down", transient=True)
    assert "1 message to switches and channels failed so far" in gatehold("status", "--config", str(shop)).out


def test_the_log_is_exported_as_lines(shop: Path) -> None:
    out = shop / "deep" / "log.jsonl"
    told = gatehold("log", "export", "--format", "jsonl", "--out", str(out), "--config", str(shop))
    assert told.code == 0
    assert "2 entries" in told.out
    lines = [json.loads(line) for line in out.read_bytes().decode("utf-8").split("\n")[:-1]]
    with People.open(shop / ".gatehold") as people:
        assert [line["hash"] for line in lines] == [e.hash for e in log.entries(people)]
    assert [p.name for p in out.parent.iterdir()] == ["log.jsonl"]


def test_the_log_is_exported_as_a_page(shop: Path) -> None:
    out = shop / "log.html"
    told = gatehold(
        "log", "export", "--format", "page", "--out", str(out), "--rollout", "support", "--config", str(shop), "--json"
    )
    assert (told.code, told.json["entries"], told.json["chain"]["ok"]) == (0, 2, True)
    html = out.read_text(encoding="utf-8")
    assert "The log is whole" in html
    assert "<script" not in html


def test_a_broken_log_is_exported_and_says_so(shop: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(shop / ".gatehold" / "people.sqlite")) as file, file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {name}")
        file.execute("UPDATE decisions SET summary = 'all is well' WHERE seq = 1")
    out = shop / "log.html"
    told = gatehold("log", "export", "--format", "page", "--out", str(out), "--config", str(shop))
    assert told.code == 5
    assert "The log is broken at entry 1" in told.out
    assert "The log is broken at entry 1" in out.read_text(encoding="utf-8")


def test_a_rollout_that_is_not_there_is_said(shop: Path) -> None:
    out = shop / "log.jsonl"
    told = gatehold(
        "log", "export", "--format", "jsonl", "--out", str(out), "--rollout", "suport", "--config", str(shop)
    )
    assert told.code == 2
    assert "suport" in told.err
    assert not out.exists()
