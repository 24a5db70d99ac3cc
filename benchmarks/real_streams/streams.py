"""The public data: the NAB series with their labelled windows, and the car loans with drift from row 25,000 on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

DATA = Path(os.environ.get("GATEHOLD_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

Span = tuple[datetime, datetime]
Times = NDArray[np.datetime64]
Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Series:
    """One NAB series, ascending in time, and its labelled anomaly windows."""

    name: str
    times: Times
    values: NDArray[np.float64]
    labels: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One period of the car loans: the time and the columns of its rows, ascending in time."""

    times: Times
    columns: dict[str, Values]


def nab(folder: Path) -> list[Series]:
    """All series of the folder by name."""
    rows = duckdb.connect().execute(
        "SELECT series, list(ts ORDER BY ts, value), list(value ORDER BY ts, value) "
        "FROM read_parquet($file) GROUP BY series ORDER BY series",
        {"file": str(folder / "series.parquet")},
    )
    labels = {
        entry["series"]: tuple(
            (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in entry["anomaly_windows"]
        )
        for entry in json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    }
    return [
        Series(name, np.array(times, dtype="datetime64[us]"), np.array(values, dtype=float), labels[name])
        for name, times, values in rows.fetchall()
    ]


def car_loan(folder: Path, file: str) -> tuple[Table, Table]:
    """The reference and the analysis period of one of the two files, in the order of their rows."""
    return _period(folder / file, "reference"), _period(folder / file, "analysis")


def _period(file: Path, period: str) -> Table:
    frame = (
        duckdb.connect()
        .execute(
            "SELECT * EXCLUDE (period) FROM read_parquet($file) WHERE period = $period ORDER BY timestamp, id",
            {"file": str(file), "period": period},
        )
        .df()
    )
    columns = {name: frame[name].to_numpy() for name in frame.columns if name != "timestamp"}
    return Table(frame["timestamp"].to_numpy().astype("datetime64[us]"), columns)


def moment(time: np.datetime64) -> datetime:
    """The same time as a datetime without zone, as the data have it."""
    found = time.astype("datetime64[us]").item()
    assert isinstance(found, datetime)
    return found
