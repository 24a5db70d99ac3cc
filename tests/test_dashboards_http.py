"""The HTTP interface: what machines are told, that only a standing that is good now means go, and its manners."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asking import Client
from people_examples import NOW, decision, written

from dashboards.http import create
from dashboards.http.pages import SANDBOXED
from warehouse.people import standings
from warehouse.people.file import FILE_NAME
from warehouse.people.store import People

HOUR = timedelta(hours=1)
HOSTILE = '"><script>alert(1)</script>\u202e'


def standing(rollout: str, says: str = "go", **changes: Any) -> dict[str, Any]:
    return {
        "rollout": rollout,
        "standing": says,
        "stage": "pilot",
        "release": HOSTILE,
        "at": NOW.isoformat(),
        "valid_until": (NOW + 3 * HOUR).isoformat(),
        "reasons": [{"code": "all_pass", "detail": f"All pass {HOSTILE}", "gate": None}],
        "binding": None,
        "runner_up": None,
        "if_mended": None,
        "layers": [{"layer": "data", "outcome": "pass"}],
        "verdicts": [{"gate": "harm", "outcome": "pass"}],
        "evidence_digest": "e1",
        "config_digest": "c1",
        "simulated": False,
        **changes,
    }


def publish(folder: Path, rollout: str, says: str = "go", **changes: Any) -> None:
    with People.open(folder) as people:
        body = {"standing": standing(rollout, says, **changes)}
        assert standings.publish(people, rollout, body, at=NOW, valid_until=NOW + 3 * HOUR)


class Clock:
    """A moment that tests move."""

    def __init__(self) -> None:
        self.now = NOW + HOUR

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for says in ("go", "hold", "pause"):
        publish(tmp_path, f"{says}ing", says)
    return tmp_path


@pytest.fixture
def client(folder: Path, clock: Clock) -> Client:
    return Client(create(folder, clock=clock))


def codes(answer: Any) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


# ------------------------------------------------------------------------------------------------------------- the gate


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("rollout", "gate", "paused"), [("going", 200, 403), ("holding", 403, 403), ("pauseing", 403, 200)]
)
def test_the_status_alone_answers_both_questions(
    client: Client, method: str, rollout: str, gate: int, paused: int
) -> None:
    assert client.request(method, f"/api/v1/rollouts/{rollout}/gate").status_code == gate
    assert client.request(method, f"/api/v1/rollouts/{rollout}/paused").status_code == paused


def test_the_gate_tells_why_and_until_when(client: Client) -> None:
    found = client.get("/api/v1/rollouts/going/gate").json()
    assert (found["standing"], found["go"], found["stage"], found["simulated"]) == ("go", True, "pilot", False)
    assert datetime.fromisoformat(found["as_of"]) == NOW
    assert datetime.fromisoformat(found["valid_until"]) == NOW + 3 * HOUR
    assert found["reasons"][0]["detail"] == f"All pass {HOSTILE}"


def test_a_lapsed_lease_is_hold_with_the_reason_and_a_pause_stays(client: Client, clock: Clock) -> None:
    clock.now = NOW + 3 * HOUR
    answer = client.get("/api/v1/rollouts/going/gate")
    assert (answer.status_code, answer.json()["standing"], answer.json()["go"]) == (403, "hold", False)
    assert codes(answer) == ["lease_lapsed", "all_pass"]
    assert client.get("/api/v1/rollouts/pauseing/paused").status_code == 200
    assert client.get("/healthz").json()["lapsed"] == ["going", "holding"]


def test_a_rollout_that_was_paused_since_is_paused_before_the_next_run(client: Client, folder: Path) -> None:
    with People.open(folder) as people:
        written(people, "p", kind="pause", rollout="going", at=NOW + HOUR)
    answer = client.get("/api/v1/rollouts/going/gate")
    assert (answer.status_code, answer.json()["standing"], codes(answer)[0]) == (403, "pause", "paused")
    assert client.get("/api/v1/rollouts/going/paused").status_code == 200
    with People.open(folder) as people:
        written(people, "r", kind="resume", rollout="going", at=NOW + HOUR)
    assert client.get("/api/v1/rollouts/going/gate").status_code == 200


def test_a_retired_rollout_is_no_go(client: Client, folder: Path) -> None:
    with People.open(folder) as people:
        written(people, "p", kind="retire", rollout="going")
    answer = client.get("/api/v1/rollouts/going/gate")
    assert (answer.status_code, codes(answer)[0]) == (403, "retired")


@pytest.mark.parametrize("rollout", ["unknown", "%2e%2e", HOSTILE, "x" * 200])
@pytest.mark.parametrize("question", ["", "/gate", "/paused"])
def test_an_unknown_rollout_is_404_and_its_name_is_not_repeated(client: Client, rollout: str, question: str) -> None:
    answer = client.get(f"/api/v1/rollouts/{rollout}{question}")
    assert answer.status_code == 404
    assert "script" not in answer.text


def test_what_is_posted_is_not_read(client: Client) -> None:
    assert client.post("/api/v1/rollouts/going/gate", content=b"\xff{not json").status_code == 200


# ------------------------------------------------------------------------------------------------------ configuration


def test_a_configuration_that_changed_since_is_hold_and_one_that_is_broken_too(
    folder: Path, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "gatehold.yaml"
    file.write_text("window: 1h\n")
    part = tmp_path / "part.yaml"
    from flows import project as projects

    publish(folder, "going", config_digest=projects.load(file, environment={}).policy.digest)
    client = Client(create(folder, config=file, clock=clock), base_url="http://127.0.0.1")
    assert client.get("/api/v1/rollouts/going/gate").status_code == 200
    part.write_text("lease: 2h\n")
    file.write_text("window: 1h\ninclude: [part.yaml]\n")
    assert codes(client.get("/api/v1/rollouts/going/gate"))[0] == "configuration_changed"
    file.write_text("window: [\n")
    answer = client.get("/api/v1/rollouts/going/gate")
    assert (answer.status_code, codes(answer)[0]) == (403, "configuration_unreadable")
    assert client.get("/api/v1/rollouts/pauseing/paused").status_code == 200
    file.unlink()
    assert client.get("/api/v1/rollouts/going/gate").status_code == 403
    file.write_text("window: 1h\n")
    assert client.get("/api/v1/rollouts/going/gate").status_code == 200


# ---------------------------------------------------------------------------------------------- when it cannot be read


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/api/v1/rollouts", "/api/v1/rollouts/going", "/api/v1/rollouts/going/gate", "/api/v1/decisions"],
)
@pytest.mark.parametrize("harm", ["gone", "noise", "newer", "no tables"])
def test_records_that_cannot_be_read_are_503_and_no_path_is_told(
    client: Client, folder: Path, path: str, harm: str
) -> None:
    file = folder / FILE_NAME
    if harm == "gone":
        for one in list(folder.iterdir()):
            one.unlink()
        folder.rmdir()
    elif harm == "noise":
        file.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    else:
        with closing(sqlite3.connect(file)) as connection:
            change = (
                "DROP TABLE standings" if harm == "no tables" else "UPDATE alembic_version SET version_num = '9999'"
            )
            connection.execute(change)
            connection.execute("DROP TABLE outbox")
            connection.commit()
    answer = client.get(path)
    if (harm, path) == ("no tables", "/api/v1/decisions"):
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["code"]) == (503, "unreadable")
    assert str(folder) not in answer.text
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("body", ['{"standing": 3}', "{}", "nonsense", '{"standing": {"standing": "go"}}'])
def test_a_standing_that_cannot_be_read_is_503(client: Client, folder: Path, body: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        connection.execute("UPDATE standings SET body = ? WHERE rollout = 'going'", (body,))
        connection.commit()
    assert client.get("/api/v1/rollouts/going/gate").status_code == 503


def test_an_empty_folder_knows_no_rollout(tmp_path: Path, clock: Clock) -> None:
    client = Client(create(tmp_path, clock=clock), base_url="http://localhost")
    assert client.get("/api/v1/rollouts").json() == {"rollouts": []}
    assert client.get("/api/v1/rollouts/going/gate").status_code == 404
    assert client.get("/healthz").json() == {"status": "ok", "rollouts": 0, "lapsed": []}
    assert client.get("/").status_code == 404
    assert not (tmp_path / FILE_NAME).exists(), "looking makes nothing"


# ------------------------------------------------------------------------------------------------------ the other reads


def test_every_rollout_is_listed_and_each_can_be_asked_for_in_full(client: Client) -> None:
    listed = client.get("/api/v1/rollouts").json()["rollouts"]
    assert [(one["rollout"], one["standing"]) for one in listed] == [
        ("going", "go"),
        ("holding", "hold"),
        ("pauseing", "pause"),
    ]
    full = client.get("/api/v1/rollouts/holding")
    assert full.status_code == 200
    assert full.json()["verdicts"] == [{"gate": "harm", "outcome": "pass"}]


def test_the_log_comes_in_parts_and_without_bodies(client: Client, folder: Path) -> None:
    with People.open(folder) as people:
        for number in range(5):
            written(people, f"k{number}", rollout=f"r{number % 2}", text=HOSTILE)
    first = client.get("/api/v1/decisions", params={"limit": 2}).json()
    assert [one["seq"] for one in first["decisions"]] == [1, 2]
    assert "body" not in first["decisions"][0]
    rest = client.get("/api/v1/decisions", params={"after": first["next"]}).json()
    assert ([one["seq"] for one in rest["decisions"]], rest["next"]) == ([3, 4, 5], None)
    of_one = client.get("/api/v1/decisions", params={"rollout": "r1"}).json()
    assert [one["seq"] for one in of_one["decisions"]] == [2, 4]
    assert client.get("/api/v1/decisions", params={"rollout": "' OR 1=1 --"}).json()["decisions"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "after=-1", "after=x", "after=9223372036854775808"])
def test_a_part_of_the_log_that_cannot_be_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/api/v1/decisions?{query}").status_code == 422


def test_nothing_can_be_changed(client: Client) -> None:
    described = client.get("/openapi.json").json()["paths"]
    writing = {(path, way) for path, ways in described.items() for way in ways if way != "get"}
    assert writing == {("/api/v1/rollouts/{name}/gate", "post"), ("/api/v1/rollouts/{name}/paused", "post")}
    assert client.delete("/api/v1/rollouts/going").status_code == 405
    assert client.get("/docs").status_code == 404


# ------------------------------------------------------------------------------------------------------------ the page


def test_the_page_is_served_under_its_own_policy(client: Client, folder: Path) -> None:
    policy = "default-src 'none'; script-src 'sha256-abc='"
    reports = folder / "reports"
    reports.mkdir()
    text = f'<!doctype html><head><meta http-equiv="Content-Security-Policy" content="{policy}"><title>x</title>'
    (reports / "index.html").write_text(text)
    (reports / "drift-answers.html").write_text("<script>other()</script>")
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (200, text)
    assert answer.headers["content-security-policy"] == f"{policy}; frame-ancestors 'none'"
    other = client.get("/drift-answers.html")
    assert other.headers["content-security-policy"] == f"{SANDBOXED}; frame-ancestors 'none'"


def test_a_policy_inside_the_text_of_a_page_does_not_count(client: Client, folder: Path) -> None:
    (folder / "reports").mkdir()
    late = '<meta http-equiv="Content-Security-Policy" content="default-src *">'
    (folder / "reports" / "index.html").write_text(" " * 5000 + late)
    assert "sandbox" in client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["/people.sqlite", "/../people.sqlite", "/..%2fpeople.sqlite", "/link.html", "/sub.html", "/none.html", "/.html"],
)
def test_nothing_but_pages_of_that_folder_is_served(client: Client, folder: Path, path: str) -> None:
    (folder / "reports" / "sub.html").mkdir(parents=True)
    (folder / "secret.html").write_text("secret")
    (folder / "reports" / "link.html").symlink_to(folder / "secret.html")
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "SQLite" not in answer.text


# ------------------------------------------------------------------------------------------------------------- manners


@pytest.mark.parametrize("path", ["/", "/api/v1/rollouts", "/api/v1/rollouts/none", "/healthz", "/openapi.json"])
def test_every_answer_keeps_a_browser_careful(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:8765", "gatehold.shop.svc"])
def test_whoever_asks_under_another_name_is_refused(client: Client, host: str) -> None:
    answer = client.get("/api/v1/rollouts/going/gate", headers={"Host": host})
    assert answer.status_code == 421
    assert "go" not in answer.json()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8765", "[::1]:8765", "[::1]"])
def test_the_names_of_this_machine_are_known(client: Client, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_name_that_was_agreed_on_is_known(folder: Path, clock: Clock) -> None:
    app = create(folder, hosts=["gatehold.shop.svc"], clock=clock)
    client = Client(app, base_url="http://gatehold.shop.svc:8765")
    assert client.get("/api/v1/rollouts/going/gate").status_code == 200


def test_the_interface_describes_itself(client: Client) -> None:
    described = client.get("/openapi.json").json()
    assert {"200", "403", "404", "503"} <= set(described["paths"]["/api/v1/rollouts/{name}/gate"]["get"]["responses"])
    gate = described["components"]["schemas"]["Gate"]["properties"]
    assert all(one.get("description") for one in gate.values())
    names = [o["operationId"] for ways in described["paths"].values() for o in ways.values()]
    assert len(names) == len(set(names))


def test_the_example_standing_has_the_fields_of_a_real_one() -> None:
    from checks.gates import codec

    assert codec.standing_from_json(standing("x", layers=[], verdicts=[])).standing == "go"
    assert json.dumps(decision("k").body) == "{}"
