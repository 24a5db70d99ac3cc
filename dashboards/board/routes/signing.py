"""Signing in and out, and the links with which people set their passwords."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from checks.acts.refusal import Missing
from dashboards.board import views
from dashboards.board.answers import Turned, moved, page
from dashboards.board.asking import (
    COOKIE,
    FORM_COOKIE,
    Asker,
    Asking,
    Form,
    board,
    cookie,
    cookie_rules,
    ours,
    people,
    reader,
)
from warehouse.people import attempts, passwords, sessions
from warehouse.records.errors import UsageError
from warehouse.records.people import Person

router = APIRouter(include_in_schema=False)
Key = Annotated[str, Query(max_length=200)]
Next = Annotated[str, Query(max_length=2000)]


@router.get("/signin")
def signin(request: Request, asking: Asking, next: Next = "/") -> Response:
    """The form to sign in with."""
    return _form(request, asking, "sign_in_page", to=_local(next))


@router.post("/signin")
def sign_in(request: Request, given: Form, asking: Asking) -> Response:
    """Sign in: a new session, or the form again."""
    to, now = _local(given.get("next", "/")), reader(request).now()
    if not ours(request, given, asking):
        detail = "The form was old or does not come from this page; here is a new one."
        return _again(request, asking, "form_token", detail, to, 403)
    name, address = given.get("name", ""), request.client.host if request.client else ""
    of_account, of_address = attempts.account(name), attempts.address(address)
    with people(request) as opened:
        wait = attempts.begun(opened, of_account, of_address, now=now)
        if wait is not None:
            minutes = int(wait.total_seconds() // 60) + 1
            detail = f"Too many attempts. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
            return _again(request, asking, "too_many", detail, to, 429, name)
        person = passwords.check(opened, name, given.get("password", ""))
        if person is None:
            return _again(request, asking, "wrong", "No account has that name and that password.", to, 403, name)
        attempts.succeeded(opened, of_account, of_address)
    return _begun(request, person, to)


@router.post("/signout")
def sign_out(request: Request, given: Form, asking: Asking) -> Response:
    """Sign out; the session names nobody any more."""
    if asking.person is not None and ours(request, given, asking):
        with people(request) as opened:
            sessions.end(opened, asking.secret)
    answer = moved("/")
    answer.delete_cookie(cookie(request, COOKIE), **cookie_rules(request))
    return answer


@router.get("/link")
def link(request: Request, asking: Asking, key: Key = "") -> Response:
    """The form with which a link sets a password; looking at it does not use it up."""
    with people(request) as opened:
        good, name = passwords.whose(opened, key, now=reader(request).now())
    if not good:
        raise Turned(404, "link", passwords.ENDED)
    return _form(request, asking, "link_page", key=key, name=name, given="")


@router.post("/link")
def set_password(request: Request, given: Form, asking: Asking) -> Response:
    """Set the password and sign in; the link is used up."""
    now, key = reader(request).now(), given.get("key", "")
    with people(request) as opened:
        good, name = passwords.whose(opened, key, now=now)
        trouble, person = "The form was old or does not come from this page; here is a new one.", None
        if good and ours(request, given, asking):
            try:
                if given.get("password", "") != given.get("again", ""):
                    raise UsageError("The two passwords differ.")
                person = passwords.accept(opened, key, given.get("name", ""), given["password"], now=now)
            except (UsageError, KeyError) as error:
                trouble = str(error)
    if not good:
        raise Turned(404, "link", passwords.ENDED)
    if person is None:
        kept = given.get("name", "")
        return _form(request, asking, "link_page", 400, key=key, name=name, given=kept, trouble=trouble)
    return _begun(request, person, "/")


def _begun(request: Request, person: Person, to: str) -> Response:
    with people(request) as opened:
        secret = sessions.begin(opened, person, now=reader(request).now())
    answer = moved(to)
    most = int(sessions.WHOLE.total_seconds())
    answer.set_cookie(cookie(request, COOKIE), secret, max_age=most, **cookie_rules(request))
    answer.delete_cookie(cookie(request, FORM_COOKIE), **cookie_rules(request))
    return answer


def _again(request: Request, asking: Asker, code: str, detail: str, to: str, status: int, name: str = "") -> Response:
    now = reader(request).now()
    board(request).port.refused(None, Missing(code, detail), act="sign in", rollout="", now=now)
    return _form(request, asking, "sign_in_page", status, to=to, trouble=detail, name=name)


def _form(request: Request, asking: Asker, template: str, status: int = 200, **given: object) -> Response:
    """A form for somebody who is not known yet: it is tied to a cookie of its own."""
    fresh = None
    if not asking.secret:
        fresh = secrets.token_urlsafe(32)
        asking = Asker(None, fresh)
    defaults = {"trouble": "", "name": "", "to": "/"}
    answer = page(
        views.shown(request, template, asking, renews=False, simulated=False, **{**defaults, **given}), status
    )
    if fresh is not None:
        answer.set_cookie(cookie(request, FORM_COOKIE), fresh, max_age=3600, **cookie_rules(request))
    return answer


def _local(path: str) -> str:
    """A path of this server to go on to; anything else is the overview."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"
