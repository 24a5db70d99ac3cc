"""The one exception tree of Gatehold.

    GateholdError                 anything Gatehold raises on purpose
    +-- ConfigurationError        the configuration is wrong; carries every problem (exit 2)
    +-- UsageError                a command was asked for something that cannot be (exit 2)
    +-- SourceError               a source cannot be read now (transient or not)
    +-- StoreError                the warehouse cannot be opened, is busy, or is of another version
    |   +-- StoreBusyError        another process holds the writer slot; try again later
    |   +-- MovedOnError          the decision log went on since it was read; read it again
    +-- CheckError                a check could not be carried out (never the same as: it failed)
    +-- LedgerError               evidence or decision log do not agree with themselves
    +-- DeliveryError             a switch or channel did not take a message; `transient` says whether to retry
    +-- ServiceError              a Prefect server, worker or board is not there or does not do its work

Every message says what was given, what is allowed, where, and what to do next, in one or two sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


class GateholdError(Exception):
    """Root of everything raised on purpose; the command line prints it without a traceback."""

    exit_code = 1


class UsageError(GateholdError):
    """Raised when a command or a call asks for something that cannot be."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file.

    `line` counts from 1 and is None only where the file could not be read at all; `path` is the dotted place
    inside the file (`gates[0].alpha`), `given` what stands there, `allowed` what may stand there, `hint` what to
    do next (may be empty).
    """

    file: str
    line: int | None
    path: str
    message: str
    given: str = ""
    allowed: str = ""
    hint: str = ""


class ConfigurationError(GateholdError):
    """Raised with every problem of a configuration at once; `problems` is never empty."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems in the order of their lines."""
        self.problems: tuple[Problem, ...] = tuple(sorted(problems, key=lambda p: (p.file, p.line or 0, p.path)))
        super().__init__("\n".join(describe(p) for p in self.problems))


def describe(problem: Problem) -> str:
    """One problem as text: place, what is wrong, what was given, what is allowed, what to do next."""
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    text = f"{place}: {problem.path}: {problem.message}" if problem.path else f"{place}: {problem.message}"
    if problem.given:
        text += f" Given: {problem.given}."
    if problem.allowed:
        text += f" Allowed: {problem.allowed}."
    if problem.hint:
        text += f" {problem.hint}"
    return text


class SourceError(GateholdError):
    """Raised when a source cannot be read; `transient` tells whether trying again can help."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        """Keep whether a retry can help."""
        super().__init__(message)
        self.transient = transient


class StoreError(GateholdError):
    """Raised when the warehouse cannot be opened or was written by another version."""


class StoreBusyError(StoreError):
    """Raised when another process holds the writer slot longer than the caller wanted to wait."""


class MovedOnError(StoreError):
    """Raised when the decision log of a rollout went on since the writer read it; nothing was written."""


class CheckError(GateholdError):
    """Raised when a check could not be carried out; the caller turns it into the outcome `error`."""


class LedgerError(GateholdError):
    """Raised when stored evidence or the decision log disagrees with itself."""

    exit_code = 5


class DeliveryError(GateholdError):
    """Raised when a receiver did not take a message; `transient` tells whether trying again can help.

    `retry_after` is how long the receiver asked to be left alone; None when it did not say.
    """

    def __init__(self, message: str, *, transient: bool, retry_after: timedelta | None = None) -> None:
        """Keep whether a retry can help, and when."""
        super().__init__(message)
        self.transient = transient
        self.retry_after = retry_after


class ServiceError(GateholdError):
    """Raised when a service that runs beside Gatehold is not there or does not do its work."""

    def __init__(self, message: str, *, transient: bool) -> None:
        """Keep whether a retry can help."""
        super().__init__(message)
        self.transient = transient
