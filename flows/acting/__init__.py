"""People's acts on a rollout: each is checked, named, reasoned, and an entry of the decision log, or it is refused.

Every act takes the people's records, the policy, the rollout, who acts and why, and returns the entry or the refusal.
None needs the warehouse: a person's pause never waits for a run of the monitor. Who is refused is noted in the log.
"""

from __future__ import annotations

from checks.acts.refusal import Refusal
from flows.acting.pausing import pause
from flows.acting.permitting import approve, waive
from flows.acting.resuming import confirm, resume
from flows.acting.staging import advance, retire, start
from flows.acting.vouching import acknowledge, sign_off
from warehouse.records.people import Person

__all__ = [
    "Person",
    "Refusal",
    "acknowledge",
    "advance",
    "approve",
    "confirm",
    "pause",
    "resume",
    "retire",
    "sign_off",
    "start",
    "waive",
]
