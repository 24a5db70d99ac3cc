"""The board as files: every page, every link to a file, no other host, text stays text, and digests of it all."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import projects
import pytest
from board_tools import let_in
from command import gatehold
from observed_examples import HOSTILE, ran
from people_examples import written

from dashboards.export import links
from flows.boarding.copying import Exported, export
from flows.project import Project
from warehouse import copying, snapshot
from warehouse.folder import APART_FILE
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.errors import UsageError

AT = projects.START + 5 * projects.HOUR

# ------------------------------------------------------------------------------------------------------- the whole copy


class Links(HTMLParser):
    """Every address of a page, and every text that runs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.found += [value for name, value in attrs if name in links.LEADING and value is not None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = ran(tmp_path_factory.mktemp("copied"))
    with People.open(made.data) as people:
        let_in(people, "Mara Okafor", "admin", AT)
        for number in range(3):
            written(people, f"k{number}", rollout=projects.AGENT, at=AT, text=HOSTILE)
    reports = made.data / "reports"
    reports.mkdir(exist_ok=True)
    (reports / "drift-x.html").write_text("<!doctype html><head></head><script>1</script><a href='index.html'>x</a>")
    (reports / "index.html").write_text(f"<!doctype html><head></head><a href='drift-x.html#{HOSTILE[:1]}'>drift</a>")
    return made


@pytest.fixture(scope="module")
def done(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(project, tmp_path_factory.mktemp("out") / "board", now=AT)


def html_of(done: Exported) -> dict[str, Links]:
    return {
        path.relative_to(done.out).as_posix(): Links(path.read_text(encoding="utf-8"))
        for path in done.out.rglob("*.html")
    }


@pytest.mark.slow
def test_every_page_is_there(done: Exported, project: Project) -> None:
    found = set(html_of(done))
    assert {
        "index.html",
        "decisions.html",
        f"rollouts/{projects.AGENT}.html",
        f"rollouts/{projects.AGENT}/acts.html",
    } <= found
    with People.open(project.data) as people:
        ids = [entry.id for entry in log.entries(people)]
    assert {f"decisions/{one}.html" for one in ids} <= found
    assert any(name.startswith("drift-x") for name in found)
    assert {"api/v1/rollouts.json", "api/v1/metrics.json", "api/v1/sources.json", "openapi.json", "metrics.txt"} <= {
        path.relative_to(done.out).as_posix() for path in done.out.rglob("*")
    }


@pytest.mark.slow
def test_who_may_do_what_is_there_and_no_secret_of_theirs(done: Exported) -> None:
    page = (done.out / "people.html").read_text(encoding="utf-8")
    assert "Mara Okafor" in page
    assert "admin" in page
    assert 'href="people.html"' in (done.out / "index.html").read_text(encoding="utf-8")
    assert "/people" not in done.left_out
    assert not any("argon2" in path.read_text(encoding="utf-8") for path in done.out.rglob("*.html"))
    assert "Add somebody" not in page


@pytest.mark.slow
def test_every_link_leads_to_a_file_and_none_to_another_host(done: Exported) -> None:
    count = 0
    for name, page in html_of(done).items():
        for link in page.found:
            split = urlsplit(link)
            assert (split.scheme, split.netloc) == ("", ""), f"{name}: {link}"
            if split.path:
                assert (done.out / name).parent.joinpath(unquote(split.path)).resolve().is_file(), f"{name}: {link}"
                count += 1
    assert count > 30


@pytest.mark.slow
def test_nothing_can_be_sent_and_nothing_renews_itself(done: Exported) -> None:
    for name, page in html_of(done).items():
        for tag, attributes in page.tags:
            assert tag != "form" or "inert" in attributes, name
            assert not any(key.startswith("on") for key in attributes), name
            assert "data-version" not in attributes, name
            assert (attributes.get("http-equiv") or "").lower() != "refresh", name


@pytest.mark.slow
def test_every_page_carries_the_policy_that_it_was_served_under(done: Exported) -> None:
    for name, page in html_of(done).items():
        (policy,) = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
        assert policy is not None
        assert policy.startswith("default-src 'none'"), name
        assert "frame-ancestors" not in policy
        assert "sandbox" not in policy


@pytest.mark.slow
def test_hostile_text_stays_text(done: Exported) -> None:
    ours = {name: page for name, page in html_of(done).items() if not name.startswith(("drift", "index-"))}
    said = [(tag, a) for page in ours.values() for tag, a in page.tags if tag == "script"]
    assert said
    assert all(set(a) == {"src", "defer"} for _, a in said)
    assert any("alert(1)" in path.read_text() for path in done.out.rglob("decisions/*.html"))
    assert "<script>alert" not in "".join(path.read_text() for path in done.out.rglob("decisions*/*.html"))


@pytest.mark.slow
def test_the_manifest_tells_of_every_file_and_of_the_head_of_the_log(done: Exported, project: Project) -> None:
    manifest = json.loads((done.out / "manifest.json").read_text())
    there = {path.relative_to(done.out).as_posix() for path in done.out.rglob("*") if path.is_file()}
    assert {one["name"] for one in manifest["files"]} == there - {"manifest.json", "SHA256SUMS"}
    for one in manifest["files"]:
        content = (done.out / one["name"]).read_bytes()
        assert (one["bytes"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    with People.open(project.data) as people:
        chain = log.verify(people)
    assert (manifest["log"]["head"], manifest["log"]["entries"]) == (chain.head, chain.entries)
    assert json.loads((done.out / "decisions.jsonl").read_text().splitlines()[-1])["hash"] == chain.head
    assert chain.head in (done.out / "index.html").read_text()
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=done.out, capture_output=True)
    assert checked.returncode == 0


@pytest.mark.slow
def test_the_live_records_are_as_they_were_and_the_copy_of_the_same_moment_is_the_same(
    done: Exported, project: Project, tmp_path: Path
) -> None:
    with People.open(project.data) as people:
        before = log.entries(people)
    again = export(project, tmp_path / "again", now=AT)
    with People.open(project.data) as people:
        assert log.entries(people) == before
    assert not (project.data / APART_FILE).exists()
    assert (again.out / "SHA256SUMS").read_text() == (done.out / "SHA256SUMS").read_text()


@pytest.mark.slow
def test_a_folder_that_holds_something_is_left_alone(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="never mixed"):
        export(project, tmp_path, now=AT)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_a_broken_log_is_copied_and_said_to_be_broken(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    project = ran(tmp_path / "p", hours=1)
    with closing(sqlite3.connect(project.data / "people.sqlite")) as connection:
        connection.execute("DROP TRIGGER IF EXISTS decisions_no_update")
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE decisions SET summary = 'other' WHERE seq = 1")
        connection.commit()
    done = gatehold("board", "--export", str(tmp_path / "out"), "--json", "--config", str(project.file))
    assert done.code == 5
    assert done.json["chain"]["ok"] is False
    assert (tmp_path / "out" / "index.html").exists()


# ------------------------------------------------------------------------------------------------------------- copying


@pytest.mark.slow
def test_a_copy_holds_what_readers_look_at_and_is_no_live_folder(project: Project, tmp_path: Path) -> None:
    copying.copy(project.data, tmp_path / "copy")
    found = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert found >= {"people.sqlite", snapshot.FILE_NAME, "reports/index.html", APART_FILE}
    assert "warehouse.duckdb" not in found
    with People.open(project.data) as live, People.open(tmp_path / "copy") as copied:
        assert log.entries(copied) == log.entries(live)


def test_a_copy_of_nothing_is_empty(tmp_path: Path) -> None:
    copying.copy(tmp_path / "none", tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == [APART_FILE]


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.enable_socket
def test_the_copy_works_from_a_folder_without_a_server(done: Exported) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("Chromium is not installed: Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    noise: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        seen = browser.new_page(viewport={"width": 1200, "height": 900})
        seen.on("console", lambda message: noise.append(message.text))
        seen.on("dialog", lambda dialog: noise.append(dialog.message))
        seen.on("request", lambda request: asked.append(request.url))
        seen.goto((done.out / "index.html").as_uri())
        assert seen.get_by_text("A copy of the board").is_visible()
        border = "getComputedStyle(document.querySelector('.copied')).borderBottomStyle"
        assert seen.evaluate(border) == "solid", "style is loaded under the policy"
        seen.get_by_role("link", name=projects.AGENT).click()
        seen.get_by_role("link", name="What can be done").click()
        assert seen.get_by_role("button").count() == 0
        seen.get_by_role("link", name="Decisions").click()
        seen.get_by_role("link", name="1", exact=True).click()
        assert seen.get_by_role("heading", name="Decision 1").is_visible()
        # A page into which somebody planted a script does not run it.
        planted = done.out / "planted.html"
        planted.write_text(
            (done.out / "decisions.html").read_text().replace("</main>", "<script>alert(1)</script></main>")
        )
        seen.goto(planted.as_uri())
        planted.unlink()
        browser.close()
    blocked = [text for text in noise if "Content Security Policy" in text]
    assert len(blocked) == len(noise) == 1
    assert {urlsplit(url).scheme for url in asked} == {"file"}
