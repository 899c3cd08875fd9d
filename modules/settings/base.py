"""What all settings have in common, and the value ranges that they are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]
ProperFraction = Annotated[float, Field(gt=0, lt=1)]
PositiveFraction = Annotated[float, Field(gt=0, le=1)]
Shots = Annotated[int, Field(ge=0)] | Literal["all"]
# What a plug-in's own `Options` read: see `modules.settings.options`.
OptionValues = dict[str, JsonValue]


class Settings(BaseModel):
    """Base of all settings: immutable, exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def __hash__(self) -> int:
        # Options are dictionaries, which have no hash of their own.
        return hash(self.model_dump_json())
