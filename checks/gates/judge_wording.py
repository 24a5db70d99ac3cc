"""The sentences about a judge: how far people agree with it, what it still lacks, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.gates.judges import JudgeSpec
    from checks.gates.records import Agreement, Verdict

_LONGEST = 40


def said(spec: JudgeSpec, reason: str, found: Agreement, *, rubric: str, coverage: float, more: int | None) -> str:
    """What is known of one version of the judge, and what it lacks."""
    who = f"Judge {spec.name} (version {short(found.name)})"
    floor = f"at least {_share(spec.min_agreement)} is asked"
    match reason:
        case "judge_changed":
            return (
                f"{who} scores now, but every labelled item was judged by another version. Have "
                f"{_items(spec.min_labels)} that it scored labelled by people."
            )
        case "judge_rubric":
            return (
                f"{who} has {_items(found.labels)} labelled under rubric {short(rubric) or 'none named'} and "
                f"needs {spec.min_labels:,}; those under other rubrics do not count. Have {_more(more)} labelled."
            )
        case "judge_stale":
            return (
                f"{who} has only {_items(found.labels)} labelled recently enough and needs {spec.min_labels:,}; older "
                f"labels no longer count. Have {_more(more)} labelled."
            )
        case "judge_unlabelled":
            return (
                f"{who} has {_items(found.labels)} labelled by people and needs {spec.min_labels:,}. Have "
                f"{_more(more)} labelled."
            )
        case "judge_disagrees":
            return f"{who} {_agrees(found)}; {floor}, so people do not agree with it often enough. Mend the judge."
        case "judge_unproved":
            return f"{who} {_agrees(found)}; {floor}, which is not proved. {_further(spec, found, more)}"
        case "judge_uncovered":
            return (
                f"{who} {_agrees(found)}, but only {_share(coverage)} of the rows that it scores lie in segments with "
                f"labelled items; at least {_share(spec.min_coverage)} must. Have items of the other segments labelled."
            )
    return f"{who} {_agrees(found)}; {floor}."


def unseen(spec: JudgeSpec) -> str:
    """Nothing was scored, so nobody knows which version would."""
    return f"No row of this gate was scored, so it is not known which version of judge {spec.name} scores."


def unnamed(spec: JudgeSpec, rows: int, of: int) -> str:
    """Rows do not say which version of the judge scored them."""
    return (
        f"{rows:,} of the {of:,} newest scored rows do not say which version of judge {spec.name} scored them, so no "
        "labels speak for them. Log the version, and map it in the source."
    )


def other_reference(spec: JudgeSpec, before: Sequence[str], now: Sequence[str]) -> str:
    """The reference was scored by another version."""
    return (
        f"The reference was scored by judge {spec.name} in version {_listed(before)}, and {_listed(now)} scores now, "
        "so a difference may be the judge's. Have the reference scored again, or move it."
    )


def trouble(spec: JudgeSpec, sentence: str) -> str:
    """The labels could not be read in full."""
    return f"The labels that speak for judge {spec.name} cannot be trusted now. {sentence}"


def not_earned(verdict: Verdict, lacks: str) -> str:
    """Why a gate says nothing although it has evidence."""
    return f"{lacks} Until then its scores neither pause nor pass. By that judge alone: {verdict.detail}"


def judge_only(verdict: Verdict, known: str) -> str:
    """Why a gate on a judge's word about what people would say never decides, and what its evidence is good for."""
    urgent = verdict.outcome == "breach"
    call = "It points to a breach: have more items labelled by people now." if urgent else ""
    parts = (
        f"{verdict.metric} stands for what people would say, and only a judge has said it, so it neither pauses nor "
        "passes.",
        call,
        known,
        f"By the judge alone: {verdict.detail}",
    )
    return " ".join(part for part in parts if part)


def short(version: str) -> str:
    """A version as logs name it, in one short printable word or two; empty for none named."""
    printable = "".join(c if c.isprintable() else "?" for c in version)
    return printable if len(printable) <= _LONGEST else printable[: _LONGEST - 3] + "..."


def _agrees(found: Agreement) -> str:
    unreadable = f"; {found.unreadable:,} more could not be read and count against it" if found.unreadable else ""
    measured = "an unknown share" if found.agreement is None else _share(found.agreement)
    return (
        f"agrees with people on {measured} ({_share(found.low)} to {_share(found.high)}) of {_items(found.labels)}"
        f"{unreadable}"
    )


def _further(spec: JudgeSpec, found: Agreement, more: int | None) -> str:
    if more:
        return f"About {_more(_rounded(more))} would prove it at the present agreement."
    if (found.agreement or 0.0) > spec.min_agreement:
        return "It is too close to that to say how many more labelled items it takes."
    return "More labelled items would not prove it at the present agreement."


def _listed(versions: Sequence[str], most: int = 3) -> str:
    named = [short(version) or "none named" for version in versions[:most]]
    more = f" and {len(versions) - most:,} more" if len(versions) > most else ""
    return ", ".join(named) + more


def _items(number: int | None) -> str:
    return "1 item" if number == 1 else f"{number or 0:,} items"


def _more(number: int | None) -> str:
    return "1 more item" if number == 1 else f"{number or 0:,} more items"


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"


def _rounded(number: int) -> int:
    """To two digits, upwards: a forecast is no better than that."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step
