"""A switch that is a file: the rollout's present state as JSON, for systems that watch a file and for tests."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from flows.switches.port import SwitchMessage, payload
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
            self._replace(json.dumps(payload(message), ensure_ascii=False, indent=2) + "\n")
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
        if seq > message.decision_seq and message.action != "pause":
            raise DeliveryError(
                f"{self._path} holds decision {seq}, newer than {message.decision_seq}. Was the decision log replaced "
                "by an older one? Verify the log, then remove the file.",
                transient=False,
            )

    def _replace(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
