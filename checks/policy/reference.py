"""`reference`: a span of the past that something is compared with."""

from __future__ import annotations

from collections.abc import Iterator

from checks.policy.base import Moment, Section, moment
from checks.policy.known import Raw
from checks.policy.report import Place, shown
from warehouse.records.errors import Problem


class Reference(Section):
    """The span of time that is compared with; it stays where it is until somebody moves it."""

    start: Moment
    """Its first moment."""
    end: Moment
    """The moment after its last."""


def span(raw: Raw, place: Place) -> Iterator[Problem]:
    """What is wrong between the ends of the reference of a section, if it has one."""
    reference = raw.get("reference")
    if not isinstance(reference, dict):
        return
    try:
        start, end = moment(reference.get("start")), moment(reference.get("end"))
    except ValueError:
        # Not times: the section itself has said so.
        return
    if start >= end:
        yield place.problem(("reference", "end"), "is not after start.", given=shown(reference.get("end")))
