"""What an alert says, and the one thing a channel must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from warehouse.records.decisions import Delivery
from warehouse.records.errors import DeliveryError


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should know.

    `id` is the idempotency key. `event` is what happened (`pause`, `hold`, `stale`, `delivery_failed`, ...), `summary`
    one plain sentence, `facts` names with values, in order. `simulated` marks a demo. `about` names what it is about
    and `step` which of its alerts this is. All text may quote hostile input; a channel shows it only escaped: each
    format has a file of its own here.
    """

    id: str
    rollout: str
    event: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    at: datetime
    simulated: bool
    decision_id: str
    decision_seq: int
    head: str
    board_url: str | None = None
    about: str = ""
    step: str = ""

    @property
    def link(self) -> str | None:
        """The address of the decision on the board, with its evidence and rows; None where no board is named."""
        return f"{self.board_url}/decisions/{quote(self.decision_id, safe='')}" if self.board_url else None

    @property
    def command(self) -> str:
        """The command that shows the decision with its evidence and recomputes it."""
        return f"gatehold log explain {self.decision_seq}"


class Channel(Protocol):
    """Anything that can bring an alert to people."""

    def send(self, alert: Alert) -> None:
        """Send it; return only when the other side has it.

        Raises:
            DeliveryError: it was not taken; `transient` tells whether trying again can help.
        """


def alert_body(
    *,
    event: str,
    summary: str,
    at: datetime,
    simulated: bool,
    facts: Mapping[str, str] | None = None,
    about: str = "",
    step: str = "",
) -> dict[str, Any]:
    """The body of a `NewDelivery` of kind "alert"; id, rollout and decision are added when it is written.

    `about` names what it is about, the same for all alerts of one thing; one that ends in a slash is about the decision
    it is written with, whose id is put behind it. `step` tells which of its alerts this is.
    """
    return {
        "about": about,
        "step": step,
        "event": event,
        "summary": summary,
        "facts": [[name, value] for name, value in (facts or {}).items()],
        "at": at.isoformat(),
        "simulated": simulated,
    }


def alert_of(delivery: Delivery, board_url: str | None = None) -> Alert:
    """The alert that a delivery of kind "alert" carries; `board_url` is where its decision can be seen.

    A decision may be told to switch and channels with one body: where `event` and `summary` are absent, the switch
    message's `action` and `reason` stand for them; `facts` may be absent.

    Raises:
        DeliveryError: the body is neither that of `alert_body` nor of `switch_body`; terminal, for it will never be.
    """
    body = delivery.body
    try:
        return Alert(
            id=delivery.id,
            rollout=delivery.rollout,
            event=str(body["event"] if "event" in body else body["action"]),
            summary=str(body["summary"] if "summary" in body else body["reason"]),
            facts=tuple((str(name), str(value)) for name, value in body.get("facts", [])),
            at=datetime.fromisoformat(body["at"]),
            simulated=bool(body["simulated"]),
            decision_id=delivery.decision_id,
            decision_seq=body["decision"]["seq"],
            head=body["decision"]["head"],
            board_url=board_url,
            about=str(body.get("about", "")),
            step=str(body.get("step", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DeliveryError(
            f"Alert {delivery.id} is not complete ({error}); its fields are those of `alert_body`.", transient=False
        ) from error
