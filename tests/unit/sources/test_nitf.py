from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.errors import SourceError
from indexer.sources.items import Reading
from indexer.sources.nitf import read_nitf
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, PubStatus, Reject
from tests.support import NOW

STORY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nitf SYSTEM "http://www.nitf.org/IPTC/NITF/3.3/specification/dtd/nitf-3-3.dtd">
<nitf xml:lang="en-GB">
  <head>
    <title>FERRY-MWANZA</title>
    <tobject tobject.type="news">
      <tobject.property tobject.property.type="current"/>
      <tobject.subject tobject.subject.type="Disaster" tobject.subject.matter="Shipping accident"/>
    </tobject>
    <docdata management-status="usable">
      <doc-id regsrc="LW" id-string="2026/0711"/>
      <urgency ed-urg="3"/>
      <date.issue norm="20260530T141500+0300"/>
      <date.release norm="20260530T120000+0300"/>
      <date.expire norm="20260630T000000Z"/>
      <du-key key="FERRY"/>
      <doc.copyright year="2026" holder="Lake Wire"/>
      <key-list><keyword key="ferry"/><keyword key="Lake Victoria"/></key-list>
      <fixture fix-id="evening-report"/>
      <ed-msg info="Adds quotes"/>
    </docdata>
    <pubdata name="The Lake Paper" position.section="Region" date.publication="20260531"/>
  </head>
  <body>
    <body.head>
      <hedline><hl1>Ferry with <em>forty</em> aboard returns</hl1><hl2>Nobody was hurt</hl2></hedline>
      <byline>By <person>Amina Okoro</person><byttl>Harbour reporter</byttl></byline>
      <distributor><org>Lake Wire</org></distributor>
      <dateline><location>Mwanza</location>, <story.date>May 30</story.date></dateline>
      <abstract><p>A ferry came back.</p><p>All are safe.</p></abstract>
    </body.head>
    <body.content>
      <p lede="true">The ferry caf&eacute; was <person>Joe Bell</person>, the cook&#8217;s, refuge.</p>
      <media media-type="image">
        <media-reference mime-type="image/jpeg" source="https://pictures.example/ferry.jpg"/>
        <media-caption><p>The ferry in port</p></media-caption>
      </media>
      <block><hl2>Aboard</hl2><p>Forty people<br/>slept.</p>
        <ul><li>Thirty adults</li><li><p>Ten children</p></li></ul></block>
      <bq><block><p>We sang all night.</p></block><credit>A passenger</credit></bq>
      <table><tr><th>Boat</th><th>Seats</th></tr><tr><td>Umoja</td><td>40</td></tr></table>
      <note noteclass="editorsnote"><body.content><p>Desk: check the name.</p></body.content></note>
    </body.content>
    <body.end><tagline>Lake Wire, Mwanza</tagline></body.end>
  </body>
