"""The page as one HTML text: templates, style, script and figures put together, and foreign text made harmless.

Three things keep log text from becoming part of the page: every expression of every template is made visible, cut and
escaped (`finalize` and autoescape, for all templates); data inside script elements cannot end them (`script_json`);
and the content security policy allows only the scripts whose digests the page itself names.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboards import format as fmt
from dashboards.page import charts, shape, words
from dashboards.page.model import PageView


def assemble(view: PageView) -> str:
    """One self-contained HTML file: no network, no server, readable without script, figures drawn when looked at."""
    blocks = shape.rollouts(view)
    figures = {
        anchor: figure
        for block in blocks
        for layer in block.layers
        for card in layer.cards
        for anchor, _, figure in card.figures
    }
    script = _part("page.js")
    plotly = charts.plotly_script() if figures else ""
    scripts = [script, plotly] if plotly else [script]
    return (
        environment("dashboards.page")
        .get_template("page.html.j2")
        .render(
            view=view,
            blocks=blocks,
            drift=shape.drift(view),
            style=Markup(_part("style.css")),
            script=Markup(script),
            plotly=Markup(plotly),
            figures=[(anchor, Markup(fmt.script_json(figure))) for anchor, figure in figures.items()],
            policy=Markup(_policy(scripts)),
        )
    )


def _part(name: str) -> str:
    return resources.files("dashboards.page").joinpath(name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    """A content security policy that runs these scripts and nothing else, and asks nothing of any host."""
    digests = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def environment(*packages: str) -> Environment:
    """The templates of these packages, a name being looked up in the first one that has it."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": fmt.number,
        "percent": fmt.percent,
        "moment": fmt.moment,
        "iso": fmt.iso,
        "short": fmt.short,
        "link": fmt.safe_link,
        "cut": _cut,
    }
    environment.globals |= {
        "value": fmt.value,
        "limit": fmt.limit,
        "interval": fmt.interval,
        "span": fmt.span,
        "plural": words.plural,
        "measure": words.measure,
        "headroom": words.headroom,
        "share_of": words.proof,
        "compared": words.COMPARED,
        "means": words.MEANS,
        "tones": words.TONES,
        "signs": words.SIGNS,
        "outcomes": words.OUTCOMES,
        "standings": words.STANDINGS,
        "decision_rows": shape.DECISION_ROWS,
    }
    return environment


def _cut(text: str, limit: int) -> Markup:
    """Foreign text cut at another length than usual; escaped here, because it must not be cut once more."""
    return Markup.escape(fmt.visible(text, limit))


def _harmless(output: Any) -> Any:
    """What an expression of a template may print: nothing as a dash, own markup as it is, foreign text made visible."""
    if output is None:
        return fmt.NOTHING
    if isinstance(output, Markup) or not isinstance(output, str):
        return output
    return fmt.visible(output)
