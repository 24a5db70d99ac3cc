"""How far evidence has come, on the terminal: both ways for each gate, and together for a rollout.

Everything is read from published standings; what an older version published may lack parts, which are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flows.cli import terminal

BAR = 10
INDENT = terminal.LABEL + 4
MOST_AGREEMENTS = 6
MEANS = {
    "every_window": "The limit is for what can be expected of every window.",
    "long_run": "The limit is for the mean over many windows; a single one may break it.",
}

Found = Mapping[str, Any]


def show_gate(verdict: Found) -> None:
    """Print how far a gate with evidence has come both ways, and what is known; nothing for any other gate."""
    meters = [("breach", verdict.get("meter_breach")), ("pass", verdict.get("meter_pass"))]
    shown = [part for name, share in meters if share is not None for part in _meter(name, share)]
    if shown:
        terminal.say(terminal.Text.assemble(*shown), indent=INDENT)
        terminal.say("; ".join(_known(verdict)) + ".", indent=INDENT)
    for found in verdict.get("agreements", ())[:MOST_AGREEMENTS]:
        terminal.say(_agreed(found), indent=INDENT)


def show_grounds(verdicts: Sequence[Found]) -> None:
    """Print what the verdicts of gates with evidence rest on and what their limits mean, each once with its gates."""
    grounds: dict[str, list[str]] = {}
    evidence = [v for v in verdicts if v.get("meter_breach") is not None]
    for verdict in evidence:
        for ground in (verdict.get("assumes", ""), MEANS.get(verdict.get("means", ""), "")):
            if ground:
                grounds.setdefault(ground, []).append(verdict["gate"])
    if grounds:
        terminal.say("what this rests on", "bold dim")
    for ground, gates in grounds.items():
        who = "All gates with evidence" if len(gates) == len(evidence) else ", ".join(gates)
        terminal.say(f"{who}: {ground[0].lower()}{ground[1:]}", "dim", indent=2)


def show_rollout(found: Found) -> None:
    """Print the weakest gate, what all gates prove together, where to look first, and how often it errs."""
    for line in _together(found):
        terminal.say(line, indent=2)
    if budget := found.get("budget"):
        terminal.say(budget, "dim", indent=2)


def _meter(name: str, share: float) -> Iterator[terminal.Text | str]:
    """A bar of plain characters: full is proof."""
    full = int(BAR * share)
    yield f"{name} "
    yield terminal.Text(f"[{'#' * full}{'.' * (BAR - full)}]", style=terminal.STYLES[name])
    yield f" {100 * share:3.0f} %    "


def _known(verdict: Found) -> Iterator[str]:
    units, unit = verdict["units"], verdict["unit"]
    yield f"{units:,} {unit}{'' if units == 1 else 's'}"
    if verdict.get("low") is not None and verdict.get("high") is not None:
        yield f"between {amount(verdict, verdict['low'])} and {amount(verdict, verdict['high'])}"
    if verdict.get("headroom") is not None:
        yield f"headroom {percent(verdict['headroom'])}"
    if more := verdict.get("more_units"):
        time = verdict.get("more_seconds")
        yield f"about {_rounded(more):,} more needed" + (f" ({_span(time)})" if time else "")


def _agreed(found: Found) -> str:
    name = found["name"] or "no segment named"
    if found["agreement"] is None:
        return f"Judge, {name}: no label yet that could be compared."
    ends = f"{100 * found['low']:.3g} % to {100 * found['high']:.3g} %"
    return f"Judge, {name}: people agree with {100 * found['agreement']:.3g} % ({ends}) of {found['labels']:,} items."


def _together(found: Found) -> Iterator[str]:
    if weakest := found.get("weakest"):
        room = found.get("headroom")
        said = f"Weakest gate: {weakest} (headroom {'unknown' if room is None else percent(room)})"
        if runner_up := found.get("next_weakest"):
            said += f", then {runner_up}"
        if (gain := found.get("gain")) is not None:
            said += f"; mending it gains {percent(gain)}"
        yield f"{said}."
    evidence, proof = found.get("combined"), found.get("combined_proof")
    if evidence is not None and proof:
        share = min(1.0, max(0.0, evidence / proof))
        yield f"All gates that pause are together {100 * share:.0f} % of the way to a pause."
    if triage := found.get("triage"):
        yield f"Look first at: {', '.join(triage)}."


def amount(verdict: Found, value: float) -> str:
    """A value of a gate's measure for people, as in the gate's own sentences."""
    test, measure = verdict.get("test"), verdict["measure"]
    if test == "odds_ratio":
        return f"{value:.3g}"
    if test == "distribution" or verdict["kind"] in ("rate", "assisted") or measure.strip().lower().startswith("share"):
        return f"{100 * value:.3g} %"
    return f"{value:.4g} {measure}".rstrip()


def percent(share: float) -> str:
    """A share of the room between limit and target; what is far below the limit is not counted in digits."""
    return f"{100 * share:.0f} %" if share > -10.0 else "far below 0 %"


def _span(seconds: float) -> str:
    """A length of time for people."""
    from checks.gates.wording import span

    return span(timedelta(seconds=seconds))


def _rounded(number: int) -> int:
    """To two digits, upwards."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step
