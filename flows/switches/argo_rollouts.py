"""A switch that is a Rollout of Argo Rollouts, paused and let go through the Kubernetes API.

A pause sets `spec.paused`, which stops the Rollout where it is, in the middle of a step too. An expansion does what
`kubectl argo rollouts promote` does: it clears `status.pauseConditions`, so that a pause step that is waiting ends.
Three annotations make a message count once: `gatehold/decision` (the newest decision taken), `gatehold/paused-by` (the
pause that is Gatehold's own) and `gatehold/promoted` (the message, revision and step of the last promotion).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.switches.calling import CONFLICT, NOT_FOUND, part
from flows.switches.kubernetes import Cluster
from flows.switches.port import PERMISSIONS, PERSONAL, SwitchMessage, refuse_older, refuse_simulated
from warehouse.records.errors import DeliveryError

DECISION, PAUSED_BY, PROMOTED = "gatehold/decision", "gatehold/paused-by", "gatehold/promoted"
ATTEMPTS = 4
"""How often a change is made anew at once because the Rollout changed under it."""


class ArgoSwitch:
    """Pauses one Rollout and lets it go; whoever pauses it by hand is not overruled by a `go`."""

    def __init__(self, cluster: Cluster, namespace: str, name: str, *, promote: bool = True) -> None:
        """Keep where the Rollout is; `promote` tells whether an expansion ends a pause step that is waiting."""
        self._cluster, self._promote = cluster, promote
        self._what = f"Rollout {namespace}/{name}"
        self._path = f"/apis/argoproj.io/v1alpha1/namespaces/{part(namespace)}/rollouts/{part(name)}"

    def apply(self, message: SwitchMessage) -> None:
        """Make it so, as often as it is said; `hold` and `retire` change nothing.

        Raises:
            DeliveryError: a simulated decision, or one older than the Rollout has taken (terminal); else as
                `flows.switches.calling.call` says.
        """
        refuse_simulated(message, self._what)
        if message.action == "pause":
            self._pause(message)
        elif message.action in PERMISSIONS:
            self._let_go(message)

    def _pause(self, message: SwitchMessage) -> None:
        found = self._read()
        newest = max(message.decision_seq, _number(_notes(found).get(DECISION)))
        notes: dict[str, Any] = {DECISION: str(newest)}
        if not _spec(found).get("paused"):
            notes[PAUSED_BY] = message.id
        # No version is named: a pause counts whatever the Rollout became in between.
        self._cluster.merge(self._path, {"metadata": {"annotations": notes}, "spec": {"paused": True}})

    def _let_go(self, message: SwitchMessage) -> None:
        for _ in range(ATTEMPTS):
            found = self._read()
            refuse_older(message, _number(_notes(found).get(DECISION)), self._what)
            if self._changed(message, found):
                return
        raise DeliveryError(f"{self._what} kept changing; the message is tried again.", transient=True)

    def _changed(self, message: SwitchMessage, found: Mapping[str, Any]) -> bool:
        """Whether the change went through; False when the Rollout changed in between."""
        notes: dict[str, Any] = {DECISION: str(message.decision_seq)}
        patch: dict[str, Any] = {}
        mine = PAUSED_BY in _notes(found)
        if _spec(found).get("paused") and (mine or message.action in PERSONAL):
            patch["spec"] = {"paused": False}
        if mine:
            notes[PAUSED_BY] = None
        mark = self._promotion(message, found)
        if mark:
            # Written before it is done: a process that dies in between finds it and finishes, and never does it twice.
            notes[PROMOTED] = mark
        if not mark and not patch and notes.items() <= _notes(found).items():
            return True
        patch["metadata"] = {"annotations": notes, "resourceVersion": _version(found)}
        answer = self._cluster.merge(self._path, patch, allowed=frozenset({CONFLICT}))
        if answer.status == CONFLICT:
            return False
        return not mark or self._promoted(_version(_object(answer.body, self._what)))

    def _promotion(self, message: SwitchMessage, found: Mapping[str, Any]) -> str:
        """The mark of the promotion that is still to be done; empty if there is none."""
        status = _part(found, "status")
        if message.action != "expand" or not self._promote or not status.get("pauseConditions"):
            return ""
        mark = f"{message.id} {status.get('currentPodHash', '')} {status.get('currentStepIndex', '')}"
        before = _notes(found).get(PROMOTED, "")
        return "" if before.startswith(f"{message.id} ") and before != mark else mark

    def _promoted(self, version: str) -> bool:
        cleared = {"metadata": {"resourceVersion": version}, "status": {"pauseConditions": None}}
        answer = self._cluster.merge(f"{self._path}/status", cleared, allowed=frozenset({CONFLICT, NOT_FOUND}))
        if answer.status == NOT_FOUND:
            # Before version 0.10 the status was no resource of its own.
            answer = self._cluster.merge(self._path, cleared, allowed=frozenset({CONFLICT}))
        return answer.status != CONFLICT

    def _read(self) -> Mapping[str, Any]:
        return _object(self._cluster.get(self._path).body, self._what)


def _object(body: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("spec"), dict):
        raise DeliveryError(
            f"The API answered for {what} with something that is no Rollout; the message is tried again.",
            transient=True,
        )
    return body


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _spec(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(found, "spec")


def _notes(found: Mapping[str, Any]) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in _part(_part(found, "metadata"), "annotations").items()}


def _version(found: Mapping[str, Any]) -> str:
    return str(_part(found, "metadata").get("resourceVersion", ""))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else 0
