"""`storage`: where a copy of all events is kept beside the embedded file, for workers and other engines."""

from __future__ import annotations

from typing import Annotated
from typing import Literal as OneOf

from pydantic import AfterValidator

from checks.policy.base import EnvironmentName, Section, Words, refuse


def _lake_path(text: str) -> str:
    scheme = text.split("://")[0] if "://" in text else ""
    if scheme not in ("", "s3"):
        refuse("is not a place for a lake.", allowed='a folder, or an S3 URL such as "s3://bucket/prefix"')
    return text


class Bucket(Section):
    """How to reach the bucket of an S3 URL."""

    key_env: EnvironmentName
    """Name of the environment variable that holds the access key."""
    secret_env: EnvironmentName
    """Name of the environment variable that holds the secret key."""
    region: Words | None = None
    """The bucket's region."""
    endpoint: Words | None = None
    """Host and port of a store of one's own; left out: the provider's."""
    path_style: bool = False
    """True where the bucket stands in the path of a URL, not in the host name."""
    plain_http: bool = False
    """True for a store without encryption on one's own network."""


class Storage(Section):
    """A lake: every event as Parquet under DuckLake, beside the embedded file."""

    kind: OneOf["ducklake"]
    """Parquet files under DuckLake, with the catalog in PostgreSQL."""
    catalog_env: EnvironmentName
    """Name of the environment variable that holds the catalog's PostgreSQL URL."""
    path: Annotated[Words, AfterValidator(_lake_path)]
    """Where the Parquet files go: a folder, relative to that of the configuration file, or an S3 URL."""
    bucket: Bucket | None = None
    """Access to the bucket, where the path is an S3 URL."""
    extensions: Words | None = None
    """A folder of DuckDB extensions, where neither a package nor a download brings them."""

    @property
    def in_bucket(self) -> bool:
        """True when the files go to an S3 bucket."""
        return self.path.startswith("s3://")

    def secret_names(self) -> tuple[str, ...]:
        """The environment variables it reads, by name."""
        return (self.catalog_env, *((self.bucket.key_env, self.bucket.secret_env) if self.bucket else ()))
