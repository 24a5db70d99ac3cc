"""The configuration as it stands now, read anew only when one of its files changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.records.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from checks.policy import Policy

_Seen = dict[str, tuple[int, int] | None]


class Configured:
    """A configuration file and all that it includes."""

    def __init__(self, file: Path) -> None:
        """Keep the file; nothing is read before somebody asks."""
        self._file, self._lock = file, threading.Lock()
        self._seen: _Seen = {}
        self._policy: Policy | None = None

    def digest(self) -> str:
        """The digest of the policy as it stands in the files now.

        Raises:
            ConfigurationError: it cannot be read or is wrong.
        """
        return self.policy().digest

    def policy(self) -> Policy:
        """The policy as it stands in the files now.

        Raises:
            ConfigurationError: it cannot be read or is wrong.
        """
        with self._lock:
            if self._policy is None or any(_stamp(path) != stamp for path, stamp in self._seen.items()):
                self._read()
            assert self._policy is not None
            return self._policy

    def _read(self) -> None:
        from checks.policy import parse

        self._policy, seen = None, _Seen()

        def read(path: str) -> str:
            # Before the text: a change in between is noticed the next time.
            seen[path] = _stamp(path)
            try:
                return Path(path).read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise ConfigurationError([Problem(path, None, "", "cannot be read.")]) from error

        self._policy = parse(str(self._file), read)
        self._seen = seen


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
