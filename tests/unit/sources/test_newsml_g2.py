from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.errors import SourceError
from indexer.sources.items import Reading
from indexer.sources.newsml_g2 import read_newsml_g2
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, PubStatus, Reject
from tests.support import NOW

NITF = """<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body>
<body.head><hedline><hl1>Ferry comes back</hl1></hedline><byline>By Amina Okoro, <byttl>Lake Wire</byttl></byline></body.head>
<body.content><p>The ferry came back at noon.</p><p>Nobody was hurt.</p></body.content></body></nitf></inlineXML>"""
XHTML = """<inlineXML contenttype="application/xhtml+xml"><h:html xmlns:h="http://www.w3.org/1999/xhtml">
<h:head><h:title>desk copy 12</h:title></h:head><h:body><h:p>By Joe Bell</h:p>
<h:p>The ferry came back at noon &amp; unloaded.</h:p><h:p>Nobody was <h:b>hurt</h:b>.</h:p></h:body></h:html></inlineXML>"""
PLAIN = "<inlineData contenttype='text/plain'>The ferry came back at noon at AT&amp;T pier.\n\nNobody was\nhurt.</inlineData>"
ITEM_META = """<itemClass qcode="ninat:text"/><provider qcode="nprov:LW"><name>Lake Wire</name></provider>
<versionCreated>2026-05-30T14:15:00+03:00</versionCreated><firstCreated>2026-05-30T12:00:00+03:00</firstCreated>
<pubStatus qcode="stat:usable"/>"""
CONTENT_META = """<urgency>3</urgency><contentCreated>2026-05-30T11:00:00+03:00</contentCreated>
<located qcode="city:mwz"><name>Mwanza</name></located>
<creator uri="https://lakewire.example/staff/4"><name>Amina Okoro</name></creator>
<language tag="en-GB"/><genre qcode="genre:Current"><name>Current</name></genre><keyword>lake</keyword>
<subject qcode="medtop:20000139"><name xml:lang="de">Schiffsunfall</name><name xml:lang="en">shipping accident</name></subject>
<subject qcode="medtop:03000000"><name>disaster, accident and emergency incident</name></subject><subject qcode="org:77"/>
<slugline>Ferry-Mwanza</slugline><headline role="hlrole:sub">Nobody hurt</headline>
<headline role="hlrole:main">Ferry with forty aboard returns</headline><dateline>MWANZA, May 30</dateline>
<description role="drol:caption">A boat</description><description role="drol:summary">A ferry came back.</description>"""
RIGHTS = """<copyrightHolder><name>Lake Wire Ltd</name></copyrightHolder>
<copyrightNotice>Copyright 2026 Lake Wire</copyrightNotice>
<usageTerms>Not for use in print</usageTerms>"""


def item(
    content: str = NITF,
    meta: str = ITEM_META,
    content_meta: str = CONTENT_META,
    guid: str = "urn:newsml:lakewire.example:20260530:FERRY",
) -> str:
    return f"""<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="{guid}" version="3" xml:lang="en">
<rightsInfo>{RIGHTS}</rightsInfo><itemMeta>{meta}</itemMeta><contentMeta>{content_meta}</contentMeta>
<contentSet>{content}</contentSet><assert qcode="org:77"><name>Lake Ferries</name></assert></newsItem>"""


