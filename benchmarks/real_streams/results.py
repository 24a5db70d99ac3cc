"""All results of one run, in the form that the document, the plot and the tests read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.real_streams import car_loan, nab
from benchmarks.real_streams.scoring import Score


@dataclass(frozen=True, slots=True)
class Loans:
    """The car loans at one length of looks: drift of columns, and shares of missing and unseen values."""

    columns: car_loan.Columns
    quality: dict[str, dict[str, Score]]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured."""

    hours: nab.Hours
    daily: Loans
    chunks: Loans


def everything(data: Path) -> Results:
    """Measure all of it: about a minute."""
    folder = data / "nannyml_car_loan"
    loans = [
        Loans(
            car_loan.run(car_loan.watched(folder, "car_loan.parquet", cut)),
            car_loan.quality(car_loan.watched(folder, "car_loan_dq.parquet", cut)),
        )
        for cut in (car_loan.daily, car_loan.chunks)
    ]
    return Results(nab.run(data / "nab"), *loans)
