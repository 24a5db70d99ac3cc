"""The built-in patterns as SQL: a cheap test first, candidates by RE2, and a check where a pattern alone is not enough.

Each maker takes the SQL of a text and gives the SQL of the text without what the pattern finds. All of it is our own
SQL; no text of a row or of the configuration is composed in.
"""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.records.redaction import PatternName


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`found` is RE2; with a check, `hint` is the SQL of a cheap test of `v`, `valid` of one of a candidate `c`."""

    hint: str
    found: str
    valid: str = ""


def _luhn(digits: str) -> str:
    """SQL: whether the digits fit the check of payment cards (ISO/IEC 7812, Luhn)."""
    each = (
        f"list_transform(split(reverse({digits}), ''), lambda d, i: "
        "CASE WHEN i % 2 = 1 THEN d::INTEGER ELSE (2 * d::INTEGER) % 10 + (2 * d::INTEGER) // 10 END)"
    )
    return f"list_sum({each}) % 10 = 0"


def _mod_97(account: str) -> str:
    """SQL: whether the account number fits its check (ISO 13616, mod 97 over letters as 10 to 35)."""
    turned = f"split(substr({account}, 5) || left({account}, 4), '')"
    numbers = f"list_transform({turned}, lambda d: CASE WHEN d >= 'A' THEN ascii(d) - 55 ELSE ascii(d) - 48 END)"
    step = "lambda a, d: (a * (CASE WHEN d > 9 THEN 100 ELSE 10 END) + d) % 97"
    return f"list_reduce({numbers}, {step}) = 1"


_HEX = "[0-9A-Fa-f]{1,4}"
_DIGITS = "regexp_replace(c, '[^0-9]', '', 'g')"
_OUTSIDE = r"[^\s\x00-\x1f@<>()\[\],;:\"\\]"
"""What may stand in an address, in any script; no quote and no escape, so that JSON stays JSON."""
# Grouped as printed first, so that digits behind a card are no part of it; then bare runs. 13 digits that begin with 1
# are a time in milliseconds, not a card.
_CARD = (
    r"\b(?:(?:4[0-9]|5[0-9]|2[2-7]|3[0-9]|6[0-9])[0-9]{2}(?:[ -]?[0-9]{4}){3}|3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5}"
    r"|[3-6][0-9]{12,18})\b"
)
_PHONE = r"(?:\+|\b00|\(|\b0|\b)[0-9](?:[ ()./-]{0,2}[0-9]){7,24}\b"
_DATE = r"^(?:[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4})\b"
_IPV4 = r"\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b"
_IPV6 = (
    rf"\b(?:{_HEX}:){{7}}{_HEX}\b|\b(?:{_HEX}:){{1,6}}(?::{_HEX}){{1,6}}\b|\b(?:{_HEX}:){{1,7}}:"
    rf"|::(?:{_HEX}:){{0,6}}{_HEX}\b"
)
_ACCOUNTS = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""Lengths of account numbers by country (IBAN registry): a fixed length keeps the words behind one out of it."""
_IBAN = "|".join(
    rf"\b(?:{'|'.join(lands.split())})[0-9]{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}\b"
    for length, lands in _ACCOUNTS.items()
)
_REST = r"[^\s\x00-\x1f\"\\',;&]"
_SECRETS = (
    r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{16,}\b",
    r"\bgh[opsur]_[A-Za-z0-9]{20,}",
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bglpat-[A-Za-z0-9_-]{16,}",
    r"\bhf_[A-Za-z0-9]{20,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{30,}",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    r"\b[Bb]earer +[A-Za-z0-9._~+/-]{12,}=*",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
)
# The word that says it is a secret stays; only what is said goes.
_SAID = (
    r"((?i:\b(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|secret[_-]?key|password|passwd))"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
)

_PATTERNS: dict[PatternName, _Pattern] = {
    # Before all others: what looks like a key may hold digits that look like something else.
    "api_key": _Pattern("", f"(?:{'|'.join(_SECRETS)})"),
    "email": _Pattern("", rf"{_OUTSIDE}+@{_OUTSIDE}+\.{_OUTSIDE[:-1]}0-9.]{{2,}}"),
    "iban": _Pattern(
        "regexp_matches(v, '(?i)[a-z]{2}[0-9]{2}[ -]?[a-z0-9]{4}')",
        f"(?i:{_IBAN})",
        _mod_97("regexp_replace(upper(c), '[^A-Z0-9]', '', 'g')"),
    ),
    "credit_card": _Pattern("regexp_matches(v, '[0-9](?:[ -]?[0-9]){12}')", _CARD, _luhn(_DIGITS)),
    "ip_address": _Pattern(
        "(regexp_matches(v, '[0-9][.][0-9]{1,3}[.][0-9]') OR contains(v, '::') "
        "OR regexp_matches(v, '[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:'))",
        f"{_IPV4}|{_IPV6}",
        # "add::fade" is no address; those that matter hold a digit.
        "regexp_matches(c, '[0-9]')",
    ),
    "phone": _Pattern(
        "regexp_matches(v, '[0-9](?:[ ()./-]{0,2}[0-9]){7}')",
        _PHONE,
        # A bare run of digits is more often a number of something else than one to call; so are dates and versions.
        "regexp_matches(c, '[0-9]{3}') AND regexp_matches(c, '^[+(0]|[ ()/-]|[0-9]{3}[.][0-9]{3}') "
        f"AND NOT regexp_matches(c, '{_DATE}') "
        "AND NOT regexp_matches(c, '[.][0-9]{1,2}[.]')",
    ),
}
"""In the order in which they are taken out."""


def out_of_text(name: PatternName, text: str) -> str:
    """SQL of the text with every find of one built-in pattern replaced by ``[name]``; NULL stays NULL."""
    pattern = _PATTERNS[name]
    if pattern.valid:
        # A list of one gives the text a name, so that it is computed once however often the SQL reads it.
        return f"list_transform([{text}], lambda v: CASE WHEN {pattern.hint} THEN {_each(name, pattern)} ELSE v END)[1]"
    # Not inside a lambda: there the pattern would be compiled again for every few rows.
    taken = f"regexp_replace({text}, {_quoted(pattern.found)}, '[{name}]', 'g')"
    if name == "api_key":
        taken = f"regexp_replace({taken}, {_quoted(f'{_SAID}{_REST}{{6,}}')}, '\\1[{name}]', 'g')"
    return taken


def in_order(names: tuple[PatternName, ...]) -> tuple[PatternName, ...]:
    """The patterns in the order in which they are to be taken out."""
    return tuple(name for name in _PATTERNS if name in names)


def _each(name: str, pattern: _Pattern) -> str:
    """SQL: every candidate in `v` that holds, replaced, the longest first, for one may be part of another."""
    found = f"list_distinct(regexp_extract_all(v, {_quoted(pattern.found)}))"
    held = f"list_filter({found}, lambda c: {pattern.valid})"
    longest = f"list_transform(list_sort(list_transform({held}, lambda c: {{'n': -length(c), 'c': c}})), lambda s: s.c)"
    return f"list_reduce(list_prepend(v, {longest}), lambda a, c: replace(a, c, '[{name}]'))"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
