"""Drift is measured by fixed rules; what cannot be judged has a name; the page is offline and hostile text harmless."""

from __future__ import annotations

import inspect
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy
import pytest

from checks.drift import evidently_adapter, preparing
from checks.drift.evidently_adapter import compare
from checks.drift.records import ColumnDrift, DriftColumn, DriftReport
from warehouse.records.errors import UsageError

pytestmark = pytest.mark.slow

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"><img src=x onerror='alert(3)'>",
    '<a href="javascript:alert(4)">here</a>',
    "\x1b[2J\u202eevil\u2028",
    "{{7*7}}${7*7}",
    "'; DROP TABLE cells; --",
)


def frame(rows: int, seed: int, **columns: Any) -> Any:
    import pandas

    random = numpy.random.default_rng(seed)
    return pandas.DataFrame({name: make(random, rows) for name, make in columns.items()})


def normal(mean: float = 0.0) -> Any:
    return lambda random, rows: random.normal(mean, 1, rows)


def choice(values: Any, weights: Any = None) -> Any:
    return lambda random, rows: random.choice(numpy.array(values, dtype=object), rows, p=weights)


def same(value: Any) -> Any:
    return lambda random, rows: [value] * rows


def part(report: DriftReport, name: str) -> ColumnDrift:
    return next(column for column in report.columns if column.name == name)


def test_a_move_is_drift_and_none_is_not() -> None:
    columns = [DriftColumn("n", "numeric"), DriftColumn("c", "categorical"), DriftColumn("b", "boolean")]
    reference = frame(4000, 1, n=normal(), c=choice(["a", "b"], [0.8, 0.2]), b=choice([True, False], [0.9, 0.1]))
    quiet = frame(3000, 2, n=normal(), c=choice(["a", "b"], [0.8, 0.2]), b=choice([True, False], [0.9, 0.1]))
    moved = frame(3000, 3, n=normal(0.3), c=choice(["a", "z"], [0.8, 0.2]), b=choice([True, False], [0.4, 0.6]))
    still = compare(reference, quiet, columns)
    assert [column.drifted for column in still.columns] == [False, False, False]
    assert (still.share_drifted, still.share_at_least, still.share_at_most) == (0.0, 0.0, 0.0)
    drifted = compare(reference, moved, columns)
    assert [column.drifted for column in drifted.columns] == [True, True, True]
    assert drifted.share_drifted == 1.0
    assert part(drifted, "n").statistic == pytest.approx(0.3, abs=0.06)
    assert (drifted.reference_rows, drifted.current_rows, drifted.html) == (4000, 3000, None)


def test_method_and_limit_depend_on_the_kind_alone() -> None:
    columns = [DriftColumn("n", "numeric"), DriftColumn("c", "categorical", limit=0.3)]
    methods = set()
    for rows in (300, 3000):
        reference, current = (frame(rows, seed, n=normal(), c=choice(["a", "b"])) for seed in (1, 2))
        methods |= {(c.name, c.method, c.threshold) for c in compare(reference, current, columns).columns}
    assert methods == {("n", "wasserstein", 0.1), ("c", "jensenshannon", 0.3)}


def test_what_cannot_be_judged_is_named_and_never_no_drift() -> None:
    columns = {
        "constant": same(3.5),
        "nothing": same(None),
        "words": same("x"),
        "endless": same(float("inf")),
        "one": same("only"),
        "many": lambda random, rows: [str(value) for value in random.integers(0, 5000, rows)],
    }
    kinds = {"one": "categorical", "many": "categorical"}
    asked = [DriftColumn(name, kinds.get(name, "numeric")) for name in columns]  # type: ignore[arg-type]  # a dict of literals
    asked += [DriftColumn("absent", "numeric"), DriftColumn("void", "text")]
    reference, current = frame(900, 1, **columns, void=same(None)), frame(900, 2, **columns, void=same("x"))
    report = compare(reference, current, asked)
    assert {column.drifted for column in report.columns} == {None}
    reasons = {column.column: column.reason for column in report.columns}
    for name, words in {
        "constant": "constant in the reference",
        "nothing": "all values missing in the reference",
        "words": "not numeric",
        "endless": "infinite",
        "one": "constant",
        "many": "too few rows",
        "absent": "column missing in the reference and the current",
        "void": "all values missing in the reference",
    }.items():
        assert words in reasons[name], name
    assert report.share_drifted is None
    assert (report.share_at_least, report.share_at_most) == (0.0, 1.0)


