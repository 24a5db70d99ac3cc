"""Evidence that is kept between two snapshots is the evidence that is there."""

from __future__ import annotations

from collections.abc import Iterator

import projects as p
import pytest
from acting_tools import feed
from projects import AGENT

from flows import publishing
from flows.boarding.tracing import Traces
from flows.project import Project
from flows.stores import Stores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = p.make(tmp_path_factory.mktemp("traces") / "project")
    feed(made, range(6))
    return made


@pytest.fixture
def stores(project: Project) -> Iterator[Stores]:
    with p.opened(project) as opened:
        yield opened


def test_what_is_drawn_is_what_the_report_draws(project: Project, stores: Stores) -> None:
    traces = Traces()
    drawn = publishing.series(stores, project.policy, AGENT, "pilot")
    assert any(one.points and one.points[0].epoch for one in drawn)
    assert traces.series(stores, project.policy, AGENT, "pilot") == drawn
    assert traces.series(stores, project.policy, AGENT, "pilot") == drawn


def test_what_comes_later_is_added_and_what_changes_is_noticed(project: Project) -> None:
    traces, policy = Traces(), project.policy
    for hour in range(6, 9):
        with p.opened(project) as stores:
            assert traces.series(stores, policy, AGENT, "pilot") == publishing.series(stores, policy, AGENT, "pilot")
        feed(project, range(hour, hour + 1))
    # Rows of an hour that was folded long ago come once more, and say otherwise.
    p.write(project, "001-again.jsonl", p.answers(1, harmful=30))
    p.run(project, 12)
    with p.opened(project) as stores:
        restated = traces.series(stores, policy, AGENT, "pilot")
        assert restated == publishing.series(stores, policy, AGENT, "pilot")
        with stores.warehouse.transaction() as connection:
            connection.execute("UPDATE evidence SET units = units + 1, scored_units = scored_units + 1")
        changed = traces.series(stores, policy, AGENT, "pilot")
        assert changed != restated
        assert changed == publishing.series(stores, policy, AGENT, "pilot")
        with stores.warehouse.transaction() as connection:
            connection.execute("DELETE FROM evidence")
        assert traces.series(stores, policy, AGENT, "pilot") == publishing.series(stores, policy, AGENT, "pilot")


def test_other_budgets_are_drawn_anew(project: Project, stores: Stores) -> None:
    traces = Traces()
    before = traces.series(stores, project.policy, AGENT, "pilot")
    text = project.file.read_text(encoding="utf-8")
    other = p.policy(gates=[p.harm_gate(alpha=0.2)])
    try:
        import yaml

        project.file.write_text(yaml.safe_dump(other), encoding="utf-8")
        policy = p.open_project(project.base).policy
    finally:
        project.file.write_text(text, encoding="utf-8")
    after = traces.series(stores, policy, AGENT, "pilot")
    assert after == publishing.series(stores, policy, AGENT, "pilot")
    assert after != before