def message(*items: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">
<header><sent>2026-05-30T12:00:00Z</sent></header><itemSet>{"".join(items)}</itemSet></newsMessage>"""


def read(text: str) -> list[Found | Reject]:
    return list(read_newsml_g2(SourceFile.in_memory("message.xml", text.encode()), Reading(NOW)))


def article(text: str) -> Article:
    (found,) = read(text)
    assert isinstance(found, Found), found
    return found.article


def reason(text: str) -> str:
    (found,) = read(text)
    assert isinstance(found, Reject), found
    return found.reason


def test_a_text_item_alone_becomes_an_article() -> None:
    found = article(item())
    assert found.id == "urn:newsml:lakewire.example:20260530:FERRY"
    assert found.title == "Ferry with forty aboard returns"
    assert found.body == "The ferry came back at noon.\n\nNobody was hurt."
    assert found.summary == "A ferry came back."
    assert found.published_at == datetime(2026, 5, 30, 9, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 5, 30, 11, 15, tzinfo=UTC)
    assert (found.source, found.authors, found.language) == ("Lake Wire", ("Amina Okoro",), "en-GB")
    assert found.section == "disaster, accident and emergency incident"
    assert found.tags == ("shipping accident", "disaster, accident and emergency incident", "Lake Ferries", "lake")
    assert found.license == "Not for use in print"
    assert (found.pubstatus, found.embargoed, found.correction) == (PubStatus.USABLE, None, None)
    assert found.extra == {
        "byline": "By Amina Okoro, Lake Wire",
        "newsml_version": "3",
        "slugline": "Ferry-Mwanza",
        "dateline": "MWANZA, May 30",
        "urgency": "3",
        "located": "Mwanza",
        "copyright": "Copyright 2026 Lake Wire",
        "genre": "Current",
    }


def test_xhtml_gives_its_paragraphs_and_its_byline_without_the_title_of_its_head() -> None:
    found = article(item(XHTML, content_meta="<headline>Ferry comes back</headline>"))
    assert found.body == "The ferry came back at noon & unloaded.\n\nNobody was hurt."
    assert (found.authors, found.extra["byline"]) == (("Joe Bell",), "By Joe Bell")


def test_plain_text_keeps_its_paragraphs() -> None:
    assert article(item(PLAIN)).body == "The ferry came back at noon at AT&T pier.\n\nNobody was hurt."


def test_the_first_content_that_is_text_is_read() -> None:
    sports = '<inlineXML contenttype="application/sportsml+xml"><sports-content><p-score/></sports-content></inlineXML>'
    picture = '<inlineData contenttype="image/jpeg" encoding="encd:base64">AAAA</inlineData>'
    found = article(item(sports + picture + NITF + PLAIN))
    assert found.body == "The ferry came back at noon.\n\nNobody was hurt."


def test_the_headline_of_the_text_stands_in_for_a_missing_one() -> None:
    assert article(item(content_meta="")).title == "Ferry comes back"


def test_an_item_with_a_headline_only_says_so() -> None:
    found = article(item("", content_meta="<headline>Ferry sinks</headline>"))
    assert (found.title, found.body, found.extra["extent"]) == ("Ferry sinks", "", "headline")


def test_an_item_with_a_description_only_has_it_as_its_body_and_says_so() -> None:
    found = article(item(""))
    assert (found.body, found.extra["extent"]) == ("A ferry came back.", "summary")


def test_a_message_gives_each_text_item_and_a_reject_for_each_other_one() -> None:
    picture = item(guid="p1", meta='<itemClass qcode="ninat:picture"/>')
    package = '<packageItem guid="k"><itemMeta><itemClass qcode="ninat:composite"/></itemMeta></packageItem>'
    concept = '<conceptItem guid="c"><itemMeta><itemClass qcode="cinat:concept"/></itemMeta></conceptItem>'
    planning = "<planningItem guid='l'/>"
    found = read(message(package, item(guid="a1"), picture, concept, planning, item(guid="a2")))
    assert [(one.place, one.article.id) for one in found if isinstance(one, Found)] == [
        ("item 2", "a1"),
        ("item 6", "a2"),
    ]
    assert [(one.place, one.reason) for one in found if isinstance(one, Reject)] == [
        ("item 1", "item class ninat:composite is no text article"),
        ("item 3", "item class ninat:picture is no text article"),
        ("item 4", "item class cinat:concept is no text article"),
        ("item 5", "a planningItem is no text article"),
    ]


@pytest.mark.parametrize("code", ["picture", "video", "audio", "graphic", "composite", "animation"])
def test_other_classes_are_no_text_whether_named_by_qcode_or_by_uri(code: str) -> None:
    assert reason(item(meta=f'<itemClass qcode="ninat:{code}"/>')) == f"item class ninat:{code} is no text article"
    uri = f"http://cv.iptc.org/newscodes/ninature/{code}"
    assert reason(item(meta=f'<itemClass uri="{uri}"/>')) == f"item class {uri} is no text article"


def test_an_item_without_a_class_must_hold_text() -> None:
    assert article(item(meta="")).title == "Ferry with forty aboard returns"
    remote = '<remoteContent href="https://pictures.example/1.jpg" contenttype="image/jpeg"/>'
    assert "only content that lies elsewhere" in reason(item(remote, meta=""))
    assert "neither an item class nor content" in reason('<newsItem guid="N1">...</newsItem>')


@pytest.mark.parametrize(
    ("guid", "identity"),
    [
        ("tag:lakewire.example,2026:FERRY", "tag:lakewire.example,2026:FERRY"),
        ("https://lakewire.example/items/7?v=2#a", "https:%2F%2Flakewire.example%2Fitems%2F7%3Fv=2%23a"),
        ("https://lakewire.example/100%25", "https:%2F%2Flakewire.example%2F100%2525"),
        ("urn:newsml:lakewire.example:20260530:FERRY:3", "urn:newsml:lakewire.example:20260530:FERRY"),
        ("urn:newsml:lakewire.example:20260530:FERRY:3U", "urn:newsml:lakewire.example:20260530:FERRY"),
        ("urn:newsml:lakewire.example:20260530:FERRY:2", "urn:newsml:lakewire.example:20260530:FERRY:2"),
        ("urn:newsml:lakewire.example:20260530:3", "urn:newsml:lakewire.example:20260530:3"),
    ],
)
def test_an_id_is_the_guid_in_allowed_characters_without_a_revision(guid: str, identity: str) -> None:
    assert article(item(guid=guid)).id == identity


def test_a_guid_that_is_too_long_gives_a_digest() -> None:
    assert len(article(item(guid="x" * 201)).id) == 64
    assert article(item(guid="x" * 201)).id != article(item(guid="x" * 202)).id


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("stat:withheld", PubStatus.WITHHELD),
        ("stat:canceled", PubStatus.CANCELED),
        ("stat:cancelled", PubStatus.CANCELED),
        ("http://cv.iptc.org/newscodes/pubstatusg2/canceled", PubStatus.CANCELED),
    ],
)
def test_a_withheld_or_canceled_item_is_never_visible(status: str, expected: PubStatus) -> None:
    name = "uri" if status.startswith("http") else "qcode"
    found = article(item(meta=ITEM_META.replace('qcode="stat:usable"', f'{name}="{status}"')))
    assert found.pubstatus is expected
    assert not is_visible(found, NOW)


def test_a_cancellation_without_headline_and_text_is_still_taken_in() -> None:
    found = article(item("", meta=ITEM_META.replace("usable", "canceled"), content_meta="", guid="a1"))
    assert (found.id, found.title, found.pubstatus) == ("a1", "a1", PubStatus.CANCELED)


def test_an_embargoed_item_is_published_when_the_embargo_ends() -> None:
    found = article(item(meta=ITEM_META + "<embargoed>2026-06-02T06:00:00Z</embargoed>"))
    assert found.embargoed == found.published_at == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert not is_visible(found, NOW)
    assert is_visible(found, datetime(2026, 6, 2, 6, tzinfo=UTC))


def test_an_embargo_without_an_end_is_withheld() -> None:
    found = article(item(meta=ITEM_META + "<embargoed/>"))
    assert found.pubstatus is PubStatus.WITHHELD


def test_the_stricter_hold_of_item_and_text_counts() -> None:
    head = '<head><docdata management-status="withheld"><date.release norm="20260609T060000Z"/></docdata></head>'
    found = article(
        item(NITF.replace("<body>", head + "<body>", 1), ITEM_META + "<embargoed>2026-06-02T06:00:00Z</embargoed>")
    )
    assert found.pubstatus is PubStatus.WITHHELD
    assert found.embargoed == found.published_at == datetime(2026, 6, 9, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ("<embargoed>when the minister speaks</embargoed>", "embargoed is 'when the minister speaks'"),
        ('<pubStatus qcode="stat:lost"/>', "pubstatus is 'lost'"),
        ("<firstCreated>2031-01-01</firstCreated>", "days in the future"),
    ],
)
def test_a_hold_or_date_that_cannot_be_read_is_a_reject(meta: str, expected: str) -> None:
    assert expected in reason(item(meta='<itemClass qcode="ninat:text"/>' + meta))


def test_a_correction_is_shown_with_its_note_and_another_note_is_kept() -> None:
    note = "<edNote>Corrects the number of seats</edNote>"
    assert (
        article(item(meta=f'{ITEM_META}{note}<signal qcode="sig:correction"/>')).correction
        == "Corrects the number of seats"
    )
    assert article(item(meta=f'{ITEM_META}<signal qcode="sig:correction"/>')).correction == "Corrected version"
    other = article(item(meta=f'{ITEM_META}{note}<signal qcode="sig:update"/>'))
    assert (other.correction, other.extra["editor_note"]) == (None, "Corrects the number of seats")


def test_dates_fall_back_in_order_and_are_never_todays() -> None:
    text = '<itemClass qcode="ninat:text"/>'
    version = "<versionCreated>2026-05-30T12:00:00Z</versionCreated>"
    created = (
        "<contentCreated>2026-05-29T12:00:00Z</contentCreated><contentModified>2026-05-31T12:00:00Z</contentModified>"
    )
    days = [
        (found.published_at and found.published_at.day, found.updated_at and found.updated_at.day)
        for found in (
            article(item(meta=text + version, content_meta=created)),
            article(item(meta=text + version, content_meta="")),
            article(item(meta=text, content_meta=created)),
            article(item(meta=text, content_meta="")),
        )
    ]
    assert days == [(29, 30), (30, 30), (29, 31), (None, None)]


def test_creators_who_are_no_persons_are_no_authors_and_the_last_resort_for_the_source() -> None:
    creator = '<creator type="cpnat:organisation"><name>Lake Press</name></creator>'
    text = item(PLAIN, meta='<itemClass qcode="ninat:text"/>', content_meta=f"{creator}<by>By Staff, Agencies</by>")
    found = article(text.replace(RIGHTS, ""))
    assert (found.source, found.authors, found.extra["byline"]) == ("Lake Press", (), "By Staff, Agencies")
    assert article(text).source == "Lake Wire Ltd"


def test_the_page_and_the_picture_are_web_addresses() -> None:
    links = """<link rel="irel:seeAlso" href="https://lakewire.example/other"/><link rel="lw:page" href="https://lakewire.example/ferry?utm_source=x"/>
    <link rel="irel:seeAlso" residref="p1"/>"""
    remote = '<remoteContent rendition="rnd:web" contenttype="image/jpeg" href="https://pictures.example/1.jpg"/>'
    picture = item(remote, meta='<itemClass qcode="ninat:picture"/>', guid="p1")
    first, _ = read(message(item(meta=ITEM_META + links), picture))
    assert isinstance(first, Found)
    assert (first.article.url, first.article.image_url) == (
        "https://lakewire.example/ferry",
        "https://pictures.example/1.jpg",
    )
    other = article(
        item(content_meta="<altId>https://lakewire.example/9</altId><icon href='https://pictures.example/i.png'/>")
    )
    assert (other.url, other.image_url) == ("https://lakewire.example/9", "https://pictures.example/i.png")
    local = article(item(content_meta="<altId>12/9</altId><icon href='file:///etc/icon.png'/>"))
    assert (local.url, local.image_url) == (None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<nitf/>", "begins with <nitf>; expected <newsMessage>"),
        ("<newsMessage><itemSet/></newsMessage>", "newsMessage without items"),
        ("<newsItem>", "not well-formed XML"),
    ],
)
def test_a_file_of_another_kind_is_refused(text: str, expected: str) -> None:
    with pytest.raises(SourceError, match=expected):
        read(text)


WHOLE = message(item(), item(XHTML, guid="a2"), item(PLAIN, guid="a3"))


@settings(deadline=None)
@given(
    st.integers(0, len(WHOLE) - 1),
    st.integers(0, 80),
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["<nitf>", "<itemSet>", "</p>", '"', "<newsItem/>", "stat:canceled", "<name/>"]),
    ),
)
def test_a_damaged_message_gives_articles_and_rejects_or_is_refused(place: int, length: int, put_in: str) -> None:
    damaged = WHOLE[:place] + put_in + WHOLE[place + length :]
    try:
        found = read_newsml_g2(SourceFile.in_memory("x.xml", damaged.encode(errors="replace")), Reading(NOW))
        assert all(isinstance(one, (Found, Reject)) for one in found)
    except SourceError:
        pass


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.text(max_size=60),
    st.sampled_from(["headline", "embargoed", "name", "altId", "by", "language"]),
)
def test_any_text_in_a_field_is_an_article_or_a_reject(one: str, other: str, name: str) -> None:
    fields = "".join(
        f"<{name} tag='{_escaped(text)}' qcode='{_escaped(text)}'>{_escaped(text)}</{name}>" for text in (one, other)
    )
    try:
        found = read(item(PLAIN, ITEM_META + fields, fields))
    except SourceError:
        return
    assert [isinstance(each, (Found, Reject)) for each in found] == [True]


def _escaped(text: str) -> str:
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), ("'", "&apos;")):
        text = text.replace(character, reference)
    return text.encode(errors="ignore").decode()
