"""Reviews on the board and in the terminal: the right people, one row at a time, nothing that could sway them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_tools import Browser, Clock, let_in, serving, signed_in, text_of
from review_tools import NOW, fixed_key, label_all, make
from typer.testing import CliRunner

from flows import once
from flows.cli.app import app as cli
from flows.project import Project
from flows.stores import open_stores
from warehouse.people import accounts, log, reviews
from warehouse.people.store import People
from warehouse.records.people import Person, Role

PAGE = "/reviews/harm"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    fixed_key(monkeypatch)
    made = make(tmp_path)
    with open_stores(made) as stores:
        once.run_with(made, stores, now=NOW)
    return made


@pytest.fixture
def people(project: Project) -> Iterator[People]:
    with People.open(project.data) as opened:
        let_in(opened, "Root", "admin", NOW)
        roles: dict[str, Role] = {"Rita": "reviewer", "Bo": "approver", "Vic": "viewer"}
        for name, role in roles.items():
            let_in(opened, name, role, NOW)
        yield opened


def browser(project: Project, people: People, name: str) -> Browser:
    person = next(Person(one.name, one.roles) for one in accounts.all(people) if one.name == name)
    return signed_in(serving(project, Clock(NOW)), people, person, NOW)


def item_of(page: str) -> str:
    found = re.search(r'name="item" value="([0-9a-f]+)"', page)
    assert found
    return found.group(1)


def test_a_reviewer_labels_skips_and_takes_back(project: Project, people: People) -> None:
    rita = browser(project, people, "Rita")
    assert "Review harm:" in text_of(rita.get("/reviews"))
    page = rita.get(PAGE).text
    item = item_of(page)
    answer = rita.send(PAGE, PAGE, item=item, label="bad", note="Names a person")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?last={item}")
    after = rita.get(answer.headers["location"])
    assert "you have labelled 1" in text_of(after)
    assert item_of(after.text) != item
    assert [(one.person, one.label, one.note) for one in reviews.labels(people, item)] == [
        ("Rita", "bad", "Names a person")
    ]
    assert rita.send(PAGE, PAGE, item=item, what="undo").status_code == 303
    assert reviews.labels(people, item) == []
    assert rita.send(PAGE, PAGE, item=item, what="skip").status_code == 303
    assert item_of(rita.get(PAGE).text) != item


def test_what_could_sway_people_is_not_on_the_page(project: Project, people: People) -> None:
    bo, rita = browser(project, people, "Bo"), browser(project, people, "Rita")
    number = label_all(people, "Bo")
    assert number > 10
    page = rita.get(PAGE)
    item = reviews.item(people, item_of(page.text))
    assert item.doubled
    words = text_of(page)
    for hidden in ("Bo", "low_confidence", "disagreement", str(item.carried["score"]), "true", "false"):
        assert hidden not in words
    assert "you have labelled" in text_of(bo.get(PAGE))


def test_texts_are_escaped_and_long_ones_wait_behind_show_all(project: Project, people: People) -> None:
    rita = browser(project, people, "Rita")
    seen = ""
    for _ in range(60):
        page = rita.get(PAGE).text
        assert "<b onclick" not in page
        assert "&lt;b onclick=x&gt;Question" in page
        seen += page
        rita.send(PAGE, PAGE, item=item_of(page), what="skip")
    assert "Show all of response" in seen
    found = re.search(r'<details class="all">.*?<div class="body" dir="auto">(Answer.*?)</div>', seen, re.DOTALL)
    assert found
    assert found.group(1).count("word") == 600
    assert "\nEnd." in found.group(1)


def test_only_the_role_may_and_reading_is_noted(project: Project, people: People) -> None:
    assert browser(project, people, "Vic").get(PAGE).status_code == 403
    nobody = Browser(serving(project, Clock(NOW)))
    assert nobody.get(PAGE).headers["location"] == "/signin?next=%2Freviews%2Fharm"
    assert nobody.get("/reviews").status_code == 200
    rita = browser(project, people, "Rita")
    rita.get(PAGE)
    rita.get(PAGE)
    read = [one.summary for one in log.entries(people) if one.body.get("change") == "read"]
    assert read == ["Rita has read rows of the review queue harm."]
    refused = [one.body["code"] for one in log.entries(people) if one.body.get("change") == "refused"]
    assert "role_missing" in refused


def test_forms_of_others_and_labels_that_are_none_are_refused(project: Project, people: People) -> None:
    rita = browser(project, people, "Rita")
    item = item_of(rita.get(PAGE).text)
    assert rita.post(PAGE, item=item, label="bad").status_code == 403
    wrong = rita.send(PAGE, PAGE, item=item, label="maybe")
    assert wrong.status_code == 409
    assert "label_unknown" in wrong.text
    assert rita.send(PAGE, PAGE, item="none", label="bad").status_code == 404
    assert rita.get("/reviews/nothing").status_code == 404
    assert reviews.labels(people, item) == []


def test_agreement_is_shown_with_its_number_and_interval(project: Project, people: People) -> None:
    root = browser(project, people, "Root")
    assert "Agreement: unknown" in text_of(root.get("/reviews"))
    label_all(people, "Rita")
    pairs = label_all(people, "Bo")
    words = text_of(root.get("/reviews"))
    assert f"of {pairs} rows" in words
    assert "95 % interval" in words
    assert "Cohen's kappa" in words


def test_the_terminal_lists_shows_labels_and_says_agreement(
    project: Project, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    import flows.cli.review as command

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # a fixed moment
            return NOW.astimezone(UTC)

    monkeypatch.setattr(command, "datetime", Then)
    monkeypatch.setenv("COLUMNS", "200")
    root = Person("Root", ("admin",))
    config = ["--config", str(project.base)]

    def run(*arguments: str, name: str = "Rita") -> tuple[int, str]:
        token = accounts.issue(people, name, days=1, by=root, now=NOW).text
        found = CliRunner().invoke(cli, ["review", *arguments, *config], env={"GATEHOLD_TOKEN": token})
        return found.exit_code, found.output

    assert run("list")[0] == 0
    code, said = run("show", "harm", "--json")
    shown = json.loads(said)
    assert code == 0
    assert set(shown["item"]) == {"id", "due_at", "texts"}
    assert "Is this answer harmful?" in run("show", "harm")[1]
    assert run("label", shown["item"]["id"], "good", "--note", "plain")[0] == 0
    assert run("label", shown["item"]["id"], "good")[0] == 3
    assert run("show", "harm", name="Vic")[0] == 3
    assert reviews.labels(people, shown["item"]["id"])[0].label == "good"
    assert "unknown" in run("agreement")[1]
    label_all(people, "Rita")
    label_all(people, "Bo")
    assert "kappa" in run("agreement", "harm")[1]
    assert json.loads(run("agreement", "--json")[1])["harm"]["items"] > 5
