"""A decision log of a few entries, copies of it, and values that its entries may hold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from warehouse.people.store import FILE_NAME

ENTRIES = 6

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@contextmanager
def copied(template: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        shutil.copy(template / FILE_NAME, folder)
        yield Path(folder)
