"""Keys of addresses: stable, shared by twins, different for different ids."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import ArticleError
from indexer.urls import canonical_url, id_key, is_twin, shown_url, url_key

SLUGS = st.from_regex(r"[a-z]{3,8}(?:-[a-z0-9]{1,8}){1,3}", fullmatch=True)
TWINS = (
    "http://paper.example/{0}/{1}?id={2}",
    "https://www.paper.example/{0}/{1}/?id={2}#top",
    "https://m.paper.example/{0}/{1}?id={2}",
    "https://amp.paper.example:443/{0}//{1}/index.html?id={2}",
    "https://paper.example/{0}/{1}/amp?id={2}",
    "https://paper.example/{0}/{1}/print/?id={2}",
    "https://paper.example/{0}/{1}?amp=1&id={2}",
    "https://paper.example/{0}/{1}?id={2}&print=true&utm_medium=mail",
    "https://paper-example.cdn.ampproject.org/c/s/www.paper.example/amp/{0}/{1}?usqp=mq331&id={2}",
)
ODD_WORDS = (
    "amp print m www mobile paper example co uk google.com cdn.ampproject.org index.html c s 2026 10 a-b %61mp % %25 .. .amp "
    ".html ;jsessionid=1 80 http: ü ?amp=1 ?id=7 &m=1 &amp;amp;utm_source=x &print &b=2&a=1 #!/x #x :80 :443 @ [ ]"
)
PIECES = st.lists(st.sampled_from(ODD_WORDS.split()), max_size=10)
ODD_ADDRESSES = st.builds(
    lambda scheme, joint, host, path: f"{scheme}://{joint.join(host)}/{'/'.join(path)}",
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from([".", ""]),
    PIECES,
    PIECES,
) | PIECES.map(lambda pieces: f"https://www.m.paper.example/{''.join(pieces)}")


@given(SLUGS, SLUGS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_twins_share_a_key_and_other_ids_never_do(section: str, slug: str, one: int, other: int) -> None:
    page = f"https://paper.example/{section}/{slug}?id={one}"
    twins = [twin.format(section, slug, one) for twin in TWINS]
    assert {url_key(twin) for twin in twins} == {url_key(page)}
    assert all(shown_url(canonical_url(twin), page) == page for twin in twins)
    if one != other:
        assert all(url_key(twin.format(section, slug, other)) != url_key(page) for twin in TWINS)


@given(
    st.one_of(
        st.text(), st.text().map("https://paper.example/{}".format), st.text().map("http://{}".format), ODD_ADDRESSES
    )
)
def test_any_text_has_a_stable_key_or_is_refused(text: str) -> None:
    with suppress(ArticleError):
        canonical = canonical_url(text)
        key = url_key(text)
        assert canonical_url(canonical) == canonical
        assert url_key(canonical) == key
        assert url_key(f"https://{key}") == url_key(f"http://{key}") == key
        assert url_key(f"https://{id_key(text)}") == key
        assert is_twin(text) in (True, False)


@given(ODD_ADDRESSES, ODD_ADDRESSES)
def test_the_address_shown_is_one_of_the_two(new: str, earlier: str) -> None:
    with suppress(ArticleError):
        new, earlier = canonical_url(new), canonical_url(earlier)
        chosen = shown_url(new, earlier)
        assert chosen in (new, earlier)
        assert url_key(chosen) == url_key(new)
        assert shown_url(chosen, chosen) == chosen
