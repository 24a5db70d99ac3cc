"""Whether people still look: without their labels a prediction-powered gate would rest on the judge alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from checks.gates.records import Verdict

REASON = "labels_missing"


def apply(verdict: Verdict, over_epoch: str | None, lately: str | None) -> Verdict:
    """The verdict that people's labels leave: `insufficient` where too few of them back it.

    `over_epoch` and `lately` say what is wrong with the draws of the whole epoch and of its newest part
    (`checks.evidence.assisted.lack`), None for nothing. What was proved by an epoch with enough labels stays a breach
    when people stop to look afterwards; a pass does not. Errors, missing and old data come before.
    """
    wrong = over_epoch or (None if verdict.outcome == "breach" else lately)
    if wrong is None or verdict.outcome not in ("pass", "breach", "insufficient"):
        return verdict
    digest = hashlib.sha256(f"{verdict.evidence_digest}|{wrong}".encode()).hexdigest()
    return replace(
        verdict,
        outcome="insufficient",
        reason=REASON,
        detail=f"{wrong} Until then nothing is proved.",
        more_units=None,
        more_seconds=None,
        headroom=None,
        weighs=False,
        evidence_digest=digest,
    )
