"""Who asks: by the cookie of a browser that is signed in, or by a token; and what they may."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from checks.acts.refusal import Missing, Refusal
from dashboards.board.answers import Turned
from dashboards.board.forms import form, from_elsewhere
from dashboards.board.ports import Port
from dashboards.http.guard import LOOPBACK, host
from dashboards.http.reading import Reader
from warehouse.people import sessions
from warehouse.people.store import People
from warehouse.records.people import Person, Role

COOKIE, FORM_COOKIE = "gatehold_session", "gatehold_form"
FOR_PROGRAMS = ("/api/", "/metrics")
RENEWS = "x-gatehold-renews"
"""The header with which a page asks for itself anew: that keeps nobody signed in."""
WAIT_SECONDS = 5.0

Form = Annotated[Mapping[str, str], Depends(form)]


@dataclass(frozen=True, slots=True)
class Board:
    """What all requests share: the port, and whether pages may be read without signing in."""

    port: Port
    open_reads: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks (`person` None: not known), and the secret that their forms are tied to."""

    person: Person | None
    secret: str
    by_token: bool = False

    @property
    def form(self) -> str:
        """What forms carry."""
        return sessions.form_token(self.secret) if self.secret else ""


def board(request: Request) -> Board:
    """What all requests share."""
    found: Board = request.app.state.board
    return found


def reader(request: Request) -> Reader:
    """What was published, as it counts now."""
    found: Reader = request.app.state.reader
    return found


def people(request: Request) -> People:
    """The people's records, opened for this request: a folder that was put in place of another one is seen."""
    return People.open(reader(request).data, wait_seconds=WAIT_SECONDS)


def asker(request: Request) -> Asker:
    """Who asks; a token that is not good turns the request away.

    Raises:
        Turned: the token names nobody.
    """
    now = reader(request).now()
    if (token := _bearer(request)) is not None:
        found = board(request).port.bearer(token, act="ask the board", rollout="", now=now)
        if isinstance(found, Refusal):
            raise Turned(401, found.code, found.detail, {"WWW-Authenticate": "Bearer"})
        return Asker(found, "", by_token=True)
    secret = request.cookies.get(cookie(request, COOKIE), "")
    if secret:
        with people(request) as opened:
            person = sessions.who(opened, secret, now=now, used=RENEWS not in request.headers)
        if person is not None:
            return Asker(person, secret)
    return Asker(None, request.cookies.get(cookie(request, FORM_COOKIE), ""))


Asking = Annotated[Asker, Depends(asker)]


def may_read(request: Request, asking: Asking) -> None:
    """Turn away whoever is not signed in, where it is not open to all who can reach it.

    Pages are open under the names of this machine only: who comes under another one comes from elsewhere, through a
    proxy. What programs read there is what the proxy lets them.

    Raises:
        Turned: nobody is signed in.
    """
    near = host(request.scope) in LOOPBACK or request.url.path.startswith(FOR_PROGRAMS)
    if asking.person is None and not (board(request).open_reads and near):
        raise Turned(401, "not_signed_in", "Sign in to read this.", {"WWW-Authenticate": "Bearer"})


def may_read_raw(request: Request, asking: Asking) -> None:
    """Let only people read the pages that runs write, which may quote what users and models said; noted in the log.

    Raises:
        Turned: nobody is signed in.
    """
    if asking.person is None:
        raise Turned(401, "not_signed_in", "Sign in to read pages that quote the logs.", {"WWW-Authenticate": "Bearer"})
    board(request).port.looked(asking.person, f"the page {request.url.path[:120]}", now=reader(request).now())


def writing(request: Request, given: Mapping[str, str], asking: Asker, *, act: str, rollout: str = "") -> Person:
    """The person who sends a form of ours, or shows a token; whoever else does is noted in the log.

    Raises:
        Turned: nobody is signed in, or the form is not one of ours.
    """
    now = reader(request).now()
    if asking.by_token and asking.person is not None:
        return asking.person
    if asking.person is None:
        _turn(request, None, Missing("not_signed_in", f"To {act}, sign in or show a token."), act, rollout, now)
    if not ours(request, given, asking):
        detail = "The form does not come from a page of this browser; open the page again and repeat it."
        _turn(request, asking.person, Missing("form_token", detail), act, rollout, now)
    assert asking.person is not None
    return asking.person


def ours(request: Request, given: Mapping[str, str], asking: Asker) -> bool:
    """Whether a form comes from a page that this browser was given."""
    if from_elsewhere(request) or not asking.secret:
        return False
    return hmac.compare_digest(given.get("form", "").encode(), asking.form.encode())


def needs(request: Request, person: Person, role: Role, *, act: str) -> None:
    """Turn away whoever lacks a role; that is noted in the log.

    Raises:
        Turned: the person has neither the role nor one above it.
    """
    if not person.may(role):
        held = ", ".join(person.roles) or "none"
        missing = Missing("role_missing", f"To {act}, {person.name} needs the role {role} (has: {held}).")
        _turn(request, person, missing, act, "", reader(request).now())


def cookie(request: Request, name: str) -> str:
    """The name of a cookie: over TLS one that browsers keep to this host."""
    return f"__Host-{name}" if _over_tls(request) else name


def cookie_rules(request: Request) -> dict[str, Any]:
    """How cookies of ours are set: no script reads them, and no other site makes a browser send them."""
    return {"httponly": True, "samesite": "strict", "secure": _over_tls(request), "path": "/"}


def _over_tls(request: Request) -> bool:
    # Whoever makes that header up makes only their own cookie stricter.
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))


def _turn(request: Request, person: Person | None, missing: Missing, act: str, rollout: str, now: datetime) -> None:
    board(request).port.refused(person, missing, act=act, rollout=rollout, now=now)
    raise Turned(401 if missing.code == "not_signed_in" else 403, missing.code, missing.detail)


def _bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
