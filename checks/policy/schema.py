"""The JSON Schema of a configuration file, for editors."""

from __future__ import annotations

from typing import Any

from checks.policy.configuration import ConfigurationFile


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `gatehold.yaml`.

    It describes single values; what must fit together (names, limits, error budgets) only `gatehold validate` sees.
    """
    made = ConfigurationFile.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "Gatehold configuration"}
