"""One HTML file of the decision log, without script, that needs no network; texts from logs are escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboards import format as fmt
from dashboards.log_page.model import LogPage

TONES: Mapping[str, str] = {
    "go": "good",
    "expand": "good",
    "resume": "good",
    "start": "good",
    "pass": "good",
    "hold": "wait",
    "waive": "wait",
    "approve": "wait",
    "insufficient": "wait",
    "stale": "wait",
    "blocked": "wait",
    "no_data": "wait",
    "restate": "wait",
    "pause": "bad",
    "breach": "bad",
    "error": "bad",
}
"""Colour of a decision or outcome; the word beside it carries the meaning."""
WORDS: Mapping[str, str] = {
    "go": "may expand",
    "hold": "stay",
    "pause": "stopped",
    "start": "began",
    "expand": "went further",
    "resume": "went on",
    "retire": "ended",
    "retired": "ended",
    "sign_off": "signed off",
    "waive": "exception",
    "approve": "looser limit approved",
    "acknowledge": "taken on",
    "restate": "data corrected",
    "erase": "rows erased",
    "access": "people and rights",
}
"""What a kind of decision means, for readers who do not know its name."""
NAMED = 12
"""Gates that a line names; the rest is counted."""
LONGEST = 1000
"""Characters of foreign text that are shown."""


def render(shown: LogPage) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("dashboards.log_page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": fmt.moment, "iso": fmt.iso, "number": fmt.number, "short": fmt.short}
    environment.globals |= {"tones": TONES, "words": WORDS, "most": NAMED}
    return environment.get_template("log.html.j2").render(shown=shown)


def _harmless(output: Any) -> Any:
    """What an expression may print: nothing as a dash, own markup as it is, other text with what hides made visible."""
    if output is None:
        return fmt.NOTHING
    if isinstance(output, Markup) or not isinstance(output, str):
        return output
    return fmt.visible(output, LONGEST)
