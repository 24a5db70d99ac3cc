"""docs/acting.md names every code of a refusal, and its example is valid."""

from __future__ import annotations

import re

from conftest import ROOT

from checks.policy import parse

PAGE = (ROOT / "docs" / "acting.md").read_text(encoding="utf-8")
SOURCES = [
    *(ROOT / "checks" / "acts").glob("*.py"),
    *(ROOT / "flows" / "acting").glob("*.py"),
    ROOT / "flows/access.py",
]
MADE = re.compile(r'(?:Missing|Refusal|refuse)\(\s*"([a-z_]+)"')


def test_every_code_is_documented() -> None:
    codes = {code for source in SOURCES for code in MADE.findall(source.read_text(encoding="utf-8"))}
    assert len(codes) > 30
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_every_documented_code_exists() -> None:
    text = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    table = PAGE.split("## Refusals")[1]
    listed = {code for row in re.findall(r"^\| (`.*?) \|", table, flags=re.M) for code in re.findall(r"`(\w+)`", row)}
    # The state itself is the code of a sign-off that is refused for it.
    assert {code for code in listed if f'"{code}"' not in text} == set()


def test_the_example_is_valid() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.S | re.M)
    (rollout,) = parse("gatehold.yaml", lambda _: example).rollouts
    assert (len(rollout.sign_offs), rollout.resumes.people) == (2, 2)
