"""docs/commands.md: what every command says of itself, made from the commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from flows.cli.app import app

WIDTH = 80
_OPENING = """# Commands

Made from the commands themselves: this is what `gatehold COMMAND --help` says.

Every command takes `--json`: one JSON document on stdout, and nothing else there. When a command cannot do what it was
asked, the document is `{"error": {"kind": ..., "message": ..., "exit": ...}}`. Progress and errors go to stderr.

| exit | means |
|---|---|
| 0 | done; of `gate`: go |
| 1 | it could not be done: a file, the disk, a busy warehouse; of `doctor`, `self-test`: something is wrong |
| 2 | asked in a way that cannot be: usage or configuration |
| 3 | of `people` and `rollout`: refused; everything that is missing is named |
| 4 | of `ingest`: a source could not be read in full |
| 5 | of `log verify` and `log explain`: the log or a decision is not as it was written |
| 10, 11 | of `gate`: hold, pause |
| 130 | stopped by Ctrl-C |

`GATEHOLD_DATA` names the data folder as `--data` does; `GATEHOLD_TOKEN` says who acts in `people` and `rollout`.
`GATEHOLD_DEBUG=1` shows the traceback of an unexpected error.
`NO_COLOR` is honoured. On a terminal, lines are broken to its width; in a pipe every sentence is one line.
"""


def markdown() -> str:
    """The whole page."""
    parts = [_OPENING, _section("gatehold", get_command(app), None)]
    parts += [_section(name, command, above) for name, command, above in _below("gatehold", get_command(app), None)]
    return "\n".join(parts)


def _below(name: str, group: Any, above: Any) -> Iterator[tuple[str, Any, Any]]:
    context = typer.Context(group, info_name=name.split(" ")[-1], parent=above)
    for part, command in getattr(group, "commands", {}).items():
        yield f"{name} {part}", command, context
        yield from _below(f"{name} {part}", command, context)


def _section(name: str, command: Any, above: Any) -> str:
    said = name.split(" ")[-1]
    context = typer.Context(command, info_name=said, parent=above, terminal_width=WIDTH, max_content_width=WIDTH)
    lines = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {name}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    print(markdown(), end="")
