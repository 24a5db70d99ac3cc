"""What Prometheus is told: in its format, by names of the configuration, and never a number where nothing is known."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asking import Client
from hypothesis import given
from hypothesis import strategies as st
from observed_examples import HOSTILE, HOUR, NOW, client, ran, source, standing, verdict
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from dashboards.http import create
from dashboards.observing import exposition
from dashboards.observing.facts import Expected, Facts, Published
from flows.project import Project
from warehouse.people.glance import Tally

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def facts(**changes: Any) -> Facts:
    base = Facts(
        now=NOW + HOUR,
        version="1.2.3",
        readable={"configuration": True, "people": True, "snapshot": True},
        expected=Expected(("support",), {("support", "harm"): "model"}, ("logs",)),
        standings=(standing(),),
        tally=Tally({("support", "hold"): 3, ("", "access"): 2}, {"waiting": 2, "dead": 1}, NOW),
        published=Published(NOW, (source(),)),
    )
    return replace(base, **changes)


def series(text: str) -> Series:
    """Every series by name and labels; fails when one is there twice."""
    found: Series = {}
    for family in prometheus(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def told(**changes: Any) -> Series:
    return series(exposition.text(facts(**changes))[0].decode())


def value(found: Series, name: str, **labels: str) -> float | None:
    return found.get((f"gatehold_{name}", frozenset(labels.items())))


def holds(found: Series, name: str, **labels: str) -> list[str]:
    """The states of a state set that are 1, of the series with these labels."""
    wanted = set(labels.items())
    return [
        next(iter(dict(key[1] - wanted).values()))
        for key, number in found.items()
        if key[0] == f"gatehold_{name}" and wanted <= key[1] and number == 1
    ]


GATE = {"rollout": "support", "gate": "harm", "layer": "model"}


# ------------------------------------------------------------------------------------------------------------- format


def well_formed(text: str) -> None:
    """What promtool checks: one HELP and TYPE each, before the samples, names and units as is the custom."""
    helps, types = (Counter(re.findall(rf"^# {what} (\S+)", text, flags=re.M)) for what in ("HELP", "TYPE"))
    assert set(helps) == set(types)
    assert set(helps.values()) | set(types.values()) == {1}
    families = {family.name: family for family in prometheus(text)}
    for name, family in families.items():
        assert re.fullmatch(r"gatehold_[a-z][a-z0-9_]*", name)
        assert family.documentation.endswith(".")
        assert family.type in {"gauge", "counter"}
        assert (family.type == "counter") == all(sample.name.endswith("_total") for sample in family.samples)
        assert not re.search(r"(milliseconds|minutes|hours|percent|_total_|_gauge|_counter)", name)
        for sample in family.samples:
            assert set(sample.labels) & {"le", "quantile", "job", "instance"} == set()
            if name.endswith("_info"):
                assert sample.value == 1


def test_the_text_is_well_formed() -> None:
    text, content_type = exposition.text(facts())
    well_formed(text.decode())
    assert content_type.startswith("text/plain; version=0.0.4")


def test_who_asks_for_openmetrics_gets_it() -> None:
    text, content_type = exposition.text(facts(), "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert {family.name for family in openmetrics(text.decode())} >= {"gatehold_rollout_standing", "gatehold_decisions"}


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4, unique=True))
def test_any_name_comes_back_as_it_was(names: list[str]) -> None:
    standings = tuple(standing(name, verdicts=(verdict(name, rollout=name),)) for name in names)
    found = told(standings=standings, expected=None, published=Published(NOW, tuple(map(source, names))))
    wanted = {dict(key[1])["rollout"] for key in found if key[0] == "gatehold_gate_units"}
    assert wanted == set(names)


# ----------------------------------------------------------------------------------------------------- what is told


def test_a_rollout_is_one_of_its_states_with_its_lease() -> None:
    found = told()
    assert holds(found, "rollout_standing", rollout="support") == ["go"]
    assert value(found, "rollout_standing", rollout="support", standing="pause") == 0
    assert value(found, "standing_valid_until_timestamp_seconds", rollout="support") == (NOW + 3 * HOUR).timestamp()
    assert value(found, "rollout_judged_timestamp_seconds", rollout="support") == NOW.timestamp()
    assert holds(found, "rollout_reason", rollout="support") == ["all_pass"]


def test_a_gate_tells_outcome_and_numbers() -> None:
    found = told()
    assert holds(found, "gate_outcome", **GATE) == ["pass"]
    assert value(found, "gate_estimate", **GATE) == 0.02
    assert value(found, "gate_headroom_ratio", **GATE) == 0.6
    assert value(found, "gate_units", **GATE) == 300
    assert holds(found, "layer_outcome", rollout="support", layer="model") == ["pass"]


def test_sources_log_and_outbox_are_told() -> None:
    found = told()
    assert holds(found, "source_state", source="logs") == ["complete"]
    assert value(found, "source_watermark_timestamp_seconds", source="logs") == (NOW - HOUR).timestamp()
    assert value(found, "quarantined_rows_total", source="logs") == 2
    assert value(found, "decisions_total", rollout="support", kind="hold") == 3
    assert value(found, "decisions_total", rollout="support", kind="pause") == 0, "an increase is seen from the first"
    assert value(found, "decisions_total", rollout="", kind="access") == 2
    states = {state: value(found, "outbox_messages", state=state) for state in ("waiting", "dead", "delivered")}
    assert states == {"waiting": 2, "dead": 1, "delivered": 0}
    assert value(found, "outbox_oldest_waiting_timestamp_seconds") == NOW.timestamp()
    assert value(found, "build_info", version="1.2.3") == 1


# -------------------------------------------------------------------------------------------------- nothing is not zero


def test_what_is_not_known_has_no_number() -> None:
    empty = verdict("harm", "no_data", estimate=None, low=None, high=None, headroom=None, newest=None)
    found = told(standings=(standing(verdicts=(empty,)),))
    assert holds(found, "gate_outcome", **GATE) == ["no_data"]
    for name in ("estimate", "estimate_low", "estimate_high", "headroom_ratio", "newest_timestamp_seconds"):
        assert value(found, f"gate_{name}", **GATE) is None
    unread = told(published=Published(NOW, (source(watermark=None, polled_at=None, newest_at=None, degraded="gone"),)))
    assert holds(unread, "source_state", source="logs") == ["degraded"]
    assert value(unread, "source_watermark_timestamp_seconds", source="logs") is None


def test_nothing_waiting_has_no_oldest() -> None:
    found = told(tally=Tally({}, {}, None))
    assert value(found, "outbox_oldest_waiting_timestamp_seconds") is None
    assert value(found, "outbox_messages", state="waiting") == 0


def test_after_the_lease_nobody_vouches_for_a_gate_but_a_breach_stays() -> None:
    verdicts = (verdict("harm"), verdict("worse", "breach"))
    expected = Expected(("support",), {("support", gate): "model" for gate in ("harm", "worse")}, ())
    found = told(now=NOW + 3 * HOUR, standings=(standing(verdicts=verdicts),), expected=expected)
    assert holds(found, "gate_outcome", **GATE) == ["lapsed"]
    assert value(found, "gate_estimate", **GATE) is None
    assert holds(found, "gate_outcome", **{**GATE, "gate": "worse"}) == ["breach"]
    assert value(found, "gate_estimate", **{**GATE, "gate": "worse"}) == 0.02


def test_what_nobody_has_looked_at_yet_is_told_as_such() -> None:
    expected = Expected(("support", "new"), {("support", "late"): "data", ("new", "harm"): "model"}, ("logs", "more"))
    found = told(expected=expected)
    assert holds(found, "rollout_standing", rollout="new") == ["unjudged"]
    assert holds(found, "gate_outcome", rollout="support", gate="late", layer="data") == ["unjudged"]
    assert holds(found, "source_state", source="more") == ["never_polled"]
    assert value(found, "received_rows_total", source="more") is None


def test_only_what_the_configuration_names_is_told() -> None:
    found = told(expected=Expected(("other",), {}, ()))
    assert {dict(labels).get("rollout") for _, labels in found} == {None, "", "other"}
    assert not [labels for _, labels in found if "gate" in dict(labels) or "source" in dict(labels)]


@pytest.mark.parametrize(
    ("part", "changes", "gone"),
    [
        ("people", {"standings": None, "tally": None}, ("rollout", "gate", "layer", "decisions", "outbox", "standing")),
        ("snapshot", {"published": None}, ("source", "snapshot", "quarantined")),
        ("configuration", {"expected": None}, ()),
    ],
)
def test_what_cannot_be_read_is_named_and_has_no_series(
    part: str, changes: Mapping[str, Any], gone: tuple[str, ...]
) -> None:
    found = told(readable={**facts().readable, part: False}, **changes)
    assert value(found, "records_readable", part=part) == 0
    assert not [name for name, _ in found if name.startswith(tuple(f"gatehold_{one}" for one in gone))]


def test_no_text_of_rows_becomes_a_label() -> None:
    text = exposition.text(facts(published=Published(NOW, (source(degraded=HOSTILE),))))[0].decode()
    assert "script" not in text
    assert "7*7" not in text


def test_every_number_is_finite() -> None:
    assert all(math.isfinite(number) for number in told().values())


# ----------------------------------------------------------------------------------------------------------- the route


def test_a_folder_in_which_nothing_ran_says_so(tmp_path: Path) -> None:
    answer = Client(create(tmp_path, clock=lambda: NOW)).get("/metrics")
    assert answer.status_code == 200
    found = series(answer.text)
    assert value(found, "records_readable", part="snapshot") == 0
    assert value(found, "records_readable", part="configuration") is None
    gone = Client(create(tmp_path / "none", clock=lambda: NOW)).get("/metrics")
    assert value(series(gone.text), "records_readable", part="people") == 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return ran(tmp_path_factory.mktemp("observed"))


@pytest.mark.slow
def test_a_project_that_ran_is_told_whole_and_without_its_text(project: Project) -> None:
    answer = client(project, 4.5).get("/metrics")
    well_formed(answer.text)
    found = series(answer.text)
    assert {
        state
        for part in ("configuration", "people", "snapshot")
        for state in (value(found, "records_readable", part=part),)
    } == {1}
    assert len(holds(found, "rollout_standing", rollout="support-agent")) == 1
    assert holds(found, "source_state", source="gone") == ["degraded"]
    assert value(found, "quarantined_rows_total", source="logs") == 1
    assert "script" not in answer.text
    lapsed = series(client(project, 40).get("/metrics").text)
    assert holds(lapsed, "rollout_standing", rollout="support-agent") != ["go"]
    assert holds(lapsed, "gate_outcome", rollout="support-agent", gate="people-named", layer="governance") == ["lapsed"]


@pytest.mark.slow
def test_a_broken_configuration_is_named(project: Project) -> None:
    board = client(project, 4.5)
    text = project.file.read_text()
    try:
        project.file.write_text("window: [\n")
        found = series(board.get("/metrics").text)
    finally:
        project.file.write_text(text)
    assert value(found, "records_readable", part="configuration") == 0
    assert holds(found, "rollout_standing", rollout="support-agent") == ["hold"]
