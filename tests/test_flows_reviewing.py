"""Reviews from the policy to the evidence: rows are chosen once, labels are counted once, nothing is kept too long."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from review_tools import LATER, NOW, feed, fixed_key, label, label_all, make

from flows import erasing, once, pulling, reviewing
from flows import project as projects
from flows.project import Project
from flows.stores import Stores, open_stores
from warehouse.people import accounts, reviews
from warehouse.people.store import People
from warehouse.records.errors import ConfigurationError, UsageError
from warehouse.records.people import Person

INES = Person("Ines", ("admin",))


@pytest.fixture(autouse=True)
def same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_key(monkeypatch)


def people_of(people: People) -> None:
    accounts.add(people, INES.name, INES.roles, by=None, now=NOW)
    accounts.add(people, "Bo", INES.roles, by=INES, now=NOW)


def labels(stores: Stores) -> list[tuple[str | None, str | None, int]]:
    """What the ledger holds: whether chosen, the label of people, and how many rows."""
    text = "SELECT attributes->>'chosen', reference_label, count(*) FROM events_labels GROUP BY 1, 2 ORDER BY ALL"
    return stores.warehouse.connection.execute(text).fetchall()


def lines(project: Project, pattern: str) -> list[dict[str, object]]:
    files = sorted((project.base / "answers").glob(pattern))
    return [json.loads(line) for file in files for line in file.read_text(encoding="ascii").splitlines()]


def test_labels_of_people_become_the_evidence_of_an_assisted_gate(tmp_path: Path) -> None:
    project = make(tmp_path)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        chosen = reviews.tally(stores.people, "harm", now=NOW).open
        assert 60 < chosen < 220
        assert label_all(stores.people, "Ines") == chosen
        second = label_all(stores.people, "Bo")
        assert second > 0
        assert len(reviews.pairs(stores.people, "harm")) == second
        done = once.run_with(project, stores, now=LATER)
        counted = labels(stores)
        assert sum(n for state, label, n in counted if state == "true" and label) == chosen
        assert sum(n for _, _, n in counted) == 400
        (verdict,) = done.outcomes[0].standing.verdicts
        assert verdict.units == 200
        assert verdict.unscored == 0
        assert verdict.estimate is not None

        # Nothing is chosen, written or counted a second time.
        again = once.run_with(project, stores, now=LATER + timedelta(hours=1))
        assert labels(stores) == counted
        assert again.outcomes[0].standing.verdicts[0].units == 200
    written = lines(project, "*.jsonl")
    assert len({line["event_id"] for line in written}) == len(written) == 400
    assert not {"Ines", "Bo"} & {str(value) for line in written for value in line.values()}
    assert all(0 < float(str(line["inclusion_probability"])) <= 1 for line in written)


def test_rows_without_a_label_in_time_are_handed_on_as_unscored(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        chosen = reviews.tally(stores.people, "harm", now=NOW).open
        overdue = reviews.tally(stores.people, "harm", now=LATER)
        assert (overdue.open, overdue.overdue) == (0, chosen)
        done = once.run_with(project, stores, now=LATER)
        assert ("true", None, chosen) in labels(stores)
        assert done.outcomes[0].standing.verdicts[0].unscored > 0
        assert reviews.tally(stores.people, "harm", now=LATER).unlabelled == chosen


def test_a_run_that_dies_while_choosing_or_writing_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(tmp_path, rows=200)
    with open_stores(project) as stores:

        def dies(*_: object, **__: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(reviews, "add", dies)
            with pytest.raises(KeyboardInterrupt):
                pulling.pull_sources(project, stores, now=NOW)
        rest = lines(project, "harm-rest-*")
        pulling.pull_sources(project, stores, now=NOW + timedelta(minutes=1))
        assert lines(project, "harm-rest-*") == rest
        assert len(rest) + reviews.tally(stores.people, "harm", now=NOW).open == 200

        people_of(stores.people)
        number = label_all(stores.people, "Ines")
        label_all(stores.people, "Bo")
        with monkeypatch.context() as patched:
            patched.setattr(reviewing, "_write", dies)
            with pytest.raises(KeyboardInterrupt):
                pulling.pull_sources(project, stores, now=NOW + timedelta(minutes=2))
        assert lines(project, "harm-answers-*") == []
        for minutes in (3, 4):
            pulling.pull_sources(project, stores, now=NOW + timedelta(minutes=minutes))
        assert len(lines(project, "harm-answers-*")) == number
        assert sum(n for _, _, n in labels(stores)) == 200


def test_a_queue_that_is_new_leaves_older_rows_alone(tmp_path: Path) -> None:
    project = make(tmp_path, rows=50)
    whole = project.file.read_text(encoding="utf-8")
    project.file.write_text(whole[: whole.index("reviews:")] + whole[whole.index("metrics:") :], encoding="utf-8")
    without = projects.load(project.file)
    with open_stores(project) as stores:
        once.run_with(without, stores, now=NOW)
        feed(project.base, "b", 50)
        once.run_with(project, stores, now=NOW + timedelta(minutes=1))
        assert {str(line["subject_id"])[0] for line in lines(project, "harm-rest-*")} == {"b"}


@pytest.mark.parametrize(("a_day", "least", "most"), [(20, 5, 45), (1, 1, 15)])
def test_a_busy_day_is_thinned_and_the_chance_says_so(tmp_path: Path, a_day: int, least: int, most: int) -> None:
    project = make(tmp_path, rows=1_000, change=("a_day: 200", f"a_day: {a_day}"))
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        assert least <= reviews.tally(stores.people, "harm", now=NOW).open <= most
        chances = {float(str(line["inclusion_probability"])) for line in lines(project, "harm-rest-*")}
        assert max(chances) < 0.1
        # A tenth of the uniform share is left when the day is full: no row ever has no chance at all.
        assert min(chances) == 0.005
        feed(project.base, "b", 200)
        once.run_with(project, stores, now=NOW + timedelta(minutes=5))
        more = [line for line in lines(project, "harm-rest-*") if str(line["subject_id"]).startswith("b")]
        assert a_day > 1 or {line["inclusion_probability"] for line in more} == {0.005}


def test_texts_go_when_a_row_is_handed_on_and_when_they_reach_their_age(tmp_path: Path) -> None:
    change = ("window: 1h", "window: 1h\nretention: {raw_text: 1d}")
    project = make(tmp_path, rows=100, change=change)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        first = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert first is not None
        assert first.texts is not None
        assert [text.name for text in first.texts] == ["prompt", "response"]
        assert label(stores.people, "Ines", first.id, "good") is None
        if first.doubled:
            assert label(stores.people, "Bo", first.id, "good") is None
        once.run_with(project, stores, now=NOW + timedelta(minutes=1))
        assert reviews.item(stores.people, first.id).texts is None
        other = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert other is not None
        assert other.texts is not None
        once.run_with(project, stores, now=NOW + timedelta(days=1, minutes=1))
        assert reviews.item(stores.people, other.id).texts is None


def test_an_erasure_reaches_queue_text_and_labels(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        item = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert item is not None
        assert item.texts is not None
        label(stores.people, "Ines", item.id, "bad")
        said = str(item.texts[0].text)
        assert said.encode() in files_of(stores.people)
        session = str(item.carried["session_id"])
        erasing.erase(
            project, stores, column="session_id", value=session, by="Ines", reason="asked", now=NOW + timedelta(hours=1)
        )
        with pytest.raises(Exception, match="There is no row"):
            reviews.item(stores.people, item.id)
        assert said.encode() not in files_of(stores.people)
        once.run_with(project, stores, now=LATER)
        found = "SELECT count(*) FROM events_labels WHERE session_id = $session"
        assert stores.warehouse.connection.execute(found, {"session": session}).fetchone() == (0,)


def test_an_erasure_reaches_queues_that_the_configuration_no_longer_names(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        item = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert item is not None
        assert item.texts is not None
        said, session = str(item.texts[0].text), str(item.carried["session_id"])
        others = reviews.left(stores.people, "harm", "Ines", now=NOW)[0]
        other_name = (project.file.read_text(encoding="utf-8")).replace(
            "- name: harm\n    stream", "- name: other\n    stream"
        )
        project.file.write_text(other_name, encoding="utf-8")
        renamed = projects.load(project.file)
        assert [review.name for review in renamed.policy.reviews] == ["other"]
        erasing.erase(
            renamed, stores, column="session_id", value=session, by="Ines", reason="asked", now=NOW + timedelta(hours=1)
        )
        with pytest.raises(Exception, match="There is no row"):
            reviews.item(stores.people, item.id)
        assert said.encode() not in files_of(stores.people)
        assert others - 2 <= reviews.left(stores.people, "harm", "Ines", now=NOW)[0] < others


def test_an_erasure_reaches_rows_of_a_queue_that_looks_at_another_stream_now(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        item = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert item is not None
        before = reviews.left(stores.people, "harm", "Ines", now=NOW)[0]
        review = project.policy.reviews[0].model_copy(update={"stream": "steps"})
        moved = replace(project, policy=project.policy.model_copy(update={"reviews": (review,)}))
        assert reviewing.forget(moved, stores, column="event_id", values=[item.event_id]) == 1
        assert reviews.left(stores.people, "harm", "Ines", now=NOW)[0] == before - 1


def test_an_erasure_reaches_rows_whose_events_are_gone_and_says_so_in_the_log(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        item = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert item is not None
        session = str(item.carried["session_id"])
        stores.warehouse.connection.execute("DELETE FROM events_interactions")
        stores.warehouse.connection.execute("DELETE FROM events_labels")
        asked = {"column": "session_id", "value": session, "now": NOW + timedelta(hours=1)}
        with pytest.raises(UsageError, match="name and a reason"):
            erasing.erase(project, stores, by="Ines", reason=" ", **asked)
        assert reviews.item(stores.people, item.id) == item
        done = erasing.erase(project, stores, by="Ines", reason="asked", **asked)
        assert done is not None
        assert list(done.record.rows) == ["review queues"]
        assert "of review queues" in done.entries[0].summary
        with pytest.raises(UsageError, match="There is no row"):
            reviews.item(stores.people, item.id)
        assert erasing.erase(project, stores, by="Ines", reason="asked", **asked) is None


def files_of(people: People) -> bytes:
    """Every byte of the people's records."""
    return b"".join(path.read_bytes() for path in sorted(people.folder.glob("people.sqlite*")))


