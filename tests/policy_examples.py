"""Policies to read: whole files of tests/policies, and texts."""

from __future__ import annotations

from conftest import ROOT

from checks.policy import Policy, parse

POLICIES = ROOT / "tests" / "policies"


def read(path: str) -> str:
    return (POLICIES / path).read_text(encoding="utf-8")


def policy(text: str) -> Policy:
    return parse("gatehold.yaml", lambda _: text)


FULL = parse("full.yaml", read)
DESIGN = parse("design.yaml", read)
