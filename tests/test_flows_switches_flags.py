"""The switches to Unleash and LaunchDarkly: against servers that hold to the contracts that both document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from api_server import Asked, serving
from switch_examples import message

from flows.credentials import Credential
from flows.switches.launchdarkly import LaunchDarklySwitch
from flows.switches.port import Switch
from flows.switches.unleash import UnleashSwitch
from warehouse.records.errors import DeliveryError

pytestmark = [pytest.mark.live, pytest.mark.enable_socket]

TOKEN = "token-of-a-service-account"
Make = Callable[[str], Switch]
FEATURE = "/api/admin/projects/default/features/support agent/1/environments/production"


class Flag:
    """A flag in one environment, behind either interface; it keeps whether it is on."""

    def __init__(self) -> None:
        self.on = True

    def unleash(self, asked: Asked) -> tuple[int, Any]:
        place, _, way = unquote(asked.path).rpartition("/")
        if asked.headers.get("Authorization") != TOKEN:
            return 401, {"name": "AuthenticationRequired"}
        if asked.method != "POST" or place != FEATURE:
            return 404, {"name": "NotFoundError"}
        self.on = {"on": True, "off": False}[way]
        return 200, b""

    def launchdarkly(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("Authorization") != TOKEN:
            return 401, {"code": "unauthorized"}
        if asked.method != "PATCH" or unquote(asked.path) != "/api/v2/flags/shop/support agent/1":
            return 404, {"code": "not_found"}
        if "domain-model=launchdarkly.semanticpatch" not in asked.headers["Content-Type"]:
            return 400, {"code": "invalid_request"}
        assert set(asked.body) == {"comment", "environmentKey", "instructions"}
        assert asked.body["environmentKey"] == "production"
        (instruction,) = asked.body["instructions"]
        self.on = {"turnFlagOn": True, "turnFlagOff": False}[instruction["kind"]]
        return 200, {"key": "support-agent"}


PLACE = {"flag": "support agent/1", "environment": "production"}


def unleash(url: str) -> Switch:
    return UnleashSwitch(Credential.given(url), Credential.given(TOKEN), project="default", **PLACE)


def launchdarkly(url: str) -> Switch:
    return LaunchDarklySwitch(Credential.given(url), Credential.given(TOKEN), project="shop", **PLACE)


BOTH = pytest.mark.parametrize("make", [unleash, launchdarkly])


def answers_of(make: Make, flag: Flag) -> Callable[[Asked], tuple[int, Any]]:
    return flag.unleash if make is unleash else flag.launchdarkly


@BOTH
def test_a_pause_turns_it_off_and_only_people_turn_it_on_again(make: Make) -> None:
    flag = Flag()
    with serving(answers_of(make, flag)) as api:
        switch = make(f"{api.url}/")
        for action, on in [
            ("pause", False),
            ("pause", False),
            ("hold", False),
            ("go", False),
            ("retire", False),
            ("resume", True),
            ("go", True),
            ("pause", False),
            ("expand", True),
            ("start", True),
        ]:
            switch.apply(message(action))
            assert flag.on is on, action
        assert len(api.asked) == 6


@BOTH
@pytest.mark.parametrize(("status", "transient"), [(307, False), (401, True), (403, False), (404, False), (409, True)])
def test_a_refusal_says_whether_trying_again_can_help(make: Make, status: int, transient: bool) -> None:
    with serving(lambda _: (status, {"secret": TOKEN})) as api:
        with pytest.raises(DeliveryError, match=str(status)) as caught:
            make(api.url).apply(message("pause"))
        assert len(api.asked) == 1, "a redirect is not followed"
    assert caught.value.transient is transient
    assert TOKEN not in str(caught.value)


@BOTH
def test_a_simulated_decision_touches_no_flag(make: Make) -> None:
    with serving(lambda _: (200, b"")) as api:
        with pytest.raises(DeliveryError, match="simulated") as caught:
            make(api.url).apply(message("pause", simulated=True))
        assert api.asked == []
    assert not caught.value.transient


@BOTH
def test_a_token_that_is_not_set_is_tried_again_and_a_server_that_is_gone_too(make: Make) -> None:
    gone = make("http://127.0.0.1:1")
    with pytest.raises(DeliveryError, match="could not be reached") as caught:
        gone.apply(message("pause"))
    assert caught.value.transient
    gone._token = Credential.from_environment("TOKEN", {})  # type: ignore[attr-defined]  # both have one
    with pytest.raises(DeliveryError, match="TOKEN is not set") as caught:
        gone.apply(message("pause"))
    assert caught.value.transient


def test_names_cannot_leave_their_part_of_the_path() -> None:
    with serving(lambda _: (200, b"")) as api:
        launchdarkly(api.url).apply(message("pause"))
        unleash(api.url).apply(message("pause"))
        assert [one.path for one in api.asked] == [
            "/api/v2/flags/shop/support%20agent%2F1",
            "/api/admin/projects/default/features/support%20agent%2F1/environments/production/off",
        ]


def test_nothing_of_the_logs_is_told_to_launchdarkly() -> None:
    flag = Flag()
    with serving(flag.launchdarkly) as api:
        launchdarkly(api.url).apply(message("pause", reason="</script> evil"))
        assert api.asked[0].body["comment"] == "Gatehold: pause of support, decision 7"
