from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from indexer.fetching.addresses import web_address
from indexer.fetching.exchange import Answer
from indexer.fetching.outcomes import Declined
from indexer.fetching.robots import MAX_SITES, Robots

FIELDS = ("User-agent: *", "Disallow: ", "Allow: ", "Crawl-delay: ", "Request-rate: ", "Visit-time: ", "Sitemap: ", "")
PAGE = web_address("https://news.example/a/%D8?b=[1]&c=*$")


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.text(max_size=30)), max_size=12))
def test_any_robots_txt_allows_or_disallows(lines: list[tuple[str, str]]) -> None:
    text = "User-agent: dateline\n" + "".join(f"{name}{value}\n" for name, value in lines)
    robots = Robots(lambda _: Answer(200, {}, text.encode(errors="replace")), lambda: 0.0)
    try:
        delay = robots.check(PAGE)
    except Declined:
        return
    assert delay is None or delay >= 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_robots_txt(data: bytes) -> None:
    with suppress(Declined):
        Robots(lambda _: Answer(200, {}, data), lambda: 0.0).check(PAGE)


def test_each_origin_has_its_own_rules_and_few_are_kept() -> None:
    asked: list[str] = []

    def ask(address: object) -> Answer:
        asked.append(str(address))
        return Answer(404, {})

    robots = Robots(ask, lambda: 0.0)
    for scheme in ("http", "https", "http"):
        robots.check(web_address(f"{scheme}://news.example/a"))
    assert len(asked) == 2
    for number in range(MAX_SITES):
        robots.check(web_address(f"https://site{number}.example/"))
    robots.check(web_address("http://news.example/a"))
    assert len(asked) == 2 + MAX_SITES + 1
