"""All commands, in the order in which a new user meets them."""

from __future__ import annotations

import typer

from flows.cli import (
    board,
    drift_history,
    history,
    look,
    outbox,
    people,
    planning,
    proving,
    records,
    red_team,
    review,
    rollouts,
    rows,
    serving,
    setup,
    storage,
    work,
)


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
app.command("red-team", epilog=_examples("gatehold red-team", "gatehold red-team jailbreaks --json"))(red_team.red_team)
app.command("report", epilog=_examples("gatehold report --out page.html"))(look.report)
app.command(
    "drift-history",
    epilog=_examples("gatehold drift-history", "gatehold drift-history --since 2026-03-01 --workspace history"),
)(drift_history.drift_history)
app.command(
    "board", epilog=_examples("gatehold board", "gatehold board --port 9000", "gatehold board --export board-of-march")
)(board.board)
storage.app.command("compact", epilog=_examples("gatehold storage compact"))(storage.compact)
app.add_typer(storage.app, name="storage", help="What is kept, what it costs; `compact` removes what is due.")
app.command(
    "rows",
    epilog=_examples(
        "gatehold rows interactions --start 2026-03-01T12:00 --end 2026-03-01T13:00",
        "gatehold rows interactions --metric harmful_output_rate --rollout support-agent --json",
    ),
)(rows.rows)
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
app.command("up", epilog=_examples("gatehold up", "gatehold up --config shop --port 4300 --board-port 8800"))(
    serving.up
)
app.command(
    "deploy",
    epilog=_examples(
        "PREFECT_API_URL=http://127.0.0.1:4200/api gatehold deploy --config shop",
        "gatehold deploy --config shop --write infra",
    ),
)(serving.deploy)
for _name, _command, _example in (
    ("start", rollouts.start, 'gatehold rollout start support-agent --reason "Pilot with release 2.3"'),
    ("advance", rollouts.advance, 'gatehold rollout advance support-agent --reason "All gates of the pilot pass"'),
    ("pause", rollouts.pause, 'gatehold rollout pause support-agent --reason "Complaints on the telephone"'),
    (
        "resume",
        rollouts.resume,
        "gatehold rollout resume support-agent --mended https://example.org/changes/7 --mended-at 2026-03-01T12:00 "
        '--reason "Prompt mended"',
    ),
    ("retire", rollouts.retire, 'gatehold rollout retire support-agent --reason "Replaced by another agent"'),
    ("waive", rollouts.waive, 'gatehold rollout waive support-agent --gate harm --for 12h --reason "Judge was wrong"'),
    ("sign-off", rollouts.sign_off, 'gatehold rollout sign-off support-agent --reason "Red team repeated"'),
    ("approve", rollouts.approve, 'gatehold rollout approve support-agent --gate harm --reason "Agreed in ticket 9"'),
    ("acknowledge", rollouts.acknowledge, 'gatehold rollout acknowledge support-agent --reason "I am on it"'),
):
    rollouts.app.command(_name, epilog=_examples(_example))(_command)
app.add_typer(rollouts.app, name="rollout", help="By people: start, advance, pause, resume, waive, sign off.")
for _name, _managing, _example in (
    ("add", people.add, 'gatehold people add "Ines Vogel" --role approver'),
    ("roles", people.give_roles, 'gatehold people roles "Ines Vogel" --role approver --role admin'),
    ("list", people.show, "gatehold people list"),
    ("token", people.token, 'gatehold people token "Ines Vogel" --days 30'),
    ("link", people.link, 'gatehold people link "Ines Vogel" --address https://board.example.org'),
    ("revoke", people.revoke, "gatehold people revoke 1f0c93ab"),
    ("deactivate", people.deactivate, 'gatehold people deactivate "Ines Vogel"'),
):
    people.app.command(_name, epilog=_examples(_example))(_managing)
app.add_typer(people.app, name="people", help="Who may act: accounts, roles and tokens.")
for _name, _reviewing, _example in (
    ("list", review.queues, "gatehold review list"),
    ("show", review.show, "gatehold review show harm"),
    ("label", review.label, 'gatehold review label 1f0c93ab5d7e bad --note "Names a person"'),
    ("agreement", review.agreed, "gatehold review agreement harm --json"),
):
    review.app.command(_name, epilog=_examples(_example))(_reviewing)
app.add_typer(review.app, name="review", help="Rows for people: queues, show and label rows, agreement.")
records.app.command("show", epilog=_examples("gatehold log show --rollout support-agent --last 5"))(records.show)
records.app.command("verify", epilog=_examples("gatehold log verify"))(records.verify)
records.app.command("explain", epilog=_examples("gatehold log explain 2"))(records.explain)
records.app.command(
    "export",
    epilog=_examples(
        "gatehold log export --format page --out log.html",
        "gatehold log export --format jsonl --out log.jsonl --rollout support-agent",
    ),
)(records.export)
app.add_typer(records.app, name="log", help="The decision log: show, verify, explain and export it.")
outbox.app.command("list", epilog=_examples("gatehold outbox list --state waiting"))(outbox.show)
outbox.app.command("dead", epilog=_examples("gatehold outbox dead"))(outbox.dead)
outbox.app.command("retry", epilog=_examples("gatehold outbox retry 5f0c2d7a", "gatehold outbox retry --all"))(
    outbox.retry
)
app.add_typer(outbox.app, name="outbox", help="Messages to switches and channels: list, dead ones, retry.")
