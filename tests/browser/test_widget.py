"""The related-news element on pages of other sites, in a real browser."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from search_api.web.widget.files import widget_files
from search_api.web.widget.words import WORDS
from tests.browser.conftest import FERRY, QANAT, QUAKE, Page, Service, Site, until

pytestmark = pytest.mark.browser

Shot = Callable[..., None]
New = Callable[..., Page]

FILLED = "document.querySelector('dateline-related')?.shadowRoot?.querySelectorAll('li').length > 0"
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 9'><rect width='16' height='9' fill='#789'/></svg>"


def newsroom(
    site: Site,
    service: str,
    element: str,
    *,
    head: str = "",
    language: str = "en",
    style: bool = True,
    above: str = "",
    policy: str | None = None,
) -> str:
    """Publishes a page of the newsroom with an element, under a policy as strict as it can be; returns its address."""
    policy = policy or (
        f"default-src 'none'; script-src {service}; connect-src {service} http://127.0.0.1:*; style-src 'self' {service}; "
        "img-src https: http:; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    sheet = f'<link rel="stylesheet" href="{service}/widget.css">' if style else ""
    direction = "rtl" if language in ("ar", "fa") else "ltr"
    body = (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>News</title>'
        f'<meta name="viewport" content="width=device-width">{sheet}{head}'
        f'<script src="{service}/widget.js" integrity="{widget_files().integrity}" crossorigin="anonymous" async></script>'
        f"</head><body><main><h1>An article</h1>{above}{element}<p id='after'>What follows.</p></main></body></html>"
    )
    site.pages["/news"] = (body, {"Content-Security-Policy": policy})
    return f"{site.address}/news"


def shadow(page: Page, script: str) -> Any:
    """What an expression gives of `root`, the element's shadow root."""
    return page.evaluate(
        f"(() => {{ const root = document.querySelector('dateline-related').shadowRoot; return {script}; }})()"
    )


