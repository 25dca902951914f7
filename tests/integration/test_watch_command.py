"""`dateline ingest` with feeds, as its own process, against a server on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.archive import Archive
from indexer.types import Article
from search_api.watch_jobs import feeds_of
from tests.integration.local_site import LocalSite, answer
from tests.support import ROOT, command

PARAGRAPH = (
    "Crews of the harbour ferries walked out on Monday, and the port of the island was closed until the evening."
)
PAGE = (
    "<html><head><title>Ferry strike</title></head><body><h1>Ferry strike</h1>"
    f"<p>{PARAGRAPH}</p><p>Officials said that talks about the night shifts would go on as soon as both sides were ready.</p>"
    "</body></html>"
)


def feed(address: str, summary: str = "Crews walked out.") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title><link>/</link>'
        f"<item><title>Ferry strike</title><link>{address}/strike</link><pubDate>Sun, 01 Mar 2026 09:30:00 GMT</pubDate>"
        f"<description>{summary}</description></item></channel></rss>"
    )


@pytest.fixture(autouse=True)
def _this_machine_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_FETCH_NETWORKS", '["127.0.0.0/8"]')


def stored(index: Path) -> Article:
    """The one article of the index."""
    with Archive(index / "archive.sqlite") as archive:
        (article,) = (held.article for held in archive.stored.changed_after(0, "none", "none"))
        return article


def test_an_address_is_polled_once_and_its_summary_gives_way_to_the_page(tmp_path: Path) -> None:
    index = tmp_path / "index"
    with LocalSite() as site:
        site.replies |= {
            "/robots.txt": answer(status=404),
            "/feed": answer(feed(site.address)),
            "/strike": answer(PAGE, content_type="text/html"),
        }
        first = json.loads(command("ingest", f"{site.address}/feed", "--json", "--index", str(index)).stdout)
        assert (first["read"], first["new"], first["polls"][0]["result"]) == (1, 1, "taken")
        summary = stored(index)
        assert (summary.body, summary.extra["extent"]) == ("Crews walked out.", "summary")
        early = command("ingest", f"{site.address}/feed", "--index", str(index))
        assert "no feed is due yet" in early.stderr
        for state in (index / "watch").glob("*.json"):
            state.unlink()
        again = json.loads(
            command("ingest", f"{site.address}/feed", "--fetch-pages", "--json", "--index", str(index)).stdout
        )
        assert (again["updated"], again["polls"][0]["pages"]) == (1, 1)
    whole = stored(index)
    assert whole.body.startswith(PARAGRAPH)
    assert "extent" not in whole.extra
    assert whole.published_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_a_watch_goes_on_until_it_is_told_to_end(tmp_path: Path) -> None:
    with LocalSite() as site:
        site.replies |= {
            "/robots.txt": answer(status=404),
            "/feed": answer(feed(site.address)),
            "/gone": answer(status=410),
        }
        (tmp_path / "feeds.txt").write_text(f"# ours\n{site.address}/feed\n{site.address}/gone\n")
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "search_api",
                "ingest",
                "--watch",
                str(tmp_path / "feeds.txt"),
                "--index",
                str(tmp_path / "index"),
            ],
            cwd=ROOT,
            env={**os.environ, "DATELINE_MODEL": "text-hash"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while site.targets().count("/gone") == 0:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert "2 feeds, 2 polls" in out
    assert "/feed taken, 1 items" in err
    assert "it is not polled again" in err


def test_a_private_address_is_not_asked_unless_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATELINE_FETCH_NETWORKS")
    with LocalSite() as site:
        done = command("ingest", f"{site.address}/feed", "--index", str(tmp_path / "index"))
        assert site.targets() == []
    assert done.returncode == 1
    assert "which is no public address" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--once", "a.jsonl"], "--once and --fetch-pages go with feeds"),
        (["https://paper.example/feed", "--dry-run"], "are for files, not for feeds"),
        (["--watch", "gone.opml"], "gone.opml cannot be read"),
        ([], "give SOURCE..., or --retry without any"),
        (["--retry", "--dry-run"], "--retry goes with no other option"),
        (["a.jsonl", "--columns", "headline=H"], "'headline' is no field"),
    ],
)
def test_wrong_use_is_refused_with_the_fix(tmp_path: Path, arguments: list[str], reason: str) -> None:
    done = command("ingest", *arguments, "--index", str(tmp_path / "index"))
    assert done.returncode == 2
    assert reason in " ".join(done.stderr.replace("│", " ").split())


def test_a_wrong_network_is_refused_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_FETCH_NETWORKS", '["home"]')
    done = command("ingest", "https://paper.example/feed", "--index", str(tmp_path / "index"))
    assert (done.returncode, "DATELINE_FETCH_NETWORKS is" in done.stderr) == (2, True)


def test_addresses_and_lists_are_one_list_of_feeds(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(
        '<opml version="2.0"><body><outline text="World"><outline type="rss" text="Paper" xmlUrl="https://paper.example/rss"/></outline></body></opml>'
    )
    feeds = feeds_of(["https://other.example/feed", str(tmp_path / "feeds.opml")])
    assert [(feed.address, feed.section) for feed in feeds] == [
        ("https://other.example/feed", None),
        ("https://paper.example/rss", "World"),
    ]
