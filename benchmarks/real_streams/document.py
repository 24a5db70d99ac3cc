"""The document that says where our gates win and where they lose, from the results alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.real_streams import car_loan, prose
from benchmarks.real_streams.figures import days, false_in, found_in, hours, labels_in
from benchmarks.real_streams.results import Loans, Results
from benchmarks.real_streams.scoring import median_delay


def written(found: Results) -> str:
    """The whole document as Markdown."""
    parts = [
        prose.introduction(),
        "## Car loans: columns that change once and for good",
        prose.loans(found),
        "### Looks of one day (about 165 rows)",
        columns_table(found.daily),
        by_column_table(found.daily),
        "### Looks of 5,000 rows",
        columns_table(found.chunks),
        "### Missing and unseen values",
        quality_table(found),
        prose.loans_verdict(found),
        "## NAB: short anomalies in streams with a rhythm",
        prose.hours_setting(found),
        hours_table(found),
        prose.hours_verdict(found),
    ]
    return "\n\n".join(parts) + "\n"


def columns_table(loans: Loans) -> str:
    """One row per method over all columns."""
    head = (
        "method", "changed columns found", "median delay", "false alarms", "columns without any",
        "table as a whole found after", "its false alarms",
    )  # fmt: skip
    rows = []
    for method, scores in loans.columns.scores.items():
        single = [scores[name] for name in car_loan.COLUMNS]
        whole = scores[car_loan.WHOLE]
        rows.append(
            (
                method,
                f"{found_in(single)} of {labels_in(single)}",
                days(median_delay(single)),
                str(false_in(single)),
                f"{sum(not one.false for one in single)} of {len(single)}",
                days(whole.delays.get(0)),
                str(len(whole.false)),
            )
        )
    return table(head, rows)


def by_column_table(loans: Loans) -> str:
    """One row per column: how large the change is, and what each method made of it."""
    methods = list(loans.columns.scores)
    rows = []
    for name, size in loans.columns.sizes.items():
        cells = []
        for method in methods:
            score = loans.columns.scores[method][name]
            cells.append(f"{days(score.delays.get(0)) if score.labels else 'no change'}; {len(score.false)} false")
        rows.append((f"`{name}`", f"{size:.3f}", *cells))
    return table(("column", "size of the change", *methods), rows)


def quality_table(found: Results) -> str:
    """One row per look length and method."""
    checks = list(next(iter(found.daily.quality.values())))
    rows = [
        (looks, method, *(f"{days(scores[check].delays.get(0))}; {len(scores[check].false)} false" for check in checks))
        for looks, loans in (("1 day", found.daily), ("5,000 rows", found.chunks))
        for method, scores in loans.quality.items()
    ]
    return table(("looks", "method", *checks), rows)


def hours_table(found: Results) -> str:
    """One row per method over all series."""
    head = (
        "method", "labelled windows found", "median delay", "false alarms", "per 1,000 looks", "series with any",
        "series without anomaly left in peace", "share of alarms that are right",
    )  # fmt: skip
    rows = []
    for method, scores in found.hours.scores.items():
        quiet = [one for one in scores if not one.labels]
        alarms = sum(len(one.alarms) for one in scores)
        rows.append(
            (
                method,
                f"{found_in(scores)} of {labels_in(scores)}",
                hours(median_delay(scores)),
                str(false_in(scores)),
                f"{1000 * false_in(scores) / sum(one.looks for one in scores):.1f}",
                f"{sum(bool(one.false) for one in scores)} of {len(scores)}",
                f"{sum(not one.false for one in quiet)} of {len(quiet)}",
                f"{100 * found_in(scores) / alarms:.0f} %" if alarms else "no alarm",
            )
        )
    return table(head, rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
