"""Standings, verdicts and gates as JSON-ready values and back, so that a decision can be stored and recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from checks.gates.records import Standing
from checks.gates.spec import GateSpec


@cache
def _standings() -> TypeAdapter[Standing]:
    return TypeAdapter(Standing)


@cache
def _gates() -> TypeAdapter[GateSpec]:
    return TypeAdapter(GateSpec)


def standing_to_json(standing: Standing) -> dict[str, Any]:
    """The standing as plain JSON values; times as ISO 8601 with offset."""
    value: dict[str, Any] = _standings().dump_python(standing, mode="json")
    return value


def standing_from_json(value: Mapping[str, Any]) -> Standing:
    """The standing that `standing_to_json` wrote; raises pydantic.ValidationError for anything else."""
    return _standings().validate_python(value)


def gate_to_json(gate: GateSpec) -> dict[str, Any]:
    """The gate as plain JSON values; durations as ISO 8601."""
    value: dict[str, Any] = _gates().dump_python(gate, mode="json")
    return value


def gate_from_json(value: Mapping[str, Any]) -> GateSpec:
    """The gate that `gate_to_json` wrote; raises pydantic.ValidationError for anything else."""
    return _gates().validate_python(value)
