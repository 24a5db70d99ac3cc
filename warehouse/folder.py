"""The data folder, made where it is absent."""

from __future__ import annotations

from pathlib import Path

from warehouse.records.errors import StoreError

WAREHOUSE_FILE = "warehouse.duckdb"


def make(folder: Path) -> None:
    """Make the data folder if it is absent.

    Raises:
        StoreError: it cannot be made, or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "it is a file" if folder.is_file() else error.strerror
        raise StoreError(
            f"{folder} cannot be the data folder: {reason}. Name another with --data or GATEHOLD_DATA."
        ) from error
