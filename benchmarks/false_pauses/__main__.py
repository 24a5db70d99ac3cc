"""Run it: `python -m benchmarks.false_pauses [--runs N] [--quick] [--out DIR]` writes the document and the plot."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.false_pauses import document, plot
from benchmarks.false_pauses.setting import QUICK, Setting
from benchmarks.false_pauses.simulation import simulate

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the document; write it and the plot to the folder; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_pauses", description=__doc__)
    parser.add_argument("--runs", type=int, help="simulated systems per scenario (default 1000; 20 when quick)")
    parser.add_argument("--quick", action="store_true", help="short streams, in seconds; no precision")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder for false_pauses.md and false_pauses.svg")
    given = parser.parse_args(arguments)
    setting = QUICK if given.quick else Setting()
    if given.runs is not None:
        if given.runs < 1:
            parser.error(f"--runs is {given.runs}, but at least 1 is needed.")
        setting = replace(setting, runs=given.runs)
    began = time.perf_counter()
    found = simulate(setting)
    given.out.mkdir(parents=True, exist_ok=True)
    text = document.written(setting, found)
    (given.out / "false_pauses.md").write_text(text, encoding="utf-8")
    (given.out / "false_pauses.svg").write_text(plot.drawn(setting, found), encoding="utf-8")
    print(text)
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
