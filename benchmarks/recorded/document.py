"""The page made of the recorded figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.recorded.figures import BOARD_MS, Bar, Figures, bars, pages

HEAD = """# What it costs

Made by `python -m benchmarks.recorded` from the figures in [benchmarks.json](benchmarks.json); do not edit. Each figure
is what the command named with it printed with `--json` on one shared machine with two processors and 24 GB. Its load
differed from minute to minute, so only ratios count: both sides of a ratio ran in turn in the same process, medians are
over the rounds, and results were seen to be equal before any time counted. Run the commands on yours.

![Ratios over bare scans, and of others over Gatehold](benchmarks.svg)
"""


def page(found: Mapping[str, Figures]) -> str:
    """The Markdown of the page."""
    scans, peers = bars(found)
    parts = [
        HEAD,
        *_goals([*scans, *peers, *pages(found)]),
        *_ingest(found["ingest"]),
        *_drift(found),
        *_quality(found),
        *_windows(found["windows"]),
        *_hourly(found["hourly"]),
        *_backfill(found["backfill"]),
        *_gate(found["gate_endpoint"]),
        *_board(found["board"]),
    ]
    return "\n".join(parts) + "\n"


def _goals(every: Sequence[Bar]) -> Iterator[str]:
    missed = [bar for bar in every if bar.reached is False]
    yield "## Where it loses\n"
    if not missed:
        yield "Every goal is reached in this recording.\n"
        return
    yield "Goals that this recording misses:\n"
    for bar in missed:
        yield f"- {bar.name}, over {bar.over}: {bar.ratio:.3g}; the goal is {bar.goal:g}."
    yield ""


def _ingest(found: Figures) -> Iterator[str]:
    yield f"""## Ingest

`python -m benchmarks.ingest`: {found["rows"]:,} rows of newline JSON with nested fields and texts of several hundred
characters ({_size(found["bytes"])}), the whole of what a batch goes through: quarantine, exactly-once, ledger, sums.

| files | over DuckDB's bare typed read of the same files into a table | rows a second |
|---|---|---|
| plain | {found["ratio_to_read_json"]:.2f} | {found["rows_per_second"]:,} |
| gzip | {found["ratio_to_read_json_gz"]:.2f} | {found["rows_per_second_gz"]:,} |
| zstd | {found["ratio_to_read_json_zst"]:.2f} | {found["rows_per_second_zst"]:,} |

A batch takes {found["growth"]:.2f} times as long behind {found["long_history"]:,} rows of history as behind
{found["short_history"]:,}: ids are looked for among the days that the batch touches. Peak memory of the process is {found["peak_memory_mb"]:,} MB without a
limit, {found["limited_peak_memory_mb"]:,} MB for one file of {_size(found["limited_bytes"])} when the engine is given
{found["memory_limit"]}, and {found["tripled_peak_memory_mb"]:,} MB for one of {_size(found["tripled_bytes"])}: a large plain file of lines is taken in by the gigabyte. That of
packed files and tables grows with their rows. A factor below one is noise of the machine.

The bare read makes a table and knows nothing: it neither keeps a row that it cannot read nor sees that a row came
before. The difference is that every row is parsed into all of its columns, what feeds none is kept, its digest is
taken, and it is looked for among the rows of its days. A large file that is likely to hold new rows alone goes straight
into the event table, and is taken back if it does not; any other stands in a table of its own until it is judged.
"""


def _drift(found: Mapping[str, Figures]) -> Iterator[str]:
    yield """## Drift

`python -m benchmarks.drift --rows N`: 20 columns (12 numbers, 6 categories, one of them with tens of thousands of
values, 2 lengths of texts), a reference day and a current day of N rows each. Both days are counted from their rows,
stored and compared; a look of the monitor, whose reference was pinned before, counts the current day alone.

| rows a day | over one sum of every column | Evidently over it | Evidently over a look | decisions equal to Evidently's | largest error of a distance |
|---|---|---|---|---|---|"""
    for rows in ("100,000", "1,000,000", "10,000,000"):
        one = found[f"drift {rows}"]
        equal = "-" if one["decisions_equal"] is None else f"{one['decisions_compared']} of {one['decisions_compared']}"
        errors = max(one["largest_error"].values()) if one["largest_error"] else None
        yield (
            f"| {rows} | {one['ratio_to_scan']:.2f} | {_times(one['evidently_over_ours'])} | "
            f"{_times(one.get('evidently_over_a_look'))} | {equal} | {'-' if errors is None else f'{errors:.1g}'} |"
        )
    peers = found["drift 1,000,000"]["peers_s"]
    small = found["drift 100,000"]["peers_s"]
    yield f"""
At ten million rows Evidently was not run (it would need some 20 GB). On the same two days, in seconds without loading: {_peers("100,000", small, found["drift 100,000"])}; {_peers("1,000,000", peers, found["drift 1,000,000"])}.
Frouros counts the numbers alone. At 100,000 rows a fixed cost of some forty small queries outweighs the counting.
"""


def _peers(rows: str, peers: Mapping[str, Any], ours: Figures) -> str:
    told = [f"{name} {value}" for name, value in peers.items()]
    return f"at {rows} rows Gatehold {ours['drift_s']}, Evidently {ours['evidently_s']}, {', '.join(told)}"


def _quality(found: Mapping[str, Figures]) -> Iterator[str]:
    yield """## Data quality

