"""A switch that is a feature flag in a flag file of flagd, which OpenFeature providers watch.

A pause makes the flag serve its off variant to everybody: `state` becomes ENABLED, `defaultVariant` the off variant,
and targeting rules are kept inside a rule that never reaches them. Letting go undoes that. What Gatehold knows stands
in the flag's `metadata`, which evaluations carry to the application: `gateholdAction`, `gateholdDecision`,
`gateholdPausedBy` and, while there is a lease, `validUntil`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.switches.port import PERMISSIONS, PERSONAL, SwitchMessage, refuse_older, refuse_simulated
from flows.switches.replacing import replace_text
from warehouse.records.errors import DeliveryError

ACTION, DECISION, PAUSED_BY, ROLLOUT = "gateholdAction", "gateholdDecision", "gateholdPausedBy", "gateholdRollout"
VALID_UNTIL = "validUntil"


class FlagdSwitch:
    """Turns one flag; all else in the file stays as it is, and so does a flag that somebody turned off by hand."""

    def __init__(self, path: Path, flag: str, *, on: str = "on", off: str = "off") -> None:
        """Keep the file, the flag's key and its two variants; nothing is read before the first message."""
        self._path, self._flag, self._on, self._off = path, flag, on, off

    def apply(self, message: SwitchMessage) -> None:
        """Turn the flag, as often as it is said; `hold`, `retire` and renewals touch only its metadata.

        Raises:
            DeliveryError: the file cannot be read or written now (transient); it has no such flag or variant, belongs
                to another rollout or a newer decision, or the decision is simulated (terminal).
        """
        refuse_simulated(message, f"flag {self._flag}")
        path, content = self._read()
        flag = self._found(content)
        self._refuse(message, flag)
        before = json.dumps(flag)
        if message.action == "pause":
            self._turn_off(flag, message)
        elif message.action in PERSONAL or (message.action in PERMISSIONS and PAUSED_BY in flag["metadata"]):
            self._turn_on(flag)
        self._note(flag["metadata"], message)
        if json.dumps(flag) != before:
            self._write(path, content)

    def _read(self) -> tuple[Path, dict[str, Any]]:
        try:
            path = self._path.resolve()
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DeliveryError(
                f"The flag file {self._path} cannot be read: {error.strerror}.", transient=True
            ) from error
        except (ValueError, RecursionError):
            # Somebody may be in the middle of writing it.
            raise DeliveryError(
                f"The flag file {self._path} is not JSON; the message is tried again.", transient=True
            ) from None
        return path, content if isinstance(content, dict) else {}

    def _found(self, content: dict[str, Any]) -> dict[str, Any]:
        flags = content.get("flags")
        flag = flags.get(self._flag) if isinstance(flags, dict) else None
        variants = flag.get("variants") if isinstance(flag, dict) else None
        if not isinstance(flag, dict) or not isinstance(variants, dict):
            raise DeliveryError(f"{self._path} has no flag {self._flag!r} with variants; add it.", transient=False)
        for variant in (self._on, self._off):
            if variant not in variants:
                raise DeliveryError(
                    f"Flag {self._flag!r} in {self._path} has no variant {variant!r}; it has {', '.join(variants)}.",
                    transient=False,
                )
        if not isinstance(flag.get("metadata"), dict):
            flag["metadata"] = {}
        return flag

    def _refuse(self, message: SwitchMessage, flag: dict[str, Any]) -> None:
        notes = flag["metadata"]
        if notes.get(ROLLOUT, message.rollout) != message.rollout:
            raise DeliveryError(
                f"Flag {self._flag!r} in {self._path} is the switch of another rollout than {message.rollout}. "
                "Give each rollout a flag of its own.",
                transient=False,
            )
        refuse_older(message, _number(notes.get(DECISION)), f"Flag {self._flag!r} in {self._path}")

    def _turn_off(self, flag: dict[str, Any], message: SwitchMessage) -> None:
        serving = flag.get("state") == "ENABLED" and flag.get("defaultVariant") == self._on
        if serving or flag.get("targeting"):
            flag["metadata"].setdefault(PAUSED_BY, message.id)
        flag["state"], flag["defaultVariant"] = "ENABLED", self._off
        if flag.get("targeting") and self._inner(flag) is None:
            flag["targeting"] = {"if": [False, flag["targeting"], self._off]}

    def _turn_on(self, flag: dict[str, Any]) -> None:
        flag["metadata"].pop(PAUSED_BY, None)
        flag["state"], flag["defaultVariant"] = "ENABLED", self._on
        inner = self._inner(flag)
        if inner is not None:
            flag["targeting"] = inner

    def _inner(self, flag: dict[str, Any]) -> Any:
        """The rules that a pause put out of reach; None when there are none."""
        match flag.get("targeting"):
            case {"if": [False, dict() as rules, str() as last]} if last == self._off:
                return rules
        return None

    def _note(self, notes: dict[str, Any], message: SwitchMessage) -> None:
        seq = max(message.decision_seq, _number(notes.get(DECISION)))
        notes |= {ROLLOUT: message.rollout, ACTION: message.action, DECISION: seq}
        if message.valid_until is None:
            notes.pop(VALID_UNTIL, None)
        else:
            notes[VALID_UNTIL] = message.valid_until.isoformat()

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        try:
            replace_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise DeliveryError(f"{self._path} could not be written: {error.strerror}.", transient=True) from error


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
