"""One writer at a time: Prefect's own limit queues the runs, the file lock beneath it keeps everybody else out.

The limit is a courtesy: runs wait for each other on the server, where it is seen. What protects the data is the file
lock, so a server that is gone or has no such limit keeps no run from its work.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from flows.project import Project
from warehouse.records.errors import StoreBusyError

if TYPE_CHECKING:
    from flows.stores import Stores

LEASE_SECONDS = 60.0
"""How long a dead run keeps the limit from the others; Prefect takes no less."""
WAIT_SECONDS = 900.0
"""How long a run waits for the others to end."""
BACK_OFF_SECONDS = (5.0, 15.0, 45.0)
"""Waits before the file lock is tried again, less up to a quarter."""

T = TypeVar("T")
Say = Callable[[str], None]
_LOG = logging.getLogger("gatehold")


@contextmanager
def turn(project: Project, *, say: Say = _LOG.warning, sleep: Callable[[float], None] = time.sleep) -> Iterator[Stores]:
    """Both stores, when it is this run's turn to write; `say` hears what stood in the way.

    Raises:
        StoreBusyError: the others did not end in time.
        StoreError: a store cannot be opened; nothing is tried again, for that does not pass.
    """
    from flows.stores import open_stores

    with slot(project.policy.prefect.writer_limit, say=say), ExitStack() as stack:
        yield patiently(lambda: stack.enter_context(open_stores(project, say=say)), say=say, sleep=sleep)


def patiently(do: Callable[[], T], *, say: Say = _LOG.warning, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `do` returns, tried again while others are in the way; any other error is no matter of waiting.

    Raises:
        StoreBusyError: they were still in the way after the last wait.
    """
    for seconds in BACK_OFF_SECONDS:
        try:
            return do()
        except StoreBusyError as error:
            wait = seconds * (1 - random.random() / 4)
            say(f"{error} Trying again in {wait:.0f} s.")
            sleep(wait)
    return do()


@contextmanager
def slot(limit: str, *, say: Say = _LOG.warning, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """The one place under Prefect's limit, given back at the end; nothing where the server cannot give it.

    Raises:
        StoreBusyError: the server said for `wait_seconds` that another run has it.
    """
    held = _take(limit, say, wait_seconds)
    try:
        yield
    finally:
        if held is not None:
            # Nobody has use for an error here: the lease runs out by itself.
            with suppress(Exception):
                held.__exit__(None, None, None)


def _take(limit: str, say: Say, wait_seconds: float) -> AbstractContextManager[None] | None:
    from prefect.concurrency.sync import concurrency

    taking = concurrency(
        limit,
        timeout_seconds=wait_seconds,
        lease_duration=LEASE_SECONDS,
        strict=False,
        raise_on_lease_renewal_failure=False,
    )
    try:
        taking.__enter__()
    except TimeoutError as error:
        raise StoreBusyError(
            f"Another run has held {limit} for {wait_seconds:g} s. Look at the runs in Prefect; a dead one frees it "
            f"within {LEASE_SECONDS:g} s."
        ) from error
    except Exception as error:  # any trouble with the server: the file lock protects the data without it
        say(f"Prefect's limit {limit} could not be asked ({type(error).__name__}); the lock on the data is enough.")
        return None
    return taking
