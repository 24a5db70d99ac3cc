"""The policy: what a team's configuration file says, validated, every mistake at once."""

from __future__ import annotations

from checks.policy.gates import Gate
from checks.policy.loading import parse
from checks.policy.metrics import Metric
from checks.policy.policy import Policy
from checks.policy.report import describe
from checks.policy.rollouts import Rollout
from checks.policy.schema import schema
from checks.policy.sources import Source

__all__ = ["Gate", "Metric", "Policy", "Rollout", "Source", "describe", "parse", "schema"]