def test_the_element_fills_on_another_origin_under_a_strict_policy(
    page: Page, site: Site, service: Service, widget_key: str, shot: Shot
) -> None:
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request) if "/related" in request.url else None)
    page.goto(
        newsroom(site, service.address, f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>')
    )
    until(page, FILLED)
    assert shadow(page, "root.querySelector('h2').textContent") == "Related News"
    assert "Tanjung Lestari" in shadow(page, "root.textContent")
    assert shadow(page, "getComputedStyle(root.querySelector('.dateline-item')).display") == "flex", "its style applies"
    assert len(asked) == 1, "one request"
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("window.violations") == []
    shot(page, "widget-foreign")


def test_without_leave_the_element_is_silent_and_takes_no_room(new_page: New, site: Site, service: Service) -> None:
    page = new_page()
    page.goto(
        newsroom(site, service.address, f'<dateline-related article="{FERRY}" key="dl_wrong"></dateline-related>')
    )
    until(page, "document.querySelector('dateline-related').hidden")
    assert page.evaluate("document.querySelector('dateline-related').getBoundingClientRect().height") == 0
    assert "An article" in page.inner_text("main")


def test_the_page_s_own_address_is_asked_for_when_nothing_is_named(
    page: Page, site: Site, service: Service, widget_key: str
) -> None:
    known = json.loads(urllib.request.urlopen(f"{service.address}/v1/articles/{FERRY}").read())
    head = f'<link rel="canonical" href="{known["url"]}">'
    page.goto(newsroom(site, service.address, f'<dateline-related key="{widget_key}"></dateline-related>', head=head))
    until(page, FILLED)
    by_address = shadow(page, "[...root.querySelectorAll('a')].map(link => link.href)")
    page.goto(
        newsroom(site, service.address, f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>')
    )
    until(page, FILLED)
    assert shadow(page, "[...root.querySelectorAll('a')].map(link => link.href)") == by_address


BELOW = "<p>Text that stands below.</p>" * 40


@pytest.mark.parametrize("width", [380, 1000])
@pytest.mark.parametrize("inside", ["", "\n  "])
@pytest.mark.parametrize("layout", ["list", "cards", "compact"])
def test_nothing_jumps_where_the_block_is_seen_from_the_start(
    new_page: New, site: Site, service: Service, widget_key: str, width: int, inside: str, layout: str
) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    element = f'<dateline-related article="{FERRY}" key="{widget_key}" layout="{layout}">{inside}</dateline-related>'
    page.goto(newsroom(site, service.address, element + BELOW))
    until(page, FILLED)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifted") < 0.02


def test_the_held_room_is_what_keeps_the_page_still(page: Page, site: Site, service: Service, widget_key: str) -> None:
    site.pages["/site.css"] = ("dateline-related { --dateline-reserve: 0px; }", {"Content-Type": "text/css"})
    element = f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>'
    page.goto(newsroom(site, service.address, element + BELOW, head='<link rel="stylesheet" href="/site.css">'))
    until(page, FILLED)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifted") > 0.1


def test_a_block_far_below_asks_when_it_comes_near_and_nothing_jumps(
    page: Page, site: Site, service: Service, widget_key: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/related" in request.url else None)
    above = "<p>Text.</p>" * 100
    element = f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>'
    page.goto(newsroom(site, service.address, element, above=above, style=False))
    page.wait_for_timeout(500)
    assert asked == []
    page.mouse.move(300, 300)
    for _ in range(20):
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(40)
    until(page, FILLED)
    page.wait_for_timeout(300)
    assert len(asked) == 1
    assert page.evaluate("window.shifted") < 0.02
    filled = page.evaluate("document.querySelector('dateline-related').getBoundingClientRect().height")
    assert filled == shadow(page, "root.firstChild.getBoundingClientRect().height"), "no room is left over"


def test_the_server_s_list_stays_when_the_service_is_gone(
    new_page: New, site: Site, mortal: Service, shot: Shot
) -> None:
    fragment = urllib.request.urlopen(f"{mortal.address}/widget/related/{FERRY}").read().decode()
    address = newsroom(
        site, mortal.address, f'<dateline-related article="{FERRY}">{fragment}</dateline-related>', style=False
    )
    mortal.stop()
    page = new_page()
    page.goto(address)
    assert page.locator("dateline-related li").count() == 5, "no script came: the list is the page's own"
    assert page.is_visible("text=Police hold ferry captain")
    shot(page, "widget-service-gone")


def test_the_server_s_list_stays_when_the_service_goes_while_the_page_is_read(
    new_page: New, site: Site, mortal: Service
) -> None:
    fragment = urllib.request.urlopen(f"{mortal.address}/widget/related/{FERRY}").read().decode()
    above = "<p>Text.</p>" * 100
    page = new_page(locale="de-DE", timezone_id="Pacific/Auckland")
    page.goto(
        newsroom(
            site, mortal.address, f'<dateline-related article="{FERRY}">{fragment}</dateline-related>', above=above
        )
    )
    until(page, FILLED)
    assert shadow(page, "root.querySelector('time').textContent") == "9. Oktober 2025"
    mortal.stop()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(700)
    assert shadow(page, "root.querySelectorAll('li').length") == 5
    assert not page.evaluate("document.querySelector('dateline-related').hidden")


def test_a_service_that_never_answers_holds_nothing_up(
    new_page: New, site: Site, service: Service, silent_address: str
) -> None:
    page = new_page()
    element = f'<dateline-related article="{FERRY}" server="{silent_address}/"></dateline-related>'
    page.goto(newsroom(site, service.address, element))
    assert page.is_visible("#after")
    fragment = urllib.request.urlopen(f"{service.address}/widget/related/{FERRY}").read().decode()
    element = f'<dateline-related article="{FERRY}" server="{silent_address}/">{fragment}</dateline-related>'
    page.goto(newsroom(site, service.address, element))
    page.wait_for_timeout(9_000)
    assert shadow(page, "root.querySelectorAll('li').length") == 5


def test_the_fragment_and_the_element_look_alike(page: Page, site: Site, service: Service, widget_key: str) -> None:
    fragment = urllib.request.urlopen(f"{service.address}/widget/related/{FERRY}").read().decode()
    looks = (
        "one => { const how = getComputedStyle(one); const box = one.getBoundingClientRect();"
        " return [how.fontSize, how.fontWeight, how.color, Math.round(box.width), Math.round(box.height)]; }"
    )
    parts = "'section, h2, ul, li, .dateline-text, .dateline-headline, .dateline-facts'"
    page.goto(newsroom(site, service.address, fragment))
    alone = page.evaluate(
        f"[...document.querySelectorAll({parts})].filter(one => one.closest('.dateline-related')).map({looks})"
    )
    page.goto(
        newsroom(site, service.address, f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>')
    )
    until(page, FILLED)
    assert shadow(page, f"[...root.querySelectorAll({parts})].map({looks})") == alone


def test_pages_without_script_show_the_server_s_list(new_page: New, site: Site, service: Service, shot: Shot) -> None:
    fragment = urllib.request.urlopen(f"{service.address}/widget/related/{FERRY}?layout=cards").read().decode()
    page = new_page(java_script_enabled=False)
    page.goto(newsroom(site, service.address, f"<dateline-related>{fragment}</dateline-related>"))
    assert page.locator("dateline-related li").count() == 5
    shot(page, "widget-without-script")


@pytest.mark.parametrize("language", ["ar", "fa", "de"])
def test_the_block_is_of_the_page_s_language_and_its_dates_of_the_reader_s(
    new_page: New, site: Site, service: Service, widget_key: str, shot: Shot, language: str
) -> None:
    page = new_page(locale="fr-FR", timezone_id="Pacific/Auckland")
    element = f'<dateline-related article="{QANAT}" key="{widget_key}"></dateline-related>'
    page.goto(newsroom(site, service.address, element, language=language))
    until(page, FILLED)
    assert shadow(page, "root.querySelector('h2').textContent") == WORDS[language].heading
    assert shadow(page, "getComputedStyle(root.querySelector('section')).direction") == (
        "ltr" if language == "de" else "rtl"
    )
    assert shadow(page, "[root.querySelector('li').lang, root.querySelector('li').dir]") == ["fa", "rtl"]
    assert shadow(page, "[root.querySelector('time').lang, root.querySelector('time').textContent]") == [
        "fr-FR",
        "22 juin 2025",
    ]
    shot(page, f"widget-{language}")


def hostile_hit(number: int, **changed: Any) -> dict[str, Any]:
    hit = {
        "id": f"../{number}?x#y",
        "url": f"https://news.example/{number}",
        "title": f"Headline {number}",
        "source": "The Source",
        "language": "en",
        "published_at": "2026-03-01T00:00:00Z",
        "image_url": None,
        "score": 0.5,
        "duplicates": {"count": 0, "sources": []},
    }
    return hit | changed


def answering(site: Site, hits: list[dict[str, Any]], fallback: str | None = None) -> str:
    """An address that answers every question for related articles with these; what no index would hold, too."""
    body = json.dumps({"seed": "s", "mode": "related", "fallback_used": fallback, "hits": hits})
    site.pages["/feint/v1/articles/s/related"] = (
        body,
        {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
    )
    return f"{site.address}/feint/"


def test_what_is_hostile_stays_text(page: Page, site: Site, service: Service, shot: Shot) -> None:
    hits = [
        hostile_hit(1, title="<img src=x onerror=alert(1)><script>alert(1)</script>"),
        hostile_hit(2, url="javascript:alert(1)", image_url="javascript:alert(1)"),
        hostile_hit(3, title="\u202etnemetats laiciffo\u202c gpj.exe", source="\u202eecruos"),
        hostile_hit(
            4, url="data:text/html,<script>alert(1)</script>", image_url="data:image/svg+xml,<svg onload=alert(1)>"
        ),
        hostile_hit(5, language='en-"><script>', published_at="soon", duplicates={"count": 2, "sources": []}),
        hostile_hit(6, title="x" * 400),
    ]
    feint = answering(site, hits)
    page.goto(newsroom(site, service.address, f'<dateline-related article="s" server="{feint}"></dateline-related>'))
    until(page, FILLED)
    assert shadow(page, "root.querySelectorAll('script, img, [onerror], [onload]').length") == 0
    links = shadow(page, "[...root.querySelectorAll('a')].map(link => link.href)")
    assert links[1] == f"{feint}articles/..%2F2%3Fx%23y"
    assert all(link.startswith("http") for link in links)
    assert shadow(
        page,
        "[...root.querySelectorAll('.dateline-fact')].every(one => getComputedStyle(one).unicodeBidi === 'isolate')",
    )
    assert "\u202e" not in shadow(page, "root.textContent")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shadow(page, "[...root.querySelectorAll('.dateline-facts')].map(one => one.children.length)") == [
        2,
        2,
        2,
        2,
        2,
        2,
    ]
    assert "and 2 more sources" in shadow(page, "root.textContent")
    shot(page, "widget-hostile")


def test_pictures_are_shown_and_broken_ones_are_not(page: Page, site: Site, service: Service, shot: Shot) -> None:
    site.pages["/picture.svg"] = (PICTURE, {"Content-Type": "image/svg+xml"})
    addresses = [f"{site.address}/picture.svg", f"{site.address}/none.png", None]
    hits = [hostile_hit(number, image_url=picture) for number, picture in enumerate(addresses)]
    feint = answering(site, hits)
    for layout in ("list", "cards", "compact"):
        page.goto(
            newsroom(
                site,
                service.address,
                f'<dateline-related article="s" layout="{layout}" server="{feint}"></dateline-related>',
            )
        )
        until(page, FILLED)
        pictures = "[...document.querySelector('dateline-related').shadowRoot.querySelectorAll('img')]"
        shown = f"{pictures}.filter(one => one.getBoundingClientRect().height)"
        until(page, f"{shown}.length === {0 if layout == 'compact' else 1}")
        assert shadow(page, "root.querySelector('img').alt") == ""
        shot(page, f"widget-{layout}")


def test_what_fills_the_list_is_labelled_and_an_empty_list_takes_no_room(
    page: Page, site: Site, service: Service
) -> None:
    feint = answering(site, [hostile_hit(1), hostile_hit(2, score=0)], "section")
    page.goto(newsroom(site, service.address, f'<dateline-related article="s" server="{feint}"></dateline-related>'))
    until(page, FILLED)
    assert shadow(page, "[...root.querySelector('section').children].map(one => one.className)") == [
        "dateline-heading",
        "dateline-list",
        "dateline-fallback",
        "dateline-list",
    ]
    assert shadow(page, "root.querySelector('.dateline-fallback').textContent") == "Also in this section"
    feint = answering(site, [])
    page.goto(newsroom(site, service.address, f'<dateline-related article="s" server="{feint}"></dateline-related>'))
    until(page, "document.querySelector('dateline-related').hidden")
    assert page.evaluate("document.querySelector('dateline-related').getBoundingClientRect().height") == 0


def test_an_element_follows_its_attributes_and_the_page_it_is_moved_in(
    page: Page, site: Site, service: Service, widget_key: str
) -> None:
    page.goto(
        newsroom(
            site,
            service.address,
            f'<dateline-related article="{FERRY}" key="{widget_key}" limit="2"></dateline-related>',
        )
    )
    until(page, FILLED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/related" in request.url else None)
    page.evaluate("document.querySelector('dateline-related').setAttribute('heading', 'More')")
    until(page, "document.querySelector('dateline-related').shadowRoot.querySelector('h2').textContent === 'More'")
    assert asked == [], "what is there need not be asked for again"
    page.evaluate("document.body.prepend(document.querySelector('dateline-related'))")
    page.wait_for_timeout(300)
    assert asked == []
    page.evaluate(f"document.querySelector('dateline-related').setAttribute('article', '{QUAKE}')")
    until(page, "document.querySelector('dateline-related').shadowRoot.textContent.includes('Afyon')")
    assert len(asked) == 1
    assert shadow(page, "root.querySelectorAll('li').length") == 2


SET = "(([name, value]) => document.querySelector('dateline-related').setAttribute(name, value))"


def feigned(site: Site, article: str, titles: list[str] | None, wait_s: float = 0) -> None:
    """Lets the site answer for an article with these titles, after a while; None is a refusal."""
    path = f"/feint/v1/articles/{article}/related"
    site.waits_s[path] = wait_s
    site.pages.pop(path, None)
    if titles is not None:
        hits = [hostile_hit(number, title=title) for number, title in enumerate(titles)]
        body = json.dumps({"seed": article, "mode": "related", "fallback_used": None, "hits": hits})
        site.pages[path] = (body, {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"})


def titles_of(page: Page) -> list[str]:
    return list(shadow(page, "[...root.querySelectorAll('a')].map(link => link.textContent)"))


def showing(*titles: str) -> str:
    return (
        "JSON.stringify([...document.querySelector('dateline-related').shadowRoot.querySelectorAll('a')]"
        f".map(link => link.textContent)) === '{json.dumps(list(titles), separators=(',', ':'))}'"
    )


def test_a_late_answer_for_another_article_is_never_shown(page: Page, site: Site, service: Service) -> None:
    feigned(site, "a", ["Of A"])
    feigned(site, "b", ["Of B"], wait_s=0.6)
    page.goto(
        newsroom(
            site, service.address, f'<dateline-related article="a" server="{site.address}/feint"></dateline-related>'
        )
    )
    until(page, showing("Of A"))
    page.evaluate(SET, ["article", "b"])
    page.wait_for_timeout(100)
    page.evaluate(SET, ["article", "a"])
    until(page, showing("Of A"))
    page.wait_for_timeout(1000)
    assert titles_of(page) == ["Of A"]


def test_a_former_article_s_list_goes_when_the_next_one_has_none(page: Page, site: Site, service: Service) -> None:
    feigned(site, "a", ["Of A"])
    feigned(site, "b", None)
    element = f'<dateline-related article="a" server="{site.address}/feint/"></dateline-related>'
    page.goto(newsroom(site, service.address, element))
    until(page, showing("Of A"))
    page.evaluate(SET, ["article", "b"])
    until(page, "document.querySelector('dateline-related').hidden")
    assert titles_of(page) == []
    page.evaluate(SET, ["article", "a"])
    until(page, showing("Of A"))
    assert not page.evaluate("document.querySelector('dateline-related').hidden")


def test_a_site_that_changes_article_and_list_shows_the_new_list_though_nothing_answers(
    page: Page, site: Site, service: Service
) -> None:
    block = '<section class="dateline-related" data-seed="{0}"><ul><li><a href="/{0}">Of {0}</a></li></ul></section>'
    feigned(site, "a", None)
    feigned(site, "b", None)
    element = f'<dateline-related article="a" server="{site.address}/feint/">{block.format("a")}</dateline-related>'
    page.goto(newsroom(site, service.address, element, policy="default-src * 'unsafe-inline'"))
    until(page, showing("Of a"))
    page.evaluate(
        "html => { const one = document.querySelector('dateline-related');"
        " one.setAttribute('article', 'b'); one.innerHTML = html; }",
        block.format("b"),
    )
    until(page, showing("Of b"))
    page.wait_for_timeout(300)
    assert titles_of(page) == ["Of b"]
    page.evaluate(SET, ["article", "c"])
    page.wait_for_timeout(300)
    assert titles_of(page) == [], "a list of another article is not this one's"


@pytest.mark.parametrize("inside", ["<div>FRAGMENT</div>", '<p><a href="/all">All news</a></p>'])
def test_what_the_page_put_inside_stays_when_nothing_answers(
    new_page: New, site: Site, service: Service, inside: str
) -> None:
    fragment = urllib.request.urlopen(f"{service.address}/widget/related/{FERRY}").read().decode()
    page = new_page()
    inside = inside.replace("FRAGMENT", fragment)
    element = f'<dateline-related article="{FERRY}" server="{site.address}/none/">{inside}</dateline-related>'
    page.goto(newsroom(site, service.address, element))
    page.wait_for_timeout(500)
    assert not page.evaluate("document.querySelector('dateline-related').hidden")
    assert page.evaluate("document.querySelector('dateline-related').getBoundingClientRect().height") > 10


def test_text_inside_stays_when_nothing_answers(page: Page, site: Site, service: Service) -> None:
    element = f'<dateline-related article="none" server="{site.address}/none/">See the archive.</dateline-related>'
    page.goto(newsroom(site, service.address, element))
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('dateline-related').getBoundingClientRect().height") > 10


def test_a_list_of_another_address_is_not_kept(page: Page, site: Site, service: Service) -> None:
    block = '<section class="dateline-related"><ul><li><a href="/x">Of the first</a></li></ul></section>'
    element = f'<dateline-related url="https://news.example/1" server="{site.address}/none/">{block}</dateline-related>'
    page.goto(newsroom(site, service.address, element))
    until(page, showing("Of the first"))
    page.evaluate(SET, ["url", "https://news.example/2"])
    page.wait_for_timeout(400)
    assert titles_of(page) == []


def test_an_answer_of_another_shape_is_no_answer(page: Page, site: Site, service: Service) -> None:
    site.pages["/feint/v1/articles/a/related"] = (
        "{}",
        {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
    )
    element = f'<dateline-related article="a" server="{site.address}/feint/"></dateline-related>'
    page.goto(newsroom(site, service.address, element))
    until(page, "document.querySelector('dateline-related').hidden")
    page.evaluate(SET, ["heading", "More"])
    page.wait_for_timeout(300)
    feigned(site, "a", ["Of A"])
    page.evaluate(SET, ["layout", "cards"])
    until(page, showing("Of A"))


def test_room_is_held_again_for_another_article_and_not_taken_back_for_the_same(
    page: Page, site: Site, service: Service
) -> None:
    feigned(site, "a", ["One", "Two"])
    feigned(site, "b", ["Three", "Four"], wait_s=0.6)
    element = f'<dateline-related article="a" server="{site.address}/feint/"></dateline-related>'
    page.goto(newsroom(site, service.address, element + BELOW, above=BELOW))
    page.evaluate("scrollTo(0, document.querySelector('dateline-related').offsetTop - 1100)")
    until(page, showing("One", "Two"))
    height = "document.querySelector('dateline-related').offsetHeight"
    low = page.evaluate(height)
    page.evaluate("document.querySelector('dateline-related').scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.evaluate(SET, ["heading", "More"])
    page.wait_for_timeout(200)
    assert page.evaluate(height) == low, "no room is held anew under a list that is read"
    page.evaluate(SET, ["article", "b"])
    page.wait_for_timeout(200)
    assert page.evaluate(height) > low, "while the next list is waited for"
    until(page, showing("Three", "Four"))


def test_an_empty_list_stays_hidden_wherever_the_element_is_moved(page: Page, site: Site, service: Service) -> None:
    feigned(site, "a", [])
    page.goto(
        newsroom(
            site, service.address, f'<dateline-related article="a" server="{site.address}/feint/"></dateline-related>'
        )
    )
    until(page, "document.querySelector('dateline-related').hidden")
    page.evaluate("document.body.prepend(document.querySelector('dateline-related'))")
    page.wait_for_timeout(300)
    assert page.evaluate("document.querySelector('dateline-related').hidden")


def test_one_plain_request_whatever_changes_of_its_look(page: Page, site: Site, service: Service) -> None:
    feigned(site, "a", ["Of A"], wait_s=0.5)
    page.goto(
        newsroom(
            site, service.address, f'<dateline-related article="a" server="{site.address}/feint/"></dateline-related>'
        )
    )
    site.asked.clear()
    page.wait_for_timeout(150)
    for name, value in (("heading", "More"), ("layout", "cards"), ("lang", "de"), ("pages", "/news/")):
        page.evaluate(SET, [name, value])
        page.wait_for_timeout(50)
    until(page, showing("Of A"))
    asked = [one for one in site.asked if "/feint/" in one[1]]
    assert len(asked) <= 1
    assert all(method == "GET" for method, _ in site.asked), "no question before it whether it may be asked"
    assert shadow(page, "[root.querySelector('h2').textContent, root.querySelector('section').dataset.layout]") == [
        "More",
        "cards",
    ]


@pytest.mark.parametrize("attributes", ['server="http://"', 'article="&#xD800;"', 'lang="constructor"', 'lang="en_US"'])
def test_attributes_that_make_no_sense_break_nothing(page: Page, site: Site, service: Service, attributes: str) -> None:
    feigned(site, "a", ["Of A"])
    element = f'<dateline-related {attributes} article="a" server="{site.address}/feint/"></dateline-related>'
    page.goto(newsroom(site, service.address, element))
    if "lang" in attributes:
        until(page, FILLED)
        assert shadow(page, "root.querySelector('h2').textContent") == "Related News"
    else:
        page.wait_for_timeout(500)


def test_a_browser_with_a_language_of_no_form_is_served(
    page: Page, site: Site, service: Service, widget_key: str
) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'languages', { get: () => ['en-US@posix'] })")
    page.goto(
        newsroom(
            site, service.address, f'<dateline-related article="{FERRY}" data-key="{widget_key}"></dateline-related>'
        )
    )
    until(page, FILLED)


def test_the_focus_stays_on_its_headline_when_a_newer_list_comes(page: Page, site: Site, service: Service) -> None:
    block = (
        '<section class="dateline-related"><ul>'
        '<li><a href="https://news.example/1">One</a></li><li><a href="https://news.example/0">Zero</a></li></ul></section>'
    )
    feigned(site, "a", ["Zero", "One", "Two"], wait_s=0.6)
    element = f'<dateline-related article="a" server="{site.address}/feint/">{block}</dateline-related>'
    page.goto(newsroom(site, service.address, element))
    until(page, showing("One", "Zero"))
    shadow(page, "root.querySelectorAll('a')[1].focus()")
    until(page, showing("Zero", "One", "Two"))
    assert shadow(page, "root.activeElement?.textContent") == "Zero"


def test_a_failure_that_comes_late_moves_nothing_under_the_reader(
    new_page: New, site: Site, service: Service, silent_address: str
) -> None:
    page = new_page()
    element = f'<dateline-related article="a" server="{silent_address}/"></dateline-related>'
    page.goto(newsroom(site, service.address, element + BELOW))
    page.wait_for_timeout(9_000)
    assert not page.evaluate("document.querySelector('dateline-related').hidden")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    until(page, "document.querySelector('dateline-related').hidden")
    assert page.evaluate("window.shifted") < 0.02


def test_where_no_script_runs_no_room_is_held(new_page: New, site: Site, service: Service) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(newsroom(site, service.address, '<dateline-related article="a"></dateline-related>'))
    assert page.locator("dateline-related").bounding_box() is None


def test_properties_and_parts_give_it_the_site_s_look(
    page: Page, site: Site, service: Service, widget_key: str
) -> None:
    site.pages["/site.css"] = (
        "dateline-related { --dateline-link: rgb(170, 0, 0); --dateline-heading-size: 30px; }"
        " dateline-related::part(headline) { text-transform: uppercase; }",
        {"Content-Type": "text/css"},
    )
    element = f'<dateline-related article="{FERRY}" key="{widget_key}"></dateline-related>'
    page.goto(newsroom(site, service.address, element, head='<link rel="stylesheet" href="/site.css">'))
    until(page, FILLED)
    assert shadow(page, "getComputedStyle(root.querySelector('a')).color") == "rgb(170, 0, 0)"
    assert shadow(page, "getComputedStyle(root.querySelector('h2')).fontSize") == "30px"
    assert shadow(page, "getComputedStyle(root.querySelector('a')).textTransform") == "uppercase"


@pytest.mark.parametrize("article", [FERRY, QUAKE, QANAT])
def test_the_newsroom_s_pages_are_filled(page: Page, shot: Shot, article: str) -> None:
    page.goto("/demo/")
    page.click(f"a[href='/demo/{article}']")
    until(page, FILLED)
    page.wait_for_timeout(200)
    assert page.evaluate("window.shifted") < 0.02
    shot(page, f"newsroom-{article[:6]}")
    page.set_viewport_size({"width": 900, "height": 820})
    page.evaluate("document.querySelector('dateline-related').scrollIntoView({block: 'end'})")
    page.screenshot(path=f"var/screenshots/readme-widget-{article[:6]}.png")
    first = shadow(page, "root.querySelector('a').textContent")
    with page.expect_navigation():
        page.evaluate("document.querySelector('dateline-related').shadowRoot.querySelector('a').click()")
    assert page.inner_text("h1") == first
