"""The switch to Argo Rollouts: against a server that behaves as the Kubernetes API, with versions and a status part."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_server import Api, Asked, serving
from switch_examples import PAUSE, message

from flows.credentials import Credential
from flows.switches.argo_rollouts import DECISION, PAUSED_BY, PROMOTED, ArgoSwitch
from flows.switches.kubernetes import MERGE, Cluster
from warehouse.records.errors import DeliveryError

pytestmark = [pytest.mark.live, pytest.mark.enable_socket]

PATH = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/support"
TOKEN = "token-of-the-account"


class Kubernetes:
    """One Rollout: merge patches, versions that conflict, a status that only its own path changes."""

    def __init__(self) -> None:
        self.rollout: dict[str, Any] = {
            "metadata": {"name": "support", "resourceVersion": "100", "annotations": {"team": "a"}},
            "spec": {"replicas": 3},
            "status": {"currentPodHash": "abc", "currentStepIndex": 1},
        }
        self.status_part = True
        self.between: list[Any] = []
        self.refuses: int | None = None

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        if self.refuses is not None:
            return self.refuses, {"kind": "Status"}
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"kind": "Status"}
        if asked.path not in (PATH, f"{PATH}/status") or (asked.path != PATH and not self.status_part):
            return 404, {"kind": "Status"}
        if asked.method == "GET":
            found = copy.deepcopy(self.rollout)
            if self.between:
                self.between.pop(0)()
            return 200, found
        return self.patched(asked)

    def patched(self, asked: Asked) -> tuple[int, Any]:
        assert asked.headers["Content-Type"] == MERGE
        patch = copy.deepcopy(asked.body)
        version = patch.get("metadata", {}).pop("resourceVersion", None)
        if version not in (None, self.rollout["metadata"]["resourceVersion"]):
            return 409, {"kind": "Status", "reason": "Conflict"}
        if self.status_part:
            patch = {k: v for k, v in patch.items() if (k == "status") == (asked.path != PATH)}
        merge(self.rollout, patch)
        self.grew()
        return 200, self.rollout

    def grew(self) -> None:
        meta = self.rollout["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)

    def waits_at(self, step: int) -> None:
        """What the controller does at a pause step."""
        self.rollout["status"] |= {"currentStepIndex": step, "pauseConditions": [{"reason": "CanaryPauseStep"}]}
        self.grew()

    @property
    def paused(self) -> bool:
        return bool(self.rollout["spec"].get("paused"))

    @property
    def waiting(self) -> bool:
        return bool(self.rollout["status"].get("pauseConditions"))

    @property
    def notes(self) -> dict[str, str]:
        return dict(self.rollout["metadata"]["annotations"])


def merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


@contextmanager
def cluster() -> Iterator[tuple[Kubernetes, Api, ArgoSwitch]]:
    kubernetes = Kubernetes()
    with serving(kubernetes) as api:
        where = Cluster.named(Credential.given(api.url), Credential.given(TOKEN))
        yield kubernetes, api, ArgoSwitch(where, "shop", "support")


def test_a_pause_stops_the_rollout_and_a_resume_lets_it_go_and_all_else_stays() -> None:
    with cluster() as (kubernetes, _, switch):
        switch.apply(PAUSE)
        assert kubernetes.paused
        assert kubernetes.notes == {"team": "a", DECISION: "7", PAUSED_BY: "d7-1"}
        switch.apply(message("resume", 8))
        assert not kubernetes.paused
        assert kubernetes.notes == {"team": "a", DECISION: "8"}
        assert kubernetes.rollout["spec"]["replicas"] == 3


def test_saying_it_twice_changes_nothing_more() -> None:
    with cluster() as (kubernetes, api, switch):
        switch.apply(PAUSE)
        switch.apply(PAUSE)
        assert kubernetes.paused
        assert kubernetes.notes[PAUSED_BY] == "d7-1"
        switch.apply(message("resume", 8))
        changed = len(api.changes())
        switch.apply(message("resume", 8))
        assert len(api.changes()) == changed


@pytest.mark.parametrize("action", ["hold", "retire"])
def test_hold_and_retire_ask_nothing(action: str) -> None:
    with cluster() as (_, api, switch):
        switch.apply(message(action))
        assert api.asked == []


def test_a_go_ends_gateholds_own_pause_and_never_one_that_a_person_made() -> None:
    with cluster() as (kubernetes, _, switch):
        switch.apply(PAUSE)
        switch.apply(message("go", 9))
        assert not kubernetes.paused
        kubernetes.rollout["spec"]["paused"] = True
        switch.apply(message("go", 10))
        assert kubernetes.paused
        switch.apply(message("pause", 11))
        switch.apply(message("go", 12))
        assert kubernetes.paused, "the person's pause was there first"
        switch.apply(message("resume", 13))
        assert not kubernetes.paused


def test_an_expansion_ends_the_step_that_waits_once_however_often_it_is_said() -> None:
    with cluster() as (kubernetes, _, switch):
        kubernetes.waits_at(1)
        switch.apply(message("expand"))
        assert not kubernetes.waiting
        assert kubernetes.notes[PROMOTED] == "d7-1 abc 1"
        kubernetes.waits_at(3)
        switch.apply(message("expand"))
        assert kubernetes.waiting, "the same message ends one step only"
        switch.apply(message("expand", 8))
        assert not kubernetes.waiting


@pytest.mark.parametrize("action", ["go", "resume", "start"])
def test_only_an_expansion_ends_a_step(action: str) -> None:
    with cluster() as (kubernetes, _, switch):
        kubernetes.waits_at(1)
        switch.apply(message(action))
        assert kubernetes.waiting


def test_an_expansion_that_died_in_the_middle_is_finished() -> None:
    with cluster() as (kubernetes, _, switch):
        kubernetes.waits_at(1)
        kubernetes.rollout["metadata"]["annotations"][PROMOTED] = "d7-1 abc 1"
        switch.apply(message("expand"))
        assert not kubernetes.waiting


def test_a_rollout_that_may_not_be_promoted_keeps_waiting() -> None:
    with cluster() as (kubernetes, api, _):
        kubernetes.waits_at(1)
        where = Cluster.named(Credential.given(api.url), Credential.given(TOKEN))
        ArgoSwitch(where, "shop", "support", promote=False).apply(message("expand"))
        assert kubernetes.waiting


def test_an_old_version_without_a_status_of_its_own_is_promoted_too() -> None:
    with cluster() as (kubernetes, _, switch):
        kubernetes.status_part = False
        kubernetes.waits_at(1)
        switch.apply(message("expand"))
        assert not kubernetes.waiting


def test_a_change_in_between_is_seen_and_the_wrong_step_is_not_ended() -> None:
    with cluster() as (kubernetes, _, switch):
        kubernetes.waits_at(1)
        switch.apply(message("expand"))
        kubernetes.waits_at(2)
        kubernetes.between.append(lambda: kubernetes.waits_at(4))
        switch.apply(message("expand", 8))
        assert not kubernetes.waiting
        assert kubernetes.notes[PROMOTED] == "d8-1 abc 4"


def test_a_rollout_that_never_rests_is_tried_again_later_but_a_pause_gets_through() -> None:
    with cluster() as (kubernetes, _, switch):
        switch.apply(PAUSE)
        kubernetes.between = [kubernetes.grew] * 4
        with pytest.raises(DeliveryError, match="kept changing") as caught:
            switch.apply(message("resume", 8))
        assert caught.value.transient
        kubernetes.rollout["spec"]["paused"] = False
        kubernetes.between = [kubernetes.grew]
        switch.apply(message("pause", 9))
        assert kubernetes.paused


def test_an_older_decision_does_not_undo_a_newer_one_but_a_pause_is_taken() -> None:
    with cluster() as (kubernetes, _, switch):
        switch.apply(message("resume", 9))
        switch.apply(message("pause", 8))
        assert kubernetes.paused
        assert kubernetes.notes[DECISION] == "9"
        with pytest.raises(DeliveryError, match="holds decision 9, newer than 6") as caught:
            switch.apply(message("resume", 6))
        assert not caught.value.transient
        assert kubernetes.paused


@pytest.mark.parametrize(
    ("status", "transient"),
    [
        (301, False),
        (401, True),
        (403, False),
        (404, False),
        (409, True),
        (422, False),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_a_refusal_says_whether_trying_again_can_help_and_shows_no_secret(status: int, transient: bool) -> None:
    with cluster() as (kubernetes, api, switch):
        kubernetes.refuses = status
        with pytest.raises(DeliveryError, match=str(status)) as caught:
            switch.apply(PAUSE)
        assert caught.value.transient is transient
        assert TOKEN not in str(caught.value)
        assert [one.path for one in api.asked] == [PATH]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"spec": 3}', b'{"metadata": {}}'])
def test_an_answer_that_is_no_rollout_is_tried_again(body: bytes) -> None:
    with serving(lambda _: (200, body)) as api:
        where = Cluster.named(Credential.given(api.url), Credential.given(TOKEN))
        with pytest.raises(DeliveryError, match="no Rollout") as caught:
            ArgoSwitch(where, "shop", "support").apply(PAUSE)
    assert caught.value.transient


def test_an_endless_answer_is_not_read() -> None:
    with serving(lambda _: (200, b"x" * (5 * 1024 * 1024))) as api:
        where = Cluster.named(Credential.given(api.url), Credential.given(TOKEN))
        with pytest.raises(DeliveryError, match="more than") as caught:
            ArgoSwitch(where, "shop", "support").apply(PAUSE)
    assert not caught.value.transient


def test_a_simulated_decision_touches_no_cluster() -> None:
    with cluster() as (_, api, switch):
        with pytest.raises(DeliveryError, match="simulated traffic"):
            switch.apply(message("pause", simulated=True))
        assert api.asked == []


def test_inside_a_cluster_the_account_of_the_pod_is_read_anew_at_each_call(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("")
    where = Cluster.around({"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}, tmp_path)
    switch = ArgoSwitch(where, "shop", "support")
    with pytest.raises(DeliveryError, match="token of the pod's service account cannot be read") as caught:
        switch.apply(PAUSE)
    assert caught.value.transient
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with pytest.raises(DeliveryError, match=r"certificate authority .* cannot be read") as caught:
        switch.apply(PAUSE)
    assert caught.value.transient
    with pytest.raises(DeliveryError, match="variable KUBERNETES_SERVICE_HOST is not set"):
        ArgoSwitch(Cluster.around({}, tmp_path), "shop", "support").apply(PAUSE)


def test_hostile_words_of_a_decision_stay_out_of_the_cluster() -> None:
    with cluster() as (kubernetes, api, switch):
        switch.apply(message("pause", reason="</script>\u202e{{evil}}", release="'; DROP"))
        assert "evil" not in json.dumps(kubernetes.rollout)
        assert all("DROP" not in json.dumps(one.body) for one in api.asked)
