"""What an article, a question or an address says is text wherever it is shown: never markup, never script, never a header."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests.faults.service import Service

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>]]><!--{{7*7}}"
ADDRESS = "javascript:alert(4)"

ARTICLE = {
    "title": f"Ferry {MARKUP}",
    "body": f"Ferry capsized {MARKUP}.\n\nSecond paragraph {MARKUP}",
    "summary": MARKUP,
    "source": MARKUP,
    "section": MARKUP,
    "authors": [MARKUP],
    "tags": [MARKUP],
    "license": MARKUP,
    "correction": MARKUP,
    "image_url": ADDRESS,
    "language": "en",
    "published_at": "2026-01-02T03:04:05Z",
    "extra": {"html": MARKUP},
}
ASKED = quote(MARKUP)
PAGES = (
    "/", "/?q=ferry", f"/?q={ASKED}", f"/?q=ferry&section={ASKED}", f"/?q=ferry&cursor={ASKED}", f"/?q=ferry&from={ASKED}",
    f"/?{ASKED}={ASKED}", f"/?q=ferry&sort={ASKED}", "/articles/evil",
    "/articles/evil?version=1", f"/articles/{ASKED}",
    f"/stories/{ASKED}", f"/{ASKED}", "/widget/related/a0?mode=latest&min_score=0", "/widget/related/evil",
    f"/widget/related/a0?heading={ASKED}&lang={ASKED[:30]}", f"/widget/related/a0?pages={quote(ADDRESS)}",
    f"/widget/related/{ASKED}",
    f"/widget/related?url={ASKED}", f"/static/{ASKED}", f"/articles/{ASKED}/related.rss",
)  # fmt: skip


class Elements(HTMLParser):
    """The elements of a page and what is dangerous in them."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        handlers = [name for name, _ in attrs if name.startswith("on")]
        leads = [value for name, value in attrs if value and name in ("href", "src", "action") and _runs(value)]
        self.scripts += [*handlers, *leads]
        self._inside = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._inside and "alert" in data:
            self.scripts.append(data)


def _runs(address: str) -> bool:
    return re.match(r"\s*(?:javascript|data|vbscript):", address, re.IGNORECASE) is not None


@pytest.fixture(scope="module", autouse=True)
def _stored(service: Service) -> None:
    assert service.ask("PUT", "/v1/articles/evil", {**ARTICLE, "title": f"Earlier {MARKUP}"}).status == 201
    assert service.ask("PUT", "/v1/articles/evil", {**ARTICLE, "updated_at": "2026-01-03T03:04:05Z"}).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_is_shown_becomes_markup(service: Service, path: str) -> None:
    answer = service.ask("GET", path, accept="text/html")
    assert answer.status in {200, 404, 410, 422}
    if not answer.headers.get("content-type", "").startswith("text/html"):
        assert answer.headers["content-type"].startswith(("application/problem+json", "text/plain"))
        return
    page = Elements()
    page.feed(answer.text)
    assert page.scripts == []
    assert "<img src=x" not in answer.text


def test_a_feed_of_markup_is_a_feed(service: Service) -> None:
    for article_id in ("evil", "a0"):
        answer = service.ask("GET", f"/articles/{article_id}/related.rss?min_score=0&mode=latest&limit=50")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("application/rss+xml")
        channel = ElementTree.fromstring(answer.text).find("channel")
        assert channel is not None
        assert not any(element.tag.endswith(("script", "img", "svg")) for element in channel.iter())
        assert not any(_runs(element.text or "") for element in channel.iter("link"))


def test_json_is_not_read_as_a_page(service: Service) -> None:
    for path in (f"/v1/search?q={ASKED}", "/v1/articles/evil", "/v1/articles/evil/versions", f"/v1/articles/{ASKED}"):
        answer = service.ask("GET", path)
        assert answer.headers["content-type"].startswith(("application/json", "application/problem+json"))
