"""The pages in a real browser, over the sample corpus; screenshots of each go to var/screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.support import ROOT, SAMPLE

sync_api = pytest.importorskip("playwright.sync_api")

Page: TypeAlias = Any
"""Playwright's; the package is only there for these tests."""

pytestmark = pytest.mark.browser

SCREENSHOTS = ROOT / "var" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    index = str(tmp_path_factory.mktemp("browser") / "index")
    environment = {name: value for name, value in os.environ.items() if name != "DATELINE_MODEL"}
    run = [sys.executable, "-m", "search_api"]
    subprocess.run(
        [*run, "ingest", str(SAMPLE), "--index", index, "--json"],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*run, "serve", "--index", index, "--port", str(port)], cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2)
            break
        except OSError:
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.skip("no Chromium: install it, or name it by CHROMIUM")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, server: str) -> Iterator[Any]:
    context = browser.new_context(base_url=server, viewport={"width": 1000, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


def test_a_typed_question_shows_results_and_an_article_with_related_news(page: Page) -> None:
    page.goto("/")
    page.fill("#q", "why did the ferry in the Makassar Strait capsize")
    page.keyboard.press("Enter")
    page.wait_for_selector("li.hit")
    page.screenshot(path=SCREENSHOTS / "readme.png")
    assert "Makassar" in page.inner_text("li.hit >> nth=0")
    assert page.locator("mark").count() > 0
    shot(page, "search")
    page.click("li.hit >> nth=0 >> h2 a")
    page.wait_for_selector(".dateline-related li")
    shot(page, "article")


def test_the_widget_fills_the_related_news_block_of_a_newsroom_page(page: Page) -> None:
    page.goto("/?q=Makassar+ferry+inquiry+overloading")
    article = str(page.get_attribute("li.hit >> nth=0 >> h2 a", "href")).rpartition("/")[2]
    page.goto(f"/demo/article?article={article}")
    page.wait_for_function("document.querySelector('dateline-related').shadowRoot?.querySelectorAll('li').length > 1")
    text = page.evaluate("document.querySelector('dateline-related').shadowRoot.textContent")
    assert text.startswith("Related News")
    assert "ferry" in text.lower() or "Makassar" in text
    shot(page, "newsroom")


def test_nothing_found_and_a_narrow_screen_read_well(page: Page) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto("/?q=ferry&section=Science&from=2025-01-01&to=2025-01-02")
    assert "Nothing found" in page.inner_text("main")
    page.goto("/?q=earthquake")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    shot(page, "narrow")


def test_the_box_completes_and_what_was_read_can_be_taken_away(page: Page) -> None:
    page.goto("/")
    page.type("#q", "makas")
    page.wait_for_function("document.querySelectorAll('#suggestions option').length > 0")
    assert "Makassar Strait" in page.evaluate(
        "[...document.querySelectorAll('#suggestions option')].map(one => one.value)"
    )
    page.fill("#q", "election sinkng in November 2025")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Only published from 1 November 2025 to 30 November 2025")
    shot(page, "dates")
    page.click("text=Any date")
    page.wait_for_selector("li.hit")
    assert page.locator("text=Only published").count() == 0
    page.click("text=election sinking in November 2025")
    page.wait_for_selector("li.hit")
    assert page.input_value("#q") == "election sinking in November 2025"
