from __future__ import annotations

import pytest

from indexer.articles import derived_id
from indexer.errors import ArticleError
from indexer.urls import TRACKING_PARAMETERS, canonical_url, id_key, is_twin, shown_url, url_key

PAGE = "https://paper.example/2026/10/ferry-strike?id=7"
KEY = "paper.example/2026/10/ferry-strike?id=7"


@pytest.mark.parametrize(
    "twin",
    [
        "https://amp.paper.example/2026/10/ferry-strike?id=7",
        "https://paper.example/2026/10/ferry-strike/amp?id=7",
        "https://paper.example/2026/10/ferry-strike/amp/?id=7",
        "https://paper.example/2026/10/ferry-strike/AMP/?id=7",
        "https://paper.example/2026/10/ferry-strike/amp.html?id=7",
        "https://paper.example/2026/10/ferry-strike.amp?id=7",
        "https://paper.example/amp/2026/10/ferry-strike?id=7",
        "https://paper.example/2026/10/ferry-strike?amp&id=7",
        "https://paper.example/2026/10/ferry-strike?amp=1&id=7",
        "https://paper.example/2026/10/ferry-strike?id=7&outputType=amp",
        "https://paper.example/2026/10/ferry-strike?id=7&noamp=mobile",
        "https://paper-example.cdn.ampproject.org/c/s/paper.example/2026/10/ferry-strike?id=7",
        "https://paper-example.cdn.ampproject.org/v/s/paper.example/2026/10/ferry-strike/amp?id=7&amp_js_v=0.1&usqp=mq331",
        "https://paper-example.cdn.ampproject.org/wp/s/amp.paper.example/2026/10/ferry-strike?id=7",
        "https://cdn.ampproject.org/c/paper.example/2026/10/ferry-strike?id=7",
        "https://paper-example.bing-amp.com/c/s/www.paper.example/2026/10/ferry-strike?id=7",
        "https://www.google.com/amp/s/paper.example/2026/10/ferry-strike?id=7",
        "https://www.google.co.uk/amp/paper.example/2026/10/ferry-strike.amp?id=7",
    ],
)
def test_an_amp_twin_shares_the_key_of_its_page(twin: str) -> None:
    assert url_key(twin) == url_key(PAGE) == KEY
    assert is_twin(twin)


@pytest.mark.parametrize(
    "twin",
    [
        "https://m.paper.example/2026/10/ferry-strike?id=7",
        "https://mobile.paper.example/2026/10/ferry-strike/?id=7",
        "https://www.m.paper.example/2026/10/ferry-strike/?id=7",
        "https://paper.example/2026/10/ferry-strike?id=7&m=1",
        "https://paper.example/2026/10/ferry-strike?mobile=1&id=7",
        "https://paper.example/2026/10/ferry-strike/print?id=7",
        "https://paper.example/2026/10/ferry-strike/print/?id=7",
        "https://paper.example/2026/10/ferry-strike/printable/?id=7",
        "https://paper.example/print/2026/10/ferry-strike?id=7",
        "https://paper.example/2026/10/ferry-strike?id=7&print=1",
        "https://paper.example/2026/10/ferry-strike?id=7&print=true",
        "https://paper.example/2026/10/ferry-strike?id=7&print=yes",
        "https://paper.example/2026/10/ferry-strike?view=print&id=7",
        "https://paper.example/2026/10/ferry-strike?id=7&format=print",
        "https://paper.example/2026/10/ferry-strike?id=7&output=print",
    ],
)
def test_a_mobile_twin_or_print_version_shares_the_key_of_its_page(twin: str) -> None:
    assert url_key(twin) == KEY
    assert is_twin(twin)


@pytest.mark.parametrize(
    "same",
    [
        "http://paper.example/2026/10/ferry-strike?id=7",
        "https://www.paper.example/2026/10/ferry-strike?id=7",
        "http://paper.example:80/2026/10/ferry-strike?id=7",
        "https://paper.example/2026/10/ferry-strike/?id=7",
        "https://paper.example/2026/10/ferry-strike?id=7#comments",
        "https://paper.example:443/2026//10/ferry-strike?utm_source=x&id=7&fbclid=abc",
        "https://paper.example/2026/10/ferry-strike?utm_source=x&amp;id=7&amp;utm_medium=mail",
        "https://paper.example/2026/10/ferry-strike/index.html?id=7",
        "https://paper.example/2026/10/ferry-strike/index.php?id=7",
        "https://paper.example/2026/10/ferry%2dstrike;jsessionid=5F00?id=7",
    ],
)
def test_the_spellings_of_one_address_share_a_key_and_are_no_twins(same: str) -> None:
    assert url_key(same) == KEY
    assert not is_twin(same)


def test_an_amp_document_stands_for_the_document_of_that_name() -> None:
    assert url_key("https://paper.example/ferry-12.amp.html") == url_key("https://paper.example/ferry-12.html")


def test_escapes_are_compared_whatever_their_case() -> None:
    assert url_key("https://paper.example/%d8%ae%d8%a8%d8%b1/amp") == url_key("https://paper.example/خبر")


