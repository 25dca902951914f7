from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.articles import is_visible
from indexer.errors import SourceError
from indexer.sources.items import Reading
from indexer.sources.ninjs import read_ninjs
from indexer.sources.source_file import SourceFile
from indexer.types import Article, Found, PubStatus, Reject
from tests.support import NOW

VERSION_1: dict[str, Any] = {
    "uri": "urn:newsml:lakewire.example:20260530:FERRY",
    "type": "text",
    "profile": "text-photo",
    "version": "3",
    "firstcreated": "2026-05-30T12:00:00+03:00",
    "versioncreated": "2026-05-30T14:15:00+03:00",
    "pubstatus": "usable",
    "urgency": 3,
    "language": "en-GB",
    "headline": "Ferry with forty aboard returns",
    "byline": "By Amina Okoro and Joe Bell",
    "description_text": "A ferry came back.",
    "body_text": "The ferry came back at noon.\nNobody was hurt.",
    "body_xhtml": "<p>The ferry came back at noon.</p><p>Nobody was <b>hurt</b>.</p>",
    "subject": [
        {"code": "20000139", "name": "shipping accident"},
        {"code": "medtop:03000000", "name": "disaster, accident and emergency incident"},
    ],
    "person": [{"name": "Asha Mrema", "rel": "about"}],
    "organisation": [{"name": "Lake Ferries"}],
    "place": [{"name": "Mwanza"}],
    "located": "Mwanza",
    "copyrightholder": "Lake Wire",
    "copyrightnotice": "Copyright 2026 Lake Wire",
    "usageterms": "Not for use in print",
    "ednote": "Adds quotes",
    "associations": {
        "gallery": {"type": "text", "headline": "Other"},
        "main": {
            "type": "picture",
            "renditions": {
                "thumbnail": {"href": "https://pictures.example/t.jpg", "mimetype": "image/jpeg"},
                "preview": {"href": "https://pictures.example/p.jpg", "mimetype": "image/jpeg"},
            },
        },
    },
    "renditions": {"page": {"href": "https://lakewire.example/ferry?utm_source=x", "mimetype": "text/html"}},
}
VERSION_3: dict[str, Any] = {
    "uri": "urn:newsml:lakewire.example:20260530:FERRY",
    "type": "text",
    "profile": "text-photo",
    "version": "3",
    "contentCreated": "2026-05-30T12:00:00+03:00",
    "versionCreated": "2026-05-30T14:15:00+03:00",
    "pubStatus": "usable",
    "urgency": 3,
    "language": "en-GB",
    "headlines": [{"role": "sub", "value": "No"}, {"role": "main", "value": "Ferry with forty aboard returns"}],
    "by": "By Amina Okoro and Joe Bell",
    "descriptions": [{"role": "caption", "value": "A boat"}, {"role": "summary", "value": "A ferry came back."}],
    "bodies": [
        {"role": "main", "contentType": "text/plain", "value": "The ferry came back at noon. Nobody was hurt."},
        {
            "role": "rich",
            "contentType": "text/html",
            "value": "<p>The ferry came back at noon.</p><p>Nobody was hurt.</p>",
        },
    ],
    "subjects": [
        {"uri": "http://cv.iptc.org/newscodes/mediatopic/20000139", "name": "shipping accident"},
        {
            "uri": "http://cv.iptc.org/newscodes/mediatopic/03000000",
            "name": "disaster, accident and emergency incident",
        },
    ],
    "people": [{"name": "Asha Mrema", "rel": "about"}],
    "organisations": [{"name": "Lake Ferries"}],
    "places": [{"name": "Mwanza"}],
    "located": "Mwanza",
    "infoSources": [{"name": "Lake Wire"}],
    "copyrightHolder": "Lake Wire Ltd",
    "copyrightNotice": "Copyright 2026 Lake Wire",
    "usageTerms": "Not for use in print",
    "edNote": "Adds quotes",
    "altIds": [{"role": "web", "value": "https://lakewire.example/ferry?utm_source=x"}],
    "associations": [
        {
            "name": "main",
            "type": "picture",
            "renditions": [
                {"name": "thumbnail", "href": "https://pictures.example/t.jpg", "contentType": "image/jpeg"},
                {"name": "preview", "href": "https://pictures.example/p.jpg", "contentType": "image/jpeg"},
            ],
        }
    ],
}


def read(data: bytes) -> list[Found | Reject]:
    return list(read_ninjs(SourceFile.in_memory("items.json", data), Reading(NOW)))


