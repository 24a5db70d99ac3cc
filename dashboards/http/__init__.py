"""The board's HTTP interface: what each rollout may do, for machines, and the latest page, for people.

It reads the people's records and the page file alone, never the warehouse, so a run that writes does not hold it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from fastapi import FastAPI

    from dashboards.board.ports import Port


def create(
    data: Path,
    *,
    config: Path | None = None,
    hosts: Sequence[str] = (),
    clock: Callable[[], datetime] | None = None,
    board: Port | None = None,
    open_reads: bool = True,
) -> FastAPI:
    """The application over a data folder.

    With the configuration file `config`, a standing that rests on an older configuration is `hold`. `hosts` are further
    names under which it may be asked (behind a proxy), beside those of the loopback. `clock` gives the present moment.

    With a `board`, people have pages, sign in and act; without `open_reads`, nothing but `/healthz` is answered to
    whoever is not signed in and shows no token.
    """
    from dashboards.http.app import make

    return make(data, config=config, hosts=hosts, clock=clock, board=board, open_reads=open_reads)
