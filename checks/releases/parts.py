"""The parts of a release, and the columns of the logs that name their versions."""

from __future__ import annotations

from typing import Literal as OneOf

Part = OneOf["model", "prompt", "tools", "agent", "judge"]
PARTS: tuple[Part, ...] = ("model", "prompt", "tools", "agent", "judge")

COLUMNS: dict[str, Part] = {
    "model_requested": "model",
    "model_answered": "model",
    "prompt_version": "prompt",
    "tools_version": "tools",
    "agent_version": "agent",
    "judge_version": "judge",
}
"""Which part a column speaks of."""

UNKNOWN = "unknown"
"""How the version of a part is shown that the rows do not name. It is a state, never equal to any version."""
