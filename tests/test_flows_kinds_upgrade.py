"""A data folder from before there were counts, pins and self-tests goes on, and explains what it decided."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import kind_projects as k
import projects as p
import pytest
from making_evidence import HOUR, START, coins, epoch, gate, rows

from checks.gates import codec, statistical
from flows import explaining
from flows.project import Project
from warehouse import evidence, pins, self_tests, store
from warehouse.people import log
from warehouse.store import FILE_NAME, Warehouse


def foundation(folder: Path) -> Path:
    """The file of a warehouse to which only the first migration was applied."""
    path = folder / FILE_NAME
    number, name, sql = store.migrations()[0]
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE schema_version (number INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        connection.execute(sql)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", [number, name])
    return path


def test_old_evidence_is_read_without_counts_and_judged_as_before(tmp_path: Path) -> None:
    of = gate(limit=0.1)
    folded = rows(of, [coins(200, 4)] * 6)
    path = foundation(tmp_path)
    old = epoch(windows=len(folded), folded_through=START + 6 * HOUR)
    times = [old.first_window, old.opened_at, old.folded_through]
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, '')",
            [old.epoch, old.gate, old.rollout, old.release, old.config_digest, *times, old.windows],
        )
        for row in folded:
            values = asdict(row)
            del values["counts"]
            marks = ", ".join("?" for _ in values)
            connection.execute(f"INSERT INTO evidence VALUES ({marks})", list(values.values()))
    with Warehouse.open(tmp_path) as warehouse:
        assert store.pending(warehouse) == []
        (found,) = evidence.epochs(warehouse, of.key)
        assert found == old
        read = evidence.rows(warehouse, old.epoch)
        assert read.counts.shape == (6, 0)
        said = statistical.evaluate(of, found, read, now=START + 7 * HOUR, window_seconds=3600)
        assert said == statistical.evaluate(of, old, folded, now=START + 7 * HOUR, window_seconds=3600)
        assert said.outcome == "pass"
        # It takes new windows, too.
        evidence.fold(warehouse, old.epoch, [replace(rows(of, [()] * 6 + [coins(200, 4)])[0])], START + 7 * HOUR)
        assert len(evidence.rows(warehouse, old.epoch)) == 7
        assert pins.find(warehouse, of.key, "config") is None
        assert self_tests.latest(warehouse) == {}


def downgrade(project: Project) -> None:
    """Take from the project's warehouse what the migrations after the first added."""
    new, old = project.data / FILE_NAME, project.data / "new.duckdb"
    new.rename(old)
    foundation(project.data)
    with duckdb.connect(str(new)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{old}' AS new")
        for table in _columns(connection, "new"):
            if table.startswith("events_"):
                connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM new."{table}"')
        for table, columns in _columns(connection, new.stem).items():
            if table.startswith("events_") or table == "schema_version":
                continue
            names = ", ".join(sorted(columns & _columns(connection, "new")[table]))
            connection.execute(f'INSERT INTO "{table}" BY NAME SELECT {names} FROM new."{table}"')
        (last,) = connection.execute("SELECT coalesce(max(batch), 0) FROM batches").fetchone() or (0,)
        connection.execute(f"SELECT nextval('batch_seq') FROM range({last})").fetchall()
    old.unlink()


def _columns(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, set[str]]:
    """The columns of every table of a database."""
    query = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'main'"
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(query, [database]).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def as_before(body: Mapping[str, Any]) -> dict[str, Any]:
    """A decision's body without what was not there before the upgrade."""
    standing = body["standing"]
    new_of_verdict = ("test", "means", "more_seconds", "meter_breach", "meter_pass", "headroom", "assumes", "budget")
    new_of_standing = ("weakest", "next_weakest", "headroom", "gain", "combined", "combined_proof", "triage", "budget")
    new_of_gate = ("test", "means", "typical", "candidate_share", "tolerance", "pinned", "target", "attempt", "judge")
    new_of_gate += ("whole_alpha", "whole_beta", "judged", "reference", "alpha_covers")

    def without(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
        return {key: item for key, item in value.items() if key not in names}

    verdicts = [without(v, *new_of_verdict, "alpha", "weighs", "agreements") for v in standing["verdicts"]]
    layers = [without(layer, "headroom") for layer in standing["layers"]]
    kept = without(standing, *new_of_standing) | {"verdicts": verdicts, "layers": layers}
    gates = [without(g, *new_of_gate) | {"looks": 8760} for g in body["gates"]]
    return {**body, "standing": kept, "gates": gates}


@pytest.mark.slow
def test_a_project_goes_on_and_its_old_decisions_are_explained(tmp_path: Path) -> None:
    project = k.make(tmp_path / "p", k.gate(at_most=0.3))
    k.feed(project, range(4), lambda at: k.hour(at, bad=5))
    downgrade(project)
    with p.opened(project) as stores:
        for entry in log.entries(stores.people):
            if "standing" in entry.body:
                told = explaining.explain(stores, replace(entry, body=as_before(entry.body)))
                assert told.equal, told.differences
    # The same configuration goes on with its epoch ...
    done = k.feed(project, range(4, 6), lambda at: k.hour(at, bad=5))
    assert (k.verdict(done).outcome, p.standing(done)) == ("pass", "go")
    ((only, windows),) = k.epochs(project)
    assert (only.closed_at, len(windows)) == (None, 6)
    assert k.unequal(project) == []


@pytest.mark.slow
def test_a_configuration_that_an_older_version_digested_begins_anew_and_says_so(tmp_path: Path) -> None:
    project = k.make(tmp_path / "p", k.gate(at_most=0.3))
    k.feed(project, range(4), lambda at: k.hour(at, bad=5))
    downgrade(project)
    with duckdb.connect(str(project.data / FILE_NAME)) as connection:
        connection.execute("UPDATE epochs SET config_digest = 'of an older version'")
    done = k.feed(project, range(4, 6), lambda at: k.hour(at, bad=5))
    (old, _), (new, windows) = k.epochs(project)
    assert (old.close_reason, new.opened_for, len(windows)) == ("new configuration", "new configuration", 2)
    assert k.verdict(done).outcome in ("pass", "insufficient")
    assert k.unequal(project) == []


@pytest.mark.slow
def test_a_pause_stays_a_pause_over_the_upgrade(tmp_path: Path) -> None:
    project = k.make(tmp_path / "p", k.gate(at_most=0.3))
    assert p.standing(k.feed(project, range(4), lambda at: k.hour(at, bad=60))) == "pause"
    downgrade(project)
    done = p.run(project, 6.5)
    assert (k.verdict(done).outcome, p.standing(done)) == ("breach", "pause")
    shutil.copytree(project.base, tmp_path / "again")
    assert p.standing(p.run(p.open_project(tmp_path / "again"), 7)) == "pause"


def test_gates_of_older_decisions_are_read_with_what_they_had() -> None:
    of = gate(alpha=0.01)
    value = codec.gate_to_json(of)
    old = {key: item for key, item in value.items() if key not in ("test", "means", "attempt", "pinned", "reference")}
    assert codec.gate_from_json(old | {"looks": 2000}) == codec.gate_from_json(old) == of
