"""`judges`: what a judge must show before a gate may rest on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from checks.policy.base import ColumnName, Duration, Finite, Name, Section, Words

if TYPE_CHECKING:
    from checks.gates.judges import JudgeSpec

SAME_RUBRIC = "same"


class Judge(Section):
    """A judge, and the labelled items that give it the right to gate."""

    name: Name
    """Name of the judge, by which gates ask for it."""
    metric: Name
    """The rate whose value is that people agree with the judge; its rows with a value are labelled items."""
    min_labels: Annotated[int, Field(ge=1)]
    """Labelled items that each version of the judge needs at least."""
    min_agreement: Annotated[Finite, Field(gt=0, lt=1)]
    """Share of labelled items on which people must agree with it: proved, not just measured."""
    error: Annotated[Finite, Field(gt=0, le=0.5)] = 0.05
    """Chance of ever letting in a judge with which people agree less."""
    max_age: Duration | None = None
    """How old a label may be; each counts until it is between half and all of that old. Left out, none is too old."""
    version: ColumnName = "judge_version"
    """Column of the gate's stream that names the version of the judge which scored the row."""
    label_version: ColumnName = "rater_version"
    """Column of the metric's stream that names the version of the judge which is compared with people."""
    rubric: Words = SAME_RUBRIC
    """The version of the instructions whose labels count; `same` is that of the newest label."""
    min_coverage: Annotated[Finite, Field(ge=0, le=1)] = 0.0
    """Share of the rows scored that must lie in segments with labelled items."""

    def spec(self) -> JudgeSpec:
        """The judge as the verdicts read it."""
        # Here and not above: reading a policy needs none of the evidence.
        from checks.gates.judges import JudgeSpec

        return JudgeSpec(
            name=self.name,
            min_labels=self.min_labels,
            min_agreement=self.min_agreement,
            error=self.error,
            max_age=self.max_age,
            rubric=None if self.rubric == SAME_RUBRIC else self.rubric,
            min_coverage=self.min_coverage,
        )
