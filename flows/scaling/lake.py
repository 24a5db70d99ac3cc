"""The lake of a project: where it is, and bringing it up to the ledger at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import Project
from flows.stores import Stores
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.lake import Copied, Difference, LakePlace, ObjectStorage

if TYPE_CHECKING:
    from checks.policy.storage import Bucket, Storage


def place(project: Project) -> LakePlace | None:
    """Where the project's lake is; None when it has none.

    Raises:
        UsageError: an environment variable that it needs is not set, or the bucket's access is not configured.
    """
    storage = project.policy.storage
    return None if storage is None else place_of(storage, project.base.absolute(), project.environment)


def place_of(storage: Storage, base: Path, environment: Mapping[str, str]) -> LakePlace:
    """Where a lake is, as a worker finds it too: paths start from `base`, secrets come from `environment` by name.

    Raises:
        UsageError: an environment variable that it needs is not set, or the bucket's access is not configured.
    """
    if storage.in_bucket and storage.bucket is None:
        raise UsageError(
            f'The lake at {storage.path} is in a bucket; say under "storage: bucket:" which environment variables hold '
            "its key and secret (key_env, secret_env)."
        )
    return LakePlace(
        catalog=_secret(environment, storage.catalog_env),
        path=storage.path if storage.in_bucket else str(base / storage.path),
        storage=_bucket(environment, storage.bucket) if storage.in_bucket and storage.bucket else None,
        extensions=base / storage.extensions if storage.extensions else None,
    )


def bring_up(project: Project, stores: Stores, *, now: datetime) -> Copied | None:
    """What was new to the lake; None when the project has none. What was forgotten here is forgotten there as well.

    Raises:
        StoreError: the lake cannot be used; it holds what it held, and the next run goes on from there.
        UsageError: an environment variable that it needs is not set.
    """
    where = place(project)
    if where is None:
        return None
    from warehouse.lake import copying, mending

    mending.mend_if_owed(stores.warehouse, where, now=now)
    return copying.copy(stores.warehouse, where, now=now)


def trouble_of(project: Project, stores: Stores, *, now: datetime) -> str:
    """Why the lake could not be brought up to the ledger, in one sentence; empty when it was, or there is none.

    Gates rest on the embedded file alone, so that a lake out of reach stops no run; `gatehold doctor` says how far it
    is behind.
    """
    try:
        bring_up(project, stores, now=now)
    except (StoreError, UsageError) as error:
        return str(error)
    return ""


def forget(project: Project, stores: Stores, *, now: datetime) -> list[Difference]:
    """The batches that the lake now holds as the embedded file does, after rows or text were removed from that.

    Raises:
        StoreError: the lake cannot be used: what was removed is still in it.
        UsageError: an environment variable that it needs is not set.
    """
    where = place(project)
    if where is None:
        return []
    from warehouse.lake import mending

    return mending.mend(stores.warehouse, where, now=now)


def trouble_forgetting(project: Project, stores: Stores, *, now: datetime) -> str:
    """Why the lake may still hold what was removed here, in one sentence; empty when it does not, or there is none.

    The lake that owes it is mended by the next run that reaches it.
    """
    try:
        forget(project, stores, now=now)
    except (StoreError, UsageError) as error:
        return f"What was removed may still be in the lake: {error} The next run that reaches it removes it there."
    return ""


def _bucket(environment: Mapping[str, str], bucket: Bucket) -> ObjectStorage:
    return ObjectStorage(
        key=_secret(environment, bucket.key_env),
        secret=_secret(environment, bucket.secret_env),
        region=bucket.region,
        endpoint=bucket.endpoint,
        path_style=bucket.path_style,
        plain_http=bucket.plain_http,
    )


def _secret(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise UsageError(f"The environment variable {name}, which the lake needs, is not set. Set it where this runs.")
    return value
