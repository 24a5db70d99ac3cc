"""The log as a page: who did not run the system can read what was decided, and nothing in it is more than text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from alert_examples import ATTACK

from dashboards.log_page import page, shape
from warehouse.records.decisions import MONITOR, ChainReport, DecisionEntry, DecisionKind

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
GOOD = ChainReport(True, 3, "ab" * 32)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def entry(
    seq: int,
    kind: DecisionKind,
    *,
    by: str = MONITOR,
    rollout: str = "support",
    gates: Sequence[dict[str, Any]] = (),
    why: str = "because",
    **body: Any,
) -> DecisionEntry:
    if gates:
        body["standing"] = {"stage": "pilot", "release": "r1", "simulated": False, "verdicts": list(gates)}
    at = NOON + seq * timedelta(hours=1)
    digest = f"{seq:064x}"
    return DecisionEntry(seq, f"d{seq}", f"k{seq}", at, rollout, kind, by, why, digest, "c", body, "p", digest)


def gate(name: str, outcome: str, headroom: float | None = None) -> dict[str, Any]:
    return {"gate": name, "outcome": outcome, "detail": f"{name} is so.", "waived": False, "headroom": headroom}


def made(entries: Sequence[DecisionEntry], chain: ChainReport = GOOD) -> str:
    people = {"support": ("Ines Vogel", "Tom Bielak")}
    return page.render(
        shape.page(entries, people=people, chain=chain, config_digest="c" * 64, made_at=NOON, version="0.1.0")
    )


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.split("</style>")[1]))


def test_neighbours_that_the_monitor_decided_alike_are_one_step() -> None:
    alike = [entry(n, "hold", gates=[gate("a", "stale")], why=f"why {n}") for n in (1, 2, 3)]
    acts = [entry(4, "pause", by="Ines (owner)"), entry(5, "hold", gates=[gate("a", "stale")])]
    found = shape.steps([*alike, *acts])
    assert [(s.kind, s.count, s.first_seq, s.last_seq) for s in found] == [
        ("hold", 3, 1, 3),
        ("pause", 1, 4, 4),
        ("hold", 1, 5, 5),
    ]
    assert (found[0].why, found[0].since, found[0].until) == ("why 3", alike[0].at, alike[2].at)


def test_acts_of_people_are_never_drawn_together() -> None:
    acts = [entry(n, "waive", by="Ines (owner)") for n in (1, 2)] + [entry(3, "pause", by="Ines (owner)")] * 2
    assert [s.count for s in shape.steps(acts)] == [1, 1, 1, 1]


def test_what_went_wrong_comes_first_and_passes_are_named() -> None:
    gates = [gate("fresh", "pass"), gate("harm", "breach"), gate("top", "blocked"), gate("old", "stale")]
    (step,) = shape.steps([entry(1, "pause", gates=[*gates, gate("proved", "pass", 0.1)])])
    assert [(e.outcome, e.gates, bool(e.detail)) for e in step.evidence] == [
        ("breach", ("harm",), True),
        ("stale", ("old",), True),
        ("pass", ("proved",), True),
        ("blocked", ("top",), False),
        ("pass", ("fresh",), False),
    ]


def test_a_reader_finds_what_when_why_by_whom_and_the_state_of_the_log() -> None:
    html = made(
        [
            entry(1, "start", stage="pilot"),
            entry(2, "pause", gates=[gate("harm", "breach")], why="harm is over its limit"),
            entry(3, "resume", by="Ines Vogel (owner)", why="Ines Vogel (owner): prompt mended", stage="pilot"),
        ]
    )
    text = words(html)
    assert "The log is whole" in text
    assert "ab" * 32 in text
    assert "Owner Ines Vogel" in text
    assert "harm is over its limit" in text
    assert "harm : harm is so." in text
    assert "prompt mended" in text
    assert "5 Jan 2026, 14:00" in text
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_a_broken_log_is_said_before_anything_else() -> None:
    text = words(made([entry(1, "go")], ChainReport(False, 0, "0" * 64, 1, "entry 1 was changed")))
    assert text.index("The log is broken at entry 1") < text.index("What was decided, newest first")


def test_nothing_decided_is_said() -> None:
    text = words(made([], ChainReport(True, 0, "0" * 64)))
    assert "Nothing was decided yet." in text


def test_what_is_about_no_rollout_has_a_chapter_and_old_entries_are_counted() -> None:
    many = [entry(n, "hold") for n in range(1, shape.MOST_ROWS + 11)]
    text = words(made([*many, entry(9000, "access", rollout="", by="Ines", why="Tom may act as approver")]))
    assert "People and rights" in text
    assert "Tom may act as approver" in text
    assert "11 older ones are left out here" in text


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def hostile() -> list[DecisionEntry]:
    gates = [{**gate(ATTACK, "stale"), "detail": ATTACK * 50}]
    plain = [entry(1, "hold", gates=gates), entry(2, "waive", by=ATTACK), entry(3, "access", rollout="")]
    return [
        replace(e, summary=ATTACK, rollout=e.rollout and ATTACK, evidence_digest=ATTACK, hash=ATTACK) for e in plain
    ]


def test_text_from_logs_is_only_text() -> None:
    clean = Tags(made([entry(1, "hold", gates=[gate("a", "stale")]), entry(2, "access", rollout="")]))
    found = Tags(made(hostile(), ChainReport(False, 0, ATTACK, 1, ATTACK)))
    assert found.seen <= clean.seen
    assert found.attributes <= clean.attributes
    html = made(hostile())
    assert not set("\x00\x1b\x07\u202e\u2028") & set(html)
    html.encode("utf-8")


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_in_a_browser(tmp_path: Path, width: int) -> None:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "log.html"
    file.write_text(made(hostile()), encoding="utf-8")
    noise: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        seen = browser.new_page(viewport={"width": width, "height": 900})
        seen.on("console", lambda message: noise.append(message.text))
        seen.on("dialog", lambda dialog: noise.append(dialog.message))
        asked: list[str] = []
        seen.on("request", lambda request: asked.append(request.url))
        seen.goto(file.as_uri())
        assert seen.get_by_role("heading", name="The log is whole").is_visible()
        assert seen.evaluate("document.documentElement.scrollWidth") <= width
        assert len(seen.pdf(format="A4")) > 1000
        browser.close()
    assert noise == []
    assert asked == [file.as_uri()]
