"""A channel that is a file: one JSON line an alert, for people who read files, for log shippers and for tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flows.channels.as_json import payload
from flows.channels.port import Alert
from warehouse.records.errors import DeliveryError


class FileChannel:
    """Appends each alert as one JSON line; the same `id` may come twice after a crash and counts once."""

    def __init__(self, path: Path) -> None:
        """Keep the path; nothing is written before the first alert."""
        self._path = path

    def send(self, alert: Alert) -> None:
        """Append the alert and wait until it is on disk.

        Raises:
            DeliveryError: the file cannot be written now (transient).
        """
        line = json.dumps(payload(alert), ensure_ascii=True, sort_keys=True) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as file:
                file.write(self._mend(file.tell(), line).encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(f"{self._path} could not be written: {error.strerror}.", transient=True) from error

    def _mend(self, size: int, line: str) -> str:
        """`line`, after a line break if a crash left the line before it unfinished."""
        if size == 0:
            return line
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return line if file.read(1) == b"\n" else f"\n{line}"