def one(**fields: Any) -> Found | Reject:
    (item,) = read(json.dumps(fields).encode())
    return item


def article(**fields: Any) -> Article:
    item = one(**fields)
    assert isinstance(item, Found), item
    return item.article


@pytest.mark.parametrize("fields", [VERSION_1, VERSION_3])
def test_versions_1_and_3_give_the_same_article(fields: dict[str, Any]) -> None:
    found = article(**fields)
    assert found.id == "urn:newsml:lakewire.example:20260530:FERRY"
    assert found.title == "Ferry with forty aboard returns"
    assert found.body == "The ferry came back at noon.\n\nNobody was hurt."
    assert found.summary == "A ferry came back."
    assert found.published_at == datetime(2026, 5, 30, 9, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 5, 30, 11, 15, tzinfo=UTC)
    assert (found.source, found.authors, found.language) == ("Lake Wire", ("Amina Okoro", "Joe Bell"), "en-GB")
    assert found.section == "disaster, accident and emergency incident"
    assert found.tags == ("shipping accident", "disaster, accident and emergency incident")
    assert found.license == "Not for use in print"
    assert found.url == "https://lakewire.example/ferry"
    assert found.image_url == "https://pictures.example/p.jpg"
    assert (found.pubstatus, found.embargoed, found.correction) == (PubStatus.USABLE, None, None)
    assert found.extra == {
        "ninjs_version": "3",
        "copyright": "Copyright 2026 Lake Wire",
        "byline": "By Amina Okoro and Joe Bell",
        "editor_note": "Adds quotes",
        "people": ["Asha Mrema"],
        "organisations": ["Lake Ferries"],
        "places": ["Mwanza"],
        "located": "Mwanza",
        "urgency": "3",
        "profile": "text-photo",
    }


def test_an_object_an_array_and_lines_are_read_with_their_places() -> None:
    first, second = {**VERSION_1, "uri": "a1"}, {**VERSION_3, "uri": "a2"}
    lines = b"\n\n".join(json.dumps(item).encode() for item in (first, second))
    for data, places in (
        (json.dumps(first, indent=2).encode(), ["item 1"]),
        (json.dumps(first).encode(), ["line 1"]),
        (json.dumps([first, second]).encode(), ["item 1", "item 2"]),
        (json.dumps([first, second], indent=1).encode("utf-16"), ["item 1", "item 2"]),
        (b"\xef\xbb\xbf" + lines, ["line 1", "line 3"]),
    ):
        found = read(data)
        assert [(item.place, item.article.id) for item in found if isinstance(item, Found)] == list(
            zip(places, ["a1", "a2"], strict=False)
        )


@pytest.mark.parametrize(
    "kind", ["picture", "video", "audio", "graphic", "composite", "event", "planning", "component"]
)
def test_other_types_are_no_text(kind: str) -> None:
    item = one(**{**VERSION_1, "type": kind})
    assert isinstance(item, Reject)
    assert item.reason == f"type {kind} is no text article"


def test_a_bad_object_is_one_reject_and_the_others_go_on() -> None:
    found = read(json.dumps([VERSION_1, 7, {"uri": "x"}, {**VERSION_1, "firstcreated": "soon"}, VERSION_3]).encode())
    assert [isinstance(item, Found) for item in found] == [True, False, False, False, True]
    reasons = [(item.place, item.reason) for item in found if isinstance(item, Reject)]
    assert [place for place, _ in reasons] == ["item 2", "item 3", "item 4"]
    for (_, reason), expected in zip(
        reasons, ["is no JSON object", "neither title nor body", "published_at is 'soon'"], strict=True
    ):
        assert expected in reason


def test_broken_lines_are_one_reject_each() -> None:
    found = read(json.dumps(VERSION_1).encode() + b"\n{broken}\n" + json.dumps(VERSION_3).encode())
    assert [(type(item), item.place) for item in found] == [(Found, "line 1"), (Reject, "line 2"), (Found, "line 3")]


@pytest.mark.parametrize(
    ("stated", "expected"), [("withheld", "withheld"), ("canceled", "canceled"), ("stat:cancelled", "canceled")]
)
def test_a_withheld_or_canceled_object_is_never_visible(stated: str, expected: str) -> None:
    found = article(**{**VERSION_3, "pubStatus": stated})
    assert found.pubstatus == expected
    assert not is_visible(found, NOW)


