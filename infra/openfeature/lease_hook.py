"""An OpenFeature hook for applications that stop by themselves when nobody renews the lease.

Copy it into the application. While a lease runs, Gatehold writes `validUntil` into the flag's metadata at every run
(`lease: true`). A lapsed lease is a `hold`, which by itself stops nothing; with this hook the flag has its default
value from then on, so choose a default that is safe.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from openfeature.exception import GeneralError
from openfeature.flag_evaluation import FlagEvaluationDetails
from openfeature.hook import Hook, HookContext


class LeaseHook(Hook):
    """Gives the default value of flags whose lease has ended; flags without one are left alone."""

    def after(self, hook_context: HookContext, details: FlagEvaluationDetails[Any], hints: Any) -> None:
        """Make the evaluation fail, which gives the default value, when the lease has ended."""
        until = details.flag_metadata.get("validUntil")
        if isinstance(until, str) and datetime.now(UTC) >= datetime.fromisoformat(until):
            raise GeneralError(f"the lease of {hook_context.flag_key} ended at {until}")
