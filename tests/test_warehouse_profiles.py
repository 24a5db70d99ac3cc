"""Profiles are exact sums of what batches changed: any order, split or path gives the same, and so does a recount."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
from event_rows import START, Loader, at
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.drift import choosing
from warehouse.profiles import counting, fetching, pieces, reading, sampling, summing
from warehouse.profiles.schemes import stored
from warehouse.records.errors import LedgerError, UsageError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Profile, Scheme, from_json, profile_from_json, profile_to_json, to_json
from warehouse.records.streams import INTERACTIONS
from warehouse.store import Warehouse

BOT = Slice(rollout="bot")
DAY = timedelta(days=1)
LATENCY = Scheme(
    "interactions", "latency_ms", "", "number", START, 3600, scale=10.0, cuts=(0, 1, 50, 51, 1_000, 400_000)
)
TOKENS = Scheme("interactions", "input_tokens", "", "number", START, 3600, cuts=(0, 5, 10))
MODEL = Scheme("interactions", "model_answered", "", "category", START, 3600, values=("a", "b"))
USER = Scheme("interactions", "session_id", "", "bucket", START, 3600, buckets=4_096, hashed_by="1.5")
SEGMENT = Scheme("interactions", "segment", "", "category", START, 3600, values=("a",))
REFUSED = Scheme("interactions", "refused", "", "category", START, 3600, values=("false",))
TEXT: list[Scheme] = [
    *(
        Scheme("interactions", "prompt", part, "number", START, 3600, scale=10_000.0, cuts=(0, 1, 5_000, 10_000))
        for part in ("letters", "digits", "punctuation", "whitespace", "non_ascii")
    ),
    Scheme("interactions", "prompt", "length", "number", START, 3600, cuts=(0, 5, 10)),
    Scheme("interactions", "prompt", "words", "token", START, 3600, buckets=1_024, hashed_by="1.5"),
]
SCHEMES = [LATENCY, TOKENS, MODEL, USER, SEGMENT, REFUSED, *TEXT]


def row(number: int, **values: Any) -> dict[str, Any]:
    return {"event_id": f"e{number}", "occurred_at": at(number % 300), **values}


def profile(warehouse: Warehouse, scheme: Scheme, where: Slice = BOT, **span: Any) -> Profile:
    (found,) = reading.read(warehouse, [scheme], where, span.get("start", START), span.get("end", START + DAY))
    return found


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(Warehouse.in_memory(tmp_path))


def test_numbers_become_codes_bins_and_exact_sums(loader: Loader) -> None:
    values = [0.0, 0.04, 0.05, 0.15, 5.0, 5.01, 99.9, 100.0, -3.0, 40_000.0, 1e300, None, math.inf, math.nan]
    loader.add(row(i, latency_ms=value) for i, value in enumerate(values))
    assert summing.summarise(loader.warehouse, [LATENCY], INTERACTIONS) == 1
    found = profile(loader.warehouse, LATENCY)
    finite = [value for value in values if value is not None and math.isfinite(value)]
    codes = [int(min(10**12, numpy.rint(value * 10.0))) for value in finite]
    bins = Counter(int(numpy.searchsorted(LATENCY.cuts, code, side="right")) for code in codes)
    assert found.counts == tuple(bins[i] for i in range(7))
    assert (found.rows, found.missing, found.unusable) == (11, 1, 2)
    assert found.total == sum(codes)
    assert found.squares == sum(code * code for code in codes)
    assert found.totals[1] == 0


def test_categories_beyond_those_of_the_reference_are_one_and_truths_are_words(loader: Loader) -> None:
    names = ["a", "b", "c", None, "a", "'; DROP TABLE profile_bins; --"]
    loader.add(row(i, model_answered=name, refused=name == "a") for i, name in enumerate(names))
    summing.summarise(loader.warehouse, [MODEL, REFUSED], INTERACTIONS)
    assert profile(loader.warehouse, MODEL).counts == (2, 1, 2)
    assert profile(loader.warehouse, MODEL).missing == 1
    assert profile(loader.warehouse, REFUSED).counts == (4, 2)


def test_many_values_are_counted_by_hash(loader: Loader) -> None:
    loader.add(row(i, session_id=f"user {i % 3}" if i % 4 else None) for i in range(40))
    summing.summarise(loader.warehouse, [USER], INTERACTIONS)
    found = profile(loader.warehouse, USER)
    assert sorted(n for n in found.counts if n) == [10, 10, 10]
    assert (found.rows, found.missing) == (30, 10)


def test_texts_are_counted_by_kinds_of_characters_and_words(loader: Loader) -> None:
    texts = ["ab 12!", "", "Где ты", "the the THE cat.", "猫がいる", None]
    loader.add(row(i, prompt=text) for i, text in enumerate(texts))
    summing.summarise(loader.warehouse, TEXT, INTERACTIONS)
    found = {scheme.part: profile(loader.warehouse, scheme) for scheme in TEXT}
    codes = {
        "letters": [2 / 6, 0, 0, 12 / 16, 0],
        "digits": [2 / 6, 0, 0, 0, 0],
        "punctuation": [1 / 6, 0, 0, 1 / 16, 0],
        "whitespace": [1 / 6, 0, 1 / 6, 3 / 16, 0],
        "non_ascii": [0, 0, 5 / 6, 0, 1],
    }
    for part, shares in codes.items():
        assert found[part].total == sum(round(share * 10_000) for share in shares), part  # type: ignore[index]  # a part
    assert found["length"].total == 6 + 0 + 6 + 16 + 4
    words = found["words"]
    assert (words.rows, words.missing) == (5, 1)
    # ab, 12 | Где, ты | the, cat | four characters; no two of them share one of the 1,024 buckets here.
    assert sum(words.counts) == 2 + 2 + 2 + 4
    assert max(words.counts) == 1


def test_a_restatement_takes_away_what_it_replaces(loader: Loader) -> None:
    first = loader.add(row(i, latency_ms=1.0, prompt="one two", model_answered="a") for i in range(5))
    summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    before = [profile(loader.warehouse, scheme) for scheme in SCHEMES]
    loader.add([row(0, latency_ms=70_000.0, prompt="three", model_answered="b"), row(9, latency_ms=2.0)])
    summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    assert profile(loader.warehouse, LATENCY).total == 4 * 10 + 700_000 + 20
    assert profile(loader.warehouse, MODEL).counts == (4, 1, 0)
    recounted = reading.count_span(loader.warehouse, SCHEMES, INTERACTIONS, BOT, START, START + DAY)
    assert [profile(loader.warehouse, scheme) for scheme in SCHEMES] == recounted
    known = reading.read(loader.warehouse, SCHEMES, BOT, START, START + DAY, through_batch=first)
    assert known == before, "what was known when the first batch was in"


def test_a_batch_is_counted_once_and_rows_before_the_scheme_begins_are_not(loader: Loader) -> None:
    loader.add([row(1, latency_ms=1.0), {**row(2, latency_ms=1.0), "occurred_at": START - DAY}])
    assert summing.summarise(loader.warehouse, [LATENCY, TOKENS], INTERACTIONS) == 2
    assert summing.summarise(loader.warehouse, [LATENCY, TOKENS], INTERACTIONS) == 0
    assert profile(loader.warehouse, LATENCY, start=START - 2 * DAY).rows == 1
    loader.add([row(3, latency_ms=1.0)])
    seen: list[tuple[int, int]] = []
    summing.summarise(loader.warehouse, [LATENCY], INTERACTIONS, progress=lambda *done: seen.append(done))
    assert seen == [(1, 1)]
    assert stored(loader.warehouse) == sorted([LATENCY, TOKENS], key=lambda s: s.name)


def test_windows_and_slices_are_kept_apart(loader: Loader) -> None:
    loader.add(
        {**row(i), "occurred_at": at(30 * i), "segment": "ab"[i % 2], "arm": (None, "control")[i % 3 == 0]}
        for i in range(8)
    )
    loader.add([{**row(50), "rollout": "other"}])
    summing.summarise(loader.warehouse, [LATENCY], INTERACTIONS)
    assert profile(loader.warehouse, LATENCY).missing == 8
    assert profile(loader.warehouse, LATENCY, end=at(60)).missing == 2
    assert profile(loader.warehouse, LATENCY, Slice(rollout="bot", segment="a")).missing == 4
    assert profile(loader.warehouse, LATENCY, Slice(rollout="bot", arm="candidate")).missing == 5


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 12), st.floats(-1e5, 1e5) | st.none(), st.sampled_from(["x", "Wort 7", None])),
        max_size=40,
    ),
    cuts=st.lists(st.integers(0, 40), max_size=4),
)
def test_order_and_split_of_batches_never_change_a_profile(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], cuts: list[int]
) -> None:
    loader = Loader(Warehouse.in_memory(tmp_path_factory.mktemp("p")))
    edges = sorted({0, len(rows), *(c for c in cuts if c < len(rows))})
    for low, high in pairwise(edges):
        batch = {key: row(key, latency_ms=number, prompt=text) for key, number, text in rows[low:high]}
        loader.add(batch.values())
        if low % 2:
            summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    for scheme in SCHEMES:
        summing.summarise(loader.warehouse, [scheme], INTERACTIONS)
    if not rows:
        return
    recounted = reading.count_span(loader.warehouse, SCHEMES, INTERACTIONS, BOT, START, START + DAY)
    assert reading.read(loader.warehouse, SCHEMES, BOT, START, START + DAY) == recounted


def test_all_ways_of_counting_count_the_same(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """By cells or straight, in arrays or by hashing, in the engine or in numpy, whole or window by window."""
    random = numpy.random.default_rng(3)
    numbers = random.lognormal(3, 2, 600)
    # Halves that round to even, what does not fit two bytes, what is not finite.
    numbers[:8] = [0.05, 0.15, 0.25, 3_276.75, -3_276.85, 1e14, math.inf, math.nan]
    loader.add(row(i, latency_ms=x, prompt="a b", model_answered="abc"[i % 3]) for i, x in enumerate(numbers))
    monkeypatch.setattr(pieces, "CHUNK_ROWS", 100)
    straight: list[bool] = []
    real = counting.count

    def seen(*args: Any) -> counting.Counts:
        straight.append(not args[3].cells)
        return real(*args)

    monkeypatch.setattr(counting, "count", seen)
    found = []
    for large, arrays, fetched in ((10**9, 1, 0), (10**9, 1, 10**6), (50, 1, 0), (50, 10**6, 10**6), (100, 1, 0)):
        monkeypatch.setattr(pieces, "LARGE_ROWS", large)
        monkeypatch.setattr(counting, "ARRAY_ROWS", arrays)
        monkeypatch.setattr(fetching, "FETCH_ROWS", fetched)
        loader.warehouse.connection.execute("DELETE FROM profiled; DELETE FROM profile_bins")
        straight.clear()
        summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
        assert any(straight) is (large < 10**9)
        found.append(reading.read(loader.warehouse, SCHEMES, BOT, START, START + DAY))
    for one in found:
        for scheme, left, right in zip(SCHEMES, found[0], one, strict=True):
            assert left == right, scheme.name
    assert found[0] == reading.count_span(loader.warehouse, SCHEMES, INTERACTIONS, BOT, START, START + DAY)
    assert found[0][0].unusable == 2


@pytest.mark.parametrize("together", [10**9, 70], ids=["one transaction", "a transaction each"])
def test_large_batches_counted_together_are_kept_apart(
    loader: Loader, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(pieces, "LARGE_ROWS", 50)
    monkeypatch.setattr(pieces, "STEP_ROWS", together)
    days = [timedelta(0), DAY, DAY, 2 * DAY]
    for number, day in enumerate(days):
        # The third batch has two slices, and some of its values are missing.
        loader.add(
            row(
                100 * number + i,
                occurred_at=at(i) + day,
                latency_ms=None if number == 2 and i % 7 == 0 else float(i * number),
                prompt="a b" * (number + 1),
                model_answered="abc"[i % 3],
                segment="s" if number == 2 and i % 2 else "t",
            )
            for i in range(60)
        )
    assert summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS) == 4 * len(SCHEMES)
    for start in (START, START + DAY, START + 2 * DAY):
        for where in (Slice(rollout="bot"), Slice(rollout="bot", segment="s"), Slice(rollout="bot", segment="t")):
            recounted = reading.count_span(loader.warehouse, SCHEMES, INTERACTIONS, where, start, start + DAY)
            assert reading.read(loader.warehouse, SCHEMES, where, start, start + DAY) == recounted
            assert recounted[0].rows or where.segment == "s"


def test_what_fits_no_column_is_refused_and_damage_is_seen(loader: Loader) -> None:
    loader.add([row(1, latency_ms=1.0)])
    for scheme in (
        Scheme("interactions", "scores", "", "number", START, 3600),
        Scheme("interactions", "nothing", "", "category", START, 3600),
        Scheme("interactions", "latency_ms", "length", "number", START, 3600),
    ):
        with pytest.raises(UsageError, match="but its profile needs"):
            summing.summarise(loader.warehouse, [scheme], INTERACTIONS)
    summing.summarise(loader.warehouse, [LATENCY], INTERACTIONS)
    loader.warehouse.connection.execute("UPDATE profile_bins SET items = -1")
    with pytest.raises(LedgerError, match="counts fewer than no rows"):
        profile(loader.warehouse, LATENCY)


def test_schemes_and_profiles_survive_being_written(loader: Loader) -> None:
    for scheme in SCHEMES:
        again = from_json(to_json(scheme))
        assert again == scheme
        assert again.digest == scheme.digest
    assert len({scheme.digest for scheme in SCHEMES}) == len(SCHEMES)
    one = Profile("s", 3, 1, 0, (1, 2), (5, -7), 10**30)
    assert profile_from_json(profile_to_json(one)) == one


def test_a_stream_that_was_never_used_has_empty_profiles(loader: Loader) -> None:
    (found,) = reading.count_span(loader.warehouse, [MODEL], INTERACTIONS, BOT, START, START + DAY)
    assert (found.rows, found.missing, found.counts) == (0, 0, (0, 0, 0))
    (held,) = sampling.held(loader.warehouse, INTERACTIONS, ["latency_ms"], BOT, START, START + DAY)
    assert (held.rows, held.distinct, len(held.sample)) == (0, 0, 0)
    assert sampling.present(loader.warehouse, INTERACTIONS, ["latency_ms"]) == []


def test_what_a_reference_holds_chooses_the_schemes(loader: Loader) -> None:
    random = numpy.random.default_rng(1)
    loader.add(
        row(
            i,
            latency_ms=float(random.lognormal(5, 4)),
            confidence=round(float(random.random()), 3),
            cost=1e6 + float(random.random()),
            input_tokens=int(random.integers(0, 20_000)),
            output_tokens=7,
            prompt=f"Please help me with order {i}, it is late",
            session_id=f"user-{i % 1_500}",
            model_answered="ab"[i % 2],
            benign=bool(i % 5),
        )
        for i in range(3_000)
    )
    columns = ["latency_ms", "confidence", "cost", "input_tokens", "output_tokens"]
    columns += ["prompt", "session_id", "model_answered", "benign", "response"]
    held = sampling.held(loader.warehouse, INTERACTIONS, columns, BOT, START, START + DAY)
    setting = choosing.Setting(INTERACTIONS, "full", 50, START, 3600, sampling.hash_version(loader.warehouse))
    chosen = {scheme.name: scheme for scheme in choosing.schemes(held, setting)}
    assert chosen["confidence"].scale == 1_000.0, "its decimals are kept"
    assert chosen["input_tokens"].scale == 1.0
    assert chosen["latency_ms"].logarithmic
    assert chosen["cost"].offset, "about its middle"
    assert chosen["output_tokens"].cuts == (7_000, 7_001)
    assert chosen["session_id"].kind == "bucket"
    assert chosen["model_answered"].values == ("a", "b")
    assert set(chosen["benign"].values) == {"true", "false"}
    assert chosen["response"].values == ()
    assert {name for name in chosen if name.startswith("prompt.")} == {f"prompt.{s.part}" for s in TEXT}
    assert max(scheme.bins for scheme in chosen.values() if scheme.kind == "number") <= 256
    counted = reading.count_span(loader.warehouse, list(chosen.values()), INTERACTIONS, BOT, START, START + DAY)
    assert {found.rows + found.missing for found in counted} == {3_000}
