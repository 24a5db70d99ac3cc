"""Reviews: how the queues stand, and the next row of one, with its label given by button or key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from checks.acts.refusal import Missing
from checks.reviews import agreement, labelling
from checks.reviews.agreement import Agreeing
from dashboards.board import views
from dashboards.board.answers import Turned, moved, page, told, wants_json
from dashboards.board.asking import Asker, Asking, Form, board, may_read, needs, people, reader, writing
from dashboards.board.rendering import segment
from warehouse.people import reviews
from warehouse.records.errors import UsageError
from warehouse.records.people import Person
from warehouse.records.reviews import Tally
from warehouse.review_rows import MOST_TEXT

if TYPE_CHECKING:
    from checks.policy.reviews import Review

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=63)]
SHORT = 1_200
"""Characters of a text that are shown before the reader asks for all of it."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue as the page of all queues shows it; `mine` are the rows that wait for whoever looks."""

    review: Review
    tally: Tally
    agreement: Agreeing
    mine: int | None


@router.get("/reviews", dependencies=[Depends(may_read)])
def queues(request: Request, asking: Asking) -> Response:
    """Every queue: what waits, what is done, what is past its time, and how far people agree."""
    known = views.known(request)
    now, found = reader(request).now(), []
    if known.policy is not None and reader(request).data.is_dir():
        with people(request) as opened:
            for review in known.policy.reviews:
                mine = None
                if asking.person is not None and asking.person.may(review.role):
                    mine = reviews.left(opened, review.name, asking.person.name, now=now)[0]
                tally = reviews.tally(opened, review.name, now=now)
                found.append(Queue(review, tally, agreement.measure(reviews.pairs(opened, review.name)), mine))
    text = views.shown(
        request, "reviews_page", asking, renews=False, simulated=False, queues=found, trouble=known.trouble,
    )  # fmt: skip
    return page(text)


@router.get("/reviews/{name}")
def following(
    name: Name, request: Request, asking: Asking, last: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The row that the person labels next; reading it is noted in the log."""
    if asking.person is None:
        raise Turned(401, "not_signed_in", "Sign in to review rows.", {"WWW-Authenticate": "Bearer"})
    review = _review(request, name)
    needs(request, asking.person, review.role, act=f"review {name}")
    return page(_following(request, asking, asking.person, review, last=last))


@router.post("/reviews/{name}")
def label(name: Name, request: Request, given: Form, asking: Asking) -> Response:
    """Label the row, skip it, or take a label back; the next row comes after."""
    person = writing(request, given, asking, act=f"review {name}")
    review = _review(request, name)
    needs(request, person, review.role, act=f"review {name}")
    missing = _done(request, review, person, given)
    if wants_json(request):
        body = {"code": missing.code, "detail": missing.detail} if missing else {"done": given.get("what", "label")}
        return told(body, 409 if missing else 200)
    if missing is not None:
        return page(_following(request, asking, person, review, trouble=missing), 409)
    last = f"?last={segment(given.get('item', ''))}" if given.get("what", "label") == "label" else ""
    return moved(f"/reviews/{segment(name)}{last}")


def _done(request: Request, review: Review, person: Person, given: Mapping[str, str]) -> Missing | None:
    """What stood against it; None when it is done."""
    now, id, what = reader(request).now(), given.get("item", "")[:64], given.get("what", "label")
    with people(request) as opened:
        if reviews.item(opened, id).queue != review.name:
            return Missing("item_elsewhere", "This row stands in another queue.")
        if what == "skip":
            reviews.skip(opened, id, person.name, now=now)
            return None
        if what == "undo":
            return reviews.undo(
                opened, id, person.name, against=lambda item, had: labelling.against_undo(item, had, person.name, now)
            )
        chosen = given.get("label", "")
        return reviews.label(
            opened, id, person.name, chosen, given.get("note", ""), now=now,
            against=lambda item, had: labelling.against_label(item, had, person.name, chosen, review.labels, now),
        )  # fmt: skip


def _following(
    request: Request,
    asking: Asker,
    person: Person,
    review: Review,
    *,
    last: str = "",
    trouble: Missing | None = None,
) -> str:
    now = reader(request).now()
    with people(request) as opened:
        item = reviews.following(opened, review.name, person.name, now=now)
        left, mine = reviews.left(opened, review.name, person.name, now=now)
        undo = last if last and _can_undo(request, person, review, last) else ""
    if item is not None and item.texts:
        board(request).port.looked(person, f"rows of the review queue {review.name}", now=now)
    return views.shown(
        request, "review_page", asking, renews=False, simulated=bool(item and item.carried.get("simulated")),
        review=review, item=item, left=left, mine=mine, undo=undo, trouble=trouble, short=SHORT, most=MOST_TEXT,
    )  # fmt: skip


def _can_undo(request: Request, person: Person, review: Review, id: str) -> bool:
    now = reader(request).now()
    with people(request) as opened:
        try:
            item = reviews.item(opened, id)
        except UsageError:
            return False
        return item.queue == review.name and (
            labelling.against_undo(item, reviews.labels(opened, id), person.name, now) is None
        )


def _review(request: Request, name: str) -> Review:
    return views.needed(views.known(request)).review(name)