def test_nobody_writes_past_the_keys_of_the_tables(tmp_path: Path) -> None:
    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        item = reviews.following(stores.people, "harm", "Ines", now=NOW)
        assert item is not None
        with sqlite3.connect(project.data / "people.sqlite") as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(
                "INSERT INTO review_items SELECT 'other', queue, event_id, occurred_at, chosen_at, day, due_at, "
                "chance, doubled, strategies, carried, texts, handed_in FROM review_items WHERE id = ?",
                (item.id,),
            )
        connection.close()


def test_skipped_rows_come_last_and_labels_can_be_taken_back(tmp_path: Path) -> None:
    from checks.reviews import labelling

    project = make(tmp_path, rows=100)
    with open_stores(project) as stores:
        once.run_with(project, stores, now=NOW)
        people_of(stores.people)
        people = stores.people
        first = reviews.following(people, "harm", "Ines", now=NOW)
        assert first is not None
        reviews.skip(people, first.id, "Ines", now=NOW)
        second = reviews.following(people, "harm", "Ines", now=NOW)
        assert second is not None
        assert second.id != first.id
        before = reviews.left(people, "harm", "Ines", now=NOW)
        assert label(people, "Ines", second.id, "bad") is None
        assert label(people, "Ines", second.id, "good").code == "labelled_already"
        assert reviews.left(people, "harm", "Ines", now=NOW) == (before[0] - 1, before[1] + 1)
        undone = reviews.undo(
            people, second.id, "Ines", against=lambda item, had: labelling.against_undo(item, had, "Ines", NOW)
        )
        assert undone is None
        assert reviews.left(people, "harm", "Ines", now=NOW) == before


