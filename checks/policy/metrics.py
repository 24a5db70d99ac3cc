"""`metrics`: the one form in which a metric is declared, built-in or the user's own."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Annotated, Any
from typing import Literal as OneOf

from pydantic import BeforeValidator, Field, model_validator
from pydantic.json_schema import WithJsonSchema

from checks.evidence.assisted import SHARE
from checks.gates.spec import Layer, MetricKind
from checks.metrics import expression
from checks.policy import assisted
from checks.policy.base import ColumnName, Duration, Finite, Many, Name, Section, Words
from checks.policy.metric_kinds import cell_kind, natural
from checks.releases.parts import Part
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Expression
from warehouse.records.metrics import CellMetric, Unit
from warehouse.records.streams import Stream

_CHANCE = {"type": "number", "minimum": 1e-6, "maximum": 1}
Share = Annotated[Finite, Field(ge=0, le=1)]
Chances = Annotated[
    Many[Annotated[Finite, Field(ge=1e-6, le=1)]],
    BeforeValidator(lambda given: [given] if isinstance(given, int | float) else given),
    WithJsonSchema({"anyOf": [_CHANCE, {"type": "array", "items": _CHANCE}]}),
]


class Metric(Section):
    """A measured quantity."""

    name: Name
    """Name of the metric."""
    layer: Layer
    """The layer it speaks for."""
    kind: MetricKind
    """How it is measured."""
    description: Words
    """What it says, in one or two sentences."""
    better: OneOf["lower", "higher"] | None = None
    """Which way is better; needed before a gate can rest on it."""
    stream: ColumnName | None = None
    """The stream it is measured on; for kinds source, drift and quality, left out means all of them."""
    value: Words | None = None
    """Expression of the value of a row: a truth value for a rate, a number for a mean or histogram. For an assisted
    metric, what people say of the row: missing where nobody has looked, or not yet."""
    where: Words | None = None
    """Expression that chooses the rows it is about; left out, all rows of the stream."""
    scored: Words | None = None
    """Expression that must be true for the value to count; other rows are unscored (of an assisted metric: not
    labelled)."""
    unit: Unit = "session"
    """Unit of evidence."""
    range: tuple[Finite | None, Finite | None] | None = Field(default=None, strict=False)
    """Smallest and largest value, null where there is no end."""
    measure: str = ""
    """Unit of the value: share, hours, minutes, seconds, ..."""
    cuts: Annotated[Many[Finite], Field(max_length=255)] = ()
    """Inner cut points of a histogram, or of what the judge of an assisted metric says, ascending."""
    predicted: Words | None = None
    """Expression of what the judge says of every row: a truth value, or a number with cuts."""
    chosen: Words | None = None
    """Expression that is true for the rows that were drawn for people to look at."""
    chance: Words | None = None
    """Expression of the probability with which a row was chosen, written down before the label was seen."""
    calibration: Many[Share] = ()
    """Share of rows that people find true: where the judge says false, where it says true; or per stratum of cuts."""
    least_chance: Chances = ()
    """Smallest chance with which a row is chosen: one for all, or one for each stratum."""
    unpredicted: Share | None = None
    """Calibration of rows of which the judge says nothing; left out, that of the first stratum."""
    of: Words | None = None
    """Which fact, for kinds source and policy."""
    over: Duration = timedelta(hours=24)
    """How far back a count, source or quality metric looks."""
    judged: OneOf["own", "proxy"] | None = None
    """Whose word the value is: a judge's by definition (own), or a judge's that stands for people's (proxy)."""
    depends_on: Many[Part] | None = None
    """Parts of the release whose change makes its evidence old; left out, all that its kind and layer allow."""
    no_data: str = ""
    """What happens where there are no data."""
    reference: str = ""
    """Where the definition comes from."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, raw: Any) -> Any:
        """Take measure and range from the kind where it leaves no choice."""
        if not isinstance(raw, dict):
            return raw
        measure, span = natural(raw.get("kind"), raw.get("of"))
        filled = dict(raw)
        if measure and raw.get("measure") is None:
            filled["measure"] = measure
        if span is not None and raw.get("range") is None:
            filled["range"] = list(span)
        return filled

    @property
    def low(self) -> float | None:
        """Smallest value; None where there is no end."""
        if self.kind == "assisted":
            return assisted.span(self)[0]
        return self.range[0] if self.range else None

    @property
    def high(self) -> float | None:
        """Largest value; None where there is no end."""
        if self.kind == "assisted":
            return assisted.span(self)[1]
        return self.range[1] if self.range else None

    @property
    def meaning(self) -> tuple[float | None, float | None]:
        """Smallest and largest value that a limit can speak of: of an assisted metric a share, else the range."""
        return SHARE if self.kind == "assisted" else (self.low, self.high)

    def expressions(self, stream: Stream) -> tuple[Expression | None, Expression | None, Expression | None]:
        """The trees of `value`, `where` and `scored`; None for those that are not given.

        Raises:
            ConfigurationError: an expression does not fit the stream.
        """

        def tree(text: str | None, wants: expression.Wanted | None) -> Expression | None:
            return None if text is None else expression.parse(text, stream, wants=wants)

        return tree(self.value, value_type(self.kind)), tree(self.where, "truth"), tree(self.scored, "truth")

    def cells(self, stream: Stream, unit: Unit, window: timedelta, session_gap: timedelta) -> CellMetric:
        """What the warehouse has to know to summarise it.

        Raises:
            UsageError: the metric is not a sum over the rows of a stream.
        """
        kind = cell_kind(self.kind)
        if kind is None or self.stream is None:
            raise UsageError(f"Metric {self.name!r} is of kind {self.kind}, which is not summarised into cells.")
        value, where, scored = self.expressions(stream)
        spans = int(window.total_seconds()), int(session_gap.total_seconds())
        assistance = assisted.assistance(self, stream)
        judged = (assistance.predicted, assistance.chosen, assistance.chance) if assistance else ()
        columns = [c for name in sorted(_columns(value, where, scored, *judged)) if (c := stream.column(name))]
        facts = [1, self.name, self.stream, self.kind, repr((value, where, scored)), unit, self.range, self.cuts, spans]
        if assistance:
            facts.append(repr(assistance))
        return CellMetric(
            name=self.name,
            stream=self.stream,
            kind=kind,
            value=value,
            where=where,
            scored=scored,
            unit=unit,
            low=self.low,
            high=self.high,
            cuts=self.cuts,
            window_seconds=spans[0],
            session_gap_seconds=spans[1],
            digest=hashlib.sha256(json.dumps([facts, repr(columns)]).encode()).hexdigest(),
            assistance=assistance,
        )


def value_type(kind: str) -> expression.Wanted | None:
    """What the value of a metric of that kind must be; None where it has none."""
    if kind in ("rate", "assisted"):
        return "truth"
    return "number" if kind in ("mean", "histogram") else None


def _columns(*trees: Expression | None) -> set[str]:
    return {name for tree in trees if tree is not None for name in expression.columns(tree)}
