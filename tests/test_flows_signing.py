"""Signatures: what was signed verifies, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people_examples import NOW

from flows.signing import sign, verify
from warehouse.records.errors import DeliveryError

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
SECRET = "s3cret-é"


@given(IDS, st.binary(max_size=200), st.text(min_size=1).filter(lambda s: s.isprintable()))
def test_what_was_signed_verifies(id: str, body: bytes, secret: str) -> None:
    signed = verify(secret, sign(secret, id, body, now=NOW), body, now=NOW)
    assert (signed.id, signed.sent_at, signed.repeated) == (id, NOW, False)


@given(IDS, st.binary(min_size=1, max_size=200), st.data())
def test_nothing_that_was_changed_verifies(id: str, body: bytes, data: st.DataObject) -> None:
    headers = sign(SECRET, id, body, now=NOW)
    part = data.draw(st.sampled_from(["body", "secret", *headers]))
    changed = bytearray(body)
    changed[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if part in headers:
        old = headers[part]
        headers[part] = data.draw(st.text(max_size=len(old) + 1).filter(lambda new: new != old))
    with pytest.raises(DeliveryError) as caught:
        verify("other" if part == "secret" else SECRET, headers, bytes(changed) if part == "body" else body, now=NOW)
    assert not caught.value.transient


def test_id_time_and_body_cannot_be_cut_another_way() -> None:
    headers = sign(SECRET, "a", b"b", now=NOW)
    headers["Gatehold-Id"] = f"a.{headers['Gatehold-Timestamp']}"
    with pytest.raises(DeliveryError, match="needs the headers"):
        verify(SECRET, headers, b"b", now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_message_signed_too_long_ago_or_ahead_is_refused(seconds: int) -> None:
    headers = sign(SECRET, "a", b"{}", now=NOW)
    with pytest.raises(DeliveryError, match="a replay, or is a clock wrong"):
        verify(SECRET, headers, b"{}", now=NOW + timedelta(seconds=seconds))
    assert verify(SECRET, headers, b"{}", now=NOW + timedelta(seconds=300)).id == "a"


def test_an_id_seen_before_is_known_as_repeated() -> None:
    headers = sign(SECRET, "a", b"{}", now=NOW)
    assert verify(SECRET, headers, b"{}", now=NOW, seen={"a"}).repeated


def test_header_names_may_come_in_any_case() -> None:
    headers = {name.upper(): value for name, value in sign(SECRET, "a", b"{}", now=NOW).items()}
    assert verify(SECRET, headers, b"{}", now=NOW).id == "a"


def test_two_secrets_are_accepted_while_one_is_replaced_and_an_empty_one_never() -> None:
    headers = sign("old", "a", b"{}", now=NOW)
    assert verify(["new", "old"], headers, b"{}", now=NOW).id == "a"
    with pytest.raises(DeliveryError, match="does not fit"):
        verify(["", "new"], sign("", "a", b"{}", now=NOW), b"{}", now=NOW)
