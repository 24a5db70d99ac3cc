"""What was made from one snapshot under one configuration, kept until either is another; each made by one reader."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

from warehouse.records.errors import StoreError

T = TypeVar("T")
MOST = 300


class Kept:
    """What was made, by key; the snapshot's file is looked at for every question."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._lock = data, threading.Lock()
        self._of: Hashable = None
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, digest: str, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` made for the key; it is called by one thread at a time, and what raises is not kept."""
        of = (self._version(), digest)
        with self._lock:
            if of != self._of:
                self._of, self._made, self._making = of, OrderedDict(), {}
            if key in self._made:
                self._made.move_to_end(key)
                found: T = self._made[key]
                return found
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if of == self._of and key in self._made:
                    kept: T = self._made[key]
                    return kept
            made = make()
            with self._lock:
                self._making.pop(key, None)
                # Made from a newer snapshot than was looked at: the next reader makes it again.
                if of == self._of:
                    self._made[key] = made
                    while len(self._made) > MOST:
                        self._made.popitem(last=False)
        return made

    def _version(self) -> Hashable:
        from warehouse import snapshot

        found = snapshot.identity(self._data)
        if found is None:
            raise StoreError("There is no evidence to show: no run has published any yet.")
        return found