def test_a_cache_may_serve_a_page_of_an_international_host() -> None:
    cached = "https://xn--mnchen-3ya-example.cdn.ampproject.org/c/s/m%C3%BCnchen.example/stadt-1"
    assert url_key(cached) == url_key("https://münchen.example/stadt-1") == "xn--mnchen-3ya.example/stadt-1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://paper.example/a?id=1", "https://paper.example/a?id=2"),
        ("https://paper.example/a?eid=1", "https://paper.example/a"),
        ("https://paper.example/a?ID=1", "https://paper.example/a?id=1"),
        ("https://paper.example/a?id=1&id=2", "https://paper.example/a?id=2&id=1"),
        ("https://paper.example/a?q=1/", "https://paper.example/a?q=1"),
        ("https://paper.example/a?q=%26b=1", "https://paper.example/a?q=&b=1"),
        ("https://paper.example/ferry-strike", "https://paper.example/ferry-strike/2"),
        ("https://paper.example/ferry-strike", "https://paper.example/ferry-strike/page/2"),
        ("https://paper.example/ferry-strike", "https://paper.example/ferry-strike?page=2"),
        ("https://paper.example/Ferry", "https://paper.example/ferry"),
        ("https://paper.example/en/a", "https://paper.example/fa/a"),
        ("https://paper.example/a%2Fb", "https://paper.example/a/b"),
        ("https://paper.example/amp", "https://paper.example/"),
        ("https://paper.example/amp/", "https://paper.example/print/"),
        ("https://paper.example/2026/10/print", "https://paper.example/2026/10/amp"),
        ("https://paper.example/tag/amp", "https://paper.example/tag/print"),
        ("https://paper.example/news/print", "https://paper.example/news"),
        ("https://paper.example/amp/guitars", "https://paper.example/guitars"),
        ("https://paper.example/why-we-print", "https://paper.example/why-we"),
        ("https://paper.example/a?print=2026", "https://paper.example/a"),
        ("https://paper.example/a?view=42", "https://paper.example/a"),
        ("https://paper.example/a?m=2", "https://paper.example/a"),
        ("https://paper.example/a?format=video", "https://paper.example/a"),
        ("https://m.example/a", "https://example/a"),
        ("https://amp.dev/a", "https://dev/a"),
        ("https://www.example/a", "https://m.example/a"),
        ("https://m.co.uk/a", "https://amp.co.uk/a"),
        ("https://sport.paper.example/a", "https://paper.example/a"),
        ("https://paper.example:8080/a", "https://paper.example/a"),
        ("https://paper.example/#!/a", "https://paper.example/#!/b"),
        ("https://paper.example/imprint", "https://paper.example/im"),
        ("https://www.google.com/amp/s/about-amp", "https://about-amp/"),
        ("https://google.paper.example/amp/s/a.example/b-1", "https://a.example/b-1"),
    ],
)
def test_addresses_of_different_pages_do_not_share_a_key(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_the_order_of_parameters_does_not_count_but_is_shown_as_it_was() -> None:
    assert url_key("https://paper.example/a?b=2&a=1") == url_key("https://paper.example/a?a=1&b=2")
    assert canonical_url("https://paper.example/a?b=2&a=1") == "https://paper.example/a?b=2&a=1"


def test_the_address_shown_keeps_what_only_the_key_folds() -> None:
    twin = "https://m.paper.example/2026/10/ferry-strike/amp/?id=7&print=1"
    assert canonical_url(twin) == twin
    assert canonical_url("https://paper.example/#!/a") == "https://paper.example/#!/a"
    assert canonical_url("https://paper.example/a#!") == "https://paper.example/a"


@pytest.mark.parametrize(
    "name", [*sorted(TRACKING_PARAMETERS), "UTM_Campaign", "mtm_kwd", "amp;utm_id", "%75tm_source"]
)
def test_what_says_how_the_reader_came_is_dropped(name: str) -> None:
    assert canonical_url(f"https://paper.example/a?id=7&{name}=x") == "https://paper.example/a?id=7"


@pytest.mark.parametrize(
    "name", ["id", "eid", "pk_id", "p", "cmp", "ref", "source", "cid", "tid", "story", "unheard_of"]
)
def test_a_parameter_that_is_not_listed_is_kept(name: str) -> None:
    assert canonical_url(f"https://paper.example/a?{name}=x") == f"https://paper.example/a?{name}=x"
    assert url_key(f"https://paper.example/a?{name}=x") != url_key(f"https://paper.example/a?{name}=y")


@pytest.mark.parametrize(
    ("new", "earlier", "shown"),
    [
        (f"{PAGE}&amp", PAGE, PAGE),
        (PAGE, f"{PAGE}&amp", PAGE),
        (PAGE.replace("https", "http"), PAGE, PAGE),
        (PAGE, PAGE.replace("https", "http"), PAGE),
        (PAGE.replace("https", "http"), f"{PAGE}&print=1", PAGE.replace("https", "http")),
        (PAGE.replace("//", "//www."), PAGE, PAGE),
        ("https://paper.example/2026/10/another", PAGE, "https://paper.example/2026/10/another"),
    ],
)
def test_of_two_addresses_of_an_article_the_page_s_own_is_shown(new: str, earlier: str, shown: str) -> None:
    assert shown_url(new, earlier) == shown


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.paper.example/a/", "www.paper.example/a"),
        ("http://paper.example/a/index.html?b=2&a=1", "paper.example/a/index.html?b=2&a=1"),
        ("https://m.paper.example/ferry/amp", "paper.example/ferry"),
        ("https://paper.example", "paper.example"),
    ],
)
def test_an_id_follows_from_the_address_of_the_page_itself_as_it_is_spelled(url: str, key: str) -> None:
    assert id_key(url) == key


def test_the_id_of_an_address_is_what_it_was_in_the_first_release() -> None:
    assert derived_id("https://www.paper.example/2026/10/ferry-strike/", "", "") == "a14f1a1246c4e0381523"


@pytest.mark.parametrize(
    "text", ["", "paper.example/a", "ftp://paper.example/", "https://", "https://[::1", "https://paper.example:x/"]
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(ArticleError, match="url"):
        url_key(text)
