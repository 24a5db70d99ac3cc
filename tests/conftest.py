"""Shared fixtures; a test without a mark is fast, needs no socket and runs in parallel."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is; speed is shown by benchmarks, never by a test.
settings.register_profile("gatehold", deadline=None)
settings.load_profile("gatehold")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("GATEHOLD_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The folder of one public data set; the test is skipped where it is absent, but fails in CI."""

    def folder(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.is_dir():
            reason = f"public data set {name!r} is not in {SHARED_DATA} (set GATEHOLD_SHARED_DATA)"
            if os.environ.get("CI"):
                pytest.fail(f"in CI every test must run: {reason}")
            pytest.skip(reason)
        return path

    return folder


@pytest.fixture(autouse=True)
def no_terminal_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parallel test workers name a width of their own, which would break the lines that tests read."""
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failed run: every test has what it needs there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") and skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} test(s) were skipped; in CI every test has to run.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
