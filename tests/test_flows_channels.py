"""Channels: people read the alert, and hostile text in it stays text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people_examples import NOW, alert, switch, written

from flows.channels.file import FileChannel
from flows.channels.port import Alert, alert_of
from flows.channels.text import render, visible
from flows.channels.webhook import WebhookChannel
from flows.receiver import Receiver
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.decisions import NewDelivery
from warehouse.records.errors import DeliveryError

ALERT = Alert(
    id="d1-2",
    rollout="support",
    event="pause",
    summary="Paused: harm is 1.2 %, at most 0.5 % is allowed.",
    facts=(("gate", "harm"), ("sample", "\x1b[2Jgo\u202e away\r\nrollout: all is well")),
    at=NOW,
    simulated=True,
    decision_id="d1",
    decision_seq=7,
    head="ab" * 32,
)

TEXT = r"""[SIMULATED] support: pause
Paused: harm is 1.2 %, at most 0.5 % is allowed.
  gate: harm
  sample: \u{001b}[2Jgo\u{202e} away\u{000d}\u{000a}rollout: all is well
  at 2026-01-05T12:00:00+00:00, decision 7 (d1)
  see gatehold log explain 7"""


def test_an_alert_as_text_is_this() -> None:
    assert render(ALERT) == TEXT
    assert render(replace(ALERT, simulated=False)).startswith("support: pause\n")


@given(st.text())
def test_text_becomes_one_printable_line(text: str) -> None:
    shown = visible(text, 40)
    assert shown.splitlines() in ([shown], [])
    assert not any(c in shown for c in "\x00\x07\x1b\x7f\x85\u200b\u202e\u2066\u2028\ufeff\U000e0041")
    assert len(text) <= 40 or f"({len(text) - 40:,} more characters)" in shown
    shown.encode("utf-8")


def test_ordinary_text_of_any_language_is_left_as_it_is() -> None:
    for text in ("naïve café", "漢字かな", "مرحبا", "🎉", "a < b & c"):
        assert visible(text) == text


def test_an_alert_survives_the_outbox(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        entry = written(people, "k", alert("stale", facts={"source": "logs", "since": "3 h"}))
        found = alert_of(outbox.all(people)[0])
    assert (found.event, found.facts) == ("stale", (("source", "logs"), ("since", "3 h")))
    assert (found.decision_id, found.head) == (entry.id, entry.hash)


def test_a_decision_may_be_told_with_the_body_of_its_switch_message(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        written(people, "k", NewDelivery("alert", "on-call", switch("pause").body))
        found = alert_of(outbox.all(people)[0])
    assert (found.event, found.summary, found.facts) == ("pause", "harm: limit exceeded", ())


@pytest.mark.parametrize("body", [{}, {"event": "pause"}, {"event": "p", "summary": "s", "facts": [1], "at": "x"}])
def test_a_body_that_is_no_alert_is_refused_for_good(tmp_path: Path, body: dict[str, object]) -> None:
    with People.open(tmp_path) as people:
        written(people, "k", NewDelivery("alert", "on-call", body))
        with pytest.raises(DeliveryError, match="is not complete") as caught:
            alert_of(outbox.all(people)[0])
    assert not caught.value.transient


def test_a_file_channel_writes_one_line_an_alert(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "alerts.jsonl"
    FileChannel(path).send(ALERT)
    FileChannel(path).send(replace(ALERT, id="d2-1", rollout="line\u2028break"))
    lines = path.read_bytes().decode("ascii").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["d1-2", "d2-1"]
    assert json.loads(lines[0]) == {
        "type": "alert",
        "id": "d1-2",
        "rollout": "support",
        "event": "pause",
        "about": "",
        "step": "",
        "text": TEXT,
        "summary": "Paused: harm is 1.2 %, at most 0.5 % is allowed.",
        "facts": {"gate": "harm", "sample": r"\u{001b}[2Jgo\u{202e} away\u{000d}\u{000a}rollout: all is well"},
        "link": None,
        "at": "2026-01-05T12:00:00+00:00",
        "simulated": True,
        "decision": {"id": "d1", "seq": 7, "head": "ab" * 32},
    }


def test_a_line_that_a_crash_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"id": "d0-1", "te')
    FileChannel(path).send(ALERT)
    assert json.loads(path.read_text().splitlines()[1])["id"] == "d1-2"


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="could not be written: Is a directory") as caught:
        FileChannel(tmp_path).send(ALERT)
    assert caught.value.transient


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_webhook_channel_reaches_a_receiver_that_checks_signatures() -> None:
    with Receiver("s") as receiver:
        WebhookChannel(receiver.url, "s").send(ALERT)
        with pytest.raises(DeliveryError, match="401"):
            WebhookChannel(receiver.url, "other").send(replace(ALERT, id="x"))
        with pytest.raises(DeliveryError, match="401"):
            WebhookChannel(receiver.url).send(replace(ALERT, id="y"))
        assert [(message["id"], message["text"]) for message in receiver.messages] == [("d1-2", TEXT)]
