"""What an act lacks is said in words that are true on a page as well as in a terminal; each adds its own way out."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import projects as p
import pytest
from acting_tools import feed, policy
from board_tools import Browser, Clock, let_in, serving, signed_in, text_of
from conftest import ROOT
from projects import AGENT, HOUR, START

from checks.acts.refusal import Missing, Refusal, of, refuse
from dashboards.board.ways import ways
from flows.project import Project
from warehouse.people.store import People

COMMANDS = ("gatehold ", "--")
SOURCES = [*sorted((ROOT / "checks/acts").glob("*.py")), *sorted((ROOT / "flows/acting").glob("*.py"))]
SOURCES += [ROOT / "checks/reviews/labelling.py", ROOT / "flows/access.py"]


def details(source: Path) -> list[tuple[str, str]]:
    """Code and sentence of everything missing that a module can say, without what is filled in."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Missing", "refuse")) and len(node.args) > 1:
            texts = [n.value for n in ast.walk(node.args[1]) if isinstance(n, ast.Constant)]
            found.append((ast.unparse(node.args[0]), "".join(map(str, texts))))
    return found


def test_no_sentence_names_a_command_or_an_option() -> None:
    said = [(source.name, *one) for source in SOURCES for one in details(source)]
    assert len(said) > 40
    assert [one for one in said if any(word in one[2] for word in COMMANDS)] == []


def test_the_command_line_adds_the_command() -> None:
    missing = Missing("sign_off_missing", "One sign-off is missing.", "`gatehold rollout sign-off a`")
    refusal = of([missing, Missing("paused", "It is paused.")])
    assert refusal is not None
    assert refusal.detail == "One sign-off is missing. It is paused."
    assert refusal.typed == "One sign-off is missing (`gatehold rollout sign-off a`). It is paused."
    assert refuse("x", "No.", "try y").typed == "No (try y)."
    assert Refusal("x", "No.").typed == "No."


def test_a_page_links_only_to_acts_that_it_offers() -> None:
    found = ways("a/b", {"resume", "waive"})
    assert found["no_proposal"].href == "#act-resume"
    assert "loosened_in_breach" not in found
    assert found["no_such_decision"].href == "/decisions?rollout=a%2Fb"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A rollout that was paused because a limit is exceeded; two people have to agree on a resume."""
    made = p.make(tmp_path_factory.mktemp("words") / "project", policy(resumes={"people": 2}))
    feed(made, range(3))
    feed(made, range(3, 8), harmful=40)
    return made


@pytest.mark.slow
def test_pages_and_what_programs_are_told_name_no_command(project: Project) -> None:
    clock = Clock(START + 9.2 * HOUR)
    app = serving(project, clock)
    with People.open(project.data) as people:
        let_in(people, "Root", "admin", clock.now - timedelta(minutes=2))
        person = let_in(people, "Vic", "viewer", clock.now - timedelta(minutes=1))
        browser = signed_in(app, people, person, clock.now)
    page = f"/rollouts/{AGENT}/acts"
    for one in (Browser(app), browser):
        answer = one.get(page)
        assert not [word for word in COMMANDS if word in text_of(answer)]
        assert 'href="#act-resume">Propose a resume</a>' in answer.text
    assert 'href="/people">People</a>' in browser.get(page).text
    refused = browser.send("/decisions", f"{page}/confirm", reason="so it is")
    assert refused.status_code == 409
    assert "another person has to do so first" in text_of(refused)
    assert not [word for word in COMMANDS if word in text_of(refused)]
    told = browser.request(
        "POST", f"{page}/waive", data={"form": browser.token("/decisions")}, headers={"accept": "application/json"}
    ).json()
    assert "A waiver needs an end." in told["detail"]
    assert not [word for word in COMMANDS if word in told["detail"]]
