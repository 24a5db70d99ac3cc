"""A channel through a notification block of the Prefect server, where its address and secret are kept."""

from __future__ import annotations

from typing import Any

from flows.channels import apprise_services, as_guarded
from flows.channels.fitting import fitted
from flows.channels.port import Alert
from flows.channels.text import headline
from flows.hushing import Hushed
from warehouse.records.errors import DeliveryError

LONGEST = 2000
"""Characters that every service behind a block takes."""


class PrefectBlockChannel:
    """Sends each alert through the block `type/name`, as guarded text: what is behind the block is not known here."""

    def __init__(self, block: str) -> None:
        """Keep the name; the server is not asked before the first alert."""
        self._block = block

    def send(self, alert: Alert) -> None:
        """Send it; return when the block has taken it.

        Raises:
            DeliveryError: there is no server or no such block, or the block did not send it (transient).
        """
        body = fitted(alert, as_guarded.render, LONGEST)
        with _HUSHED:
            block = self._load()
            try:
                # Without this a block logs the failure and says nothing.
                with block.raise_on_failure():
                    _wait(block.notify(body, subject=as_guarded.guarded(headline(alert))))
            except Exception as error:  # what a block raises is its own; its words may quote the address
                raise DeliveryError(
                    f"The Prefect block {self._block} did not send the message ({type(error).__name__}); it is tried "
                    "again. Look at the block on the Prefect server.",
                    transient=True,
                ) from None

    def _load(self) -> Any:
        # Most blocks send through it.
        apprise_services.load()
        from prefect.blocks.abstract import NotificationBlock
        from prefect.blocks.core import Block

        try:
            block = _wait(Block.load(self._block))
        except Exception as error:  # no server, no block, a type that is not installed: all are mended over there
            raise DeliveryError(
                f"The Prefect block {self._block} could not be loaded ({type(error).__name__}). Make it on the server "
                "that PREFECT_API_URL names; the message is tried again.",
                transient=True,
            ) from None
        if not isinstance(block, NotificationBlock):
            raise DeliveryError(
                f"The Prefect block {self._block} is not a notification block; the message is tried again.",
                transient=True,
            )
        return block


def _wait(said: Any) -> Any:
    """What Prefect gives back; inside a running event loop it gives a promise, which is kept in a thread."""
    import asyncio
    import inspect
    from concurrent.futures import ThreadPoolExecutor

    if not inspect.iscoroutine(said):
        return said

    def keep() -> Any:
        with _HUSHED:
            return asyncio.run(said)

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(keep).result()


_HUSHED = Hushed("apprise", "urllib3.connectionpool", "httpx")