`python -m benchmarks.quality --rows N`: twelve expectations over N new rows, over one fused aggregate of the same rules.

| rows | Great Expectations on DuckDB (what a run does) | Great Expectations on pandas | Pandera on Polars |
|---|---|---|---|"""
    for rows in ("500", "100,000", "1,000,000"):
        one = found[f"quality {rows}"]
        yield (
            f"| {rows} | {one['gx_duckdb_over_fused']:.1f} | {one['gx_pandas_over_fused']:.1f} | "
            f"{_times(one['pandera_over_fused'])} |"
        )
    yield """
The frames of pandas and Polars are in memory before the clock starts. We lose to a fused aggregate by this factor, and
pay it for expectations that people know, with results that they can read; it is a fraction of a second an hour.
"""


def _windows(found: Figures) -> Iterator[str]:
    yield f"""## Windows

`python -m benchmarks.windows`: {found["rows"]:,} rows of {found["days"]} days, {found["metrics"]} metrics, windows of 1, 7
and 28 days by rollout and segment ({found["slices"]} slices). Cells and all windows together take
{found["ratio_to_scan"]:.2f} times one bare scan of the columns; one more length of window costs
{100 * found["extra_window_cost"]:.2g} % of that. The loop over slices of a frame that people write takes
{found["pandas_over_ours"]:,.0f} times as long, one `groupby` for each window {found["pandas_grouping_over_ours"]:,.0f} times; both
were timed on {found["pandas_sample_days"]} days and extrapolated to the year.
"""


def _hourly(found: Figures) -> Iterator[str]:
    yield f"""## An hourly run

`python -m benchmarks.hourly`: {found["rows"]:,} new rows ({_size(found["bytes_of_new_rows"])}) into a year of hourly batches
with {found["history"]:,} rows, ten gates, up to the published snapshot, in a process that has loaded what it needs. A run
takes {median(found["seconds"]):.2f} s: a constant of {found["constant_seconds"]:.2f} s (a run of {found["few_rows"]} rows) and
{found["ratio"]:.2f} times the bare typed read of the new rows into a table. With {found["times"]} times the rows of history it
takes {found["growth"]:.3f} times as long. Writing the page takes {found["page_seconds"]:.2f} s more.

Once a day of logs a run merges small groups of rows of the file and takes longer: the slowest of these took
{max(found["seconds"]):.2f} s, and {max(found["long_seconds"]):.2f} s with the longer history.
"""


def _backfill(found: Figures) -> Iterator[str]:
    speed = ", ".join(f"{number} readers {factor:.2f}" for number, factor in found["speed_up"].items())
    yield f"""## Backfill

`python -m benchmarks.backfill --prefect`: {found["metrics"]} metrics over {found["rows"]:,} rows of a year, a batch a day. The
live run day by day took {found["live_seconds"]:.0f} s; a backfill from nothing takes {median(found["seconds"]["1"]):.1f} s with one
reader, and ends with the same tables, row for row ({found["compared"]} comparisons, identical: {str(found["identical"]).lower()}).
Speed-up: {speed}. The engine uses both processors of this machine with one reader already, so that more of them gain
little here. Prefect adds {100 * found["prefect_overhead"]:.1f} % when the whole backfill is one task.
"""


def _gate(found: Figures) -> Iterator[str]:
    yield f"""## The gate endpoint

`python -m benchmarks.gate_endpoint`: what a deployment asks, while a monitor run writes in another process: half of the
answers within {found["p50_ms"]:.1f} ms, 95 % within {found["p95_ms"]:.1f} ms; a page of the same server that only says hello
takes {found["p95_hello_ms"]:.1f} ms (95 %).
"""


def _board(found: Figures) -> Iterator[str]:
    yield f"""## The board

`python -m benchmarks.board`: {found["readers"]} readers at the same time, each a page every {found["pause_seconds"]:g} s or so, of a
project with {found["gates"]} gates, a year of hourly runs and {found["history"]:,} events, while {found["runs_meanwhile"]} runs of the monitor
write in another process and publish a snapshot each. Milliseconds of server time, from receipt to the last byte, and in
the last column what a reader waits; the goal is {BOARD_MS} for 95 % of the overviews and of the pages of a rollout:

| page | half of the answers | 95 % | slowest | 95 %, as a reader waits |
|---|---|---|---|---|"""
    names = {
        "overview": "overview",
        "rollout": "a rollout",
        "metrics": "`/metrics`",
        "hello": "one that only says hello",
    }
    for page, name in names.items():
        times = (found[f"{key}_ms"] for key in (f"p50_{page}", f"p95_{page}", f"slowest_{page}", f"p95_{page}_waited"))
        yield f"| {name} | " + " | ".join(f"{time:.1f}" for time in times) + " |"
    yield """
A page is made once for all readers. While new figures are drawn they read the ones before, with the time as of which
those are true; when a standing, a verdict, a decision, a lease or the configuration changed, they wait for the new one."""


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
