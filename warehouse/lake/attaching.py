"""Attaching a lake to a connection for the length of a block, without a secret in any message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import duckdb

from warehouse import extensions
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.lake import LakePlace, ObjectStorage

NAME = "lake"
"""What an attached lake is called in SQL."""
SCHEMA = "gatehold_lake"
"""The schema of the catalog's tables in PostgreSQL."""
CONNECT_SECONDS = 10


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, place: LakePlace, *, read_only: bool = False) -> Iterator[None]:
    """The lake under the name `lake` in `connection`; made if absent, unless `read_only`.

    Raises:
        StoreError: an extension, the catalog or the storage cannot be used.
        UsageError: the catalog is not a PostgreSQL URL.
    """
    catalog = _catalog(place.catalog)
    for name in (*extensions.NEEDED, *([extensions.OBJECT_STORAGE] if place.storage else [])):
        extensions.load(connection, name, folder=place.extensions)
    # Small inserts would go into PostgreSQL itself, whose texts cannot hold the character NUL.
    options = [f"DATA_PATH {_text(place.path)}", f"METADATA_SCHEMA {_text(SCHEMA)}", "DATA_INLINING_ROW_LIMIT 0"]
    options += ["READ_ONLY"] if read_only else []
    try:
        if place.storage is not None:
            connection.execute(_secret(place.storage))
        connection.execute(f"ATTACH {_text('ducklake:postgres:' + catalog)} AS {NAME} ({', '.join(options)})")
    except duckdb.Error as error:
        raise StoreError(
            f"The lake cannot be opened: {without_secrets(str(error), place)}. Is its PostgreSQL running, does "
            f"the URL name a database that this account may change, and is {place.path} the path it was made with?"
        ) from None
    try:
        yield
    finally:
        connection.execute(f"DETACH {NAME}")


def without_secrets(message: str, place: LakePlace) -> str:
    """The first line of a message of the engine, with the catalog's URL and every secret taken out."""
    password = urlsplit(place.catalog).password or ""
    hidden = [place.catalog, _catalog(place.catalog), password, unquote(password)]
    if place.storage is not None:
        hidden += [place.storage.key, place.storage.secret]
    text = message.strip().split("\n")[0].rstrip(".")
    for secret in sorted({secret for secret in hidden if secret}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _catalog(url: str) -> str:
    """The URL with a limit on how long connecting may take."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("postgresql", "postgres"):
        raise UsageError(
            "The catalog of a lake must be a PostgreSQL URL such as postgresql://user:password@host:5432/database. "
            "A catalog in SQLite or DuckDB loses commits of a second writer, and is not offered."
        )
    asked = dict(parse_qsl(parts.query))
    asked.setdefault("connect_timeout", str(CONNECT_SECONDS))
    return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))


def _secret(storage: ObjectStorage) -> str:
    settings = [
        "TYPE s3",
        f"KEY_ID {_text(storage.key)}",
        f"SECRET {_text(storage.secret)}",
        f"URL_STYLE {_text('path' if storage.path_style else 'vhost')}",
        f"USE_SSL {'false' if storage.plain_http else 'true'}",
    ]
    settings += [f"REGION {_text(storage.region)}"] if storage.region else []
    settings += [f"ENDPOINT {_text(storage.endpoint)}"] if storage.endpoint else []
    return f"CREATE OR REPLACE TEMPORARY SECRET gatehold_lake_storage ({', '.join(settings)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
