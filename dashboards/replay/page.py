"""One HTML file of the differences, without script, that needs no network; texts from logs are escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboards import format as fmt
from dashboards.replay.model import Replay

TONES: Mapping[str, str] = {
    "go": "good",
    "pass": "good",
    "hold": "wait",
    "insufficient": "wait",
    "stale": "wait",
    "blocked": "wait",
    "pause": "bad",
    "breach": "bad",
    "error": "bad",
}
"""Colour of a standing or outcome; the word beside it carries the meaning."""


def page(found: Replay) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("dashboards.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = fmt.moment
    environment.filters["number"] = fmt.number
    return environment.get_template("replay.html.j2").render(found=found, tones=TONES)


def _harmless(value: Any) -> Any:
    return fmt.visible(value) if type(value) is str else value
