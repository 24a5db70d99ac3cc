"""The self-contained page: one HTML file that needs no network and no server."""

from __future__ import annotations

from dashboards.page.model import PageView


def render(view: PageView) -> str:
    """One self-contained HTML file: readable without script, figures drawn when looked at, foreign text harmless."""
    from dashboards.page.assemble import assemble

    return assemble(view)
