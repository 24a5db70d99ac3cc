"""What a worker of a cluster does: one part, with its own connection; it knows names of secrets, not secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checks.policy.storage import Storage
from flows.scaling import lake
from warehouse.records.parts import Part

if TYPE_CHECKING:
    from warehouse.parts import Packed


@dataclass(frozen=True, slots=True)
class LakeNames:
    """How a worker finds the lake: the configuration and the folder that its paths start from."""

    storage: Storage
    base: Path


def work(part: Part, ledger: Packed, names: LakeNames | None, memory_limit: str | None) -> Packed:
    """The deltas of one part.

    Raises:
        StoreError: the rows cannot be read.
        UsageError: the worker lacks an environment variable that the lake needs.
    """
    from warehouse import parts

    place = None if names is None else lake.place_of(names.storage, names.base, os.environ)
    return parts.compute(part, ledger, place, memory_limit=memory_limit)
