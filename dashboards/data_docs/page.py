"""One HTML file of a stream's data checks, without script, that needs no network; texts from logs are escaped.

Great Expectations has pages of its own. They are not used: they fetch styles and scripts from a dozen hosts, and their
templates print values without escaping them, so that text from a log could become part of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboards import format as fmt
from dashboards.data_docs.model import DocsPage
from dashboards.page import words

TONES: Mapping[str, str] = {
    **words.TONES,
    "passed": "good",
    "no_finding": "silent",
    "never_checked": "silent",
}
SIGNS: Mapping[str, str] = {**words.SIGNS, "passed": "✓", "no_finding": "∅", "never_checked": "∅"}
WORDS: Mapping[str, str] = {
    "passed": "kept",
    "failed": "broken",
    "error": "not carried out",
    "no_data": "no value to look at",
    "no_finding": "no finding",
    "never_checked": "never checked",
}


def page(shown: DocsPage) -> str:
    """The page as text."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("dashboards.data_docs"), PackageLoader("dashboards.page")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": fmt.moment, "iso": fmt.iso, "number": fmt.number, "link": fmt.safe_link}
    environment.globals |= {"tones": TONES, "signs": SIGNS, "words": WORDS}
    style = resources.files("dashboards.page").joinpath("style.css").read_text(encoding="utf-8")
    return environment.get_template("data_docs.html.j2").render(shown=shown, docs=shown.docs, style=Markup(style))


def _harmless(output: Any) -> Any:
    """What an expression may print: nothing as a dash, own markup as it is, other text with what hides made visible."""
    if output is None:
        return fmt.NOTHING
    if isinstance(output, Markup) or not isinstance(output, str):
        return output
    return fmt.visible(output)
