"""What the interface answers, as it stands in its OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from typing import Literal as OneOf

from pydantic import BaseModel, ConfigDict

Standing = OneOf["go", "hold", "pause"]


class Answer(BaseModel):
    """Frozen; every attribute is described."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Reason(Answer):
    """Why a rollout stands where it stands."""

    code: str
    """A word for programs, such as limit_exceeded or lease_lapsed."""
    detail: str
    """One plain sentence; it may quote what users or models wrote."""
    gate: str | None
    """The gate that says so, if one does."""


class Gate(Answer):
    """Whether a rollout may expand."""

    rollout: str
    """Name of the rollout."""
    standing: Standing
    """go: it may expand; hold: it stays where it is; pause: stop serving the candidate."""
    go: bool
    """True only when the standing is go."""
    reasons: tuple[Reason, ...]
    """Why, the deciding reason first."""
    as_of: datetime
    """When the run that said so ran."""
    valid_until: datetime
    """When that word ends; from then on the standing is hold, unless it is pause."""
    stage: str
    """Stage that the rollout is at."""
    release: str | None
    """Release that was judged, if one was seen."""
    simulated: bool
    """True for a demo: never act on it in production."""


class Rollout(Gate):
    """Everything that the last run said about a rollout."""

    binding: str | None
    """Gate that decides, if one does."""
    runner_up: str | None
    """Gate that would decide next."""
    if_mended: Standing | None
    """What the standing would be if the binding gate passed."""
    layers: tuple[Mapping[str, Any], ...]
    """What each layer comes to, in the order data, model, workflow, governance."""
    verdicts: tuple[Mapping[str, Any], ...]
    """What each gate says."""
    evidence_digest: str
    """Digest of the evidence it rests on."""
    config_digest: str
    """Digest of the configuration it was judged by."""


class Rollouts(Answer):
    """Every rollout that a run has looked at."""

    rollouts: tuple[Gate, ...]
    """By name."""


class Decision(Answer):
    """An entry of the decision log without its body."""

    seq: int
    """Position in the log, from 1."""
    id: str
    """Its id."""
    at: datetime
    """When it was made."""
    rollout: str
    """The rollout it is about; empty for acts on people's access."""
    kind: str
    """A standing (go, hold, pause) or an act."""
    actor: str
    """Who made it."""
    summary: str
    """One plain sentence."""
    evidence_digest: str
    """Digest of the evidence it rests on; empty if on none."""
    config_digest: str
    """Digest of the configuration then."""
    previous_hash: str
    """Hash of the entry before."""
    hash: str
    """Hash of this entry and all before it."""


class Decisions(Answer):
    """A part of the decision log."""

    decisions: tuple[Decision, ...]
    """In the order of the log."""
    next: int | None
    """What to give as `after` for the part that follows; null at the end."""


class Health(Answer):
    """That the server can answer."""

    status: OneOf["ok"]
    """Always ok; trouble is answered with 503."""
    rollouts: int
    """How many rollouts have a standing."""
    lapsed: tuple[str, ...]
    """Rollouts whose word nobody renewed: is the monitor running?"""


class Trouble(Answer):
    """Why there is no other answer."""

    code: str
    """A word for programs."""
    detail: str
    """One plain sentence."""


def gate(standing: Mapping[str, Any]) -> Gate:
    """The short answer of a standing as `checks.gates.saying.now_says` gives it."""
    return Gate(**_short(standing))


def rollout(standing: Mapping[str, Any]) -> Rollout:
    """The long answer of such a standing."""
    more = ("binding", "runner_up", "if_mended", "layers", "verdicts", "evidence_digest", "config_digest")
    return Rollout(**_short(standing), **{name: standing[name] for name in more})


def _short(standing: Mapping[str, Any]) -> dict[str, Any]:
    same = ("rollout", "standing", "reasons", "valid_until", "stage", "release", "simulated")
    return {**{name: standing[name] for name in same}, "go": standing["standing"] == "go", "as_of": standing["at"]}
