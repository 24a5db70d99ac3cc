"""Ids as keyed digests: the same id gives the same digest, and nobody without the key can try ids out."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from warehouse.records.errors import SourceError

LEAST_KEY = 16
"""Bytes that a key has to have."""
_BLOCK = 64
MARK = "h_"
"""How a hashed id begins."""
_LENGTH = 32


def key_of(name: str, environment: Mapping[str, str]) -> bytes:
    """The key in the environment variable.

    Raises:
        SourceError: there is none, or it is shorter than 16 bytes.
    """
    key = environment.get(name, "").encode("utf-8", "surrogateescape")
    if len(key) < LEAST_KEY:
        state = "is not set" if not key else f"holds a key of {len(key)} bytes"
        raise SourceError(
            f"The environment variable {name}, under whose key ids are hashed, {state}; it needs at least {LEAST_KEY} "
            "bytes. Set it and run again; nothing was read, so that no id is stored in the clear."
        )
    return key


def hashed(value: str, key: bytes) -> str:
    """The id as it is stored: HMAC-SHA256, the first 128 bits in hexadecimal."""
    return MARK + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer pad of HMAC (RFC 2104) for a key: what the SQL is given in place of the key."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def in_sql(text: str, inner: str, outer: str) -> str:
    """SQL of the same digest; NULL for a missing or empty id. `inner` and `outer` are parameters with the pads."""
    message = f"sha256({inner}::BLOB || encode(nullif({text}, '')))"
    return f"'{MARK}' || left(sha256({outer}::BLOB || unhex({message})), {_LENGTH})"
