"""Puts our own judgement on top of the drift page, and makes sure that the page asks nothing of the network."""

from __future__ import annotations

from html import escape

from checks.drift.records import ColumnDrift, DriftReport

_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "worker-src blob:; base-uri 'none'; form-action 'none'\">"
)
_STYLE = "font-family:sans-serif;font-size:14px;margin:24px auto;max-width:1200px"


def framed(page: str, report: DriftReport, title: str) -> str:
    """The page with a policy that forbids every request, a title, and a table of what was judged and why not."""
    head = f"{_POLICY}<title>{escape(title)}</title>"
    page = page.replace("<head>", f"<head>{head}", 1)
    return page.replace("<body>", f"<body>{_summary(report, title)}", 1)


def _summary(report: DriftReport, title: str) -> str:
    rows = "".join(_row(column) for column in report.columns)
    return (
        f'<section style="{_STYLE}"><h1>{escape(title)}</h1>'
        f"<p>{report.current_rows} rows against {report.reference_rows} reference rows "
        f"({escape(report.reference_digest[:12])}). Share of drifted columns: {escape(_share(report))}.</p>"
        '<table border="1" cellpadding="6" style="border-collapse:collapse"><tr><th>Column</th><th>Judgement</th>'
        "<th>Distance</th><th>Limit</th><th>Expected without drift</th><th>Method</th><th>Rows</th></tr>"
        f"{rows}</table><p>The charts below show the columns that could be measured; where their colour and this table "
        "differ, the table counts.</p></section>"
    )


def _row(column: ColumnDrift) -> str:
    judgement = {True: "drifted", False: "not drifted", None: f"not judged: {column.reason}"}[column.drifted]
    cells = (
        column.name,
        judgement,
        _number(column.statistic),
        _number(column.threshold),
        _number(column.noise),
        column.method,
        f"{column.current_rows} / {column.reference_rows}",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _share(report: DriftReport) -> str:
    if report.share_drifted is not None:
        return f"{report.share_drifted:.0%}"
    if report.share_at_least is None or report.share_at_most is None:
        return "unknown, no columns"
    return f"unknown, between {report.share_at_least:.0%} and {report.share_at_most:.0%}"
