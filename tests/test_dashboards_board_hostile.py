"""Hostile text in every field of every stream shows as text: on every page, in exports, alerts and on the terminal."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import projects as p
import pytest
from board_tools import Browser, Clock, let_in, serving, signed_in
from command import gatehold
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from projects import AGENT, HOUR, START

from flows.project import Project
from warehouse.people.store import People
from warehouse.records.streams import BUILT_IN, COMMON, Column

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVIL = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*191}}{% raw %}${7*191}"
    "[x](javascript:alert(3))\x1b[2J\x07\x08\u202e\u2066\u200b</textarea></style><!--"
)
HUGE = EVIL + "A" * 1_000_000
MOST_BYTES = 700_000
"""Bytes of a page: far below the one text that is in it only cut."""
STATIC_BYTES = 8_000_000
"""Bytes of the static page, which brings its drawing script with it."""
RAW = ("<script>alert", "<img src=x", "\x1b", "\x07", "\x08", "\u202e", "\u2066", "\u200b", "1337")
"""What no page may hold: markup and marks as they came, and what a template would have made of them."""


def evil(column: Column, text: str) -> Any:
    """A value for a column that it takes, as hostile as its type lets it be."""
    if column.choices:
        return column.choices[0]
    plain = {"integer": 7, "number": 0.05, "boolean": False, "time": START.isoformat()}
    return {text: text} if column.type == "json" else plain.get(column.type, text)


def row(stream: str, number: int, text: str = EVIL) -> dict[str, Any]:
    """A row that is let in, with hostile text wherever text may stand, and in a field that nobody declared."""
    values = {column.name: evil(column, text) for column in BUILT_IN[stream].columns}
    common = {column.name: evil(column, EVIL) for column in COMMON}
    at = (START + HOUR * (number % 3) + number * HOUR / 60).isoformat()
    keys = {"event_id": f"{number}{EVIL}", "occurred_at": at, "simulated": False, EVIL: text}
    if stream == "interactions":
        values["scores"] = {"harm": 0.01, EVIL: 0.5}
    return {**values, **common, **keys, "rollout": AGENT}


def source(stream: str) -> dict[str, Any]:
    return {"name": f"of-{stream}", "kind": "jsonl", "path": f"{stream}/*.jsonl", "stream": stream, "lateness": "1h"}


@dataclass
class Fed:
    """A project that was fed hostile text and has run, with a browser of an admin."""

    project: Project
    clock: Clock
    browser: Browser


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Fed:
    values = p.policy(
        sources=[source(stream) for stream in BUILT_IN], retention={"snapshot": {"text": True, "rows": "7d"}}
    )
    project = p.make(tmp_path_factory.mktemp("hostile") / "project", values)
    for stream in BUILT_IN:
        good = [row(stream, number) for number in range(40)] + [row(stream, 40, HUGE)]
        bad = [{name: EVIL for name in good[0]}, {"event_id": HUGE, "occurred_at": HUGE}]
        p.write(project, f"{stream}{quote(EVIL[:40], safe='')}.jsonl", [*good, *bad], folder=stream)
        (project.base / stream / "broken.jsonl").write_text(f"{{{EVIL}\n{HUGE}\n", encoding="utf-8")
    p.run(project, 5)
    corrected = [{**row("interactions", number), "error": f"other {EVIL}"} for number in range(20)]
    p.write(project, "corrected.jsonl", corrected, folder="interactions")
    p.run(project, 6)
    clock = Clock(START + 6.2 * HOUR)
    with People.open(project.data) as people:
        admin = let_in(people, "Root", "admin", clock.now)
        browser = signed_in(serving(project, clock), people, admin, clock.now)
    return Fed(project, clock, browser)


def harmless(text: str, where: str) -> None:
    for mark in RAW:
        assert mark not in text, (where, mark, text[max(0, text.find(mark) - 200) : text.find(mark) + 100])
    for target in re.findall(r"(?:href|src|action)=[\"']?([^\"'\s>]+)", text):
        assert not unescape(target).lower().startswith(("javascript:", "data:text")), (where, target)


def links(text: str) -> list[str]:
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', text)]
    return [link for link in found if link.startswith("/") and not link.startswith(("//", "/static/"))]


def test_every_page_shows_it_as_text_and_none_grows_with_it(fed: Fed) -> None:
    span = urlencode({"start": "2026-02-28T00:00:00Z", "end": "2026-03-02T00:00:00Z"})
    waiting = ["/", "/data", "/quarantine", "/quarantine?page=2", "/restatements", "/reviews", "/people", "/index.html"]
    waiting += [f"/rows/{stream}?{span}" for stream in BUILT_IN]
    waiting += [f"/rows/interactions?{span}&metric=harmful_output_rate&{urlencode({'release': EVIL})}"]
    seen: dict[str, int] = {}
    while waiting and len(seen) < 150:
        address = waiting.pop(0)
        if address in seen:
            continue
        answer = fed.browser.get(address)
        seen[address] = answer.status_code
        assert answer.status_code in {200, 303, 404}, address
        if "text/html" in answer.headers.get("content-type", ""):
            static = urlsplit(address).path.endswith(".html")
            body = re.sub(r"<script>.*?</script>", "", answer.text, flags=re.DOTALL) if static else answer.text
            harmless(body, address)
            assert len(answer.content) < (STATIC_BYTES if static else MOST_BYTES), (address, len(answer.content))
            waiting += links(answer.text)
    shown = [address for address, status in seen.items() if status == 200]
    assert {"/data", "/quarantine", "/restatements", f"/rollouts/{AGENT}", "/data/of-steps"} <= set(shown)
    assert len(shown) >= 25


def test_what_was_fed_is_there_spelled_out(fed: Fed) -> None:
    page = fed.browser.get("/quarantine").text
    assert "&lt;script&gt;alert(1)" in page
    assert "[U+202E]" in page
    span = urlencode({"start": "2026-02-28T00:00:00Z", "end": "2026-03-02T00:00:00Z"})
    rows = fed.browser.get(f"/rows/interactions?{span}").text
    assert "{{7*191}}" in unescape(rows)
    assert "␛[2J" in rows


def test_the_copy_of_the_board_shows_it_as_text(fed: Fed, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    done = gatehold("board", "--config", str(fed.project.base), "--export", str(out))
    assert done.code == 0, done.err
    pages = sorted(out.rglob("*.html"))
    assert len(pages) >= 10
    assert any("quarantine" in str(page) for page in pages)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        harmless(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL), page.name)
        assert len(text) < STATIC_BYTES


def test_alerts_carry_it_as_bounded_text(fed: Fed) -> None:
    for file in fed.project.base.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            json.loads(line)
            assert len(line) < 100_000
            assert not {"\x1b", "\x07", "\u202e"} & set(line)
    for switch in fed.project.base.glob("*.switch.json"):
        assert len(switch.read_text(encoding="utf-8")) < 100_000


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("gate", AGENT),
        ("log", "show"),
        ("outbox", "list"),
        ("storage",),
        ("rows", "interactions", "--start", "2026-02-28", "--end", "2026-03-02", "--metric", "harmful_output_rate"),
        ("rows", "governance", "--start", "2026-02-28", "--end", "2026-03-02", "--limit", "100"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_terminal_shows_it_as_text(fed: Fed, command: tuple[str, ...]) -> None:
    done = gatehold(*command, "--config", str(fed.project.base))
    assert done.code in {0, 10, 11}, done.err
    for mark in ("\x1b[2J", "\x07", "\x08", "\u202e", "\u2066"):
        assert mark not in done.out + done.err
    assert len(done.out) < MOST_BYTES


# ------------------------------------------------------------------------------------------------------ by whatever

few = settings(
    max_examples=60,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
    deadline=None,
)
anything = st.one_of(
    st.text(max_size=40),
    st.sampled_from([EVIL, "\x00", "..", "-1", "9" * 30, "0001-01-01T00:00:00+14:00", "2026-03-01", "NaN", AGENT]),
)
PATHS = (
    "/", "/data", "/data/of-steps", "/data/{}", "/quarantine", "/restatements", "/rows/interactions", "/rows/{}",
    f"/rollouts/{AGENT}", "/rollouts/{}", f"/rollouts/{AGENT}/acts", "/decisions", "/decisions/{}", "/people",
    "/reviews", "/reviews/{}", "/layers", "/layers/{}", "/measured/{}", "/drift", "/drift/{}", "/signin", "/link",
)  # fmt: skip
NAMES = (
    "page", "source", "reason", "span", "start", "end", "metric", "rollout", "release", "arm", "segment", "kind",
    "before", "explain", "done", "next", "key", "last",
)  # fmt: skip


@few
@given(
    path=st.sampled_from(PATHS),
    part=anything,
    query=st.dictionaries(st.sampled_from(NAMES), anything, max_size=5),
)
def test_no_page_fails_whatever_it_is_asked(fed: Fed, path: str, part: str, query: dict[str, str]) -> None:
    answer = fed.browser.get(path.replace("{}", quote(part, safe="")), params=query)
    assert answer.status_code < 500, (path, part, query)
    if "text/html" in answer.headers.get("content-type", ""):
        assert "<script>alert" not in answer.text


@few
@given(given=st.dictionaries(st.sampled_from(["start", "end"]), anything), stream=st.sampled_from(sorted(BUILT_IN)))
def test_rows_are_asked_for_with_any_times(fed: Fed, given: dict[str, str], stream: str) -> None:
    span = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z", **given}
    assert fed.browser.get(f"/rows/{stream}", params=span).status_code in {200, 422}
