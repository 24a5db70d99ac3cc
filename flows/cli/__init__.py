"""The `gatehold` command: one file per group of commands, heavy imports inside the commands."""

from __future__ import annotations

import os
import sys

from flows.cli import terminal
from warehouse.records.errors import GateholdError


def main() -> None:
    """Run the command line; errors made on purpose are one sentence and an exit code, never a traceback."""
    from flows.cli.app import app

    try:
        app(standalone_mode=True)
    except GateholdError as error:
        terminal.fail(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        terminal.fail("Stopped. What was committed before stays; run it again to go on.")
        sys.exit(130)
    except Exception as error:
        if os.environ.get("GATEHOLD_DEBUG"):
            raise
        terminal.fail(
            f"Unexpected {type(error).__name__}: {error} - set GATEHOLD_DEBUG=1 and run again for the traceback."
        )
        sys.exit(1)
