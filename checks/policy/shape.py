"""Which keys and kinds may stand at a place of a section, read off its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from checks.policy.yaml_source import Path

Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Shape:
    """The type of one entry beside what stands in the file."""

    type: Any
    raw: Any

    def keys(self, path: Path) -> tuple[str, ...]:
        """The keys that the mapping at a place inside the entry may have; none where no mapping belongs."""
        found = chosen(*self._at(path))
        return tuple(_named(found)) if found else ()

    def kinds(self, path: Path) -> tuple[str, ...]:
        """The kinds between which the mapping at a place inside the entry may choose."""
        return tuple(kind for model in models(self._at(path)[0]) for kind in _kinds(model))

    def _at(self, path: Path) -> tuple[Any, Any]:
        """Type and value at a place."""
        type_, value = self.type, self.raw
        for part in path:
            model = chosen(type_, value)
            value = _inside(value, part)
            if isinstance(part, str):
                type_ = _named(model).get(part) if model else None
        return type_, value


def _named(model: Model) -> dict[str, Any]:
    """The types of a model's fields by the keys that stand in the file."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def models(type_: Any) -> list[Model]:
    """The models inside a type: through annotations, lists, optionals and unions."""
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        return [type_]
    inner = get_args(type_)[:1] if get_origin(type_) is Annotated else get_args(type_)
    return [model for member in inner for model in models(member)]


def chosen(type_: Any, value: Any) -> Model | None:
    """The model that a value is meant to be: the only one, or the one of the value's kind."""
    found = models(type_)
    if len(found) > 1:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        found = [model for model in found if kind in _kinds(model)]
    return found[0] if found else None


def entry(type_: Any) -> Any:
    """The type of one entry of a list."""
    if get_origin(type_) in (Union, UnionType, Annotated):
        return entry(get_args(type_)[0])
    return get_args(type_)[0]


def _kinds(model: Model) -> tuple[Any, ...]:
    field = model.model_fields.get("kind")
    return get_args(field.annotation) if field else ()


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value[part]
    return value[part] if isinstance(value, list) and isinstance(part, int) else None