</nitf>
"""


def read(text: str) -> Found | Reject:
    (item,) = read_nitf(SourceFile.in_memory("story.xml", text.encode()), Reading(NOW))
    return item


def article(text: str) -> Article:
    item = read(text)
    assert isinstance(item, Found), item
    return item.article


def with_docdata(docdata: str, head: str = "<hedline><hl1>A ferry returns</hl1></hedline>") -> str:
    body = f"<body><body.head>{head}</body.head><body.content><p>It came back.</p></body.content></body>"
    return f"<nitf><head>{docdata}</head>{body}</nitf>"


def test_a_whole_document_becomes_an_article() -> None:
    found = article(STORY)
    assert found.id == "LW:2026%2F0711"
    assert found.title == "Ferry with forty aboard returns"
    assert found.body.split("\n\n") == [
        "The ferry café was Joe Bell, the cook’s, refuge.",
        "Aboard",
        "Forty people slept.",
        "Thirty adults",
        "Ten children",
        "We sang all night.",
        "A passenger",
        "Boat | Seats",
        "Umoja | 40",
    ]
    assert found.summary == "A ferry came back. All are safe."
    assert found.authors == ("Amina Okoro",)
    assert (found.source, found.section, found.language) == ("The Lake Paper", "Region", "en-GB")
    assert found.published_at == datetime(2026, 5, 30, 9, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 5, 30, 11, 15, tzinfo=UTC)
    assert found.tags == ("Disaster", "Shipping accident", "ferry", "Lake Victoria")
    assert found.license == "Copyright 2026 Lake Wire"
    assert found.image_url == "https://pictures.example/ferry.jpg"
    assert (found.pubstatus, found.embargoed, found.correction) == (PubStatus.USABLE, None, None)
    assert found.extra == {
        "subtitle": "Nobody was hurt",
        "byline": "By Amina Okoro Harbour reporter",
        "dateline": "Mwanza, May 30",
        "located": "Mwanza",
        "tagline": "Lake Wire, Mwanza",
        "genre": "current",
        "editor_note": "Adds quotes",
        "urgency": "3",
        "fixture": "evening-report",
        "du_key": "FERRY",
        "expires": "20260630T000000Z",
    }


def test_a_namespaced_document_is_read_alike() -> None:
    plain = article(STORY)
    assert article(STORY.replace("<nitf ", '<nitf xmlns="http://iptc.org/std/NITF/2006-10-18/" ')) == plain


def test_a_byline_of_agencies_names_no_author_and_stays_as_printed() -> None:
    found = article(with_docdata("", "<hedline><hl1>Ferry</hl1></hedline><byline>By Staff, Agencies</byline>"))
    assert (found.authors, found.extra["byline"]) == ((), "By Staff, Agencies")


def test_two_authors_in_a_byline_are_two_authors() -> None:
    head = "<hedline><hl1>Ferry</hl1></hedline><byline>By Amina Okoro and Joe Bell, <byttl>Lake Wire</byttl></byline>"
    assert article(with_docdata("", head)).authors == ("Amina Okoro", "Joe Bell")


def test_the_head_title_stands_in_for_a_missing_headline() -> None:
    assert article(with_docdata("<title>FERRY</title>", "")).title == "FERRY"


@pytest.mark.parametrize(
    ("docdata", "status", "embargoed"),
    [
        ('<docdata management-status="withheld"/>', PubStatus.WITHHELD, None),
        ('<docdata management-status="canceled"/>', PubStatus.CANCELED, None),
        ('<docdata management-status="cancelled"/>', PubStatus.CANCELED, None),
        ('<docdata management-status="embargoed"/>', PubStatus.WITHHELD, None),
        (
            '<docdata management-status="embargoed"><date.release norm="20260602T060000Z"/></docdata>',
            PubStatus.USABLE,
            datetime(2026, 6, 2, 6, tzinfo=UTC),
        ),
        (
            '<docdata><date.issue norm="20260531T060000Z"/><date.release norm="20260605T060000Z"/></docdata>',
            PubStatus.USABLE,
            datetime(2026, 6, 5, 6, tzinfo=UTC),
        ),
    ],
)
def test_what_is_held_back_is_not_visible(docdata: str, status: PubStatus, embargoed: datetime | None) -> None:
    found = article(with_docdata(docdata))
    assert (found.pubstatus, found.embargoed) == (status, embargoed)
    assert found.published_at == embargoed
    assert not is_visible(found, NOW)


def test_a_cancellation_without_text_is_still_taken_in() -> None:
    docdata = '<docdata management-status="canceled"><doc-id id-string="77"/></docdata>'
    found = article(f"<nitf><head>{docdata}</head><body/></nitf>")
    assert (found.id, found.title, found.pubstatus) == ("77", "77", PubStatus.CANCELED)


def test_a_correction_is_shown() -> None:
    found = article(with_docdata('<docdata><correction info="Corrects the number of seats"/></docdata>'))
    assert found.correction == "Corrects the number of seats"


def test_a_du_key_identifies_a_document_on_its_day_only() -> None:
    def identity(day: str, version: int) -> str:
        return article(
            with_docdata(
                f'<docdata><date.issue norm="{day}T1{version}0000Z"/><du-key key="FERRY" version="{version}"/></docdata>'
            )
        ).id

    assert identity("20260530", 1) == identity("20260530", 2) == "FERRY:20260530"
    assert identity("20260531", 1) == "FERRY:20260531"


@pytest.mark.parametrize(
    ("docdata", "reason"),
    [
        ('<docdata><date.issue norm="soon"/></docdata>', "published_at is 'soon'"),
        ('<docdata management-status="embargoed"><date.release norm="noon"/></docdata>', "embargoed is 'noon'"),
        ('<docdata management-status="lost"/>', "pubstatus is 'lost'"),
        ('<docdata><date.issue norm="20300101T000000Z"/></docdata>', "days in the future"),
    ],
)
def test_a_date_or_status_that_cannot_be_read_is_one_reject(docdata: str, reason: str) -> None:
    item = read(with_docdata(docdata))
    assert isinstance(item, Reject)
    assert (item.place, reason in item.reason) == ("document", True), item


def test_a_date_is_never_todays_by_default() -> None:
    assert article(with_docdata("")).published_at is None


def test_a_document_without_headline_and_text_is_one_reject() -> None:
    item = read("<nitf><head/><body><body.content/></body></nitf>")
    assert isinstance(item, Reject)
    assert "neither title nor body" in item.reason


def test_only_the_full_text_is_read_where_an_opening_repeats_it() -> None:
    blocks = '<block class="lead_paragraph"><p>One.</p></block><block class="full_text"><p>One.</p><p>Two.</p></block>'
    found = article(f"<nitf><body><body.content>{blocks}</body.content></body></nitf>")
    assert found.body == "One.\n\nTwo."


def test_text_between_blocks_is_kept_in_its_place() -> None:
    found = article(
        "<nitf><body><body.content>Loose <em>words</em> here.<p>A paragraph.</p>More.</body.content></body></nitf>"
    )
    assert found.body.split("\n\n") == ["Loose words here.", "A paragraph.", "More."]


def test_another_document_is_refused() -> None:
    with pytest.raises(SourceError, match="begins with <html>; expected <nitf>"):
        read("<html/>")


@settings(deadline=None)
@given(
    st.integers(0, len(STORY) - 1),
    st.integers(0, 60),
    st.one_of(st.text(max_size=8), st.sampled_from(["<p>", "</p>", "<table/>", '"', "&x;", "<note>", "<td>", "]]>"])),
)
def test_a_damaged_document_is_an_article_a_reject_or_refused(place: int, length: int, put_in: str) -> None:
    damaged = STORY[:place] + put_in + STORY[place + length :]
    try:
        items = list(read_nitf(SourceFile.in_memory("x.xml", damaged.encode(errors="replace")), Reading(NOW)))
    except SourceError:
        return
    assert [isinstance(item, (Found, Reject)) for item in items] == [True]


_NAMES = st.sampled_from(
    [
        "head",
        "docdata",
        "body",
        "body.head",
        "body.content",
        "hedline",
        "hl1",
        "p",
        "block",
        "table",
        "tr",
        "td",
        "media",
        "note",
    ]
)
_VALUES = st.sampled_from(["management-status", "norm", "id-string", "class", "key", "year", "holder"])


def _element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, attribute, value, parts: f'<{name} {attribute}="{value}">{"".join(parts)}</{name}>',
        _NAMES,
        _VALUES,
        st.sampled_from(["canceled", "20260101", "x", ""]),
        st.lists(inner, max_size=4),
    )


@settings(deadline=None)
@given(st.lists(st.recursive(st.sampled_from(["text", " "]), _element, max_leaves=15), max_size=4).map("".join))
def test_elements_in_any_order_are_an_article_or_a_reject(inner: str) -> None:
    assert isinstance(read(f"<nitf>{inner}</nitf>"), (Found, Reject))
