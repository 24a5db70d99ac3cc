"""The other flows, without a server: what they do and what their runs are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest

from flows.once import run_once
from flows.project import Project

pytestmark = pytest.mark.slow

CHANNEL = {"name": "list", "kind": "file", "path": "alerts.jsonl", "when": ["missed_run", "ritual"]}


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return p.make(tmp_path, p.policy(alerts=[CHANNEL]))


def told(project: Project) -> list[tuple[str, str]]:
    return [(alert["event"], alert["summary"]) for alert in p.alerts(project) if alert["event"] != "pause"]


def test_the_monitor_that_looked_in_time_is_not_missed_and_one_that_did_not_is_told_once(shop: Project) -> None:
    from flows.scheduled.missed import missed

    run_once(shop, now=datetime.now(UTC) - timedelta(hours=2))
    in_time = missed.fn(config=str(shop.file), missed_after_seconds=3 * 3600)
    assert (in_time.name, told(shop)) == ("Completed", [])
    for _ in range(2):
        late = missed.fn(config=str(shop.file), missed_after_seconds=3600)
    assert late.name == "Degraded"
    (one,) = told(shop)
    assert one[0] == "missed_run"
    assert "has not looked at any rollout since" in one[1]


def test_the_digest_is_told_to_who_asks_for_it(shop: Project) -> None:
    from flows.scheduled.rituals import rituals

    run_once(shop, now=datetime.now(UTC) - timedelta(hours=4))
    state: Any = rituals.fn(config=str(shop.file))
    assert state.message.startswith("1 due: 1 lapsed.")
    assert ("ritual", "1 due: 1 lapsed.") in told(shop)


def test_a_receiver_that_does_not_answer_makes_the_run_degraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.deploying import telling
    from flows.scheduled.deliver import deliver

    values = p.policy()
    values["rollouts"][0]["switch"] = {"kind": "webhook", "url_env": "NO_SUCH_HOOK", "secret_env": "NO_SUCH_SECRET"}
    project = p.make(tmp_path, values)
    run_once(project, now=datetime.now(UTC) - timedelta(hours=1))
    heard: list[object] = []
    monkeypatch.setattr(telling, "delivered", lambda *given, **more: heard.append(given))
    state: Any = deliver.fn(config=str(project.file))
    assert state.name == "Degraded"
    assert "NO_SUCH_HOOK" in state.message
    assert len(heard) == 1


def test_a_run_without_a_server_does_not_even_load_prefect(shop: Project) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from flows import project; from flows.once import run_once\n"
        f"run_once(project.load(Path({str(shop.file)!r})), now=datetime.now(UTC))\n"
        "print('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert p.kinds(shop)[0] == "start"
