"""Parts of pages are made once for all, and what must not be shown old never is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from markupsafe import Markup

from dashboards.board.mains import MOST_KEPT, PATIENCE, Kept, Main, Mains, Version

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG = 10.0


class Board:
    """What there is to show, who makes a page of it, and a clock."""

    def __init__(self) -> None:
        self.version = Version("1", "hold")
        self.made: list[str] = []
        self.seconds = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.mains = Mains(lambda: self.seconds)

    def make(self) -> Main:
        text = self.version.all
        self.begun.set()
        assert self.gate.wait(LONG)
        self.made.append(text)
        return Main(NOW, "", None, False, Markup(text))

    def serve(self, name: str = "page", make: Callable[[], Main] | None = None) -> Kept:
        return self.mains.serve(name, lambda: self.version, make or self.make)

    def shown(self) -> str:
        return str(self.serve().main.text)

    def changed(self, version: Version) -> None:
        """Something changed, and whoever makes a page waits until the gate opens."""
        self.gate.clear()
        self.begun.clear()
        self.version = version

    def until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG
        while not done():
            assert time.monotonic() < end
            time.sleep(0.005)


@pytest.fixture
def board() -> Board:
    return Board()


def test_twenty_who_ask_at_once_wait_for_one_who_makes_it(board: Board) -> None:
    board.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(board.shown) for _ in range(20)]
        assert board.begun.wait(LONG)
        time.sleep(0.1)
        board.gate.set()
        assert {one.result(LONG) for one in asked} == {"1"}
    assert board.made == ["1"]
    assert (board.shown(), board.made) == ("1", ["1"])


def test_new_figures_are_made_while_readers_go_on_reading_the_ones_before(board: Board) -> None:
    assert board.shown() == "1"
    board.changed(Version("2", "hold"))
    assert [board.shown() for _ in range(5)] == ["1"] * 5
    assert board.serve().version.all == "1", "the page says of which version it is, so that it renews itself"
    assert board.begun.wait(LONG)
    board.version = Version("3", "hold")
    assert board.shown() == "1"
    board.gate.set()
    board.until(lambda: board.shown() == "3")
    assert board.made[-1] == "3"
    assert len(board.made) <= 3, "one thread makes it anew, not one for each reader"


def test_what_is_firm_is_never_shown_as_it_was_before(board: Board) -> None:
    board.version = Version("1", "go")
    assert board.shown() == "1"
    board.changed(Version("2", "lapsed"))
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(board.shown) for _ in range(5)]
        assert board.begun.wait(LONG)
        time.sleep(0.05)
        assert not any(one.done() for one in asked)
        board.gate.set()
        assert {one.result(LONG) for one in asked} == {"2"}
    assert board.made == ["1", "2"]


def test_a_firm_change_does_not_wait_for_figures_that_are_being_made(board: Board) -> None:
    assert board.shown() == "1"
    board.changed(Version("2", "hold"))
    assert board.shown() == "1"
    assert board.begun.wait(LONG)
    board.version = Version("3", "pause")
    made = Main(NOW, "", None, False, Markup("paused"))
    assert board.serve(make=lambda: made).main is made
    board.gate.set()
    board.until(lambda: len(board.made) == 2)
    assert board.serve().main is made, "what was begun before the change does not take its place"


def test_what_a_firm_change_fell_into_is_not_kept(board: Board) -> None:
    def make() -> Main:
        board.version = Version("2", "go")
        return Main(NOW, "", None, False, Markup("go or hold"))

    assert board.serve(make=make).main.text == "go or hold"
    board.version = Version("3", "hold")
    assert board.shown() == "3", "the standing is as it was, but the page may show the other one"


def test_a_part_that_nobody_looked_at_for_long_is_made_before_it_is_shown(board: Board) -> None:
    assert board.shown() == "1"
    board.seconds += PATIENCE
    assert board.shown() == "1", "it still is what there is"
    board.version, board.seconds = Version("2", "hold"), board.seconds + PATIENCE + 1
    assert board.shown() == "2"


def test_a_part_that_could_not_be_renewed_is_not_shown_for_ever(board: Board) -> None:
    def broken() -> Main:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        board.serve(make=broken)
    assert board.shown() == "1"
    board.version = Version("2", "hold")
    assert board.serve(make=broken).main.text == "1"
    board.until(lambda: not board.mains._kept)
    with pytest.raises(ValueError, match="no such thing"):
        board.serve(make=broken)
    assert board.shown() == "2"


def test_who_waited_for_one_that_failed_makes_it(board: Board) -> None:
    board.gate.clear()

    def broken() -> Main:
        board.make()
        raise ValueError("not for me")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(board.serve, "page", broken)
        assert board.begun.wait(LONG)
        second = pool.submit(board.shown)
        time.sleep(0.05)
        board.gate.set()
        assert second.result(LONG) == "1"
        with pytest.raises(ValueError, match="not for me"):
            first.result(LONG)


def test_no_more_is_kept_than_fits(board: Board) -> None:
    for number in range(MOST_KEPT + 20):
        board.seconds += 1
        board.serve(f"page {number}")
    assert len(board.mains._kept) == MOST_KEPT
    board.serve(f"page {MOST_KEPT + 19}")
    assert len(board.made) == MOST_KEPT + 20
