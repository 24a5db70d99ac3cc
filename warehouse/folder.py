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


APART_FILE = "set-apart.txt"


def set_apart(folder: Path, why: str) -> None:
    """Mark a data folder, made where it is absent, as no live one: `why` is one word, such as replay.

    Raises:
        StoreError: it cannot be made or written.
    """
    make(folder)
    try:
        (folder / APART_FILE).write_text(f"{why}\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder / APART_FILE} cannot be written: {error.strerror}.") from error


def apart(folder: Path) -> str:
    """Why a data folder is no live one; empty for a live one, and for one that is not there.

    A mark that cannot be read is "unreadable": what may be set apart is not taken for live.
    """
    try:
        return (folder / APART_FILE).read_text(encoding="utf-8").strip() or "unreadable"
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        return "unreadable"
