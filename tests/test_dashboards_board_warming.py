"""Pages are there before anybody asks, and never as they were before something firm changed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import projects as p
import pytest
from acting_tools import feed, policy
from board_tools import BASE, Clock, serving
from markupsafe import Markup
from projects import AGENT, HOUR, START

from dashboards.board.mains import PATIENCE, Main, Mains, Version
from dashboards.board.routes import looking
from dashboards.board.warming import Warmer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG = 10.0


class Board:
    """What there is to show, how often each page was made, and who makes them ahead."""

    def __init__(self) -> None:
        self.version = Version("1", "hold")
        self.made: list[str] = []
        self.seconds = 0.0
        self.broken: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.mains = Mains(lambda: self.seconds)
        self.warmer = Warmer(self.mains, lambda: self.version, self.pages, every=0.005)

    def pages(self) -> dict[str, Callable[[], Main]]:
        return {name: lambda name=name: self.make(name) for name in ("", "a", "b")}  # type: ignore[misc]  # mypy cannot tell a default from an argument

    def make(self, name: str) -> Main:
        if name in self.broken:
            raise ValueError("no such page")
        text = f"{name}{self.version.all}"
        self.begun.set()
        assert self.gate.wait(LONG)
        self.made.append(text)
        return Main(NOW, "", None, False, Markup(text))

    def shown(self, name: str) -> str:
        return str(self.mains.serve(name, lambda: self.version, lambda: self.make(name)).main.text)

    def until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG
        while not done():
            assert time.monotonic() < end
            time.sleep(0.002)


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.gate.set()
    made.warmer.stop()


def test_pages_are_made_at_the_start_and_once(board: Board) -> None:
    board.warmer.start()
    board.until(lambda: len(board.made) == 3)
    assert [board.shown(name) for name in ("", "a", "b")] == ["1", "a1", "b1"]
    time.sleep(0.05)
    assert board.made == ["1", "a1", "b1"]


def test_what_changed_is_made_without_a_reader(board: Board) -> None:
    board.warmer.start()
    board.until(lambda: len(board.made) == 3)
    board.version = Version("2", "pause")
    board.until(lambda: len(board.made) == 6)
    assert board.shown("b") == "b2"
    assert len(board.made) == 6


def test_while_something_firm_is_made_ahead_readers_wait_for_it_and_nobody_makes_it_twice(board: Board) -> None:
    board.warmer.start()
    board.until(lambda: len(board.made) == 3)
    board.gate.clear()
    board.begun.clear()
    board.version = Version("2", "pause")
    assert board.begun.wait(LONG)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(board.shown("")))
    reader.start()
    time.sleep(0.05)
    assert found == []
    board.gate.set()
    reader.join(LONG)
    assert found == ["2"]
    board.until(lambda: len(board.made) == 6)
    assert board.made.count("2") == 1


def test_new_figures_are_made_ahead_while_readers_get_those_before_even_if_nobody_looked_for_long(board: Board) -> None:
    board.warmer.start()
    board.until(lambda: len(board.made) == 3)
    board.seconds += 10 * PATIENCE
    board.until(lambda: all(kept.current == board.seconds for kept in board.mains._kept.values()))
    board.gate.clear()
    board.begun.clear()
    board.version = Version("2", "hold")
    assert board.begun.wait(LONG)
    assert board.shown("") == "1"
    board.gate.set()
    board.until(lambda: board.shown("") == "2")


def test_a_page_that_cannot_be_made_keeps_no_other_from_being_made(board: Board) -> None:
    board.broken.add("a")
    board.warmer.start()
    board.until(lambda: len(board.made) == 2)
    with pytest.raises(ValueError, match="no such page"):
        board.shown("a")
    assert board.shown("b") == "b1"


def test_it_ends_when_the_server_does(board: Board) -> None:
    board.warmer.start()
    board.warmer.stop()
    made = len(board.made)
    board.version = Version("2", "go")
    time.sleep(0.05)
    assert len(board.made) == made


@pytest.mark.slow
def test_the_first_reader_of_a_server_finds_the_pages_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = p.make(tmp_path / "project", policy())
    feed(project, range(3))
    app = serving(project, Clock(START + 4 * HOUR))
    by: list[str] = []
    drawn = looking._rollout

    def watched(*given: object) -> Main:
        by.append(threading.current_thread().name)
        return drawn(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(looking, "_rollout", watched)

    async def asked() -> httpx.Response:
        async with app.router.lifespan_context(app):
            await asyncio.to_thread(_until, lambda: AGENT in app.state.mains._kept)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.get(f"/rollouts/{AGENT}")

    found = asyncio.run(asked())
    assert found.status_code == 200
    assert 'details class="card gate' in found.text
    assert by == ["gatehold-warm"]


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
