"""A browser without sockets, and a project that the board shows: what tests of the board share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

import httpx

from dashboards.http import create
from flows.boarding.port import Boarding
from flows.project import Project
from warehouse.people import accounts, passwords, sessions
from warehouse.people.store import People
from warehouse.records.people import Person, Role

BASE = "http://127.0.0.1:8765"
PASSWORD = "four plain words here"


class Clock:
    """A moment that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Browser:
    """Cookies kept between requests, and forms filled in as a person would."""

    def __init__(self, app: Any, base: str = BASE) -> None:
        self.app, self.base = app, base
        self.jar = httpx.Cookies()

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.jar) as client:
                found = await client.request(method, path, **given)
                self.jar = client.cookies
                return found

        return asyncio.run(asked())

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.request("POST", path, data=fields)

    def token(self, path: str) -> str:
        """The form token on a page."""
        found = re.search(r'name="form" value="([0-9a-f]+)"', self.get(path).text)
        assert found, path
        return found.group(1)

    def send(self, page: str, to: str, **fields: str) -> httpx.Response:
        """Fill in the form of a page."""
        return self.post(to, form=self.token(page), **fields)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.send("/signin", "/signin", name=name, password=password, next="/")


def serving(project: Project, clock: Callable[[], datetime], **given: Any) -> Any:
    """The application with the real port over a project."""
    return create(project.data, config=project.file, clock=clock, board=Boarding(project, clock=clock), **given)


def let_in(people: People, name: str, role: Role, now: datetime) -> Person:
    """An account with a password."""
    admin = next((Person(a.name, a.roles) for a in accounts.all(people) if "admin" in a.roles), None)
    roles: tuple[Role, ...] = (role,)
    accounts.add(people, name, roles, by=admin, now=now)
    text = passwords.link(people, name, by=admin, now=now)
    return passwords.accept(people, text, name, PASSWORD, now=now)


def signed_in(app: Any, people: People, person: Person, now: datetime) -> Browser:
    """A browser whose session was begun without the form."""
    browser = Browser(app)
    browser.jar.set("gatehold_session", sessions.begin(people, person, now=now), domain="127.0.0.1")
    return browser


def text_of(answer: httpx.Response) -> str:
    """The words of a page."""
    body = re.sub(r"<(script|style|svg)[^>]*>.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
