"""`gatehold review`: queues of rows that people label."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.acts import opened, person_of, refuse
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json

if TYPE_CHECKING:
    from checks.policy.reviews import Review
    from checks.reviews.agreement import Agreeing
    from flows.project import Project
    from warehouse.people.store import People
    from warehouse.records.people import Person

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.")]
SHOWN = 4_000
"""Characters of a text that are printed."""


def queues(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """List the queues: what is open, done, overdue."""
    from warehouse.people import reviews

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        found = [(review, reviews.tally(people, review.name, now=now)) for review in project.policy.reviews]
    if as_json:
        terminal.emit([{"queue": review.name, "question": review.question, "tally": tally} for review, tally in found])
        return
    if not found:
        terminal.say("There are no review queues. Add a section reviews to the configuration.")
        return
    rows = [
        (review.name, *(f"{n:,}" for n in (tally.open, tally.done, tally.overdue, tally.unlabelled)), review.question)
        for review, tally in found
    ]
    terminal.table("Reviews", ("queue", "open", "done", "overdue", "without a label", "question"), rows)


def show(queue: Queue, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Show the next row of a queue that waits for you.

    Needs a token with the queue's role. That you have read raw text is noted in the decision log.
    """
    from flows.boarding.port import Boarding
    from warehouse.people import reviews

    project, now = projects.load(config, data=data), datetime.now(UTC)
    review = project.policy.review(queue)
    with opened(project) as people:
        person = _reviewer(people, project, review, now=now, as_json=as_json)
        item = reviews.following(people, queue, person.name, now=now)
        left, mine = reviews.left(people, queue, person.name, now=now)
    if item is not None:
        Boarding(project).looked(person, f"rows of the review queue {queue}", now=now)
    if as_json:
        # What people must not see before they answer stays out.
        shown = None if item is None else {"id": item.id, "due_at": item.due_at, "texts": item.texts}
        labels = {"question": review.question, "labels": review.labels}
        terminal.emit({"queue": queue, **labels, "item": shown, "left": left, "labelled": mine})
        return
    if item is None:
        terminal.say(f"Nothing waits for you in {queue}; you have labelled {mine:,} rows.")
        return
    terminal.say(review.question, "bold")
    for one in item.texts or ():
        terminal.say(one.name, "dim")
        text = one.text if one.text is not None else "nothing given"
        terminal.say(text[:SHOWN], indent=2)
        if one.length > SHOWN:
            terminal.say(f"... {one.length:,} characters in all; the board and --json show more.", "dim", indent=2)
    terminal.say(f"{left:,} wait for you. Answer: gatehold review label {item.id} {' | '.join(review.labels)}", "dim")


def label(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Id of the row, from `gatehold review show`.")],
    answer: Annotated[str, typer.Argument(metavar="LABEL", help="One of the labels of its queue.")],
    note: Annotated[str, typer.Option("--note", help="Kept with the label.")] = "",
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Label a row. The next run hands the label on. Exit 3 if it is refused."""
    from checks.acts.refusal import of
    from checks.reviews import labelling
    from warehouse.people import reviews

    project, now = projects.load(config, data=data), datetime.now(UTC)
    with opened(project) as people:
        review = project.policy.review(reviews.item(people, item).queue)
        person = _reviewer(people, project, review, now=now, as_json=as_json)
        missing = reviews.label(
            people, item, person.name, answer, note, now=now,
            against=lambda row, had: labelling.against_label(row, had, person.name, answer, review.labels, now),
        )  # fmt: skip
    if missing is not None and (refusal := of([missing])) is not None:
        refuse(refusal, as_json=as_json)
    if as_json:
        terminal.emit({"item": item, "queue": review.name, "label": answer, "person": person.name})
    else:
        terminal.say(f"{review.name}: {item} is {answer}.", "green")


def agreed(
    queue: Annotated[str | None, typer.Argument(metavar="[QUEUE]", help="Name of the queue; all if not said.")] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say how far people agree on the rows that two of them labelled."""
    from checks.reviews import agreement
    from warehouse.people import reviews

    project = projects.load(config, data=data)
    asked = [project.policy.review(queue)] if queue else list(project.policy.reviews)
    with opened(project) as people:
        found = [(review.name, agreement.measure(reviews.pairs(people, review.name))) for review in asked]
    if as_json:
        terminal.emit({name: measured for name, measured in found})
        return
    for name, measured in found:
        terminal.say(f"{name}: {_told(measured)}")


def _told(found: Agreeing) -> str:
    if found.share is None or found.low is None or found.high is None:
        return "unknown, for no row has labels of two people yet."
    said = f"{found.agreed:,} of {found.items:,} rows alike, {found.share:.0%} ({found.low:.0%} to {found.high:.0%})"
    if found.kappa is None or found.kappa_low is None or found.kappa_high is None:
        return f"{said}; no kappa, for all labels are the same."
    return f"{said}; Cohen's kappa {found.kappa:.2f} ({found.kappa_low:.2f} to {found.kappa_high:.2f})."


def _reviewer(people: People, project: Project, review: Review, *, now: datetime, as_json: bool) -> Person:
    """The person whose token the environment holds, if they may label here; the command ends where they may not."""
    from checks.acts.refusal import refuse as refusal_of
    from flows import access

    act = f"review {review.name}"
    person = person_of(people, project, act=act, now=now, as_json=as_json)
    if not person.may(review.role):
        held = ", ".join(person.roles) or "none"
        refusal = refusal_of("role_missing", f"To {act}, {person.name} needs the role {review.role} (has: {held}).")
        refuse(access.refused(people, person, refusal, act=act, rollout="", now=now), as_json=as_json)
    return person