@pytest.mark.parametrize(("left", "right"), [(0, 500), (500, 0), (0, 0), (199, 500), (500, 199)])
def test_too_few_rows_are_no_verdict(left: int, right: int) -> None:
    columns = [DriftColumn("n", "numeric"), DriftColumn("c", "categorical"), DriftColumn("t", "text")]
    make = {"n": normal(), "c": choice(["a", "b"]), "t": choice(["hello", "hello world"])}
    report = compare(frame(left, 1, **make), frame(right, 2, **make), columns, min_rows=200)
    assert {column.drifted for column in report.columns} == {None}
    assert all(column.reason for column in report.columns)
    assert report.share_drifted is None


def test_a_growing_share_of_missing_numbers_is_drift_though_the_rest_is_alike() -> None:
    def gaps(share: float) -> Any:
        return lambda random, rows: numpy.where(random.random(rows) < share, numpy.nan, random.normal(size=rows))

    report = compare(frame(3000, 1, n=gaps(0.05)), frame(3000, 2, n=gaps(0.6)), [DriftColumn("n", "numeric")])
    assert part(report, "n").drifted is False
    assert part(report, "n.missing").drifted is True
    assert report.share_drifted == 1.0


def test_texts_are_compared_by_length_and_characters() -> None:
    words = ["a plain request", "another, longer request of 2 lines", "why?", "tell me more about it, please!"]
    reference = frame(3000, 1, t=choice(words))
    alike = compare(reference, frame(3000, 2, t=choice(words)), [DriftColumn("t", "text")])
    assert {column.drifted for column in alike.columns} == {False}
    assert "t.length" in {column.name for column in alike.columns}
    foreign = compare(reference, frame(3000, 2, t=choice(["перевод", *words[:2]])), [DriftColumn("t", "text")])
    assert part(foreign, "t.non_ascii").drifted is True


def test_categories_beyond_the_top_are_one_and_new_ones_join_it() -> None:
    reference = frame(5000, 1, c=choice([f"v{i}" for i in range(5)]))
    fresh = frame(5000, 2, c=choice([f"v{i}" for i in range(4)] + [f"new{i}" for i in range(400)]))
    report = compare(reference, fresh, [DriftColumn("c", "categorical")], top=5)
    assert part(report, "c").drifted is True


def test_arrow_and_pandas_give_the_same_and_the_digest_is_that_of_the_reference() -> None:
    import pyarrow

    columns = [DriftColumn("n", "numeric"), DriftColumn("c", "categorical")]
    reference, current = (frame(1500, seed, n=normal(), c=choice(["a", "b", None])) for seed in (1, 2))
    tables = [pyarrow.Table.from_pandas(side) for side in (reference, current)]
    first, second = compare(reference, current, columns), compare(*tables, columns)
    assert first == second
    assert compare(reference, current[:1000], columns).reference_digest == first.reference_digest
    assert compare(current, current, columns).reference_digest != first.reference_digest


def test_of_very_many_rows_some_are_taken_and_all_are_counted() -> None:
    reference, current = frame(5000, 1, n=normal()), frame(5000, 2, n=normal(1))
    report = compare(reference, current, [DriftColumn("n", "numeric")], max_rows=2000)
    assert (report.reference_rows, part(report, "n").reference_rows) == (5000, 1667)
    assert part(report, "n").drifted is True


