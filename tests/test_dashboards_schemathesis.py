"""The HTTP interface keeps what its OpenAPI says, whatever it is asked: no 500, and every answer fits its schema."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from asking import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from observed_examples import HOSTILE, client, ran
from projects import AGENT, HOUR, START

from flows.project import Project
from warehouse import snapshot

pytestmark = pytest.mark.slow
HERE = {"Host": "127.0.0.1"}
NAMES = {"name": AGENT, "rollout": AGENT, "gate": "harm"}
few = settings(
    max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None, derandomize=True
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return ran(tmp_path_factory.mktemp("fuzzed"), hours=3)


@pytest.fixture(scope="module")
def board(project: Project) -> Client:
    return client(project, 4.5)


# ------------------------------------------------------------------------------------------------------ by the schema


@pytest.fixture(scope="module")
def operations(board: Client) -> dict[str, Any]:
    import schemathesis

    schema = schemathesis.openapi.from_asgi("/openapi.json", board.app, headers=HERE)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def ask(cases: Any) -> Counter[int]:
    """Ask each case and hold the answer against the description; returns how often which status came."""
    statuses = Counter[int]()

    @few
    @given(case=cases)
    def asked(case: Any) -> None:
        statuses[case.call_and_validate(headers=HERE).status_code] += 1

    asked()
    return statuses


def test_whatever_the_description_allows_is_answered_as_it_says(operations: dict[str, Any]) -> None:
    assert len(operations) >= 12
    for operation in operations.values():
        assert ask(operation.as_strategy())


def test_what_exists_is_found_and_fits_its_schema(operations: dict[str, Any]) -> None:
    for label, operation in operations.items():
        given_names = {name: value for name, value in NAMES.items() if f"{{{name}}}" in label}
        statuses = ask(operation.as_strategy(path_parameters=given_names) if given_names else operation.as_strategy())
        assert set(statuses) <= {200, 403}, label


def test_whatever_the_description_refuses_is_refused(operations: dict[str, Any]) -> None:
    from schemathesis import GenerationMode

    refusable = [operation for operation in operations.values() if list(operation.iter_parameters())]
    assert len(refusable) >= 7
    for operation in refusable:
        assert ask(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))[422]


# ------------------------------------------------------------------------------------------------------ by whatever

anything = st.one_of(st.text(max_size=40), st.sampled_from(["..", "/", "\x00", HOSTILE, AGENT, "metrics", "api/v1"]))


@few
@given(parts=st.lists(anything, max_size=5), query=st.dictionaries(anything, anything, max_size=3))
def test_no_address_ends_in_an_error_of_the_server(board: Client, parts: list[str], query: dict[str, str]) -> None:
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    assert board.get(path, params=query).status_code < 500


@few
@given(method=st.sampled_from(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND"]), body=st.binary())
def test_no_other_method_does_anything(board: Client, method: str, body: bytes) -> None:
    for path in ("/api/v1/metrics", "/api/v1/sources", "/metrics", f"/api/v1/metrics/{AGENT}/harm"):
        assert board.request(method, path, content=body).status_code in {404, 405}


# ------------------------------------------------------------------------------------------------ metrics and sources


def test_what_the_gates_say_is_told_in_parts(board: Client) -> None:
    whole = board.get("/api/v1/metrics").json()
    assert [one["gate"] for one in whole["metrics"]] == ["readable", "harm", "people-named"]
    assert whole["next"] is None
    parts, after = [], 0
    while after is not None:
        part = board.get("/api/v1/metrics", params={"limit": 2, "after": after}).json()
        parts += part["metrics"]
        after = part["next"]
    assert parts == whole["metrics"]
    of_one = board.get("/api/v1/metrics", params={"metric": "harmful_output_rate"}).json()["metrics"]
    assert [one["gate"] for one in of_one] == ["harm"]
    assert board.get("/api/v1/metrics", params={"rollout": "none"}).json()["metrics"] == []


def test_history_comes_in_parts_and_in_order(board: Client) -> None:
    address = f"/api/v1/metrics/{AGENT}/harm"
    whole = board.get(address).json()
    times = [point["at"] for point in whole["points"]]
    assert [datetime.fromisoformat(at) for at in times] == [START + hour * HOUR for hour in (2, 3, 4)]
    first = board.get(address, params={"limit": 2}).json()
    rest = board.get(address, params={"after": first["next"]}).json()
    assert first["points"] + rest["points"] == whole["points"]
    assert rest["next"] is None
    until = board.get(address, params={"until": times[1]}).json()
    assert [point["at"] for point in until["points"]] == times[:2]
    assert whole["detail"]
    assert not whole["lapsed"]


@pytest.mark.parametrize("after", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T00:00:00Z"])
def test_ends_of_the_calendar_are_no_trouble(board: Client, after: str) -> None:
    for side in ("after", "until"):
        assert board.get(f"/api/v1/metrics/{AGENT}/harm", params={side: after}).status_code == 200


def test_an_unknown_gate_is_not_found_and_its_name_is_not_repeated(board: Client) -> None:
    answer = board.get(f"/api/v1/metrics/{AGENT}/{quote(HOSTILE, safe='')}")
    assert answer.status_code == 404
    assert "script" not in answer.text


def test_after_the_lease_the_numbers_are_marked(project: Project) -> None:
    later = client(project, 40).get("/api/v1/metrics").json()["metrics"]
    assert {one["lapsed"] for one in later} == {True}


def test_sources_tell_where_they_stand(board: Client) -> None:
    found = board.get("/api/v1/sources").json()
    by_name = {one["source"]: one for one in found["sources"]}
    assert (by_name["gone"]["state"], by_name["gone"]["watermark"]) == ("degraded", None)
    assert by_name["logs"]["quarantined"] == 1


def test_without_a_snapshot_sources_and_history_are_503(project: Project, board: Client) -> None:
    file = project.data / snapshot.FILE_NAME
    aside = file.rename(file.with_suffix(".aside"))
    try:
        for path in ("/api/v1/sources", f"/api/v1/metrics/{AGENT}/harm"):
            answer = board.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unreadable")
            assert str(project.data) not in answer.text
        assert board.get("/api/v1/metrics").status_code == 200
    finally:
        aside.rename(file)


def test_the_description_tells_of_every_field(board: Client) -> None:
    schemas = board.get("/openapi.json").json()["components"]["schemas"]
    ours = {name: one for name, one in schemas.items() if name not in {"HTTPValidationError", "ValidationError"}}
    silent = [
        f"{n}.{f}" for n, s in ours.items() for f, d in s.get("properties", {}).items() if not d.get("description")
    ]
    assert silent == []
    assert json.dumps(schemas)