def test_a_cancellation_without_text_is_still_taken_in() -> None:
    found = article(uri="a1", pubstatus="canceled", versioncreated="2026-05-31T00:00:00Z")
    assert (found.id, found.title, found.pubstatus) == ("a1", "a1", PubStatus.CANCELED)


@pytest.mark.parametrize("fields", [VERSION_1, VERSION_3])
def test_an_embargoed_object_is_published_when_the_embargo_ends(fields: dict[str, Any]) -> None:
    found = article(**{**fields, "embargoed": "2026-06-02T06:00:00Z"})
    assert found.embargoed == found.published_at == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert not is_visible(found, NOW)


def test_an_embargo_that_cannot_be_read_is_a_reject_and_an_empty_one_is_none() -> None:
    item = one(**{**VERSION_1, "embargoed": "at noon"})
    assert isinstance(item, Reject)
    assert "embargoed is 'at noon'" in item.reason
    assert article(**{**VERSION_1, "embargoed": ""}).embargoed is None


def test_a_note_that_corrects_is_shown() -> None:
    assert article(**{**VERSION_1, "ednote": "CORRECTION: forty seats"}).correction == "CORRECTION: forty seats"


def test_agencies_in_a_byline_are_no_authors_and_persons_who_are_there_as_authors_are() -> None:
    found = article(**{**VERSION_1, "byline": "By Staff, Agencies"})
    assert (found.authors, found.extra["byline"]) == ((), "By Staff, Agencies")
    person = [{"name": "Amina Okoro", "rel": "author"}, {"name": "Asha Mrema", "rel": "about"}]
    assert article(**{**VERSION_1, "byline": "Lake Wire", "person": person}).authors == ("Amina Okoro",)


@pytest.mark.parametrize(
    ("bodies", "body"),
    [
        ([{"contentType": "text/plain", "value": "AT&T <b> is\n\ntext."}], "AT&T <b> is\n\ntext."),
        ([{"value": "<p>One came.</p><p>Two came.</p>"}], "One came.\n\nTwo came."),
        (
            [
                {
                    "contentType": "text/html",
                    "value": "<html><head><title>desk 4</title></head><body><p>One came.</p></body></html>",
                }
            ],
            "One came.",
        ),
        (
            [
                {
                    "contentType": "application/nitf+xml",
                    "value": "<nitf><body><body.content><p>One.</p><p>Two.</p></body.content></body></nitf>",
                }
            ],
            "One.\n\nTwo.",
        ),
        (
            [
                {"contentType": "application/nitf+xml", "value": "<nitf>"},
                {"contentType": "text/plain", "value": "Plain."},
            ],
            "Plain.",
        ),
    ],
)
def test_bodies_are_read_by_their_type(bodies: list[dict[str, str]], body: str) -> None:
    assert article(uri="a1", bodies=bodies).body == body


def test_the_suffixed_fields_of_version_1_are_read() -> None:
    found = article(
        uri="a1", headline_main="Ferry returns", body_main="It came back.", body_richtext="<p>It came</p><p>back.</p>"
    )
    assert (found.title, found.body) == ("Ferry returns", "It came\n\nback.")


def test_a_description_alone_is_the_body_and_says_so() -> None:
    found = article(uri="a1", headline="Ferry returns", description_text="It came back.")
    assert (found.body, found.extra["extent"]) == ("It came back.", "summary")


@pytest.mark.parametrize("data", [b"[{]", b"{\n", b"[" * 200_000, b'["\xff"]', b"nonsense"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="not valid JSON at line"):
        read(data)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.just("<p>One came.</p>"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "value", "role", "contentType", "href", "mimetype", "renditions", "type", "uri", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted({*VERSION_1, *VERSION_3, "body_", "title", "altids"})), _JSON, max_size=6),
    st.booleans(),
)
def test_any_json_in_any_field_is_an_article_or_a_reject(changes: dict[str, Any], later: bool) -> None:
    item = one(**{**(VERSION_3 if later else VERSION_1), **changes})
    assert isinstance(item, (Found, Reject))


WHOLE = json.dumps([VERSION_1, VERSION_3])


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 60), st.text(max_size=8))
def test_a_damaged_array_gives_articles_and_rejects_or_is_refused(place: int, length: int, put_in: str) -> None:
    damaged = WHOLE[:place] + put_in + WHOLE[place + length :]
    with suppress(SourceError):
        assert all(isinstance(item, (Found, Reject)) for item in read(damaged.encode(errors="replace")))
