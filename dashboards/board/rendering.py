"""Pages as text: the static page's templates and words, and the board's own beside them."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from dashboards import format as fmt
from dashboards.board import assets, plots
from dashboards.log_page.page import WORDS
from dashboards.page.assemble import environment


def render(template: str, **given: Any) -> str:
    """The page of a template of this package."""
    return _environment().get_template(f"{template}.html.j2").render(**given)


@cache
def _environment() -> Environment:
    made = environment("dashboards.board", "dashboards.page")
    made.filters |= {"segment": segment, "prose": prose}
    made.globals |= {"asset": assets.address, "plot": plots.draw, "legend": plots.legend, "kinds": WORDS}
    return made


def prose(text: str, limit: int) -> Markup:
    """Foreign text of which people read up to `limit` characters: its lines stay, all that hides is made visible."""
    lines = text[:limit].replace("\r\n", "\n").expandtabs(4).split("\n")
    return Markup.escape("\n".join(fmt.visible(line, len(line)) for line in lines))


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
