"""Extensions come from a package, else from a folder, else from DuckDB, and it is said which way or why none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import duckdb
import pytest

from checks.policy.storage import Storage
from flows.scaling import lake
from warehouse import extensions
from warehouse.records.errors import StoreError, UsageError


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that has installed nothing and can download nothing."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET extension_directory = $folder", {"folder": str(tmp_path / "own")})
        connection.execute("SET custom_extension_repository = $folder", {"folder": str(tmp_path / "nowhere")})
        yield connection


@pytest.fixture
def file() -> Path:
    """The extension file that the package brings."""
    with duckdb.connect(":memory:") as probe:
        found = extensions.load(probe, "httpfs", install=False)
    assert found.file is not None
    return found.file


def package(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    """As if the extension package lay in `folder`, or were not installed."""
    spec = ModuleSpec("duckdb_extension_httpfs", None, is_package=True)
    if folder is not None:
        spec.submodule_search_locations = [str(folder)]
    found = spec if folder is not None else None
    monkeypatch.setattr("warehouse.extensions.importlib.util.find_spec", lambda name: found)


def loaded(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'httpfs'").fetchone()
    return bool(found and found[0])


def test_the_package_comes_first(connection: duckdb.DuckDBPyConnection, file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path)
    found = extensions.load(connection, "httpfs", folder=tmp_path)
    assert (found.way, found.file) == ("package", file)
    assert loaded(connection)


def test_without_the_package_the_folder_serves(
    connection: duckdb.DuckDBPyConnection, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(monkeypatch, None)
    inside = tmp_path / f"v{duckdb.__version__}" / "linux_amd64"
    inside.mkdir(parents=True)
    shutil.copy(file, inside)
    assert extensions.load(connection, "httpfs", folder=tmp_path).way == "folder"
    assert loaded(connection)


def test_then_duckdb_takes_what_it_installed_or_installs_it(
    connection: duckdb.DuckDBPyConnection, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(monkeypatch, None)
    connection.execute(f"INSTALL '{file}'")
    assert extensions.load(connection, "httpfs", install=False).way == "duckdb"
    assert loaded(connection)


def test_a_package_for_another_version_is_passed_over_and_named(
    connection: duckdb.DuckDBPyConnection, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package" / "v1.4.0").mkdir(parents=True)
    shutil.copy(file, tmp_path / "package" / "v1.4.0")
    package(monkeypatch, tmp_path / "package")
    with pytest.raises(StoreError, match=r"is for v1\.4\.0, and this DuckDB is v1\.5\.5"):
        extensions.load(connection, "httpfs", install=False)


def test_when_no_way_works_every_reason_and_the_way_out_are_said(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(monkeypatch, None)
    (tmp_path / "httpfs.duckdb_extension").write_text("not an extension")
    with pytest.raises(StoreError) as caught:
        extensions.load(connection, "httpfs", folder=tmp_path)
    said = str(caught.value)
    assert "duckdb-extension-httpfs is not installed" in said
    assert f"{tmp_path}/httpfs.duckdb_extension does not load" in said
    assert "DuckDB could not install it" in said
    assert f"Install duckdb-extension-httpfs=={duckdb.__version__}" in said
    assert not loaded(connection)


def test_examining_names_the_way_and_installs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = extensions.examine(["httpfs"])
    assert found.loaded is not None
    assert found.loaded.way == "package"
    monkeypatch.setenv("HOME", str(tmp_path))
    package(monkeypatch, None)
    (found,) = extensions.examine(["httpfs"])
    assert found.loaded is None
    assert "has not installed it" in found.problem
    assert list(tmp_path.iterdir()) == []


def test_a_lake_without_its_secret_names_the_variable(tmp_path: Path) -> None:
    storage = Storage(kind="ducklake", catalog_env="LAKE_CATALOG", path="lake")
    with pytest.raises(UsageError, match="LAKE_CATALOG"):
        lake.place_of(storage, tmp_path, {})
    found = lake.place_of(storage, tmp_path, {"LAKE_CATALOG": "postgresql://u:open-sesame@h/d"})
    assert found.path == str(tmp_path / "lake")
    assert "sesame" not in repr(found)


def test_a_catalog_in_sqlite_is_refused(tmp_path: Path) -> None:
    from warehouse.lake.attaching import attached
    from warehouse.records.lake import LakePlace

    for catalog in ("sqlite:catalog.sqlite", "catalog.ducklake", "mysql://host/db", "http://[bad"):
        with (
            duckdb.connect(":memory:") as connection,
            pytest.raises(UsageError, match="must be a PostgreSQL URL"),
            attached(connection, LakePlace(catalog, str(tmp_path))),
        ):
            pass


def test_a_lake_in_a_bucket_needs_its_access_by_name(tmp_path: Path) -> None:
    storage = Storage(kind="ducklake", catalog_env="C", path="s3://bucket/lake")
    with pytest.raises(UsageError, match="storage: bucket"):
        lake.place_of(storage, tmp_path, {"C": "postgresql://h/d"})
    access = {"key_env": "K", "secret_env": "S", "endpoint": "store:9000", "path_style": True, "plain_http": True}
    full = Storage.model_validate({**storage.model_dump(), "bucket": access})
    found = lake.place_of(full, tmp_path, {"C": "postgresql://h/d", "K": "key-1", "S": "secret-1"})
    assert found.path == "s3://bucket/lake"
    assert "key-1" not in repr(found)
    assert "secret-1" not in repr(found)
