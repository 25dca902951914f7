"""A real service over the sample corpus, a newsroom on another origin, and a real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from indexer.layout import IndexFolder
from search_api.clock import utc_now
from search_api.keys import Keys, Scope
from tests.support import ROOT, SAMPLE

sync_api = pytest.importorskip("playwright.sync_api")

Page: TypeAlias = Any
"""Playwright's; the package is only there for these tests."""

SCREENSHOTS = ROOT / "var" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WATCHED = """
window.shifted = 0; window.violations = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective + " " + event.blockedURI);
});
"""
"""Counts layout shifts as Cumulative Layout Shift does, and what the page's policy blocked."""

FERRY = "38bdc98f7a968277f8cc"
QANAT = "2669ff67a06d581488fb"
QUAKE = "c09b71d4943cd03e49cc"


@dataclass
class Service:
    """A `dateline serve` of its own, and its index."""

    index: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "DATELINE_MODEL"}
        environment["DATELINE_DEMO"] = f'["{FERRY}", "{QUAKE}", "{QANAT}"]'
        run = [sys.executable, "-m", "search_api", "serve", "--index", str(self.index), "--port", str(self.port)]
        self.process = subprocess.Popen(run, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/readyz", timeout=2)
                return
            except OSError:
                assert time.monotonic() < deadline, "the service did not start"
                time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Site:
    """A newsroom's own site: its pages by path, as (body, headers), how long each keeps waiting, and what was asked of it."""

    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    waits_s: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("browser") / "index"
    environment = {name: value for name, value in os.environ.items() if name != "DATELINE_MODEL"}
    run = [sys.executable, "-m", "search_api", "ingest", str(SAMPLE), "--index", str(index), "--json"]
    subprocess.run(run, check=True, cwd=ROOT, env=environment, capture_output=True)
    return index


@pytest.fixture(scope="session")
def service(sample_index: Path) -> Iterator[Service]:
    service = Service(sample_index, _free_port())
    service.start()
    yield service
    service.stop()


@pytest.fixture
def mortal(sample_index: Path) -> Iterator[Service]:
    """A service that a test may stop."""
    service = Service(sample_index, _free_port())
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            site.asked.append((self.command, path))
            time.sleep(site.waits_s.get(path, 0))
            body, headers = site.pages.get(path, ("", {}))
            with contextlib.suppress(ConnectionError):
                self.send_response(200 if path in site.pages else 404)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

        def do_OPTIONS(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def widget_key(sample_index: Path, site: Site) -> str:
    return Keys.of(IndexFolder(sample_index)).add("site", Scope.WIDGET, now=utc_now(), origins=[site.address])


@pytest.fixture
def silent_address() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.skip("no Chromium: install it, or name it by CHROMIUM")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def new_page(browser: Any, service: Service) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own; in the end none of them may have thrown or broken its own policy."""
    opened: list[tuple[Any, Page, list[str]]] = []

    def new(**how: Any) -> Page:
        context = browser.new_context(**{"base_url": service.address, "viewport": {"width": 1100, "height": 900}} | how)
        context.add_init_script(WATCHED)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append((context, page, errors))
        return page

    yield new
    for context, page, errors in opened:
        if not page.is_closed() and page.url.startswith("http") and page.evaluate("'violations' in window"):
            errors += page.evaluate("window.violations")
        context.close()
        assert errors == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


def until(page: Page, expression: str, timeout_s: float = 10) -> None:
    """Waits for an expression to be true; unlike Playwright's own waiting, also where a page's policy forbids `eval`."""
    deadline = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {expression}"
        page.wait_for_timeout(20)


@pytest.fixture(scope="session")
def shot() -> Callable[[Page, str], None]:
    """Writes what a page shows to var/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def write(page: Page, name: str, *, whole: bool = True) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)

    return write


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
