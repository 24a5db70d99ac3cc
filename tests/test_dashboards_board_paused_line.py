"""The overview says why a rollout is paused as long as it is paused, also when its gates pass again."""

from __future__ import annotations

from datetime import timedelta

from observed_examples import NOW, standing

from checks.gates.records import Reason
from dashboards.board import reading
from dashboards.board.ports import Past
from dashboards.page.model import StandingPoint

HOUR = timedelta(hours=1)
BEGAN = StandingPoint(NOW - 5 * HOUR, NOW, "pause", "pilot", "Harm is proven above 0.5 %.", "harm")
LATER = StandingPoint(NOW - HOUR, NOW + HOUR, "pause", "pilot", "The rollout is paused until a person resumes it.")
BEFORE = StandingPoint(NOW - 9 * HOUR, NOW, "go", "pilot", "All pass.")
PAST = Past(NOW, BEGAN.at, (BEFORE, BEGAN, LATER), ())


def test_a_pause_whose_gates_pass_again_still_says_what_it_began_with() -> None:
    mended = standing(says="pause", reasons=(Reason("paused", LATER.reason),))
    line = reading.line("support", mended, PAST, NOW)
    assert (line.reason, line.binding, line.began) == (LATER.reason, None, BEGAN)


def test_what_is_not_paused_or_never_published_began_with_nothing() -> None:
    assert reading.line("support", standing(), PAST, NOW).began is None
    assert reading.line("support", standing(says="pause"), Past(None, None, (), ()), NOW).began is None
