"""All commands, in the order in which a new user meets them."""

from __future__ import annotations

import typer

from flows.cli import history, look, planning, proving, records, setup, storage, work


def _examples(*lines: str) -> str:
    # The first character keeps the parser from filling the lines up.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"gatehold {metadata.version('gatehold')}")
        raise typer.Exit


_BEGIN = _examples(
    "gatehold init shop && cd shop",
    "gatehold run",
    "gatehold status",
)
app = typer.Typer(
    name="gatehold",
    help="Holds the rollout of an AI system at an evidence gate: pulls its logs, checks them, pauses on proof.",
    epilog=_BEGIN,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version and end."),
) -> None:
    """Options before any command."""


app.command("init", epilog=_examples("gatehold init shop"))(setup.init)
app.command("validate", epilog=_examples("gatehold validate", "gatehold validate --config shop --json"))(setup.validate)
app.command("schema", epilog=_examples("gatehold schema > gatehold.schema.json"))(setup.schema)
app.command("doctor", epilog=_examples("gatehold doctor"))(setup.doctor)
app.command("demo", epilog=_examples("gatehold demo", "gatehold demo story"))(work.demo)
app.command("ingest", epilog=_examples("gatehold ingest"))(work.ingest)
app.command("run", epilog=_examples("gatehold run", "gatehold run --config shop --as-of 2026-03-01T12:00"))(work.run)
app.command(
    "gate",
    epilog=_examples(
        "gatehold gate support-agent && ./expand.sh",
        "gatehold gate support-agent --json | jq -r .reasons[0].detail",
    ),
)(look.gate)
app.command("status", epilog=_examples("gatehold status"))(look.status)
app.command(
    "plan",
    epilog=_examples(
        "gatehold plan harm",
        "gatehold plan harm --rollout support-agent --units-per-day 5000",
    ),
)(planning.plan)
app.command("self-test", epilog=_examples("gatehold self-test", "gatehold self-test harm --json"))(proving.self_test)
app.command("report", epilog=_examples("gatehold report --out page.html"))(look.report)
storage.app.command("compact", epilog=_examples("gatehold storage compact"))(storage.compact)
app.add_typer(storage.app, name="storage", help="What is kept and what it costs; `compact` removes what is due.")
app.command(
    "erase",
    epilog=_examples('gatehold erase --session conversation-17 --by "Ines Vogel" --reason "Request of 3 March"'),
)(storage.erase)
app.command(
    "backfill",
    epilog=_examples(
        "gatehold backfill --start 2026-01-01 --end 2026-02-01 --dry-run",
        "gatehold backfill --start 2026-01-01 --end 2026-02-01 --metric harmful_output_rate --only-missing",
    ),
)(history.backfill)
app.command(
    "replay",
    epilog=_examples("gatehold replay --config stricter.yaml --start 2026-01-01 --end 2026-02-01"),
)(history.replay)
records.app.command("show", epilog=_examples("gatehold log show --rollout support-agent --last 5"))(records.show)
records.app.command("verify", epilog=_examples("gatehold log verify"))(records.verify)
records.app.command("explain", epilog=_examples("gatehold log explain 2"))(records.explain)
app.add_typer(records.app, name="log", help="The decision log: show, verify and explain it.")
