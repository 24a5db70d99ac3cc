"""Run it: `python -m benchmarks.real_streams [--out DIR]` prints the tables, and writes the document and the plot."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.real_streams import document, plot
from benchmarks.real_streams.results import everything
from benchmarks.real_streams.streams import DATA

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "real_streams.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 where the public data are absent."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_streams", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the plot (real_streams.html)")
    out: Path | None = parser.parse_args(arguments).out
    if missing := [name for name in ("nab", "nannyml_car_loan") if not (DATA / name).is_dir()]:
        print(f"Public data {', '.join(missing)} not found in {DATA}; set GATEHOLD_SHARED_DATA.", file=sys.stderr)
        return 1
    began = time.perf_counter()
    found = everything(DATA)
    text = document.written(found)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(text)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        plot.write(found, out / "real_streams.html")
        print(f"Plot: {out / 'real_streams.html'}", file=sys.stderr)
    print(f"Document: {DOCUMENT}; {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
