"""All commands, in the order in which a new user meets them."""

from __future__ import annotations

import typer

from flows.cli import look, records, setup, work

app = typer.Typer(
    name="gatehold",
    help="Holds the rollout of an AI system at an evidence gate: pulls its logs, checks them, pauses on proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(setup.init)
app.command("validate")(setup.validate)
app.command("schema")(setup.schema)
app.command("doctor")(setup.doctor)
app.command("demo")(work.demo)
app.command("ingest")(work.ingest)
app.command("run")(work.run)
app.command("gate")(look.gate)
app.command("status")(look.status)
app.command("report")(look.report)
app.add_typer(records.app, name="log")
