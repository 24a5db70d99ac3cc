"""The public command line, called as a user types it, in this process."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from flows.cli import main

PERSON = {"name": "Ada Okafor", "contact": "ada@example.org"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


def gatehold(*words: str) -> Typed:
    """`gatehold` with these words; nothing is a terminal, so nothing is coloured or broken into lines."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with patch.object(sys, "argv", ["gatehold", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Typed(code, out.getvalue(), err.getvalue())


class Typist:
    """Somebody at one project: each call names its configuration and the moment it is made as of."""

    def __init__(self, folder: Path, policy: Mapping[str, Any]) -> None:
        """Write the configuration."""
        self.folder = folder
        self.policy = policy
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gatehold.yaml").write_text(yaml.safe_dump(dict(policy), sort_keys=False), encoding="utf-8")

    def __call__(self, *words: str, at: str | None = None) -> Typed:
        """One command on the project."""
        when = [] if at is None else ["--as-of", at]
        return gatehold(*words, "--config", str(self.folder), *when)

    @property
    def page(self) -> str:
        """The page that the last run wrote."""
        return (self.folder / ".gatehold" / "reports" / "index.html").read_text(encoding="utf-8")


def rollout(name: str) -> dict[str, Any]:
    """A rollout with one stage, an owner and no switch."""
    return {"name": name, "owner": PERSON, "stages": ["pilot"]}


def source(name: str, path: Path | str, stream: str, fields: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A source that is complete after a day."""
    known = {"name": name, "kind": "jsonl", "path": str(path), "stream": stream, "lateness": "1d"}
    return {**known, "fields": dict(fields), **more}


def gate(name: str, rollouts: list[str], metric: str, **limits: Any) -> dict[str, Any]:
    """A statistical gate with both error budgets at 0.05."""
    return {"name": name, "rollout": rollouts, "metric": metric, "alpha": 0.05, "beta": 0.05, "max_age": "30d"} | limits


def verdicts(standing: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The verdicts of a standing (JSON) by gate."""
    return {v["gate"]: v for v in standing["verdicts"]}


def standings(run: Any) -> dict[str, dict[str, Any]]:
    """The standings of a run (JSON) by rollout."""
    return {o["standing"]["rollout"]: o["standing"] for o in run["outcomes"]}
