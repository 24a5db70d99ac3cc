"""Secrets and secret addresses, read from the environment by name at the moment they are used, never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from warehouse.records.errors import DeliveryError


class Credential:
    """A secret text that can be revealed but never printed: its `repr` gives its name alone."""

    __slots__ = ("_read", "name")

    def __init__(self, name: str, read: Callable[[], str | None]) -> None:
        """Keep where to read the secret; callers use `from_environment` or `given`."""
        self.name = name
        self._read = read

    @classmethod
    def from_environment(cls, name: str, environment: Mapping[str, str]) -> Credential:
        """The variable `name` of `environment`, looked up each time it is needed."""
        return cls(name, lambda: environment.get(name))

    @classmethod
    def given(cls, value: str) -> Credential:
        """A secret that is already at hand."""
        return cls("a given value", lambda: value)

    def reveal(self) -> str:
        """The secret without surrounding white space.

        Raises:
            DeliveryError: it is not set or empty; transient, for setting it mends it.
        """
        value = (self._read() or "").strip()
        if not value:
            raise DeliveryError(
                f"The environment variable {self.name} is not set or empty. Set it where Gatehold runs; "
                "the message is tried again.",
                transient=True,
            )
        return value

    def __repr__(self) -> str:
        """The name, never the secret."""
        return f"Credential({self.name})"
