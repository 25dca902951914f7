"""axe-core over every page and state: no violation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import FERRY, QANAT, Page, Service, Site, until
from tests.browser.test_widget import FILLED, newsroom

pytestmark = pytest.mark.browser

axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

PAGES = {
    "home": "/",
    "results": "/?q=ferry",
    "filters": "/?q=ferry&section=Asia-Pacific&from=2025-01-01",
    "story folded": "/?q=ferry&collapse=story&sort=newest",
    "dates": "/?q=election+sinkng+in+November+2025",
    "nothing": "/?q=zzxqv&section=Sport",
    "problem": "/?q=x&from=soon",
    "not there": "/articles/none",
    "article": f"/articles/{FERRY}",
    "corrected": "/articles/3410010f86158a3d2eb4",
    "persian": f"/articles/{QANAT}",
    "persian results": "/?q=قنات",
    "newsroom": "/demo/",
    "newsroom article": f"/demo/{FERRY}",
    "newsroom persian": f"/demo/{QANAT}",
}


def violations(page: Page) -> list[str]:
    found = axe_api.Axe().run(page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:150]} {node['failureSummary'][:250]}" for one in found for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_violation(new_page: Callable[..., Page], name: str, scheme: str) -> None:
    page = new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(PAGES[name])
    if name.startswith("newsroom "):
        until(page, FILLED)
    for summary in page.locator("details.why summary").all()[:1]:
        summary.click()
    assert violations(page) == []


def test_a_narrow_page_has_none(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 360, "height": 800}, bypass_csp=True)
    page.goto("/?q=ferry")
    assert violations(page) == []


def test_open_completions_have_none(new_page: Callable[..., Page]) -> None:
    page = new_page(bypass_csp=True)
    page.goto("/")
    page.type("#q", "makas")
    page.wait_for_selector("#suggestions li")
    page.keyboard.press("ArrowDown")
    assert violations(page) == []


@pytest.mark.parametrize("layout", ["list", "cards", "compact"])
def test_the_element_on_another_site_has_none(
    new_page: Callable[..., Page], site: Site, service: Service, widget_key: str, layout: str
) -> None:
    page = new_page(bypass_csp=True)
    element = f'<dateline-related article="{FERRY}" key="{widget_key}" layout="{layout}"></dateline-related>'
    page.goto(newsroom(site, service.address, element))
    until(page, FILLED)
    assert violations(page) == []
