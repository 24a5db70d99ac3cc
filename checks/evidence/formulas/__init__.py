"""Closed forms beside the engine, for gates and displays to come; each checked against independent implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FAMILIES: dict[str, Callable[[Mapping[str, Any]], Any]] = {}
