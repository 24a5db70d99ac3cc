"""The `gatehold` command: one file per group of commands, heavy imports inside the commands."""

from __future__ import annotations

import os
import sys

from flows.cli import terminal
from warehouse.records.errors import ConfigurationError, GateholdError

STOPPED = 130


def main() -> None:
    """Run the command line; errors made on purpose are one sentence and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its number instead of a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(as_json="--json" in sys.argv[1:]))


def _run(*, as_json: bool) -> int:
    from flows.cli.app import app

    try:
        code = app(prog_name="gatehold", standalone_mode=False) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads()
    except GateholdError as error:
        return _failed(_kind(error), _told(error), error.exit_code, as_json)
    except KeyboardInterrupt:
        code = STOPPED
    except Exception as error:  # the last resort: one sentence and exit 1, the traceback on request
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _misused(error, as_json)
        if os.environ.get("GATEHOLD_DEBUG"):
            raise
        return _failed("unexpected", _unexpected(error), 1, as_json)
    if code == STOPPED:
        stopped = "Stopped. What was committed before stays; run it again to go on."
        return _failed("stopped", stopped, STOPPED, as_json)
    return int(code)


def _misused(error: Exception, as_json: bool) -> int:
    """The parser's own error: it shows the usage line and where help is."""
    code = int(getattr(error, "exit_code", 2))
    if as_json:
        return _failed("usage", str(getattr(error, "format_message")()), code, as_json)  # noqa: B009 - a duck's method
    getattr(error, "show")()  # noqa: B009 - a duck's method: the parser's own class is private to it
    return code


def _failed(kind: str, message: str, code: int, as_json: bool) -> int:
    terminal.fail(message)
    if as_json:
        terminal.emit({"error": {"kind": kind, "message": message, "exit": code}})
    return code


def _kind(error: GateholdError) -> str:
    """The error's name for scripts: `store_busy` for StoreBusyError."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _told(error: GateholdError) -> str:
    if isinstance(error, ConfigurationError) and (len(error.problems) > 1 or error.problems[0].line is not None):
        from checks.policy import describe

        return describe(error.problems)
    return str(error)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}. Is the path right, the disk full, or the folder not yours?"
    return f"Unexpected {type(error).__name__}: {error} - set GATEHOLD_DEBUG=1 and run again for the traceback."


def _nobody_reads() -> int:
    """Whoever read the output has gone (`| head`): say nothing more, and never look like a `go`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
