"""Reviews: new rows are chosen for people, and their labels are handed on to the source that reads them."""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.metrics import expression
from checks.reviews import choosing
from flows.project import Project
from flows.stores import Stores
from warehouse.records.reviews import Given, Item, NewItem, Seen

if TYPE_CHECKING:
    from checks.policy.reviews import Review
    from warehouse.review_rows import Group, Looking


def hand_in(project: Project, stores: Stores, *, now: datetime) -> None:
    """Write the answers that are ready, before the sources are pulled; a queue that is new begins with this run.

    Which rows stand in which file is decided in one transaction; a file that was not written because the process died
    is written by the next run. Ids of rows are natural keys, so reading a row twice counts it once.
    """
    from flows import retaining
    from warehouse import ledger
    from warehouse.people import review_handing, reviews

    if not project.policy.reviews:
        return
    newest = ledger.newest_batch(stores.warehouse)
    for review in project.policy.reviews:
        reviews.begin(stores.people, review.name, after_batch=newest)
        number = review_handing.hand_in(stores.people, review.name, now=now)
        path = project.base / review.out / f"{review.name}-answers-{number or 0:06d}.jsonl"
        if number is not None and not path.exists():
            answers = review_handing.answers(stores.people, review.name, number)
            _write(path, (_answer(review, item, given) for item, given in answers))
        elif next(path.parent.glob(f"{review.name}-*"), None) is None:
            # Nothing was handed on yet: a source that reads nothing is whole, one without a file is broken.
            _write(path, ())
    if (age := retaining.settings(project).raw_text) is not None:
        review_handing.remove_texts(stores.people, before=now - age)


def choose(project: Project, stores: Stores, *, now: datetime) -> None:
    """Choose rows for people out of what came in since the last run: each batch once, in one transaction."""
    from warehouse import review_rows
    from warehouse.people import reviews

    for review in project.policy.reviews:
        looking = _looking(project, review)
        key, after = reviews.begin(stores.people, review.name, after_batch=0)
        batches: dict[int, list[Group]] = {}
        for group in review_rows.groups(stores.warehouse, looking, after_batch=after):
            batches.setdefault(group.batch, []).append(group)
        for batch in sorted(batches):
            _choose(project, stores, review, looking, key, batches[batch], now)


def forget(project: Project, stores: Stores, *, column: str, values: Sequence[str]) -> int:
    """How many rows of review queues were removed because they belong to an erased subject, with text and labels.

    It is asked before the events are erased: afterwards nothing tells which rows were theirs. Of a queue that the
    configuration no longer names, and of a row whose stream holds it no more, nobody knows the stream: such rows go by
    the ids of every stream, rather one row too many than text of the subject that stays. A row goes by the session that
    was kept with it as well: the events may have reached their age.
    """
    from warehouse import review_rows
    from warehouse.people import review_handing

    found = review_rows.events_by_stream(stores.warehouse, column, values)
    anywhere = {event for events in found.values() for event in events}
    streams = {review.name: review.stream for review in project.policy.reviews}
    removed = 0
    for queue in review_handing.queues(stores.people):
        events = set(anywhere)
        if (stream := streams.get(queue)) is not None:
            own = found.get(stream, set())
            events = own | review_rows.not_of(stores.warehouse, stream, anywhere - own)
        if column == "session_id":
            events |= review_handing.events_of_sessions(stores.people, queue, values)
        removed += review_handing.forget(stores.people, events, [queue])
    return removed


