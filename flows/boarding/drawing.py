"""Evidently's pages for the board: where each stands, and drawing one in a process of its own, one at a time."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.board.drift_records import Compared, Drawing, Drawn
from flows import drift_page
from warehouse.records.errors import ConfigurationError

if TYPE_CHECKING:
    from checks.policy.drift import Drift
    from flows.project import Project

_LOG = logging.getLogger("gatehold.board")
PATIENCE = 300.0
"""Seconds after which a page that is not drawn yet is given up."""

Draw = Callable[["Project", str, datetime], str]
"""Draws a page; returns why it could not, empty when it could."""


class Drawings:
    """The pages of one project; whoever asks for one that is being drawn waits for the same."""

    def __init__(self, draw: Draw | None = None) -> None:
        """Begin with nothing being drawn."""
        self._draw = draw or in_a_process
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._since: dict[str, datetime] = {}
        self._failed: dict[str, tuple[datetime, str]] = {}

    def state(self, project: Project, section: Drift, seen: Compared) -> Drawing:
        """Where the page of a comparison stands."""
        found = drift_page.told(drift_page.path(project, section))
        with self._lock:
            since, failed = self._since.get(section.name), self._failed.get(section.name)
        page = None if found is None else _shown(found, seen)
        if since is not None:
            return Drawing("drawing", since, page=page)
        if failed is not None and (page is None or failed[0] > page.at):
            return Drawing("failed", *failed, page=page)
        return Drawing("absent") if page is None else Drawing("drawn", page.at, page=page)

    def begin(self, project: Project, name: str, *, now: datetime) -> None:
        """Draw the page of that comparison, unless that is being done."""
        with self._lock:
            if name in self._since:
                return
            self._since[name] = now
            self._failed.pop(name, None)
        threading.Thread(target=self._drawn, args=(project, name, now), daemon=True, name=f"draw-{name}").start()

    def _drawn(self, project: Project, name: str, now: datetime) -> None:
        trouble = "It could not be drawn; the server's log says why."
        try:
            with self._turn:
                trouble = self._draw(project, name, now)
        except (OSError, ConfigurationError, subprocess.SubprocessError) as error:
            _LOG.warning("drift page %s was not drawn: %s", name, error)
        finally:
            with self._lock:
                del self._since[name]
                if trouble:
                    self._failed[name] = (now, trouble)


def _shown(found: drift_page.Told, seen: Compared) -> Drawn:
    same = seen.report is not None and found.judged == drift_page.judged(seen.report)
    current = same and (found.start, found.end) == (seen.start, seen.end)
    return Drawn(found.at, found.start, found.end, current)


def in_a_process(project: Project, name: str, now: datetime) -> str:
    """Draw it in a process of its own; why it could not be drawn, empty when it could."""
    asked = [str(project.file.absolute()), str(project.data.absolute()), name, now.isoformat()]
    command = [sys.executable, "-m", "flows.drift_drawing", *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    try:
        return str(json.loads(done.stdout.splitlines()[-1])["trouble"])
    except (IndexError, ValueError, KeyError, TypeError):
        _LOG.warning("drift page %s was not drawn: exit %s: %s", name, done.returncode, done.stderr[-2000:])
        return "Drawing it broke off; the server's log says why."


def content(path: Path) -> bytes | None:
    """The page's bytes; None if it is gone or is no file of its own."""
    try:
        return None if path.is_symlink() else path.read_bytes()
    except OSError:
        return None
