"""The sentences of the document; every figure in them comes from the results."""

from __future__ import annotations

import statistics
import textwrap

from benchmarks.real_streams import car_loan, nab
from benchmarks.real_streams.figures import days, false_in, found_in, hours
from benchmarks.real_streams.results import Results
from benchmarks.real_streams.scoring import Score, median_delay

INTRODUCTION = """# Real streams: where the gates win, and where they lose

Public data with known changes, watched by our gates and by the defaults of two drift tools on the same windows. This
page is written by `python -m benchmarks.real_streams`; a test checks that it says what a run finds.

| method | what it is |
| --- | --- |
| Gatehold | the gates of this project, through the functions that the product uses; alpha 0.05 a gate and epoch |
| Evidently | its own functions (0.7.23) with its own choice of test and threshold |
| NannyML | its rules written again from its documentation; the package itself is not run |
| an alarm at every look | no method: what a window of time earns by itself |

NannyML's thresholds come in two forms. The mean of the statistic over the reference's chunks plus or minus three
standard deviations is its rule for several statistics and for rates of missing values; for the Jensen-Shannon distance
used here its newer releases have the constant 0.1 instead. Both are shown.

**How it is scored, the same for all.** An alarm at a look that overlaps a labelled window finds that window; the delay
is from the label's start to the end of the look. Any other alarm is false. After a find a method starts afresh behind
the label, after a false alarm when the dead time is over (a day for NAB, thirty days for the car loans) or where a
label begins. Afresh is a new epoch with new evidence for our gates, and means nothing to rules that judge each look by
itself. The dead time limits how many false alarms there can be: an alarm at every look reaches that number, and finds
everything at once. So a delay counts only together with the false alarms beside it.

**What was chosen.** One configuration for each data set, the same for all its series or columns, fixed before any
of our gates was scored; nothing was tuned afterwards. The figures are those of that first choice."""


def introduction() -> str:
    """What is compared and how."""
    return INTRODUCTION


def loans(found: Results) -> str:
    """What the car loans are, how each method looks at them, and the check of the units."""
    checks = found.daily.columns.dispersion
    passed, worst = sum(check.passes for check in checks), max(check.upper or 0.0 for check in checks)
    sizes = sorted(found.daily.columns.sizes.values())
    changed = sum(size > car_loan.REAL_CHANGE for size in sizes)
    return wrapped(f"""50,000 reference rows and 50,000 later ones (synthetic, from the NannyML package); at row 25,000
        of the later ones something changes. Which columns count as changed is measured over all rows after it: a
        distance above {car_loan.REAL_CHANGE} from the reference (distribution functions for numbers, shares for
        categories). {changed} of {len(sizes)} columns changed; in the others (at most {sizes[-changed - 1]:.3f}) every
        alarm is false.

        Ours: the distribution of each column over the reference's deciles or categories, tolerance 0.05; all columns
        together pause by the mean of their evidence. Evidently calls a table drifted when half of its columns are;
        under NannyML's rules the table counts as drifted when any column is. For missing and unseen values ours is a
        share against the reference with tolerance 0.25; Evidently wants the share within 10 % of the reference's (its
        other default test, of the bare count, fails at every look smaller than the reference and is left out);
        NannyML has three deviations for missing values and none at all for unseen ones.

        Rows are units: our dispersion check allows it in {passed} of {len(checks)} columns (daily counts of the
        reference vary at most {worst:.2f} times as much as independent rows would, with 95 % confidence).""")


def loans_verdict(found: Results) -> str:
    """Where we win and lose on the car loans."""
    daily, chunks = found.daily.columns, found.chunks.columns
    false = {method: false_in(_columns(scores)) for method, scores in daily.scores.items()}
    chunked = {method: false_in(_columns(scores)) for method, scores in chunks.scores.items()}
    ours = [delay for one in _columns(daily.scores[car_loan.OURS]) for delay in one.delays.values()]
    first = median_delay(_columns(daily.scores[car_loan.ALWAYS]))
    quality = {method: false_in(scores.values()) for method, scores in found.daily.quality.items()}
    nulls = [found.daily.quality[car_loan.OURS][f"missing {name}"].delays.get(0) for name in car_loan.NULLS]
    return wrapped(f"""**Where we win.** With daily looks our gates raised {false[car_loan.OURS]} false alarms in
        {len(car_loan.COLUMNS)} columns, Evidently's defaults {false[car_loan.EVIDENTLY]}, NannyML's three deviations
        {false[car_loan.DEVIATIONS]} and its constant {false[car_loan.CONSTANT]}, of {false[car_loan.ALWAYS]} that the
        dead time allows. The distance of 165 rows from a reference is large by chance alone; neither a fixed threshold
        nor three deviations at {daily.looks} looks allow for that. For missing and unseen values it was
        {quality[car_loan.OURS]} for ours, {quality[car_loan.EVIDENTLY]} for Evidently and {quality[car_loan.THEIRS]}
        for NannyML.

        **Where we lose.** Time: the others see every change at the first look behind it ({days(first)}). Our gates see
        the two largest as soon, the smaller ones after up to {days(max(ours, default=None))}, and missing values after
        {" and ".join(days(delay) for delay in nulls)}. NannyML's three deviations on the rate of missing values are
        simply better there: sooner, with {quality[car_loan.THEIRS]} false alarm.

        With 5,000 rows a look there is nothing to win: noise is far below the fixed thresholds, so Evidently and
        NannyML's constant raise {chunked[car_loan.EVIDENTLY]} and {chunked[car_loan.CONSTANT]} false alarms, as we do
        {chunked[car_loan.OURS]} (three deviations: {chunked[car_loan.DEVIATIONS]}), and all find every change at the
        first look. Who looks only at thousands of rows at a time needs no evidence to find changes of this size.

        A new category with 1 to 2 % of the rows is within the tolerance of 0.05: the distribution gate is not meant to
        see it, it takes the gate on unseen values.""")