def _choose(
    project: Project,
    stores: Stores,
    review: Review,
    looking: Looking,
    key: bytes,
    groups: Sequence[Group],
    now: datetime,
) -> None:
    from warehouse import review_rows
    from warehouse.people import reviews

    batch, day = groups[0].batch, f"{min(group.arrived_at for group in groups):%Y-%m-%d}"
    chances = _chances(review, groups, reviews.chosen_on(stores.people, review.name, day))
    chosen: list[Seen] = []

    def drawn() -> Iterator[dict[str, Any]]:
        for seen in review_rows.rows(stores.warehouse, looking, batch=batch):
            if choosing.is_chosen(key, review.name, seen.event_id, chances[seen.met]):
                chosen.append(seen)
            elif review.unchosen:
                yield _line(review, seen.event_id, seen.occurred_at, seen.carried, chances[seen.met], chosen=False)

    rest = project.base / review.out / f"{review.name}-rest-{batch:09d}.jsonl"
    if review.unchosen and not rest.exists():
        # Written before the batch counts as looked at; the draws give the same rows should this be repeated.
        _write(rest, drawn())
    else:
        deque(drawn(), maxlen=0)
    texts = review_rows.texts(stores.warehouse, looking, review.show, [seen.event_id for seen in chosen], batch=batch)
    items = [
        NewItem(
            event_id=seen.event_id,
            occurred_at=seen.occurred_at,
            due_at=seen.occurred_at + review.due,
            chance=chances[seen.met],
            doubled=choosing.is_doubled(key, review.name, seen.event_id, review.double_share),
            strategies=_named(review, seen.met),
            carried=_finite(seen.carried),
            texts=texts.get(seen.event_id, ()),
        )
        for seen in chosen
    ]
    reviews.add(stores.people, review.name, items, batch=batch, day=day, now=now)


def _chances(review: Review, groups: Sequence[Group], taken: int) -> Mapping[tuple[bool, ...], int]:
    """By strategies met, the chance in millionths that the rows of one batch are drawn with."""
    shares = [strategy.share for strategy in review.strategies]
    plain = {group.met: choosing.chance(review.uniform, shares, group.met) for group in groups}
    counts: dict[int, int] = {}
    for group in groups:
        counts[plain[group.met]] = counts.get(plain[group.met], 0) + group.rows
    room = None if review.a_day is None else review.a_day - taken
    thinned = choosing.thinned(counts, room, math.ceil(review.least * choosing.MILLION))
    return {met: thinned[pi] for met, pi in plain.items()}


def _looking(project: Project, review: Review) -> Looking:
    from warehouse.review_rows import Looking

    stream = project.policy.stream(review.stream)
    strategies = tuple(expression.parse(one.when, stream, wants="truth") for one in review.strategies)
    return Looking(stream, strategies, review.judge, review.score, review.due)


def _named(review: Review, met: Sequence[bool]) -> tuple[str, ...]:
    applying = (one.name for one, applies in zip(review.strategies, met, strict=True) if applies)
    return ("uniform", *applying)


def _answer(review: Review, item: Item, given: Sequence[Given]) -> dict[str, Any]:
    """A chosen row with its label, or without one when nobody gave it in time; names of people stay where they are."""
    line = _line(review, item.event_id, item.occurred_at, item.carried, item.chance, chosen=True)
    line["reference_label"] = given[0].label if given else None
    line["strategies"] = list(item.strategies)
    if item.doubled:
        line["second_label"] = given[1].label if len(given) > 1 else None
    return line


def _line(
    review: Review, event: str, occurred: datetime, carried: Mapping[str, Any], chance: int, *, chosen: bool
) -> dict[str, Any]:
    """One row of the stream `labels`, about one row of the queue's stream; it belongs to the same session."""
    kept = {key: carried[key] for key in ("session_id", "rollout", "release", "arm", "segment", "simulated")}
    return {
        "event_id": f"{review.name}/{event}",
        "occurred_at": occurred.isoformat(),
        **{key: value for key, value in kept.items() if value is not None},
        "subject_id": event,
        "rater": review.judge or review.name,
        "rater_kind": "judge",
        "rubric_version": review.rubric,
        "label": carried["judge"],
        "score": _finite(carried)["score"],
        "reference_label": None,
        "inclusion_probability": chance / choosing.MILLION,
        "queue": review.name,
        "chosen": chosen,
    }


def _finite(carried: Mapping[str, Any]) -> dict[str, Any]:
    score = carried["score"]
    return {**carried, "score": score if score is not None and math.isfinite(score) else None}


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