class Markup(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []
        self.scripts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        fetched = {
            key: value for key, value in attrs if key in ("src", "href") and not (value or "").startswith("data:")
        }
        if (
            tag in ("img", "iframe", "object", "embed", "link", "a")
            or fetched
            or any(k.startswith("on") for k, _ in attrs)
        ):
            self.live.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts.append(data)


def test_the_page_is_offline_and_hostile_text_is_not_live(tmp_path: Path) -> None:
    path = tmp_path / "pages" / "drift.html"
    make = {"c": choice([*HOSTILE, "plain"]), "t": choice(HOSTILE), "n": normal()}
    columns = [DriftColumn("c", "categorical"), DriftColumn("t", "text"), DriftColumn("n", "numeric")]
    report = compare(frame(900, 1, **make), frame(900, 2, **make), columns, html=path, title=HOSTILE[1])
    assert report.html == str(path)
    page = path.read_text(encoding="utf-8")
    for text in HOSTILE:
        assert text not in page
    assert not re.search(r"alert\([1-4]\)<", page)
    seen = Markup()
    seen.feed(page)
    assert seen.live == []
    assert not any("alert(" in script and "<" in script.split("alert(")[0][-9:] for script in seen.scripts)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy.group(1).startswith("default-src 'none'")
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert "not drifted" in page
    assert "plain" in page
    assert report.reference_digest[:12] in page


def test_a_page_is_written_even_when_no_column_could_be_measured(tmp_path: Path) -> None:
    path = tmp_path / "drift.html"
    compare(frame(5, 1, n=normal()), frame(5, 2, n=normal()), [DriftColumn("n", "numeric")], html=path)
    assert "too few rows" in path.read_text(encoding="utf-8")


def test_a_page_is_left_alone_when_it_still_tells_the_report(tmp_path: Path) -> None:
    path = tmp_path / "drift.html"
    path.write_text("as it was")
    rows, columns = (frame(500, 1, n=normal()), frame(500, 2, n=normal())), [DriftColumn("n", "numeric")]
    seen: list[DriftReport] = []
    report = compare(*rows, columns, html=path, kept=lambda report: seen.append(report) is None)
    assert seen == [report]
    assert path.read_text() == "as it was"
    assert compare(*rows, columns, html=path, kept=lambda _: False) == report
    assert "Share of drifted columns" in path.read_text(encoding="utf-8")


def test_distances_are_those_of_the_library_s_own_report() -> None:
    make = {"n": normal(0.2), "c": choice(["a", "b", None]), "b": choice([True, False]), "t": choice(["one", "two 2"])}
    left, right = frame(700, 1, **make), frame(400, 2, **make)
    kinds = {"n": "numeric", "c": "categorical", "b": "boolean", "t": "text"}
    columns = [DriftColumn(name, kind) for name, kind in kinds.items()]  # type: ignore[arg-type]  # a test's shorthand
    usable = [p for column in columns for p in preparing.parts(left, right, column, 50) if not p.reason]
    assert {p.numeric for p in usable} == {True, False}
    with evidently_adapter.library():
        run = evidently_adapter._run(usable)
    theirs = {result["config"]["column"]: result["value"] for result in run.dict()["metrics"]}
    assert evidently_adapter._distances(usable) == theirs


def test_names_that_are_no_columns_are_refused() -> None:
    rows = frame(5, 1, n=normal())
    with pytest.raises(UsageError, match="cannot be compared"):
        compare(rows, rows, [DriftColumn("<b>", "numeric")])
    with pytest.raises(UsageError, match="once"):
        compare(rows, rows, [DriftColumn("n", "numeric"), DriftColumn("n", "numeric")])


def test_it_writes_no_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    compare(frame(500, 1, n=normal()), frame(500, 2, n=normal()), [DriftColumn("n", "numeric")])
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_importing_the_adapter_does_not_load_the_library() -> None:
    assert not re.search(r"^(import|from) (evidently|pandas|numpy)", inspect.getsource(evidently_adapter), re.MULTILINE)
