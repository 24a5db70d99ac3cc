"""The streams Gatehold knows, their columns with unit and meaning, and the form a user's own stream takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

ColumnType = OneOf["text", "integer", "number", "boolean", "time", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stream.

    `low` and `high` bound numbers (both ends allowed). A value outside is quarantined with its row when `outside` is
    "quarantine", or let in, counted by name and left unscored when it is "flag". `choices` bounds texts in that way.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    nullable: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    outside: OneOf["quarantine", "flag"] = "quarantine"


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of log row; `columns` come after the common ones."""

    name: str
    description: str
    columns: tuple[Column, ...]
    built_in: bool = False

    def column(self, name: str) -> Column | None:
        """The column of that name, common ones included, or None."""
        return next((c for c in (*COMMON, *self.columns) if c.name == name), None)

    def names(self) -> tuple[str, ...]:
        """All column names that a source can map, common ones first."""
        return tuple(c.name for c in (*COMMON, *self.columns))


COMMON: tuple[Column, ...] = (
    Column(
        "event_id", "text", "Natural key of the row; the same key with other values is a restatement.", nullable=False
    ),
    Column("occurred_at", "time", "When it happened.", "UTC", nullable=False),
    Column("session_id", "text", "What it belongs to (a conversation, an episode); missing: a session of its own."),
    Column("rollout", "text", "The rollout the row is evidence for.", nullable=False),
    Column("release", "text", "Which release produced it; missing: the release is unnamed."),
    Column("arm", "text", "Traffic arm; missing counts as candidate.", choices=("candidate", "control")),
    Column("segment", "text", "A slice that people care about, such as language or product line."),
    Column("simulated", "boolean", "True for generated rows; shown wherever the row has an effect."),
)
"""Columns every stream has. `arrived_at`, `batch`, `revision` and `attributes` are added by ingest."""

_VERSIONS = (
    Column("model_requested", "text", "Model asked for."),
    Column("model_answered", "text", "Model that answered."),
    Column("prompt_version", "text", "Version of the prompt."),
    Column("tools_version", "text", "Version of the tool set."),
    Column("agent_version", "text", "Version of the agent."),
    Column("judge_version", "text", "Version of the judge that scored the row."),
)

INTERACTIONS = Stream(
    "interactions",
    "One exchange of the system with a user or caller.",
    (
        *_VERSIONS,
        Column("prompt", "text", "What was asked; may be left out."),
        Column("response", "text", "What was answered; may be left out."),
        Column("scores", "json", "Scores by name, each a number; a missing name is unscored."),
        Column("confidence", "number", "The system's own confidence in its answer.", "probability", low=0, high=1),
        Column("benign", "boolean", "True when the request deserved an answer."),
        Column("refused", "boolean", "True when the system declined to answer."),
        Column("succeeded", "boolean", "True when the task was done."),
        Column("escalated", "boolean", "True when it was handed to a person."),
        Column("escalation_delay_s", "number", "From the need for a person to the person.", "seconds", low=0),
        Column("overridden", "boolean", "True when a person changed the outcome."),
        Column("minutes_saved", "number", "Working time saved against doing it by hand.", "minutes"),
        Column("error_cost", "number", "Cost of putting a wrong outcome right.", "currency of the deployment", low=0),
        Column("needs_decision", "boolean", "True when the act had to be entered in a decision log."),
        Column("decision_id", "text", "The entry in that decision log."),
        Column("input_tokens", "integer", "Tokens read.", "tokens", low=0),
        Column("output_tokens", "integer", "Tokens written.", "tokens", low=0),
        Column("latency_ms", "number", "Time to the whole answer.", "milliseconds", low=0),
        Column("cost", "number", "Price of the exchange.", "currency of the deployment", low=0),
        Column("error", "text", "Error text when the exchange failed."),
    ),
    built_in=True,
)

STEPS = Stream(
    "steps",
    "One step inside an interaction: a tool call, a model call, a retrieval.",
    (
        Column("interaction_id", "text", "The interaction it belongs to."),
        Column("kind", "text", "Kind of step: tool, model, retrieval or another word."),
        Column("name", "text", "Name of the tool, model or index."),
        Column("failed", "boolean", "True when the step ended in an error."),
        Column("error", "text", "Error text."),
        Column("input_tokens", "integer", "Tokens read.", "tokens", low=0),
        Column("output_tokens", "integer", "Tokens written.", "tokens", low=0),
        Column("latency_ms", "number", "Duration.", "milliseconds", low=0),
        Column("cost", "number", "Price of the step.", "currency of the deployment", low=0),
    ),
    built_in=True,
)

LABELS = Stream(
    "labels",
    "A verdict on an item: by a person, or by a judge beside the person's.",
    (
        Column("subject_id", "text", "The item the verdict is about.", nullable=False),
        Column("rater", "text", "Who gave it: a person's handle or a judge's name."),
        Column("rater_kind", "text", "What kind of rater.", choices=("human", "judge")),
        Column("rater_version", "text", "Version of the judge."),
        Column("rubric_version", "text", "Version of the instructions."),
        Column("label", "text", "The verdict; missing when it could not be read."),
        Column("reference_label", "text", "The human verdict on the same item, where there is one."),
        Column("score", "number", "The verdict as a number.", "as the rubric says"),
        Column(
            "inclusion_probability", "number", "Chance with which the item was chosen.", "probability", low=0, high=1
        ),
    ),
    built_in=True,
)

PREFERENCES = Stream(
    "preferences",
    "A comparison of two answers.",
    (
        Column("pair_id", "text", "The pair compared."),
        Column("judge", "text", "Who compared: a judge's or reward model's name."),
        Column("judge_choice", "text", "What the judge preferred; missing when it could not be read."),
        Column("human_choice", "text", "What people preferred."),
        Column("reward_chosen", "number", "Reward score of the answer people chose.", "reward"),
        Column("reward_rejected", "number", "Reward score of the other answer.", "reward"),
    ),
    built_in=True,
)

PROBES = Stream(
    "probes",
    "One attack or test prompt sent on purpose, with its outcome.",
    (
        Column("probe", "text", "Name of the probe."),
        Column("method", "text", "How the attack was made."),
        Column("target", "text", "The model or system attacked."),
        Column("category", "text", "Kind of harm sought."),
        Column("success", "boolean", "True when the attack succeeded; missing when nobody could say."),
        Column("judge_version", "text", "Version of the judge that said so."),
        Column(
            "response_chars", "integer", "Length of the response; missing when there was none.", "characters", low=0
        ),
        Column("queries", "integer", "Queries spent on the attack.", "count", low=0),
    ),
    built_in=True,
)

GOVERNANCE = Stream(
    "governance",
    "What people did about the system: reviews, actions, policy approvals.",
    (
        Column("kind", "text", "review, action, policy or another word.", nullable=False),
        Column("subject", "text", "What it is about; rows of one subject tell its history."),
        Column("status", "text", "open, closed, approved or another word."),
        Column("independent", "boolean", "True when done by someone outside the team."),
        Column("due_at", "time", "When an open action is due.", "UTC"),
        Column("actor", "text", "Who did it."),
        Column("role", "text", "In which role."),
        Column("note", "text", "Free text."),
    ),
    built_in=True,
)

BUILT_IN: dict[str, Stream] = {s.name: s for s in (INTERACTIONS, STEPS, LABELS, PREFERENCES, PROBES, GOVERNANCE)}
