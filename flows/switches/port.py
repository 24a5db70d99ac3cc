"""What a switch is told, and the one thing it must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from warehouse.records.decisions import Delivery
from warehouse.records.errors import DeliveryError

ACTIONS = frozenset({"start", "go", "hold", "pause", "expand", "resume", "retire"})
PERMISSIONS = frozenset({"start", "go", "expand", "resume"})
PERSONAL = frozenset({"start", "expand", "resume"})
"""What only people ask for: such a message turns on what anybody turned off. A `go` undoes no more than a pause of
Gatehold's own; `hold` and `retire` leave the receiver as it is."""


@dataclass(frozen=True, slots=True)
class SwitchMessage:
    """What a rollout may do from `at` on.

    `id` is the idempotency key: the same id may come more than once and counts once. `action` is one of `ACTIONS`;
    those in `PERMISSIONS` end at `valid_until` (None: no end given), after which the rollout holds. `stage` and
    `release` are where the rollout stands (None: unknown). `reason` is one plain sentence. `simulated` marks a demo.
    `decision_seq` and `head` are position and hash of the decision in the log: they only ever grow. `renewal` marks a
    message that only moves `valid_until`: nothing new was decided.
    """

    id: str
    rollout: str
    action: str
    stage: str | None
    release: str | None
    reason: str
    at: datetime
    valid_until: datetime | None
    simulated: bool
    decision_id: str
    decision_seq: int
    head: str
    renewal: bool = False


class Switch(Protocol):
    """Anything that can be told what a rollout may do."""

    def apply(self, message: SwitchMessage) -> None:
        """Make it so; return only when the receiver has it.

        Raises:
            DeliveryError: it was not taken; `transient` tells whether trying again can help.
        """


def switch_body(
    *,
    action: str,
    stage: str | None,
    release: str | None,
    reason: str,
    at: datetime,
    valid_until: datetime | None,
    simulated: bool,
    renewal: bool = False,
) -> dict[str, Any]:
    """The body of a `NewDelivery` of kind "switch"; id, rollout and decision are added when it is written."""
    return {
        "action": action,
        "stage": stage,
        "release": release,
        "reason": reason,
        "at": at.isoformat(),
        "valid_until": None if valid_until is None else valid_until.isoformat(),
        "simulated": simulated,
        "renewal": renewal,
    }


def message_of(delivery: Delivery) -> SwitchMessage:
    """The message that a delivery of kind "switch" carries.

    Raises:
        DeliveryError: the body is not one that `switch_body` makes; terminal, for it will never be.
    """
    body = delivery.body
    try:
        if body["action"] not in ACTIONS:
            raise ValueError(body["action"])
        return SwitchMessage(
            id=delivery.id,
            rollout=delivery.rollout,
            action=body["action"],
            stage=body["stage"],
            release=body["release"],
            reason=body["reason"],
            at=datetime.fromisoformat(body["at"]),
            valid_until=None if body["valid_until"] is None else datetime.fromisoformat(body["valid_until"]),
            simulated=bool(body["simulated"]),
            decision_id=delivery.decision_id,
            decision_seq=body["decision"]["seq"],
            head=body["decision"]["head"],
            # Messages written before there were renewals are none.
            renewal=bool(body.get("renewal", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DeliveryError(
            f"Message {delivery.id} has no good {error}. Allowed actions: {', '.join(sorted(ACTIONS))}; "
            "the other fields are those of `switch_body`.",
            transient=False,
        ) from error


def payload(message: SwitchMessage) -> Mapping[str, Any]:
    """The message as JSON-ready data, as receivers see it (docs/webhook.md)."""
    return {
        "type": "switch",
        "id": message.id,
        "rollout": message.rollout,
        **switch_body(
            action=message.action,
            stage=message.stage,
            release=message.release,
            reason=message.reason,
            at=message.at,
            valid_until=message.valid_until,
            simulated=message.simulated,
            renewal=message.renewal,
        ),
        "decision": {"id": message.decision_id, "seq": message.decision_seq, "head": message.head},
    }


def refuse_simulated(message: SwitchMessage, what: str) -> None:
    """Keep a demo from a system that serves people.

    Raises:
        DeliveryError: the message comes of simulated traffic; terminal.
    """
    if message.simulated:
        raise DeliveryError(
            f"The decision comes of simulated traffic, so {what} is not touched. Give a demo a switch of kind file.",
            transient=False,
        )


def refuse_older(message: SwitchMessage, seq: int, where: str) -> None:
    """Keep an older decision from undoing a newer one; a pause is always taken.

    Raises:
        DeliveryError: `where` holds decision number `seq`, newer than this one; terminal.
    """
    if seq > message.decision_seq and message.action != "pause":
        raise DeliveryError(
            f"{where} holds decision {seq}, newer than {message.decision_seq}. Was the decision log replaced by an "
            "older one? Verify the log, then set it by hand.",
            transient=False,
        )
