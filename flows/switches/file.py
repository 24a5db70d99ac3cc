"""A switch that is a file: the rollout's present state as JSON, for systems that watch a file and for tests."""

from __future__ import annotations

import json
from pathlib import Path

from flows.switches.port import SwitchMessage, payload, refuse_older
from flows.switches.replacing import replace_text
from warehouse.records.errors import DeliveryError


class FileSwitch:
    """Keeps the newest message of one rollout in one file, replaced whole: a reader sees the old or the new one."""

    def __init__(self, path: Path) -> None:
        """Keep the path; nothing is written before the first message."""
        self._path = path

    def apply(self, message: SwitchMessage) -> None:
        """Replace the file.

        Raises:
            DeliveryError: the file holds another rollout's state, or a newer decision and this is no pause (terminal);
                or it cannot be written now (transient).
        """
        self._refuse(message)
        try:
            replace_text(self._path, json.dumps(payload(message), ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise DeliveryError(f"{self._path} could not be written: {error.strerror}.", transient=True) from error

    def _refuse(self, message: SwitchMessage) -> None:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
            rollout, seq = held["rollout"], int(held["decision"]["seq"])
        except (OSError, ValueError, TypeError, LookupError):
            # Absent or not ours: the message to write is the better state.
            return
        if rollout != message.rollout:
            raise DeliveryError(
                f"{self._path} holds the state of another rollout than {message.rollout}. "
                "Give each rollout a file of its own.",
                transient=False,
            )
        refuse_older(message, seq, str(self._path))
