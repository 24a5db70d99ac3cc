"""The switch that is an OpenFeature flag in a flagd file: what it changes, what it leaves, what applications see."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from people_examples import NOW
from switch_examples import PAUSE, message

from flows.switches.flagd import FlagdSwitch
from warehouse.records.errors import DeliveryError

RULES = {"if": [{"ends_with": [{"var": "email"}, "@example.org"]}, "on", "off"]}


def flags(**changes: Any) -> dict[str, Any]:
    mine = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on", **changes}
    other = {"state": "ENABLED", "variants": {"a": "ä", "b": 1.50}, "defaultVariant": "a"}
    return {"$schema": "x", "$evaluators": {"e": {"in": ["a", ["b"]]}}, "flags": {"other": other, "agent": mine}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(flags()), encoding="utf-8")
    file.chmod(0o640)
    return file


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def agent(path: Path) -> dict[str, Any]:
    return dict(read(path)["flags"]["agent"])


def test_a_pause_and_a_resume_turn_the_one_flag_and_keep_all_else(path: Path) -> None:
    switch = FlagdSwitch(path, "agent")
    switch.apply(PAUSE)
    assert (agent(path)["state"], agent(path)["defaultVariant"]) == ("ENABLED", "off")
    switch.apply(message("resume", 8))
    found = read(path)
    assert found["flags"]["agent"].pop("metadata") == {
        "gateholdRollout": "support",
        "gateholdAction": "resume",
        "gateholdDecision": 8,
    }
    assert found == flags()
    assert list(found) == list(flags())
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["flags.json"]


@pytest.mark.parametrize(
    "rules", [RULES, {"if": [False, {"var": "x"}, "on"]}, {"fractional": [["on", 10], ["off", 90]]}]
)
def test_targeting_rules_are_out_of_reach_while_it_is_paused_and_back_as_they_were(
    path: Path, rules: dict[str, Any]
) -> None:
    path.write_text(json.dumps(flags(targeting=rules)), encoding="utf-8")
    switch = FlagdSwitch(path, "agent")
    switch.apply(PAUSE)
    switch.apply(PAUSE)
    assert agent(path)["targeting"] == {"if": [False, rules, "off"]}
    switch.apply(message("resume", 8))
    assert agent(path)["targeting"] == rules


def test_a_disabled_flag_serves_the_off_variant_while_it_is_paused(path: Path) -> None:
    path.write_text(json.dumps(flags(state="DISABLED")), encoding="utf-8")
    FlagdSwitch(path, "agent").apply(PAUSE)
    assert (agent(path)["state"], agent(path)["defaultVariant"]) == ("ENABLED", "off")


def test_a_go_undoes_gateholds_own_pause_and_never_what_a_person_turned_off(path: Path) -> None:
    switch = FlagdSwitch(path, "agent")
    switch.apply(PAUSE)
    switch.apply(message("go", 8))
    assert agent(path)["defaultVariant"] == "on"
    path.write_text(json.dumps(flags(defaultVariant="off")), encoding="utf-8")
    for action, served in [("go", "off"), ("hold", "off"), ("pause", "off"), ("go", "off"), ("expand", "on")]:
        switch.apply(message(action, 9))
        assert agent(path)["defaultVariant"] == served, action


def test_a_lease_is_told_in_the_metadata_and_renewed_without_turning_anything(path: Path) -> None:
    switch = FlagdSwitch(path, "agent")
    for hours in (3, 4):
        switch.apply(message("go", valid_until=NOW + timedelta(hours=hours), renewal=hours == 4))
        assert agent(path)["metadata"]["validUntil"] == (NOW + timedelta(hours=hours)).isoformat()
    switch.apply(message("resume", 8))
    assert "validUntil" not in agent(path)["metadata"]


def test_saying_it_twice_writes_once(path: Path) -> None:
    FlagdSwitch(path, "agent").apply(PAUSE)
    before = path.stat()
    FlagdSwitch(path, "agent").apply(PAUSE)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_older_decision_is_refused_but_a_pause_is_taken(path: Path) -> None:
    switch = FlagdSwitch(path, "agent")
    switch.apply(message("resume", 9))
    switch.apply(message("pause", 8))
    assert agent(path)["metadata"]["gateholdDecision"] == 9
    with pytest.raises(DeliveryError, match="holds decision 9, newer than 8") as caught:
        switch.apply(message("resume", 8))
    assert not caught.value.transient
    assert agent(path)["defaultVariant"] == "off"


def test_two_rollouts_do_not_share_a_flag(path: Path) -> None:
    FlagdSwitch(path, "agent").apply(PAUSE)
    with pytest.raises(DeliveryError, match="Give each rollout a flag of its own"):
        FlagdSwitch(path, "agent").apply(message("pause", rollout="another"))


@pytest.mark.parametrize(
    ("content", "told", "transient"),
    [
        (None, "cannot be read", True),
        (b"{", "is not JSON", True),
        (b"\xff", "is not JSON", True),
        (b"[]", "has no flag 'agent'", False),
        (b'{"flags": {"agent": {"variants": []}}}', "has no flag 'agent' with variants", False),
        (b'{"flags": {"agent": {"variants": {"on": 1}}}}', "has no variant 'off'", False),
    ],
)
def test_a_file_that_cannot_be_used_says_so_and_stays_as_it_is(
    path: Path, content: bytes | None, told: str, transient: bool
) -> None:
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DeliveryError, match=told) as caught:
        FlagdSwitch(path, "agent").apply(PAUSE)
    assert caught.value.transient is transient
    assert (path.read_bytes() if path.exists() else None) == content


def test_a_link_to_the_file_stays_a_link(path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    FlagdSwitch(link, "agent").apply(PAUSE)
    assert link.is_symlink()
    assert agent(path)["defaultVariant"] == "off"


def test_a_simulated_decision_turns_no_flag(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(DeliveryError, match="simulated"):
        FlagdSwitch(path, "agent").apply(message("pause", simulated=True))
    assert path.read_bytes() == before


# ------------------------------------------------------------------------ with OpenFeature's own SDK and flagd provider


@pytest.fixture
def client(path: Path) -> Iterator[Any]:
    """A client of the SDK whose provider watches the file."""
    from openfeature import api
    from openfeature.contrib.provider.flagd import FlagdProvider
    from openfeature.contrib.provider.flagd.config import ResolverType

    provider = FlagdProvider(
        resolver_type=ResolverType.FILE, offline_flag_source_path=str(path), deadline_ms=20, provider_id="test"
    )
    api.set_provider(provider)
    yield api.get_client()
    api.shutdown()


def served(client: Any, wanted: bool, **context: str) -> bool:
    """Whether the application comes to see that value."""
    return eventually(lambda: client.get_boolean_value("agent", not wanted, of(context)) is wanted)


def of(context: dict[str, str]) -> Any:
    from openfeature.evaluation_context import EvaluationContext

    return EvaluationContext(attributes=dict(context))


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.slow
def test_an_application_sees_the_flag_turn_and_turn_back(path: Path, client: Any) -> None:
    switch = FlagdSwitch(path, "agent")
    assert served(client, True)
    switch.apply(PAUSE)
    assert served(client, False)
    details = client.get_boolean_details("agent", True)
    assert details.variant == "off"
    assert details.flag_metadata["gateholdAction"] == "pause"
    assert client.get_string_value("other", "") == "ä"
    switch.apply(message("resume", 8))
    assert served(client, True)


@pytest.mark.slow
def test_targeted_people_lose_it_while_it_is_paused_and_get_it_back(path: Path, client: Any) -> None:
    path.write_text(json.dumps(flags(targeting=RULES, defaultVariant="off")), encoding="utf-8")
    ours, theirs = {"email": "a@example.org"}, {"email": "a@example.com"}
    switch = FlagdSwitch(path, "agent")
    assert served(client, True, **ours)
    assert served(client, False, **theirs)
    switch.apply(PAUSE)
    assert served(client, False, **ours)
    switch.apply(message("resume", 8))
    assert served(client, True, **ours)
    assert served(client, False, **theirs)


@pytest.mark.slow
def test_the_shipped_hook_gives_the_default_once_the_lease_has_ended(
    path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "infra" / "openfeature"))
    from lease_hook import LeaseHook  # type: ignore[import-not-found]  # copied into applications, no package

    client.add_hooks([LeaseHook()])
    now = datetime.now(UTC)
    FlagdSwitch(path, "agent").apply(message("go", valid_until=now + timedelta(hours=1)))
    assert eventually(lambda: "validUntil" in client.get_boolean_details("agent", False).flag_metadata)
    assert client.get_boolean_value("agent", False) is True
    FlagdSwitch(path, "agent").apply(message("go", valid_until=now - timedelta(seconds=1), renewal=True))
    assert eventually(lambda: client.get_boolean_value("agent", False) is False)
    sys.modules.pop("lease_hook")


def test_the_shipped_flag_file_is_one_that_the_switch_can_turn(tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_bytes((ROOT / "infra" / "openfeature" / "flags.json").read_bytes())
    before = read(path)
    switch = FlagdSwitch(path, "support-agent")
    switch.apply(PAUSE)
    switch.apply(message("resume", 8))
    after = read(path)
    del after["flags"]["support-agent"]["metadata"]
    assert after == before
