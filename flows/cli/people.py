"""`gatehold people`: accounts, roles, tokens, and links to sign in with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.acts import opened, person_of, refuse
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json

if TYPE_CHECKING:
    from flows.project import Project
    from warehouse.people.store import People
    from warehouse.records.people import Account, Person

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Who = Annotated[str, typer.Argument(metavar="NAME", help="Name of the person, as it stands in the decision log.")]
Roles = Annotated[list[str], typer.Option("--role", help="viewer, reviewer, approver or admin; may be given again.")]


def add(name: Who, role: Roles, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Add a person, or bring back one who was deactivated.

    The very first one has to be an admin and needs no token; afterwards an admin's token in GATEHOLD_TOKEN is needed.
    Each role may do what the ones before it may: viewer, reviewer, approver, admin.
    """
    from warehouse.people import accounts

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        first = accounts.none_yet(people)
        by = None if first else _admin(people, project, act="add a person", now=now, as_json=as_json)
        made = accounts.add(people, name, _roles(role), by=by, now=now)
    _say(made, f"{made.name} may act as {', '.join(made.roles)}.", as_json)
    if first and not as_json:
        terminal.say(f'Next: `gatehold people token "{made.name}"`, which shows their token once.', "dim")


def give_roles(
    name: Who, role: Roles, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False
) -> None:
    """Give a person these roles instead of those they have.

    Needs an admin. What they signed before stays as it was signed.
    """
    from warehouse.people import accounts

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        by = _admin(people, project, act="give roles", now=now, as_json=as_json)
        made = accounts.give_roles(people, name, _roles(role), by=by, now=now)
    _say(made, f"{made.name} may act as {', '.join(made.roles)}.", as_json)


def show(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """List people, their roles and their tokens (never a token itself)."""
    from warehouse.people import accounts

    with opened(projects.load(config, data=data)) as people:
        found, tokens = accounts.all(people), accounts.tokens(people)
    if as_json:
        terminal.emit({"people": found, "tokens": tokens})
        return
    if not found:
        from flows import access

        terminal.say(access.FIRST_PERSON)
        return
    terminal.table(
        "People",
        ("name", "roles", "state"),
        [(one.name, ", ".join(one.roles), "active" if one.active else "inactive") for one in found],
    )
    terminal.table("Tokens", ("id", "person", "until", "last used", "state"), [_row(token) for token in tokens])


def token(
    name: Who,
    days: Annotated[int, typer.Option(help="How many days it is good for.", min=1, max=366)] = 90,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Issue a token to a person and show it once.

    Needs an admin, but for the first token of an admin, and when no admin has one that is good. Keep it where your
    shell keeps secrets, and hand it to commands as GATEHOLD_TOKEN.
    """
    from warehouse.people import accounts

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        unled = accounts.leaderless(people, now=now)
        by = None if unled else _admin(people, project, act="issue a token", now=now, as_json=as_json)
        made = accounts.issue(people, name, days=days, by=by, now=now)
    if as_json:
        terminal.emit({"token": made.text, "id": made.info.id, "expires_at": made.info.expires_at})
        return
    terminal.say(made.text)
    terminal.note(f"Token {made.info.id} of {name} until {made.info.expires_at:%Y-%m-%d}; it is not shown again.")


def link(
    name: Who,
    address: Annotated[
        str, typer.Option(help="Address of the board as the person reaches it.", metavar="URL")
    ] = "http://127.0.0.1:8765",
    hours: Annotated[int, typer.Option(help="How many hours it is good for.", min=1, max=72)] = 1,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a link with which a person sets a new password for the board, and show it once.

    It works once; links of theirs from before no longer do. Once it is used, the old password is gone and they are
    signed out wherever they were signed in. Needs an admin, but for an admin while none can come in.
    """
    from flows import boarding
    from warehouse.people import accounts, passwords

    project, now, lasts = projects.load(config, data=data), datetime.now(UTC), timedelta(hours=hours)
    address = _address(address)
    with opened(project) as people:
        unled = accounts.leaderless(people, now=now) and not passwords.an_admin_can_sign_in(people)
        by = None if unled else _admin(people, project, act="make a link", now=now, as_json=as_json)
        made = boarding.link(address, passwords.link(people, name, by=by, now=now, lasts=lasts))
    until = now + lasts
    if as_json:
        terminal.emit({"link": made, "person": name, "expires_at": until})
        return
    # A link that is broken into lines cannot be followed.
    print(made)
    terminal.note(f"For {name} alone: it works once, until {until:%Y-%m-%d %H:%M} UTC, and is not shown again.")


def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="Public id of the token, from `gatehold people list`.")],
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Revoke a token; it names nobody from now on. Needs an admin."""
    from warehouse.people import accounts

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        by = _admin(people, project, act="revoke a token", now=now, as_json=as_json)
        made = accounts.revoke(people, id, by=by, now=now)
    _say(made, f"Token {made.id} of {made.person} is revoked.", as_json)


def deactivate(name: Who, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Let a person do nothing any more, and revoke all their tokens.

    Their name stays, since the decision log holds it. Needs an admin; the last one cannot go.
    """
    from warehouse.people import accounts

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        by = _admin(people, project, act="deactivate a person", now=now, as_json=as_json)
        made = accounts.deactivate(people, name, by=by, now=now)
    _say(made, f"{made.name} may do nothing any more; their tokens are revoked.", as_json)


def _admin(people: People, project: Project, *, act: str, now: datetime, as_json: bool) -> Person:
    from flows import access

    person = person_of(people, project, act=act, now=now, as_json=as_json)
    refusal = access.lacks_role(people, person, act=act, now=now)
    if refusal is not None:
        refuse(refusal, as_json=as_json)
    return person


def _address(given: str) -> str:
    from urllib.parse import urlsplit

    from warehouse.records.errors import UsageError

    try:
        found = urlsplit(given)
        whole = found.scheme in ("http", "https") and bool(found.hostname) and not (found.query or found.fragment)
    except ValueError:
        whole = False
    if not whole or not given.isprintable() or " " in given:
        raise UsageError(f"{given[:200]!r} is not the address of a board. Give one like https://board.example.org.")
    return given


def _roles(given: list[str]) -> list[Any]:
    return list(given)


def _say(made: Account | Any, text: str, as_json: bool) -> None:
    if as_json:
        terminal.emit(made)
    else:
        terminal.say(text, "green")


def _row(token: Any) -> tuple[str, ...]:
    used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
    ended = datetime.now(UTC) >= token.expires_at
    state = "revoked" if token.revoked_at else "ended" if ended else "good"
    return token.id, token.person, f"{token.expires_at:%Y-%m-%d}", used, state
