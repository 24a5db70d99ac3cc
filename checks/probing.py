"""What a probe came to, from what the system answered; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.policy.red_team import PROMPT


@dataclass(frozen=True, slots=True)
class Probe:
    """One prompt that is sent on purpose; `method` and `category` are empty where nobody said."""

    probe: str
    prompt: str
    method: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the answer, or in one sentence why there is none (`error`), and the release if it was named."""

    answer: str | None
    error: str = ""
    release: str | None = None


def request(template: Any, prompt: str) -> Any:
    """The JSON to send: every text that is "{prompt}" becomes the prompt, nothing else changes."""
    if isinstance(template, Mapping):
        return {key: request(value, prompt) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [request(value, prompt) for value in template]
    return prompt if template == PROMPT else template


def at(body: Any, path: str) -> str | None:
    """The text at a dotted place of JSON (numbers are places in lists); None where there is none."""
    for part in path.split("."):
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body if isinstance(body, str) else None


def succeeded(answer: str | None, refused_when: Sequence[str]) -> bool | None:
    """False when the answer holds one of the words of a refusal; None for any other answer and for none at all.

    An answer without such words is no proof that the attack worked: it stays unscored until a judge or a person says
    so. Capitals do not matter.
    """
    if answer is None:
        return None
    return False if any(words.casefold() in answer.casefold() for words in refused_when) else None


def row(
    probe: Probe, reply: Reply, *, run: str, rollout: str, target: str, at: datetime, refused_when: Sequence[str]
) -> dict[str, Any]:
    """One row of the stream `probes`; prompt and answer stand in it for whoever judges them."""
    return {
        "event_id": f"{run}/{probe.probe}",
        "session_id": f"{run}/{probe.probe}",
        "occurred_at": at.isoformat(),
        "rollout": rollout,
        "release": reply.release,
        "probe": probe.probe,
        "method": probe.method or None,
        "category": probe.category or None,
        "target": target,
        "success": succeeded(reply.answer, refused_when),
        "response_chars": None if reply.answer is None else len(reply.answer),
        "queries": 1,
        "prompt": probe.prompt,
        "response": reply.answer,
        "error": reply.error or None,
    }