WRONG = (
    ("labels: [bad, good]", "labels: [bad, bad]", "stands in the list twice"),
    ("show: [prompt, response]", "show: [prompt, confidence]", "is the judge's"),
    ("show: [prompt, response]", "show: [promt]", "no such column"),
    ('when: "confidence < 0.6"', 'when: "confidnce < 0.6"', "no such column"),
    ("out: answers", "out: elsewhere", "is a folder that no source reads"),
    ("due: 2d", "due: 3d", "is not shorter than the lateness of source people (3d)"),
    ("uniform: 0.05", "uniform: 0.05\n    least_chance: 0.5", "is above uniform"),
    ("score: confidence", "score: prompt", "is a column of type text"),
    ("name: disagreement", "name: low_confidence", "is the name of two strategies"),
    ("uniform: 0.05", "uniform: 0", "uniform"),
    ("stream: interactions\n    show", "stream: interaction\n    show", "there is no stream of that name"),
)


@pytest.mark.parametrize(("was", "becomes", "said"), WRONG)
def test_mistakes_in_the_configuration_are_named(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(tmp_path, rows=1, change=(was, becomes))
    assert said in str(caught.value)


def test_the_answers_change_no_digest_of_the_policy(tmp_path: Path) -> None:
    one, other = make(tmp_path / "a", rows=1), make(tmp_path / "b", rows=1, change=("a_day: 200", "a_day: 100"))
    assert one.policy.digest == other.policy.digest


def test_a_queue_of_which_nothing_was_handed_on_yet_leaves_its_source_whole(tmp_path: Path) -> None:
    project = make(tmp_path, change=("    unchosen: true\n", ""))
    with open_stores(project) as stores:
        done = once.run_with(project, stores, now=NOW)
    assert {report.source: report.degraded for report in done.pulled} == {"chats": None, "people": None}
    assert lines(project, "*.jsonl") == []
