"""The page says at once how a rollout stands, has all that a person may ask for, and can be read by everybody."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from importlib import resources

import pytest
from page_examples import NOW, START, rollout, standing, verdicts, view
from page_reader import Reader

from checks.drift.records import ColumnDrift, DriftReport
from checks.gates.history import EvidencePoint as HistoryPoint
from dashboards.page import drawings, filling, render, words
from dashboards.page.model import (
    StandingPoint,
)
from warehouse.records.decisions import ChainReport


@pytest.fixture(scope="module")
def page() -> str:
    return render(view())


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_the_standing_the_reason_and_the_way_out_come_first(read: Reader) -> None:
    words_ = read.words()
    assert "SIMULATED" in words_
    for wanted in (
        "Pause",
        "Stop. People have to mend it and resume.",
        "Harmful answers about returns are proven above 0.5 %: 1.19 % over 1,469 sessions.",
        "Mend the cause and release it; then people resume",
        "With the deciding gate mended it would be hold",
        "next in line: steps-fresh",
        "14 Nov 2026, 13:00",
        "Ines Vogel",
        "deputy Tomasz Bielak",
        "24 Nov 2026, 16:00",
    ):
        assert wanted in words_, wanted
    assert words_.index("Pause") < words_.index("Four layers") < words_.index("Decision log")


def test_everything_a_person_may_ask_for_is_on_the_page(read: Reader) -> None:
    words_ = read.words()
    for wanted in (
        "Limit exceeded",
        "Not enough proof",
        "Data too old",
        "No data",
        "Check failed",
        "Blocked from below",
        "About 612 more sessions at the present rate.",
        "12 (0.385 %)",
        "No file for 25 hours.",
        "Cut off.",
        "A new field came.",
        "1 of 3 columns drifted",
        "chain intact",
        "4 entries verified",
        "refused",
        "scores (1 830)",
        "d2",
    ):
        assert wanted in words_, wanted
    assert {"href": "drift/interactions.html"} in read.all("a")


def test_a_page_without_evidence_is_small_and_says_so() -> None:
    bare = render(view(rollouts=(rollout(series=(), standing=None, history=(), since=None, paused=False),)))
    assert len(bare) < 100_000
    words_ = Reader(bare).words()
    assert "Hold" in words_
    assert "No standing was ever published; silence holds." in words_
    assert "No gate watches this layer" in words_


def test_a_page_without_rollouts_says_what_to_do() -> None:
    assert "The policy names no rollout yet" in Reader(render(view(rollouts=(), chain=None))).words()


def test_several_rollouts_stand_in_one_table_the_worst_first() -> None:
    good = rollout(name="search", paused=False, standing=standing(standing="go", binding=None, if_mended=None))
    words_ = Reader(render(view(rollouts=(good, rollout())))).words()
    assert words_.index("Rollouts") < words_.index("Four layers")
    assert words_.index("support-agent") < words_.index("search")


def test_every_id_is_there_once_and_every_reference_leads_somewhere(read: Reader) -> None:
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        for name in ("aria-labelledby", "href", "data-figure"):
            target = attributes.get(name)
            if target and (name != "href" or target.startswith("#")):
                assert target.lstrip("#") in ids, target


def test_it_can_be_read_without_eyes_or_mouse(read: Reader) -> None:
    assert read.all("html") == [{"lang": "en"}]
    assert any(a.get("class") == "skip" and a["href"] == "#main" for a in read.all("a"))
    for svg in read.all("svg"):
        assert svg.get("aria-hidden") == "true" or svg.get("aria-label") or "decision" in str(svg.get("class"))
    assert all("scope" in th for th in read.all("th"))
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in read.all("div") if a.get("class") == "scroll")
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("outcome", ["no_data", "stale", "error", "blocked"])
def test_silence_is_grey_and_never_green(outcome: str) -> None:
    assert words.TONES[outcome] == "silent"


def test_a_lapsed_lease_shows_as_hold() -> None:
    lapsed = rollout(paused=False, standing=standing(standing="go", valid_until=NOW - timedelta(minutes=1)))
    shown = words.shown(lapsed, NOW)
    assert (shown.kind, shown.lapsed) == ("hold", True)
    words_ = Reader(render(view(rollouts=(lapsed,)))).words()
    assert "lease ended" in words_
    assert "nobody renewed it" in words_


def test_nothing_softens_a_pause() -> None:
    late = standing(valid_until=NOW - timedelta(days=3))
    assert words.shown(rollout(standing=late, paused=False), NOW).kind == "pause"
    assert words.shown(rollout(standing=standing(standing="go"), paused=True), NOW).kind == "pause"
    assert words.shown(rollout(standing=None, paused=True), NOW).kind == "pause"


def test_a_gap_in_the_history_shows_as_lapsed_hold() -> None:
    points = tuple(
        StandingPoint(START + timedelta(hours=h), START + timedelta(hours=h + 3), "go", "pilot", "All pass.")
        for h in (0, 2, 9)
    )
    found = drawings.stretches(points, START + timedelta(hours=10))
    assert [(s.kind, s.lapsed, (s.end - s.start) / timedelta(hours=1)) for s in found] == [
        ("go", False, 5),
        ("hold", True, 4),
        ("go", False, 1),
    ]


def test_a_pause_lasts_until_the_next_standing_even_without_renewal() -> None:
    points = (StandingPoint(START, START + timedelta(hours=1), "pause", "pilot", "Proven."),)
    found = drawings.stretches(points, START + timedelta(hours=9))
    assert [(s.kind, s.end - s.start) for s in found] == [("pause", timedelta(hours=9))]


def test_a_warning_shows_on_a_live_page_only(page: str) -> None:
    assert 'data-live="no"' in page
    assert 'data-live="yes"' in render(view(simulated=False))
    assert "SIMULATED" not in Reader(render(view(simulated=False))).words()


def test_a_page_that_outlives_its_lease_can_turn_go_into_hold_but_never_softens_a_pause() -> None:
    open_ = render(view(simulated=False, rollouts=(rollout(paused=False, standing=standing(standing="go")),)))
    assert open_.count('class="when-lapsed" hidden') == 2
    assert "that no longer counts" in open_
    stopped = render(view(simulated=False))
    assert 'class="when-lapsed" hidden' not in stopped
    assert "The pause stands until people resume it." in stopped


def test_a_broken_chain_is_said_aloud() -> None:
    broken = ChainReport(False, 4, "99aa" * 16, 3, "the hash of entry 2 differs")
    assert (
        "chain broken Entry 3 does not fit: the hash of entry 2 differs" in Reader(render(view(chain=broken))).words()
    )


def test_records_of_the_checks_become_rows_of_the_page() -> None:
    column = ColumnDrift("input_tokens", "input_tokens", "wasserstein", 0.4, 0.1, 0.01, True, 9000, 8000)
    silent = replace(column, name="cost", statistic=None, drifted=None, reason="no rows")
    table = filling.drift_table(
        "interactions", "week 1", "now", DriftReport((column, silent), None, 0, 1, 9, 8, None, "d")
    )
    assert [(row.column, row.state, row.detail) for row in table.rows] == [
        ("input_tokens", "drifted", ""),
        ("cost", "no_data", "no rows"),
    ]
    old = HistoryPoint(START, 10, 0.1, 0.0, 0.2, 0.3, 0.4)
    new = replace(old, window_end=START + timedelta(hours=1))
    made = filling.series("harm", [("e2", "b", [new]), ("e1", "a", [old])])
    assert [(point.epoch, point.release, point.evidence_pass) for point in made.points] == [
        ("e1", "a", 0.4),
        ("e2", "b", 0.4),
    ]
    assert filling.standing_point(standing()).reason.startswith("Harmful answers")
    assert filling.looks("steps-fresh", [(NOW, verdicts()[1])]).points[0].estimate == 25.1


def test_colours_of_text_have_enough_contrast_in_light_and_dark() -> None:
    style = resources.files("dashboards.page").joinpath("style.css").read_text(encoding="utf-8")
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    for part in (light, dark[: dark.index("}\n}")]):
        found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part))
        for ground in ("card", "page"):
            for ink in ("ink", "muted", "accent", "good", "wait", "bad", "silent"):
                assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
        for tone in ("good", "wait", "bad", "silent"):
            assert contrast(found[tone], found[f"{tone}-soft"]) >= 4.5, tone
        for tone in ("good", "wait", "bad"):
            assert contrast("#ffffff", found[f"{tone}-fill"]) >= 4.5, tone
        assert contrast(found["simulated"], found["simulated-soft"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
