"""Whole passes typed on the command line: from nothing to an answer, through hostile and broken files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from shops import HOSTILE, NAME, ask, new_shop


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return new_shop(tmp_path / "shop")


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
