"""SQL files of the warehouse, by name. Values are always bound as parameters."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def load(name: str) -> str:
    """The text of ``warehouse/sql/<name>.sql``; raises FileNotFoundError for a name that does not exist."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
