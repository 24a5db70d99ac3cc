"""Write docs/benchmarks.md and its plot from docs/benchmarks.json: `python -m benchmarks.recorded`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.recorded import document, figures, plot

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    found = figures.read(DOCS / "benchmarks.json")
    (DOCS / "benchmarks.md").write_text(document.page(found), encoding="utf-8")
    (DOCS / "benchmarks.svg").write_text(plot.drawn(*figures.bars(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
