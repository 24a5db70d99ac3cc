"""`retention` and `redact` in the configuration: what they may say, and how mistakes are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from checks.policy import parse
from checks.policy.policy import Policy
from warehouse.records.errors import ConfigurationError
from warehouse.records.redaction import CustomPattern, Redaction

SOURCE = {
    "name": "logs",
    "kind": "jsonl",
    "path": "*.jsonl",
    "stream": "interactions",
    "lateness": "1h",
    "fields": {"rollout": "=bot"},
}


def policy(redact: Any = None, **more: Any) -> Policy:
    source = SOURCE if redact is None else {**SOURCE, "redact": redact}
    return parse("p.yaml", lambda _: yaml.safe_dump({"sources": [source], **more}))


def told(redact: Any = None, **more: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        policy(redact, **more)
    return str(caught.value)


def test_ages_are_days_and_more() -> None:
    kept = policy(retention={"raw_text": "30d", "events": "60w", "cells": "5y", "evidence": "never"}).retention
    assert kept is not None
    assert (kept.raw_text, kept.events) == (timedelta(days=30), timedelta(weeks=60))
    assert (kept.cells, kept.evidence) == (timedelta(days=5 * 365), None)
    assert policy().retention is None


@pytest.mark.parametrize("age", ["12h", "36h", "0d", "5 years", 30, "-1d", "y"])
def test_what_is_no_age_is_refused(age: Any) -> None:
    assert "retention.raw_text: is not an age." in told(retention={"raw_text": age})


def test_ages_ascend() -> None:
    message = told(retention={"raw_text": "30d", "cells": "10d"})
    assert "keeps raw_text longer than cells" in message
    assert policy(retention={"raw_text": "30d", "events": "30d"}).retention


def test_the_digest_covers_retention_and_redaction() -> None:
    digests = {
        policy().digest,
        policy(retention={"raw_text": "30d"}).digest,
        policy(retention={"raw_text": "31d"}).digest,
        policy({"patterns": ["email"]}).digest,
    }
    assert len(digests) == 4
    plain, redacted = policy(), policy({"patterns": ["email"]})
    assert plain.source_specs()[0].digest != redacted.source_specs()[0].digest


def test_redaction_reaches_the_source_and_names_its_secret() -> None:
    asked = {
        "patterns": ["email", "iban"],
        "custom": [{"name": "ticket", "pattern": "TCK-[0-9]+"}],
        "columns": ["prompt", "attributes"],
        "hash_ids": {"columns": ["session_id"], "key_env": "ID_KEY"},
    }
    found = policy(asked)
    assert found.source_specs()[0].redaction == Redaction(
        ("email", "iban"), (CustomPattern("ticket", "TCK-[0-9]+"),), ("prompt", "attributes"), ("session_id",), "ID_KEY"
    )
    assert found.secret_names() == ("ID_KEY",)
    assert policy().source_specs()[0].redaction is None


@pytest.mark.parametrize(
    ("redact", "message"),
    [
        ({}, "sources[0].redact: takes nothing out."),
        ({"patterns": ["emails"]}, "sources[0].redact.patterns[0]"),
        ({"patterns": ["email"], "columns": ["promt"]}, 'Did you mean "prompt"?'),
        ({"patterns": ["email"], "columns": ["cost"]}, "column cost is number"),
        ({"hash_ids": {"columns": ["benign"], "key_env": "K"}}, "column benign is boolean"),
        ({"hash_ids": {"columns": [], "key_env": "K"}}, "hash_ids.columns"),
        ({"hash_ids": {"columns": ["session_id"]}}, "key_env"),
        ({"custom": [{"name": "x", "pattern": "a("}]}, "custom[0].pattern: is no regular expression"),
        ({"custom": [{"name": "x", "pattern": "(?=a)"}]}, "is no regular expression"),
        ({"custom": [{"name": "x", "pattern": "a*"}]}, "matches the empty text"),
    ],
)
def test_mistakes_of_redaction_are_told_with_their_place(redact: Any, message: str) -> None:
    assert message in told(redact)


def test_text_columns_are_columns_with_text() -> None:
    kept = policy(retention={"text_columns": {"interactions": ["prompt", "segment"]}}).retention
    assert kept is not None
    assert "there is no stream of that name" in told(retention={"text_columns": {"nothing": ["a"]}})
    assert "is no text or JSON column of stream interactions" in told(
        retention={"text_columns": {"interactions": ["cost"]}}
    )


def test_a_comparison_of_text_that_goes_is_warned_of() -> None:
    rollout = {
        "name": "bot",
        "owner": {"name": "A", "contact": "a@b.io"},
        "stages": ["pilot"],
        "switch": {"kind": "file", "path": "s.json"},
    }
    drift = {
        "name": "d",
        "stream": "interactions",
        "rollout": "bot",
        "columns": ["prompt", "cost"],
        "reference": {"start": "2026-01-01", "end": "2026-02-01"},
    }
    found = policy(rollouts=[rollout], drift=[drift], retention={"raw_text": "30d"})
    assert any("compares raw text (prompt), which is gone after 30d." in w.message for w in found.warnings)
