"""Everything bad at once through `gatehold run`: each case is named, the good rows go in, and nothing hostile lives."""

from __future__ import annotations

import csv
import gzip
import json
import os
import unicodedata
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from command import Typed, Typist, rollout, standings

from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow

NOW = "2026-03-09T14:00:00Z"
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://x.example\x07",
    "'; DROP TABLE batches; --",
    "{{ 7*7 }}${7*7}<%= 7*7 %>{% raw %}",
    "\u202egpj.exe\u2066\u200b",
    "[bold red]x[/bold red]",
    "\x9b31m\u0000",
]
RAN_CODES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def row(key: str, at: datetime = START, **values: Any) -> dict[str, Any]:
    return {"event_id": key, "occurred_at": at.isoformat(), "rollout": "agent", "succeeded": True, **values}


def _lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(item) + "\n" for item in rows).encode()


def _packed() -> bytes:
    """An archive that lost its second half."""
    whole = gzip.compress(_lines(*(row(f"packed-{n}", response=os.urandom(40).hex()) for n in range(4_000))))
    return whole[: len(whole) // 2]


FILES: dict[str, bytes] = {
    "good.jsonl": _lines(
        *(row(f"good-{n}", START + timedelta(minutes=n), model_answered="model-1") for n in range(300))
    ),
    "empty.jsonl": b"",
    "cut.jsonl.gz": _packed(),
    "noise.jsonl": os.urandom(100_000) + b"\n" + _lines(row("after-noise")),
    "types.jsonl": _lines(
        row("type-1", latency_ms="slow"),
        row("type-2", refused="perhaps"),
        row("type-3", input_tokens=1.5),
        row("beyond", confidence=7),
        row("choice", arm="left"),
        row("after-types"),
    ),
    "twice.jsonl": b'{"event_id": "a", "event_id": "b", "occurred_at": "2026-03-01", "rollout": "agent"}\n'
    + _lines(row("after-twice")),
    "missing.jsonl": _lines({"event_id": "m", "rollout": "agent"}, {"occurred_at": "2026-03-01"}, row("after-missing")),
    "times.jsonl": _lines(
        row("future", occurred_at="2027-01-01T00:00:00Z"),
        row("epoch", occurred_at="1970-01-01T00:00:00Z"),
        row("soon", occurred_at="soon"),
        row("after-times"),
    ),
    "surrogate.jsonl": b'{"event_id": "\\ud800", "occurred_at": "2026-03-01", "rollout": "agent"}\n'
    + _lines(row("after-surrogate")),
    "numbers.jsonl": _lines(
        row("nan", cost=float("nan")),
        row("inf", cost=float("inf")),
        row("minus", latency_ms=float("-inf")),
        row("after-numbers"),
    ),
    "long.jsonl": _lines(row("before-long"))
    + b'{"event_id": "'
    + b"x" * 50_000_000
    + b'"}\n'
    + _lines(row("after-long")),
}
REASONS = {
    "wrong_type": 3,
    "outside_range": 1,
    "not_a_choice": 1,
    "duplicate_key": 1,
    "missing_value": 2,
    "time_implausible": 2,
    "time_unreadable": 1,
    "lone_surrogate": 1,
    "not_finite": 3,
    "line_too_long": 1,
}
"""Of every file but the noise."""
AFTER = ["noise", "types", "twice", "missing", "times", "surrogate", "numbers", "long"]


def _hostile(stream: str, columns: list[str], texts: list[str]) -> bytes:
    """Rows with hostile text in every text, as key of every object, and as a field of its own."""
    later = START + timedelta(days=7)
    rows = []
    for n in range(30 * len(texts)):
        text = texts[n % len(texts)]
        values: dict[str, Any] = dict.fromkeys(columns, text)
        unknown = {"rollout": text} if n % 5 == 0 else {}
        rows.append(row(f"{text}{stream}{n}", later) | values | {text: {text: text}} | unknown)
    return _lines(*rows)


def _texts(stream: str) -> list[str]:
    return [c.name for c in BUILT_IN[stream].columns if c.type == "text" and not c.choices] + [
        "session_id",
        "release",
        "segment",
    ]


def _source(name: str, path: str, stream: str, kind: str = "jsonl", fields: dict[str, str] | None = None) -> Any:
    return {"name": name, "kind": kind, "path": path, "stream": stream, "lateness": "1h", "fields": fields or {}}


def _policy() -> dict[str, Any]:
    return {
        "lease": "26h",
        "sources": [
            _source("logs", "logs/*", "interactions"),
            *(_source(f"hostile-{name}", f"hostile/{name}.jsonl", name) for name in BUILT_IN),
            _source("odd-name", "odd/*", "steps", "csv"),
            _source("no-parquet", "no.parquet", "steps", "parquet"),
            _source("no-column", "columns.csv", "labels", "csv"),
            _source("nowhere", "nowhere-*.csv", "probes", "csv"),
        ],
        "rollouts": [rollout("agent")],
        "gates": [
            {"name": "readable", "rollout": "agent", "metric": "quarantine_share", "at_most": 0.01},
            {
                "name": "done",
                "rollout": "agent",
                "metric": "task_success_rate",
                "at_least": 0.5,
                "alpha": 0.05,
                "beta": 0.05,
                "max_age": "30d",
            },
            {"name": "actions", "rollout": "agent", "metric": "overdue_actions", "at_most": 0},
        ],
        "drift": [
            {
                "name": "watch",
                "stream": "interactions",
                "rollout": "agent",
                "watch": ["model_answered", "segment", "release"],
            }
        ],
    }


@pytest.fixture(scope="module")
def typist(tmp_path_factory: pytest.TempPathFactory) -> Typist:
    folder = tmp_path_factory.mktemp("bad")
    typist = Typist(folder, _policy())
    for part in ("logs", "hostile", "odd"):
        (folder / part).mkdir()
    for name, data in FILES.items():
        (folder / "logs" / name).write_bytes(data)
    for stream in BUILT_IN:
        (folder / "hostile" / f"{stream}.jsonl").write_bytes(_hostile(stream, _texts(stream), HOSTILE))
    with (folder / "odd" / "\x1b[31m<img src=x onerror=alert(1)>.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["event_id", "occurred_at", "rollout"], *([n, n, "agent"] for n in HOSTILE)])
    (folder / "no.parquet").write_bytes(os.urandom(10_000))
    (folder / "columns.csv").write_text("colour,shape\nred,round\n")
    return typist


@pytest.fixture(scope="module")
def ran(typist: Typist) -> Typed:
    ran = typist("run", "--json", at=NOW)
    assert ran.code == 0, ran.err
    return ran


@pytest.fixture(scope="module")
def shown(typist: Typist, ran: Typed, tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that the terminal shows: a run of its own, then every command that only looks."""
    data = ["--data", str(tmp_path_factory.mktemp("data"))]
    runs = [
        typist("run", *data, at=NOW),
        typist("ingest", *data, at=NOW),
        typist("gate", "agent", *data, at=NOW),
        typist("status", *data, at=NOW),
        typist("log", "show", *data),
        typist("log", "explain", "2", *data),
        typist("gate", HOSTILE[2], *data, at=NOW),
    ]
    assert [run.code for run in runs] == [0, 4, 10, 0, 0, 0, 2]
    return "".join(run.out + run.err for run in runs)


def _pulled(ran: Typed) -> dict[str, dict[str, Any]]:
    return {report["source"]: report for report in ran.json["pulled"]}


def test_every_bad_row_is_in_quarantine_under_its_reason(ran: Typed) -> None:
    found: dict[str, int] = {}
    for batch in _pulled(ran)["logs"]["batches"]:
        assert batch["received"] == sum(batch[k] for k in ("accepted", "duplicate", "restated", "quarantined"))
        if not batch["file"].endswith("noise.jsonl"):
            for reason, count in batch["reasons"].items():
                found[reason] = found.get(reason, 0) + count
    assert found == REASONS


def test_noise_is_kept_out_line_by_line(ran: Typed) -> None:
    (noise,) = [b for b in _pulled(ran)["logs"]["batches"] if b["file"].endswith("noise.jsonl")]
    assert noise["accepted"] == 1
    assert set(noise["reasons"]) <= {"not_utf8", "not_json", "not_an_object"}


def test_the_good_rows_are_in(typist: Typist, ran: Typed) -> None:
    with Warehouse.open(typist.folder / ".gatehold") as warehouse:
        keys = {k for (k,) in warehouse.connection.execute("SELECT event_id FROM events_interactions").fetchall()}
        tables = {t for (t,) in warehouse.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert {f"good-{n}" for n in range(300)} <= keys
    assert {f"after-{name}" for name in AFTER} | {"before-long"} <= keys
    assert sum(key.startswith("packed-") for key in keys) > 1_000
    assert "batches" in tables


def test_hostile_rows_are_only_text(ran: Typed) -> None:
    for stream in BUILT_IN:
        (batch,) = _pulled(ran)[f"hostile-{stream}"]["batches"]
        assert (batch["received"], batch["accepted"]) == (30 * len(HOSTILE), 30 * len(HOSTILE)), batch["reasons"]


def test_what_is_wrong_with_a_file_is_one_sentence(ran: Typed) -> None:
    pulled = _pulled(ran)
    said = {b["file"].rsplit("/", 1)[-1]: b["error"] for b in pulled["logs"]["batches"] if b["error"]}
    assert set(said) == {"empty.jsonl", "cut.jsonl.gz"}
    assert said["empty.jsonl"].endswith("empty.jsonl is empty; it brought no rows.")
    assert "is cut or damaged" in said["cut.jsonl.gz"]
    assert "is cut or damaged" in pulled["logs"]["degraded"]
    assert "is not a sound Parquet file" in pulled["no-parquet"]["degraded"]
    assert pulled["nowhere"]["degraded"].startswith("No file matches 'nowhere-*.csv'")
    assert pulled["no-column"]["batches"][0]["reasons"] == {"missing_value": 1}
    for text in [*said.values(), *(p["degraded"] for p in pulled.values() if p["degraded"])]:
        assert "\n" not in text
        assert "Traceback" not in text


def test_bad_input_holds_and_says_which(ran: Typed) -> None:
    standing = standings(ran.json)["agent"]
    assert standing["standing"] == "hold"
    told = " ".join(reason["detail"] for reason in standing["reasons"])
    assert "Source logs could not be read in full" in told
    verdicts = {v["gate"]: v for v in standing["verdicts"]}
    assert verdicts["readable"]["outcome"] == "error", "what could not be read is no share of what was"


def test_no_hostile_text_breaks_a_check(ran: Typed) -> None:
    found = ran.json["checks"]["findings"]
    assert [f for f in found if f["state"] == "error" and f["kind"] != "source"] == []
    # Hostile values and field names did reach the findings.
    assert {"schema_change", "category_change"} <= {f["kind"] for f in found}


def test_the_terminal_shows_no_raw_control_code(shown: str) -> None:
    strange = {c for c in shown if unicodedata.category(c) in RAN_CODES and c != "\n"}
    assert strange == set()
    assert "Traceback" not in shown
    assert "empty.jsonl is empty; it brought no rows." in shown


class _Live(HTMLParser):
    """What a browser would act on: every element with its attributes, and the text of scripts it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attrs = self.elements[-1] if self.elements else ("", {})
        if tag == "script" and attrs.get("type") != "application/json" and data.strip():
            self.scripts.add(data)


def _live(page: str) -> _Live:
    parser = _Live()
    parser.feed(page)
    parser.close()
    return parser


def test_nothing_hostile_is_live_in_the_page(typist: Typist, ran: Typed) -> None:
    page = typist.page
    elements = _live(page).elements
    assert [name for _, attrs in elements for name in attrs if name.startswith("on")] == []
    assert [attrs for tag, attrs in elements if tag in ("img", "iframe", "object", "embed", "base", "form")] == []
    assert [a for t, a in elements if t == "a" and not str(a.get("href", "#")).startswith(("#", "drift-"))] == []
    assert "<script>alert" not in page
    assert {c for c in page if unicodedata.category(c) in RAN_CODES and c not in "\n\t"} == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_scripts_of_the_page_are_its_own(typist: Typist, ran: Typed, tmp_path: Path) -> None:
    """Each of them is in the page of a project without a hostile row, too."""
    clean = Typist(tmp_path, {**typist.policy, "sources": [_source("logs", "logs/*", "interactions")]})
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "good.jsonl").write_bytes(FILES["good.jsonl"])
    assert clean("run", at=NOW).code == 0
    assert _live(typist.page).scripts
    assert _live(typist.page).scripts <= _live(clean.page).scripts


def test_a_second_run_reads_nothing_again(typist: Typist, ran: Typed) -> None:
    again = typist("run", "--json", at=NOW)
    assert again.code == 0
    new = [b for report in again.json["pulled"] for b in report["batches"] if not b["repeated"]]
    assert [b["accepted"] for b in new] == [0] * len(new)
    assert "is cut or damaged" in _pulled(again)["logs"]["degraded"]
