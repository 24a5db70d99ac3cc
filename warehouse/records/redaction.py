"""What is taken out of a row before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

PatternName = OneOf["email", "phone", "credit_card", "iban", "ip_address", "api_key"]


@dataclass(frozen=True, slots=True)
class CustomPattern:
    """A pattern of the user's own in RE2 syntax; what it matches becomes ``[name]``."""

    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What one source takes out: `patterns` and `custom` from `columns`, and the ids of `hash_columns`.

    No `columns` means every text and JSON column of the stream's own without choices, and `attributes`. Ids become a
    keyed digest (HMAC-SHA256) under the key in the environment variable `key_env`; None where nothing is hashed.
    """

    patterns: tuple[PatternName, ...] = ()
    custom: tuple[CustomPattern, ...] = ()
    columns: tuple[str, ...] = ()
    hash_columns: tuple[str, ...] = ()
    key_env: str | None = None