def hours_setting(found: Results) -> str:
    """What the series are, and the check of the units."""
    checks = found.hours.dispersion
    refused = [check for check in checks if not check.passes]
    blind = sum(check.upper is None for check in refused)
    return wrapped(f"""28 series of five-minute values (Numenta's anomaly benchmark: server metrics and artificial ones)
        with 36 labelled windows; six series have none. The first 15 % of each is pinned as the reference, as the
        benchmark itself allows; looks are hours of twelve rows.

        Our dispersion check refuses rows as units in {len(refused)} of {len(checks)} series ({blind} of them because
        their pinned period is too short or has a single value), so for our gates an hour is one unit, in all series
        alike. Two gates, both shown: the distribution of values over the deciles of the pinned period (tolerance 0.05;
        the pinned period counts as many units as it has hours), and the share of rows outside the range of the first
        half of the pinned period, against the second half (tolerance 0.5).
        {found.hours.refused[nab.DISTRIBUTION]} and {found.hours.refused[nab.RANGE]} series give no limit for them: a
        single value, and a reference that lies mostly outside its own range. Nothing is ever found there.""")


def hours_verdict(found: Results) -> str:
    """Where we lose on the series, why, and what is left."""
    return f"{_hours_lost(found)}\n\n{_hours_reasons(found)}\n\n{_hours_left(found)}"


def _hours_lost(found: Results) -> str:
    scores = found.hours.scores
    return wrapped(f"""**Where we lose: here.** Our gates find {found_in(scores[nab.DISTRIBUTION])} and
        {found_in(scores[nab.RANGE])} of the labelled windows, NannyML's three deviations
        {found_in(scores[nab.DEVIATIONS])}. They are the wrong tool for short anomalies:""")


def _hours_reasons(found: Results) -> str:
    scores, false = found.hours.scores, found.hours.scores[nab.DISTRIBUTION]
    crying = [moved or 0.0 for moved, one in zip(found.hours.moved, false, strict=True) if one.false]
    return bullets(
        f"""Evidence is gathered over looks. With hours as units the gates took {hours(median_delay(false))} and
        {hours(median_delay(scores[nab.RANGE]))} (median) where they found anything; but in half of the labelled windows
        no more than {statistics.median_low(found.hours.strange)} hours hold any value outside the range.""",
        """About fifty pinned hours (sixteen in one series) say little about a stream, and limits are set as far from
        them as that asks for.""",
        f"""The gates ask another question. All {false_in(false)} false alarms of the distribution gate are in
        {len(crying)} series, and in each of these the values outside the labelled windows lie at least
        {min(crying):.2f} from the pinned period (largest gap between distribution functions; the tolerance is 0.05).
        The stream did move; but the labels are for anomalies, and the gate, started afresh against the old reference,
        says so again every day or two.""",
    )


def _hours_left(found: Results) -> str:
    scores = found.hours.scores
    false = {method: false_in(every) for method, every in scores.items()}
    quiet = {name: sum(not one.false for one in every if not one.labels) for name, every in scores.items()}
    deviations, widened = found.hours.widened
    return wrapped(f"""**What is left.** The series without an anomaly are left in peace by our gates
        ({quiet[nab.DISTRIBUTION]} and {quiet[nab.RANGE]} of 6); Evidently's defaults leave {quiet[nab.EVIDENTLY]},
        three deviations {quiet[nab.DEVIATIONS]}. Evidently and NannyML's constant find more because they alarm nearly
        always: of {false[nab.ALWAYS]} false alarms that the dead time allows they raise {false[nab.EVIDENTLY]} and
        {false[nab.CONSTANT]}. Three deviations are the best of the rules here, at {false[nab.DEVIATIONS]} false
        alarms. Widened to {deviations:g} deviations (chosen after the fact, so that it cries wolf no more often than
        our gate on the range: {false_in(widened)} against {false[nab.RANGE]}) the rule finds {found_in(widened)}
        windows, ours {found_in(scores[nab.RANGE])}: at equal noise there is little between them.

        For short spikes use a detector of anomalies, and give its daily count of alarms to a gate. And a stream with a
        daily rhythm breaks what hours as units assume, that what to expect of an hour does not depend on the hours
        before: that the quiet series came through proves nothing for others.""")


def wrapped(text: str) -> str:
    """The paragraphs of the text in lines of at most 120 characters."""
    return "\n\n".join(_filled(part) for part in text.split("\n\n"))


def bullets(*items: str) -> str:
    """A list in lines of at most 120 characters."""
    return "\n".join(_filled(f"* {item}", indent="  ") for item in items)


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()), 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _columns(scores: dict[str, Score]) -> list[Score]:
    return [scores[name] for name in car_loan.COLUMNS]
