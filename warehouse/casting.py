"""From text to a column's type, and what is wrong with a value that does not fit, as SQL.

In the SQL made here ``"_g_<column>"`` is the value as text and ``"<column>"`` the value in its type.
"""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.records.streams import Column

SQL_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "JSON",
}
_EPOCHS = {"unix_s": ("epoch seconds", 1), "unix_ms": ("epoch milliseconds", 1_000)}
_ALLOWED = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true, false, 1 or 0",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that keeps a row out, with reason code and the SQL of a sentence about it."""

    condition: str
    reason: str
    detail: str


def typed(column: Column, time_format: str, format_parameter: str) -> str:
    """SQL of the value in its type, NULL where the text does not fit; `format_parameter` holds a strptime pattern."""
    given = f'"_g_{column.name}"'
    match column.type:
        case "text":
            return given
        case "integer":
            # Casting 0.5 to an integer would round it: only whole numbers are taken.
            number = f"TRY_CAST({given} AS DOUBLE)"
            return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({given} AS BIGINT) END"
        case "number":
            return f"TRY_CAST({given} AS DOUBLE)"
        case "boolean":
            return (
                f"CASE WHEN lower({given}) IN ('true', '1', '1.0') THEN true "
                f"WHEN lower({given}) IN ('false', '0', '0.0') THEN false END"
            )
        case "time":
            return _time(given, time_format, format_parameter)
        case "json":
            # Exporters often write JSON as a string inside JSON.
            inner = f"({given} ->> '$')"
            nested = f"starts_with({given}, '\"') AND left({inner}, 1) IN ('{{', '[') AND json_valid({inner})"
            return f"CAST(CASE WHEN {nested} THEN {inner} ELSE {given} END AS JSON)"


def _time(given: str, time_format: str, format_parameter: str) -> str:
    if time_format in _EPOCHS:
        per_second = _EPOCHS[time_format][1]
        number = f"TRY_CAST({given} AS DECIMAL(24, 6))"
        # Beyond the year 5138 the engine's own conversion may overflow.
        return (
            f"CASE WHEN abs({number}) < {100_000_000_000 * per_second} "
            f"THEN make_timestamptz(CAST({number} * {1_000_000 // per_second} AS BIGINT)) END"
        )
    moment = f"TRY_CAST({given} AS TIMESTAMPTZ)"
    if time_format != "iso":
        moment = f"CAST(try_strptime({given}, {format_parameter}) AS TIMESTAMPTZ)"
    span = "TIMESTAMPTZ '0001-01-02 00:00:00+00' AND TIMESTAMPTZ '9999-12-30 00:00:00+00'"
    return f"CASE WHEN {moment} BETWEEN {span} THEN {moment} END"


def rules(column: Column, time_format: str, bind: dict[str, object], origin: str, told: str) -> list[Rule]:
    """What keeps a row out because of this column, in the order of precedence; values for messages go into `bind`.

    `origin` is where the value comes from, `told` the SQL of its text for messages.
    """
    name, given = f'"{column.name}"', f'"_g_{column.name}"'
    found = []
    if not column.nullable:
        found.append(_missing(column, bind, origin))
    if column.type in _ALLOWED:
        detail = _sentence(column, told, f"', which is not {_ALLOWED[column.type]}'")
        found.append(Rule(f"{given} IS NOT NULL AND {name} IS NULL", "wrong_type", detail))
    if column.type == "number" and column.outside == "quarantine":
        detail = _sentence(column, told, "'; allowed is a finite number, or nothing'")
        found.append(Rule(f"NOT isfinite({name})", "not_finite", detail))
    if column.type == "time":
        found += _time_rules(column, time_format, bind, told)
    condition = outside(column, bind)
    if condition is not None and column.outside == "quarantine":
        reason = "not_a_choice" if column.type == "text" else "outside_range"
        bind[f"w_{column.name}"] = f"; allowed is {_range_text(column)}"
        found.append(Rule(condition, reason, _sentence(column, told, f"$w_{column.name}::VARCHAR")))
    return found


def outside(column: Column, bind: dict[str, object]) -> str | None:
    """SQL of the condition that a value lies outside its column's range or choices; None when it has none."""
    name = f'"{column.name}"'
    if column.type == "text" and column.choices:
        bind[f"c_{column.name}"] = list(column.choices)
        return f"NOT list_contains($c_{column.name}::VARCHAR[], {name})"
    if column.type not in ("number", "integer"):
        return None
    parts = []
    if column.low is not None:
        bind[f"l_{column.name}"] = float(column.low)
        parts.append(f"{name} < $l_{column.name}::DOUBLE")
    if column.high is not None:
        bind[f"h_{column.name}"] = float(column.high)
        parts.append(f"{name} > $h_{column.name}::DOUBLE")
    if column.type == "number" and column.outside == "flag":
        parts.append(f"NOT isfinite({name})")
    return f"({' OR '.join(parts)})" if parts else None


def _missing(column: Column, bind: dict[str, object], origin: str) -> Rule:
    bind[f"o_{column.name}"] = (
        f'column "{column.name}" has no value, and every row needs one; it is read from {origin!r}'
    )
    given = f'"_g_{column.name}"'
    return Rule(f"{given} IS NULL OR {given} = ''", "missing_value", f"$o_{column.name}::VARCHAR")


def _time_rules(column: Column, time_format: str, bind: dict[str, object], told: str) -> list[Rule]:
    name, given = f'"{column.name}"', f'"_g_{column.name}"'
    bind[f"t_{column.name}"] = f" with time_format {time_format!r}"
    hint = _hint(given, time_format)
    detail = _sentence(column, told, f"', which is not a time' || $t_{column.name}::VARCHAR || {hint}")
    found = [Rule(f"{given} IS NOT NULL AND {name} IS NULL", "time_unreadable", detail)]
    if column.name == "occurred_at":
        limits = "'; allowed is from 2000-01-01 up to one day after the time of reading'"
        detail = _sentence(column, told, f"', which reads as ' || {name}::VARCHAR || {limits} || {hint}")
        early = f"{name} < TIMESTAMPTZ '2000-01-01 00:00:00+00'"
        found.append(Rule(f"{early} OR {name} > $now + INTERVAL 1 DAY", "time_implausible", detail))
    return found


def _hint(given: str, time_format: str) -> str:
    """SQL of a sentence that says which time format would read the value; empty when none would."""
    tests = []
    number = f"TRY_CAST({given} AS DOUBLE)"
    for other, (words, per_second) in _EPOCHS.items():
        if other != time_format:
            between = f"{946_684_800 * per_second} AND {4_102_444_800 * per_second}"
            tests.append(f"WHEN {number} BETWEEN {between} THEN '; time_format \"{other}\" would read it as {words}'")
    if time_format != "iso":
        readable = f"TRY_CAST({given} AS TIMESTAMPTZ) > TIMESTAMPTZ '2000-01-01 00:00:00+00'"
        tests.append(f"WHEN {readable} THEN '; time_format \"iso\" would read it'")
    return f"CASE {' '.join(tests)} ELSE '' END"


def _sentence(column: Column, told: str, rest: str) -> str:
    return f"'column \"{column.name}\" is given ' || to_json(left({told}, 80))::VARCHAR || {rest}"


def _range_text(column: Column) -> str:
    if column.type == "text":
        return "one of " + ", ".join(column.choices)
    unit = f" {column.unit}" if column.unit else ""
    if column.low is None:
        return f"at most {column.high:g}{unit}"
    if column.high is None:
        return f"at least {column.low:g}{unit}"
    return f"{column.low:g} to {column.high:g}{unit}"
