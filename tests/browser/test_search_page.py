"""The search page in a real browser; screenshots of each state go to var/screenshots."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright import sync_api

from tests.browser.conftest import FERRY, QANAT, Page, Service, until

pytestmark = pytest.mark.browser

Shot = Callable[..., None]
New = Callable[..., Page]

FIRST_RESULT_MS = 300


def shown(page: Page) -> list[str]:
    return [str(title) for title in page.locator("li.hit h2").all_inner_texts()]


def test_a_typed_question_shows_results_and_an_article_with_related_news(page: Page, shot: Shot) -> None:
    page.goto("/")
    shot(page, "home")
    page.fill("#q", "why did the ferry in the Makassar Strait capsize")
    page.keyboard.press("Enter")
    page.wait_for_selector("li.hit")
    shot(page, "readme-search", whole=False)
    assert "Makassar" in shown(page)[0] + page.inner_text("li.hit >> nth=0")
    assert page.locator("mark").count() > 0
    shot(page, "search")
    page.click("li.hit >> nth=0 >> h2 a")
    page.wait_for_selector(".dateline-related li")
    shot(page, "article")


def test_results_come_while_somebody_types_and_the_address_follows(page: Page, shot: Shot) -> None:
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/?q=" in request.url else None)
    page.type("#q", "dengue vaccine", delay=30)
    page.wait_for_selector("li.hit")
    assert len(asked) == 1, "one search after a pause, none for every letter"
    assert "q=dengue+vaccine" in page.url
    assert "dengue" in shown(page)[0].lower()
    assert page.evaluate("document.activeElement.id") == "q"
    assert re.fullmatch(r"(At least )?[\d,]+ articles?", page.inner_text("#said"))
    shot(page, "typing")
    page.reload()
    assert page.input_value("#q") == "dengue vaccine"


def test_two_letters_ask_nothing_and_a_late_answer_never_replaces_a_newer_one(page: Page) -> None:
    page.goto("/")
    held = hold(page, "**/?q=ferry*")
    page.type("#q", "fe")
    page.wait_for_timeout(600)
    assert page.locator("li.hit").count() == 0
    page.type("#q", "rry")
    while not held:
        page.wait_for_timeout(20)
    page.fill("#q", "avalanche in Styria")
    page.wait_for_selector("li.hit")
    before = shown(page)
    let_go(page, held, "**/?q=ferry*")
    assert shown(page) == before
    assert "avalanche" in before[0].lower()


def hold(page: Page, pattern: str) -> list[Any]:
    """Keeps requests waiting until the test lets them go."""
    held: list[Any] = []
    page.route(pattern, lambda route: held.append(route))
    return held


def let_go(page: Page, held: list[Any], pattern: str) -> None:
    page.unroute(pattern)
    for route in held:
        with contextlib.suppress(sync_api.Error):  # the page may have given it up
            route.continue_()
    page.wait_for_timeout(400)


@pytest.mark.parametrize("then", ["Backspace", "clear"])
def test_a_search_that_is_not_wanted_any_more_shows_nothing(page: Page, then: str) -> None:
    page.goto("/?q=ferry")
    before = shown(page)
    held = hold(page, "**/?q=*")
    page.focus("#q")
    page.keyboard.press("End")
    page.keyboard.type("x")
    while not held:
        page.wait_for_timeout(20)
    if then == "clear":
        page.fill("#q", "")
    else:
        page.keyboard.press("Backspace")
    let_go(page, held, "**/?q=*")
    assert shown(page) == before
    assert page.url.endswith("/?q=ferry")
    assert page.get_attribute("#main", "aria-busy") is None


def test_going_back_leads_to_what_was_there_before_somebody_typed(page: Page) -> None:
    page.goto("/")
    page.type("#q", "ferry")
    page.wait_for_selector("li.hit")
    page.fill("#q", "dengue vaccine")
    page.wait_for_url("**q=dengue**")
    page.go_back()
    page.wait_for_selector("text=Newest articles")
    assert page.url.endswith("/")
    assert page.input_value("#q") == ""
    page.go_forward()
    page.wait_for_selector("li.hit")
    assert page.input_value("#q") == "dengue vaccine"


def test_typing_beside_an_article_leaves_it_there(page: Page) -> None:
    page.goto(f"/articles/{FERRY}")
    title = page.inner_text("h1")
    page.type("#q", "election")
    page.wait_for_timeout(800)
    assert page.inner_text("h1") == title
    assert page.url.endswith(FERRY)
    page.keyboard.press("Enter")
    page.wait_for_selector("li.hit")
    page.go_back()
    assert page.inner_text("h1") == title


def test_words_that_are_composed_are_searched_too(page: Page) -> None:
    page.goto("/")
    page.focus("#q")
    composing = page.context.new_cdp_session(page)
    composing.send("Input.imeSetComposition", {"text": "earthquake", "selectionStart": 10, "selectionEnd": 10})
    composing.send("Input.insertText", {"text": "earthquake"})
    page.wait_for_selector("li.hit")
    assert page.input_value("#q") == "earthquake"


def test_moving_through_completions_searches_for_none_of_them(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("makas")
    page.wait_for_selector("#suggestions li")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(600)
    assert page.locator("li.hit").count() == 0
    assert page.is_visible("#suggestions")
    page.keyboard.press("Escape")
    page.wait_for_selector("li.hit")
    assert "q=makas" in page.url
    assert page.is_hidden("#suggestions")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#suggestions li", state="visible")


def test_what_was_typed_is_searched_though_completions_were_looked_through(page: Page) -> None:
    page.goto("/")
    page.focus("#q")
    page.keyboard.type("makas")
    page.wait_for_selector("#suggestions li")
    for key in ("ArrowDown", "ArrowUp", "Escape"):
        page.keyboard.press(key)
    page.wait_for_selector("li.hit")
    assert "q=makas" in page.url


def test_pictures_come_with_results_however_they_come(page: Page) -> None:
    picture = "<svg xmlns='http://www.w3.org/2000/svg' width='16' height='9'><rect width='16' height='9'/></svg>"
    page.route("**/picture.svg", lambda route: route.fulfill(body=picture, content_type="image/svg+xml"))

    def with_picture(route: Any) -> None:
        answer = route.fetch()
        body = re.sub(
            r'(<li class="hit"[^>]*>)', r'\1<img alt="" src="/picture.svg" width="16" height="9">', answer.text()
        )
        route.fulfill(response=answer, body=body)

    page.route("**/?q=*", with_picture)
    page.goto("/")
    page.type("#q", "ferry")
    page.wait_for_selector("li.hit")
    page.wait_for_timeout(300)
    assert page.locator("li.hit img").count() == page.locator("li.hit").count() > 0
    page.evaluate("scrollTo(0, document.querySelector('.found').getBoundingClientRect().bottom + scrollY)")
    until(page, "document.querySelectorAll('li.hit').length > 10")
    page.wait_for_timeout(300)
    assert page.locator("li.hit img").count() == page.locator("li.hit").count()


def test_another_service_s_error_is_no_answer(page: Page) -> None:
    page.goto("/?q=ferry")
    page.route(
        "**/?q=election*",
        lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html"),
    )
    page.fill("#q", "election")
    page.wait_for_selector("#trouble")
    assert page.url.endswith("/?q=ferry")
    page.unroute("**/?q=election*")
    page.fill("#q", "election ")
    page.wait_for_url("**q=election**")
    assert page.locator("#trouble").count() == 0


def test_more_of_a_former_list_never_replaces_a_newer_one(page: Page) -> None:
    page.goto("/?q=ferry&limit=2")
    held = hold(page, "**cursor**")
    page.click(".more a")
    page.fill("#q", "dengue vaccine")
    page.wait_for_url("**q=dengue**")
    before = shown(page)
    let_go(page, held, "**cursor**")
    assert shown(page)[: len(before)] == before
    assert "q=dengue" in page.url


def test_long_words_scroll_nothing_sideways(new_page: New) -> None:
    page = new_page(viewport={"width": 320, "height": 800})
    word = "w" * 200
    for address in (
        f"/?q={word}",
        f"/?q=x&section={word}&tag={word}",
        f"/?q=x&from={word}",
        f"/articles/{word}",
        "/?q=ferry",
    ):
        page.goto(address)
        for summary in page.locator("details summary").all()[:1]:
            summary.click()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, address


def test_the_chosen_completion_is_seen_in_forced_colours(new_page: New, shot: Shot) -> None:
    page = new_page(forced_colors="active")
    page.goto("/")
    page.type("#q", "makas")
    page.wait_for_selector("#suggestions li")
    page.keyboard.press("ArrowDown")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#suggestions [aria-selected=true]')).outlineStyle")
        == "solid"
    )
    shot(page, "forced-colours")


def test_completions_are_chosen_by_the_keyboard_alone(page: Page, shot: Shot) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("makas", delay=20)
    page.wait_for_selector("#suggestions li")
    assert page.get_attribute("#q", "aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    chosen = page.get_attribute("#q", "aria-activedescendant")
    assert page.get_attribute(f"#{chosen}", "aria-selected") == "true"
    assert page.input_value("#q") == "Makassar Strait"
    shot(page, "completions")
    page.keyboard.press("Escape")
    assert page.input_value("#q") == "makas"
    assert page.is_hidden("#suggestions")
    page.keyboard.type("s")
    page.wait_for_selector("#suggestions li")
    page.keyboard.press("ArrowUp")
    title = page.input_value("#q")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/*")
    assert page.inner_text("h1") == title


def test_everything_is_reached_by_the_keyboard(page: Page) -> None:
    page.goto("/?q=ferry&limit=2&section=Asia-Pacific")
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.closest('.chips, .bar, .hit, #filters, .more, footer')?.className ?? ''"
            )
        )
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none" or page.evaluate("document.activeElement === document.body"), page.evaluate(
            "document.activeElement.outerHTML"
        )
    assert {"chips", "bar", "hit", "more", "site"} <= set(reached)
    page.focus("details.why summary")
    page.keyboard.press("Enter")
    assert page.is_visible("details.why table >> nth=0")


def test_filters_narrow_and_go_away(page: Page, shot: Shot) -> None:
    page.goto("/?q=ferry")
    page.click(".facet >> nth=0 >> a >> nth=0")
    page.wait_for_selector(".chips")
    section = page.inner_text(".chips bdi >> nth=0")
    assert section.startswith("Section: ")
    sections = page.locator("li.hit .facts span:nth-child(2)").all_inner_texts()
    assert {text.strip(" ·") for text in sections} == {section.removeprefix("Section: ")}
    page.click(".histogram a >> nth=0")
    page.wait_for_selector("text=From: ")
    assert page.locator(".chips li").count() == 4
    shot(page, "filters")
    page.click("text=Take away all")
    page.wait_for_selector(".chips", state="detached")
    page.fill("input[name=from]", "2026-01-01")
    page.click("text=Apply")
    page.wait_for_selector("text=From: 1 January 2026")
    page.fill("#q", "election")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=election**")
    assert page.locator("text=From: 1 January 2026").count() == 1, "filters stay while the question changes"


def test_what_was_read_in_the_question_can_be_taken_away(page: Page, shot: Shot) -> None:
    page.goto("/?q=election+sinkng+in+November+2025")
    shot(page, "dates")
    page.click("text=published from 1 November 2025 to 30 November 2025")
    page.wait_for_selector("li.hit")
    assert page.locator("text=published from").count() == 0
    page.click("text=election sinking in November 2025")
    page.wait_for_selector("li.hit")
    assert page.input_value("#q") == "election sinking in November 2025"


def test_the_list_goes_on_by_itself_then_by_the_reader_s_word(new_page: New) -> None:
    page = new_page(viewport={"width": 1100, "height": 400})
    page.goto("/?q=ferry&limit=5")
    counts = [page.locator("li.hit").count()]
    for _ in range(3):
        page.evaluate("scrollTo(0, document.querySelector('.found').getBoundingClientRect().bottom + scrollY)")
        until(page, f"document.querySelectorAll('li.hit').length > {counts[-1]}")
        counts.append(page.locator("li.hit").count())
    assert counts == [5, 10, 15, 20]
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(500)
    assert page.locator("li.hit").count() == 20, "the end of the page can be reached"
    page.click(".more a")
    until(page, "document.querySelectorAll('li.hit').length === 25")
    titles = page.locator("li.hit h2 a").evaluate_all("links => links.map(link => link.href)")
    assert len(set(titles)) == 25
    assert page.evaluate("document.activeElement.href") == titles[20], "the first of the new ones has the focus"


def test_all_of_it_works_without_script(new_page: New, shot: Shot) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/")
    page.fill("#q", "ferry")
    page.keyboard.press("Enter")
    page.wait_for_selector("li.hit")
    assert page.locator("li.hit").count() == 10
    first = shown(page)
    page.click(".more a")
    page.wait_for_url("**cursor=**")
    assert page.locator("li.hit").count() == 10
    assert not set(first) & set(shown(page))
    page.click(".histogram a >> nth=0")
    page.wait_for_selector(".chips")
    assert page.locator(".chips a").count() == 3
    page.goto(f"/articles/{FERRY}")
    assert page.locator(".dateline-related li").count() == 5
    shot(page, "article-without-script")


def test_a_service_that_went_away_is_told_of_and_results_stay(new_page: New, mortal: Service, shot: Shot) -> None:
    page = new_page(base_url=mortal.address)
    page.goto("/?q=ferry")
    mortal.stop()
    page.fill("#q", "earthquake")
    page.wait_for_selector("#trouble")
    assert "cannot be reached" in page.inner_text("#said")
    assert page.locator("li.hit").count() > 0
    shot(page, "service-gone", whole=False)
    mortal.start()
    page.fill("#q", "earthquake in Afyon")
    page.wait_for_selector("#trouble", state="detached")
    assert "Afyon" in page.inner_text(".hits")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 380, 1400])
def test_pages_fit_narrow_and_wide_screens_light_and_dark(new_page: New, shot: Shot, scheme: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for name, address in (
        ("search", "/?q=earthquake"),
        ("nothing", "/?q=ferry&section=Science&from=2025-01-01&to=2025-01-02"),
        ("article", f"/articles/{FERRY}"),
        ("persian", f"/articles/{QANAT}"),
        ("problem", "/articles/none"),
    ):
        page.goto(address)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, address
        shot(page, f"{name}-{width}-{scheme}")


def test_persian_reads_from_the_right_and_dates_are_the_reader_s(new_page: New, shot: Shot) -> None:
    page = new_page(locale="fa-IR", timezone_id="Asia/Tehran")
    page.goto("/?q=قنات")
    first = page.locator("li.hit >> nth=0")
    assert (first.get_attribute("lang"), first.get_attribute("dir")) == ("fa", "rtl")
    assert page.evaluate("getComputedStyle(document.querySelector('li.hit h2')).direction") == "rtl"
    date = first.locator("time")
    expected = page.evaluate(
        "moment => new Intl.DateTimeFormat('fa-IR', {dateStyle: 'long'}).format(new Date(moment))",
        date.get_attribute("datetime"),
    )
    assert date.inner_text() == expected
    assert date.get_attribute("lang") == "fa-IR"
    shot(page, "persian-results")


def test_a_reader_who_wants_no_motion_sees_none(new_page: New) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto("/?q=ferry")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => { const how = getComputedStyle(one);"
        " return how.animationName !== 'none' || parseFloat(how.transitionDuration) > 0; }).length"
    )
    assert moving == 0


def test_nothing_jumps_and_the_first_result_is_seen_soon(page: Page) -> None:
    for address in ("/", "/?q=ferry", f"/articles/{FERRY}"):
        page.goto(address)
        page.wait_for_timeout(500)
        assert page.evaluate("window.shifted") < 0.02, address
    page.goto("/?q=ferry")
    until(page, "performance.getEntriesByName('first-contentful-paint').length")
    after = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        " - performance.getEntriesByType('navigation')[0].responseEnd"
    )
    assert after < FIRST_RESULT_MS
    page.goto("/")
    page.evaluate(
        "new MutationObserver(() => { if (!window.seenAt && document.querySelector('li.hit'))"
        " requestAnimationFrame(() => { window.seenAt = performance.now(); }); })"
        ".observe(document.getElementById('main'), { childList: true, subtree: true })"
    )
    page.type("#q", "earthquake")
    until(page, "window.seenAt")
    answered = page.evaluate(
        "performance.getEntriesByType('resource').findLast(one => one.name.includes('/?q=')).responseEnd"
    )
    assert page.evaluate("window.seenAt") - answered < FIRST_RESULT_MS


def test_a_story_is_folded_and_told_in_order(page: Page, shot: Shot) -> None:
    page.goto("/?q=Makassar+Strait+ferry")
    before = page.locator("li.hit").count()
    page.click("text=One of each story")
    page.wait_for_selector("a[aria-current]:has-text('One of each story')")
    assert page.locator("li.hit").count() <= before
    page.click("text=/Story of \\d+ articles/ >> nth=0")
    page.wait_for_url("**/stories/**")
    times = page.locator(".timeline time").evaluate_all("all => all.map(one => one.dateTime)")
    assert len(times) > 1
    assert times == sorted(times)
    shot(page, "story")
