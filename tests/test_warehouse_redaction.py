"""Redaction: what a pattern finds never reaches the store, and what only looks alike stays."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, lines, row, spec, take, take_text

from warehouse import redaction
from warehouse.records.errors import SourceError, UsageError
from warehouse.records.redaction import CustomPattern, PatternName, Redaction
from warehouse.redaction import Redactor, hashing
from warehouse.store import Warehouse

ALL: tuple[PatternName, ...] = get_args(PatternName)
KEY = "0123456789abcdef-key"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def made(environment: dict[str, str] | None = None, **asked: Any) -> Redactor:
    return redaction.redactor(spec(redaction=Redaction(**asked)), ALL_TYPES, environment or {})


def run(engine: duckdb.DuckDBPyConnection, redactor: Redactor, sql: str, text: str | None) -> Any:
    bound = {name: value for name, value in redactor.bound.items() if f"${name}:" in sql}
    found = engine.execute(f"SELECT {sql} FROM (SELECT $t::VARCHAR AS t)", {**bound, "t": text}).fetchone()
    assert found is not None
    return found[0]


def text(engine: duckdb.DuckDBPyConnection, given_text: str | None, *names: PatternName) -> Any:
    redactor = made(patterns=names or ALL)
    note = ALL_TYPES.column("note")
    assert note is not None
    return run(engine, redactor, redactor.value(note, "t"), given_text)


@pytest.mark.parametrize(
    ("given_text", "taken"),
    [
        ("write to ada.b+c@example.co.uk, now", "write to [email], now"),
        ("<Jörg.Müller@exämple.de>", "<[email]>"),
        ("two: a@b.io;c@d.io", "two: [email];[email]"),
        ("call +49 170 1234567.", "call [phone]."),
        ("call (030) 123-4567 or 0049-30-1234567 or 555.123.4567", "call [phone] or [phone] or [phone]"),
        ("card 4111 1111 1111 1111 123", "card [credit_card] 123"),
        ("amex 378282246310005, visa 4111-1111-1111-1111", "amex [credit_card], visa [credit_card]"),
        ("to DE89 3704 0044 0532 0130 00 now and GB82WEST12345698765432", "to [iban] now and [iban]"),
        ("at61 1904 3002 3457 3201 then", "[iban] then"),
        ("from 192.168.10.254 port 80", "from [ip_address] port 80"),
        ("from 2001:db8::ff00:42:8329 or ::1 or fe80::1", "from [ip_address] or [ip_address] or [ip_address]"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "[ip_address]"),
        ("key sk-proj-abcdefghijklmnop1234567890", "key [api_key]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123 AKIAIOSFODNN7EXAMPLE", "[api_key] [api_key]"),
        ("Authorization: Bearer abcdef0123456789==", "Authorization: [api_key]"),
        ("password: hunter2secret and api_key=abc123def", "password: [api_key] and api_key=[api_key]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end", "[api_key] end"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_123", "[api_key]"),
    ],
)
def test_what_a_pattern_finds_is_taken_out(engine: duckdb.DuckDBPyConnection, given_text: str, taken: str) -> None:
    assert text(engine, given_text) == taken


@pytest.mark.parametrize(
    "given_text",
    [
        "",
        "on 2026-03-01 12:30:45 and 12/05/2026 10:30",
        "at 1700000000123 ms, order 12345678901234",
        "card 4111111111111112",
        "DE00370400440532013000 has no valid check",
        "version 1.2.3.4.5 of 300.1.1.1",
        "std::vector add::face 12:30:45",
        "me @ home, user@localhost",
        "the password is long; tokens 12345",
        "1, 2, 3, 4, 5, 6, 7, 8, 9",
        "a line\nwith tabs\tand ünïcödé 🦜",
    ],
)
def test_what_only_looks_alike_stays(engine: duckdb.DuckDBPyConnection, given_text: str) -> None:
    names = tuple(name for name in ALL if not (name == "ip_address" and "1.2.3.4.5" in given_text))
    assert text(engine, given_text, *names) == given_text


def test_missing_stays_missing(engine: duckdb.DuckDBPyConnection) -> None:
    assert text(engine, None) is None
    redactor = made(patterns=ALL)
    assert run(engine, redactor, redactor.attributes("t"), None) is None


def luhn(digits: str) -> str:
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def mod_97(country: str, body: str) -> str:
    rest = "".join(str(int(c, 36)) for c in body + country + "00")
    return f"{country}{98 - int(rest) % 97:02d}{body}"


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), st.text("abc .,", max_size=5), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_cards_are_told_by_their_check(engine: duckdb.DuckDBPyConnection, start: str, around: str, wrong: int) -> None:
    card = luhn(start)
    other = card[:-1] + str((int(card[-1]) + 1 + wrong) % 10)
    assert text(engine, f"{around} {card} {around}", "credit_card") == f"{around} [credit_card] {around}"
    assert text(engine, f"{around} {other} {around}", "credit_card") == f"{around} {other} {around}"


@given(
    st.sampled_from([("DE", r"[0-9]{18}"), ("GB", r"[A-Z]{4}[0-9]{14}"), ("FR", r"[0-9]{10}[A-Z0-9]{11}[0-9]{2}")]),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_accounts_are_told_by_their_check(
    engine: duckdb.DuckDBPyConnection, kind: tuple[str, str], data: st.DataObject
) -> None:
    account = mod_97(kind[0], data.draw(st.from_regex(kind[1], fullmatch=True)))
    grouped = " ".join(account[i : i + 4] for i in range(0, len(account), 4))
    other = account[:2] + f"{(int(account[2:4]) % 96) + 3:02d}" + account[4:]
    assert text(engine, f"pay {account} and {grouped} now", "iban") == "pay [iban] and [iban] now"
    if int(other[2:4]) != int(account[2:4]):
        assert text(engine, f"pay {other} now", "iban") == f"pay {other} now"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)


@given(VALUES, st.booleans())
@settings(max_examples=80, deadline=None)
def test_json_stays_json_and_loses_what_is_looked_for(
    engine: duckdb.DuckDBPyConnection, value: Any, escaped: bool
) -> None:
    whole = {
        "kept": value,
        "in": ['x\nbob@example.com "q" \\', {"deep": "card 4111 1111 1111 1111"}],
        "n": 4111111111111111,
    }
    redactor = made(patterns=ALL)
    found = json.loads(run(engine, redactor, redactor.attributes("t"), json.dumps(whole, ensure_ascii=escaped)))
    assert found["in"] == ['x\n[email] "q" \\', {"deep": "card [credit_card]"}]
    assert found["n"] == "[credit_card]"
    if not any(c in s for s in strings(value) for c in "@:[") and len(set(found)) == 3:
        assert found["kept"] == value or "[" in json.dumps(found["kept"])


def test_escapes_hide_nothing(engine: duckdb.DuckDBPyConnection) -> None:
    redactor = made(patterns=ALL)
    hidden = '{"a": "bob\\u0040example.com", "password": "hunter2secret"}'
    for sql in (redactor.attributes("t"), redactor.raw("t")):
        assert json.loads(run(engine, redactor, sql, hidden)) == {"a": "[email]", "password": "[api_key]"}
    assert run(engine, redactor, redactor.raw("t"), '{"a": bob@example.com, ') == '{"a": [email], '


def test_patterns_of_ones_own(engine: duckdb.DuckDBPyConnection) -> None:
    redactor = made(custom=(CustomPattern("ticket", r"TCK-[0-9]+"), CustomPattern("quote", "it's")))
    note = ALL_TYPES.column("note")
    assert note is not None
    assert run(engine, redactor, redactor.value(note, "t"), "TCK-123 it's TCK-4") == "[ticket] [quote] [ticket]"


@pytest.mark.parametrize("pattern", ["a(", "(?=x)", r"(a)\1", "a*", "[z-a]"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    assert redaction.fault(pattern)
    with pytest.raises(UsageError, match="Pattern 'mine' of source 'logs' cannot be used"):
        made(custom=(CustomPattern("mine", pattern),))


@pytest.mark.parametrize(
    "asked", [{"patterns": ("email",), "columns": ("count",)}, {"hash_columns": ("score",), "key_env": "K"}]
)
def test_columns_without_text_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="which is no text"):
        made({"K": KEY}, **asked)


@given(st.text(min_size=1))
@settings(max_examples=60, deadline=None)
def test_an_id_is_hashed_as_hmac_says(engine: duckdb.DuckDBPyConnection, value: str) -> None:
    if "\x00" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        return
    redactor = made({"K": KEY}, hash_columns=("session_id",), key_env="K")
    column = ALL_TYPES.column("session_id")
    assert column is not None
    found = run(engine, redactor, redactor.value(column, "t"), value)
    assert found == "h_" + hmac.new(KEY.encode(), value.encode(), hashlib.sha256).hexdigest()[:32]
    assert found == hashing.hashed(value, KEY.encode())


@pytest.mark.parametrize("environment", [{}, {"K": ""}, {"K": "short"}])
def test_without_a_key_nothing_is_read(warehouse: Warehouse, tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="environment variable K"):
        made(environment, hash_columns=("session_id",), key_env="K")
    source = spec(redaction=Redaction(hash_columns=("session_id",), key_env="K"))
    (tmp_path / "in.jsonl").write_text(lines(row("a", session_id="person")))
    report = take(warehouse, tmp_path, source, environment=environment)
    assert report.batches == ()
    assert report.degraded is not None
    assert "K" in report.degraded
    assert "short" not in report.degraded
    assert warehouse.connection.execute("SELECT count(*) FROM events_all_types").fetchone() == (0,)


def test_hashed_ids_join_and_are_nowhere_in_the_clear(warehouse: Warehouse, tmp_path: Path) -> None:
    person = "zanzibar-parrot-7"
    for name in ("one", "two"):
        source = spec(f"{name}.jsonl", name=name, redaction=Redaction(hash_columns=("session_id",), key_env="K"))
        rows = [row(f"{name}1", session_id=person), row(f"{name}2", session_id="other"), row(f"{name}3", session_id="")]
        (tmp_path / f"{name}.jsonl").write_text(lines(*rows, {"session_id": person}, f"broken {person}"))
        report = take(warehouse, tmp_path, source, environment={"K": KEY})
        assert report.batches[0].accepted == 3
    found = warehouse.connection.execute(
        "SELECT session_id, count(*) FROM events_all_types GROUP BY ALL ORDER BY 2 DESC, 1"
    ).fetchall()
    assert found == [
        (hashing.hashed(person, KEY.encode()), 2),
        (hashing.hashed("other", KEY.encode()), 2),
        (None, 2),
    ] or {name for name, _ in found} == {
        hashing.hashed(person, KEY.encode()),
        hashing.hashed("other", KEY.encode()),
        None,
    }
    assert warehouse.connection.execute("SELECT DISTINCT raw FROM quarantine").fetchall() == [("",)]
    warehouse.connection.execute("CHECKPOINT")
    content = b"".join(path.read_bytes() for path in warehouse.folder.iterdir() if path.is_file())
    assert person.encode() not in content
    assert KEY.encode() not in content
    assert KEY not in repr(made({"K": KEY}, hash_columns=("session_id",), key_env="K"))


def test_what_is_taken_out_never_reaches_the_store(warehouse: Warehouse, tmp_path: Path) -> None:
    secret = "zanzibar.parrot@example.com"
    rows = [
        row("a", note=f"from {secret}", details={"who": secret}, more={"cc": [secret]}),
        row("b", score=secret),
        row("c", colour=secret),
    ]
    report = take_text(warehouse, tmp_path, lines(*rows, f"broken {secret}"), redaction=Redaction(patterns=("email",)))
    assert (report.accepted, report.quarantined) == (1, 3)
    note, details, attributes = warehouse.connection.execute(
        "SELECT note, details, attributes FROM events_all_types"
    ).fetchall()[0]
    assert (note, json.loads(details), json.loads(attributes)) == (
        "from [email]",
        {"who": "[email]"},
        {"more": {"cc": ["[email]"]}},
    )
    kept = warehouse.connection.execute("SELECT raw || detail FROM quarantine").fetchall()
    assert all("[email]" in told and "zanzibar" not in told for (told,) in kept)
    warehouse.connection.execute("CHECKPOINT")
    assert b"zanzibar" not in b"".join(p.read_bytes() for p in warehouse.folder.iterdir() if p.is_file())


def test_named_columns_alone_are_looked_at(warehouse: Warehouse, tmp_path: Path) -> None:
    asked = Redaction(patterns=("email",), columns=("details",))
    content = row("a", note="a@b.io", details={"x": "a@b.io"}, more="a@b.io")
    take_text(warehouse, tmp_path, lines(content), redaction=asked)
    found = warehouse.connection.execute("SELECT note, details, attributes FROM events_all_types").fetchone()
    assert found is not None
    assert (found[0], json.loads(found[1]), json.loads(found[2])) == ("a@b.io", {"x": "[email]"}, {"more": "a@b.io"})


def test_another_redaction_reads_the_files_anew(warehouse: Warehouse, tmp_path: Path) -> None:
    content = lines(row("a", note="a@b.io"), row("b", note="plain"))
    take_text(warehouse, tmp_path, content)
    report = take_text(warehouse, tmp_path, content, redaction=Redaction(patterns=("email",)))
    assert (report.restated, report.duplicate) == (1, 1)


def test_csv_rows_are_redacted_too(warehouse: Warehouse, tmp_path: Path) -> None:
    content = "event_id,occurred_at,note\na,2026-03-01T10:00:00Z,mail a@b.io\nb,never,mail c@d.io\n"
    report = take_text(
        warehouse, tmp_path, content, path="in.csv", kind="csv", redaction=Redaction(patterns=("email",))
    )
    assert (report.accepted, report.quarantined) == (1, 1)
    assert warehouse.connection.execute("SELECT note FROM events_all_types").fetchall() == [("mail [email]",)]
    assert "c@d.io" not in str(warehouse.connection.execute("SELECT raw, detail FROM quarantine").fetchall())
