"""Run it: `python -m dashboards.http --data FOLDER [--config FILE] [--host 127.0.0.1] [--port N]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboards.http.serving import HOST, PORT, serve
from warehouse.records.errors import GateholdError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 0, or the code of an error made on purpose."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.http", description="The board's HTTP interface.")
    parser.add_argument("--data", type=Path, required=True, help="data folder of a project")
    parser.add_argument("--config", type=Path, help="configuration file; a standing that rests on another is hold")
    parser.add_argument("--host", default=HOST, help="address of this machine's loopback")
    parser.add_argument("--port", type=int, default=PORT, help="port; 0 takes a free one")
    parser.add_argument("--allow-host", action="append", default=[], help="a further name it may be asked under")
    given = parser.parse_args(arguments)
    try:
        serve(
            given.data,
            config=given.config,
            host=given.host,
            port=given.port,
            hosts=given.allow_host,
            say=lambda address: print(f"Listening on {address}", flush=True),
        )
    except GateholdError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
