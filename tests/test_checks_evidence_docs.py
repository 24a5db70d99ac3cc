"""The worked example of the documentation runs and prints what the page says."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT


def test_the_example_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    code, shown = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("python", "text"))
    assert (len(code), len(shown)) == (1, 1)
    exec(compile(code[0], "docs/evidence.md", "exec"), {})
    assert capsys.readouterr().out == shown[0]
