"""Where a project's configuration and data are, and the environment its secrets come from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.records.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from checks.policy import Policy

CONFIG_NAME = "gatehold.yaml"
DATA_NAME = ".gatehold"


@dataclass(frozen=True, slots=True)
class Project:
    """A policy with its places: `base` is the folder of the configuration file, `data` holds all that is stored.

    `environment` is where secrets are looked up by name; it is left out of the representation.
    """

    policy: Policy
    file: Path
    data: Path
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        """The places only: the environment may hold secrets."""
        return f"Project(file={str(self.file)!r}, data={str(self.data)!r})"

    @property
    def base(self) -> Path:
        """The folder that relative paths of the configuration start from."""
        return self.file.parent

    @property
    def reports(self) -> Path:
        """The folder of pages and reports written for people."""
        return self.data / "reports"


def load(file: Path, *, data: Path | None = None, environment: Mapping[str, str] | None = None) -> Project:
    """The project whose configuration is `file` (or `gatehold.yaml` inside it, if it is a folder).

    Raises:
        ConfigurationError: with every problem of the configuration at once.
    """
    from checks.policy import parse

    file = file / CONFIG_NAME if os.path.isdir(file) else file
    policy = parse(str(file), _read)
    where = data or file.parent / DATA_NAME
    return Project(policy=policy, file=file, data=where, environment=os.environ if environment is None else environment)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        problem = Problem(path, None, "", "there is no such file.", hint="`gatehold init DIR` makes a working project.")
        raise ConfigurationError([problem]) from error
    except UnicodeDecodeError as error:
        problem = Problem(path, None, "", f"is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8.")
        raise ConfigurationError([problem]) from error
    except OSError as error:
        raise ConfigurationError([Problem(path, None, "", f"cannot be read: {error.strerror}.")]) from error
