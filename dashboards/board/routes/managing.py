"""People: who may do what, for admins: adding somebody, changing roles, and links to set a password with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboards.board import views
from dashboards.board.answers import Turned, page
from dashboards.board.asking import Asker, Asking, Form, needs, people, reader, writing
from warehouse.people import accounts, passwords
from warehouse.people.store import People
from warehouse.records.errors import UsageError
from warehouse.records.people import ROLES, Person, Role

router = APIRouter(include_in_schema=False)


def may_see_people(asking: Asking) -> None:
    """Let only people who are signed in see the accounts.

    Raises:
        Turned: nobody is signed in.
    """
    if asking.person is None:
        raise Turned(401, "not_signed_in", "Sign in to see people and their roles.")


@router.get("/people", dependencies=[Depends(may_see_people)])
def everybody(request: Request, asking: Asking) -> Response:
    """Every account, for people who are signed in."""
    return page(_people(request, asking))


@router.post("/people")
def manage(request: Request, given: Form, asking: Asking) -> Response:
    """Add somebody, give roles, deactivate, or issue a link; the page says what came of it."""
    person = writing(request, given, asking, act="manage people")
    needs(request, person, "admin", act="manage people")
    link = trouble = ""
    with people(request) as opened:
        try:
            link = _done(opened, person, given, request)
        except UsageError as error:
            trouble = str(error)
    return page(_people(request, asking, link=link, trouble=trouble), 400 if trouble else 200)


def _done(opened: People, person: Person, given: Mapping[str, str], request: Request) -> str:
    """The link that was issued, if one was."""
    name, what, now = given.get("name", ""), given.get("what", ""), reader(request).now()
    if what == "add":
        name = accounts.add(opened, name, _roles(given), by=person, now=now).name
    elif what == "roles":
        accounts.give_roles(opened, name, _roles(given), by=person, now=now)
        return ""
    elif what == "deactivate":
        accounts.deactivate(opened, name, by=person, now=now)
        return ""
    elif what != "link":
        raise UsageError("There is no such thing to do here.")
    return f"/link?key={passwords.link(opened, name, by=person, now=now)}"


def _roles(given: Mapping[str, str]) -> tuple[Role, ...]:
    return cast("tuple[Role, ...]", (given.get("role", ""),))


def _people(request: Request, asking: Asker, **more: Any) -> str:
    with people(request) as opened:
        found = accounts.all(opened)
    given = {"link": "", "trouble": "", **more}
    return views.shown(
        request, "people_page", asking, renews=False, simulated=False, accounts=found, roles=ROLES,
        may=asking.person is not None and asking.person.may("admin"), base=str(request.base_url).rstrip("/"), **given,
    )  # fmt: skip
