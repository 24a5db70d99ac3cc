"""Imports go one way, heavy libraries stay where they belong, and help is instant."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGES = ("warehouse", "checks", "dashboards", "flows")
MAY_IMPORT = {
    "warehouse": {"warehouse"},
    "checks": {"checks", "warehouse.records"},
    "dashboards": {"dashboards", "checks", "warehouse"},
    "flows": {"flows", "dashboards", "checks", "warehouse"},
}
ONLY_UNDER = {
    "prefect": ("flows/",),
    "duckdb": ("warehouse/",),
    "great_expectations": ("checks/quality/",),
    "evidently": ("checks/drift/", "dashboards/"),
    "dask": ("flows/scaling/",),
    "distributed": ("flows/scaling/",),
}
HEAVY = {
    "prefect",
    "great_expectations",
    "evidently",
    "pandas",
    "plotly",
    "scipy",
    "sqlalchemy",
    "duckdb",
    "dask",
    "distributed",
}


def files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def test_there_is_something_to_check() -> None:
    assert len(files()) > 20


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_one_direction(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = [module for module in imported(path) if within(module, set(PACKAGES))]
    # `from warehouse import records` names the package and then the part: the part is what counts.
    ours = [module for module in ours if module not in PACKAGES or package == module]
    assert [module for module in ours if not within(module, MAY_IMPORT[package])] == []


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_heavy_library_has_one_home(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    for module in imported(path):
        homes = ONLY_UNDER.get(module.split(".")[0])
        assert homes is None or place.startswith(homes), f"{place} imports {module}"


def test_no_file_under_flows_is_named_like_another_package() -> None:
    taken = {*PACKAGES, *sys.stdlib_module_names} - {"flows"}
    assert [path.name for path in (ROOT / "flows").rglob("*.py") if path.stem in taken] == []


def test_files_follow_one_idea_and_stay_small() -> None:
    long = {str(p.relative_to(ROOT)): n for p in files() if (n := len(p.read_text().splitlines())) > 350}
    assert long == {}


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from flows.cli import main\n"
        "sys.argv = ['gatehold', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    loaded = set(ast.literal_eval(done.stdout.rsplit("LOADED ", 1)[1]))
    assert loaded & HEAVY == set()
