"""Acting is a capability: what reaches a switch or a channel takes one, and only the live ledger of the present has it.

Backfill, replay and self-test never hold one; a demo holds one that reaches no further than its own folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warehouse import folder as folders
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from flows.project import Project

TOLERANCE = timedelta(minutes=10)
"""How far from the clock of this machine a run may be and still be of the present."""

DEMO = "demo"
DEMO_MARK = ".gatehold-demo"
"""The file that a demo leaves in its folder."""

_SEAL = object()
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a simulation may reach: files inside `root`, and the receiver that it listens at itself."""

    root: Path
    receiver: str | None = None

    def file(self, path: Path) -> bool:
        """Whether a file may be written."""
        return path.resolve().is_relative_to(self.root)

    def address(self, url: str | None) -> bool:
        """Whether an address may be called."""
        return self.receiver is not None and url == self.receiver


@dataclass(frozen=True, slots=True)
class Acting:
    """The right to hand out what the outbox of one data folder holds, at one moment.

    `reach` None is everything that the policy names. There is no other way to one than the functions of this module.

    Raises:
        TypeError: it is made anywhere else.
    """

    folder: Path
    at: datetime
    reach: Reach | None = None
    seal: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what no function of this module made."""
        if self.seal is not _SEAL:
            raise TypeError("Acting is granted, not made: flows.capability.granted gives it to the live ledger.")


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why nothing may be handed out: one sentence."""

    reason: str


def present() -> datetime:
    """The time of this machine's clock, in UTC."""
    return datetime.now(UTC)


def granted(data: Path, *, now: datetime) -> Acting | Withheld:
    """The right to act on the data folder at `now`, or why there is none.

    It is granted to a live folder at the present; to a demo's folder with a reach that ends there.

    Raises:
        UsageError: `now` lies in the future: a permission from then would last until then.
    """
    why, folder = folders.apart(data), data.resolve()
    off = now - present()
    if off > TOLERANCE:
        raise UsageError(
            f"{now:%Y-%m-%d %H:%M} UTC lies in the future of this clock, and what is allowed then is not known now. "
            "Give a moment that has come, or set the clock."
        )
    if off < -TOLERANCE:
        return Withheld(
            f"This is a run as of {now:%Y-%m-%d %H:%M} UTC, which is not now: decisions are recorded, switches and "
            "channels are left alone. What still stands goes out with the next run of the present."
        )
    if why == DEMO:
        return Acting(folder, now, Reach(_root(folder)), _SEAL)
    if why:
        return Withheld(f"{data} was set apart ({why}): it is no live data folder, and nothing goes out from it.")
    return Acting(folder, now, None, _SEAL)


def asked_for(data: Path, *, now: datetime) -> Acting:
    """As `granted`, for whoever has nothing to do without it.

    Raises:
        UsageError: it is withheld.
    """
    found = granted(data, now=now)
    if isinstance(found, Withheld):
        raise UsageError(found.reason)
    return found


def simulated(data: Path, *, at: datetime, receiver: str) -> Acting:
    """The right to act in a demo's own folder at a moment of its story, and to call the receiver that it listens at.

    Raises:
        UsageError: the data folder is no demo's, or the receiver is not on this machine.
    """
    if folders.apart(data) != DEMO:
        raise UsageError(f"{data} is no demo's data folder, so nothing in it is simulated.")
    if urlsplit(receiver).hostname not in _LOOPBACK:
        raise UsageError("A demo calls nobody but itself: its receiver has to listen on this machine.")
    folder = data.resolve()
    return Acting(folder, at, Reach(_root(folder), receiver), _SEAL)


def checked(acting: Acting, data: Path) -> Acting:
    """The same, if it was granted for this data folder.

    Raises:
        TypeError: it is no capability at all.
        UsageError: it was granted for another folder.
    """
    if not isinstance(acting, Acting):
        raise TypeError(f"Handing out takes an Acting, not {type(acting).__name__}.")
    if acting.folder != data.resolve():
        raise UsageError(f"The right to act was granted for {acting.folder}, not for {data}. Ask for one of its own.")
    return acting


def reaches(acting: Acting, project: Project, section: object) -> bool:
    """Whether the switch or channel of a policy's section may be told."""
    if acting.reach is None:
        return True
    path, url_env = getattr(section, "path", None), getattr(section, "url_env", None)
    if isinstance(path, str):
        return acting.reach.file(project.base / path)
    return isinstance(url_env, str) and acting.reach.address(project.environment.get(url_env))


def _root(folder: Path) -> Path:
    """The folder of the demo that a data folder belongs to; without its mark, the data folder itself."""
    return next((parent for parent in folder.parents if (parent / DEMO_MARK).is_file()), folder)
