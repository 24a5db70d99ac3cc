"""Where a lake is, and what copying to it or comparing with it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal as OneOf


@dataclass(frozen=True, slots=True)
class ObjectStorage:
    """How to reach an S3 bucket; key and secret are left out of the representation.

    `endpoint` is host and port without a scheme, None for the provider's own. `plain_http` is for a store on the own
    network without encryption.
    """

    key: str = field(repr=False)
    secret: str = field(repr=False)
    region: str | None = None
    endpoint: str | None = None
    path_style: bool = False
    plain_http: bool = False


@dataclass(frozen=True, slots=True)
class LakePlace:
    """Where a lake is.

    `catalog` is a PostgreSQL URL, left out of the representation since it may hold a password; `path` is a folder or
    an S3 URL. `extensions` is a folder of DuckDB extensions, None when there is none.
    """

    catalog: str = field(repr=False)
    path: str
    storage: ObjectStorage | None = None
    extensions: Path | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """What one copying did: batches and rows that were new to the lake, and the newest batch that it holds now."""

    batches: int
    rows: int
    through: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One batch of one stream that the lake does not hold as the embedded file does.

    `waiting` batches are newer than the lake; `differs` batches were changed since (erased, text removed) or are
    damaged.
    """

    batch: int
    stream: str
    state: OneOf["waiting", "differs"]
    embedded_rows: int
    lake_rows: int
