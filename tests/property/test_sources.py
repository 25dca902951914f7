"""Any bytes at all give articles or rejects, never an exception."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.records import content_hash, record_from_article, stored_article
from indexer.sources import SourceFormat, read_source
from indexer.sources.detection import detect_format
from indexer.sources.items import Reading
from indexer.sources.source_file import SourceFile
from indexer.types import Found, Reject
from tests.property.invented_sources import DOCUMENTS
from tests.support import NOW
from tests.unit.sources.invented_pages import JSON_LD, OPEN_GRAPH, TABLES

PIECES = [
    page[start : start + 90].encode() for page in (JSON_LD, OPEN_GRAPH, TABLES) for start in range(0, len(page), 90)
]

fragments = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(PIECES),
        st.sampled_from(
            [
                b'{"title": "x", ',
                b'"body": "y"}\n',
                b"<html><body><p>The council met on Monday and heard a report about the buses of the town.</p>",
                b'<script type="application/ld+json">{"@type": "NewsArticle", "headline": ["x"], "author": 5}</script>',
                b'<meta charset="utf-16">',
                b'<time datetime="99999-99-99">',
                b"</p></div>",
                b"By Staff, Agencies\n",
                b"Related News4.0K\n",
                b"[" * 50,
                b'{"title": "NaN \\ud800", "published_at": "0001-01-01T00:00:00Z"}\n',
                b'{"title": "a", "updated_at": "2026-01-01T00:00:00.25+23:59", "x": {"y": [NaN, 1e999]}}\n',
                b'<script type="application/ld+json">{"@type": "Report", "headline": "\\ud83d cut"}</script>',
            ]
        ),
    ),
    max_size=20,
).map(b"".join)


INPUTS = int(os.environ.get("DATELINE_FUZZ", "150"))
"""Inputs for each format; `make fuzz` takes 10,000."""

SLOWEST_S = 5.0


@st.composite
def mutated(draw: st.DrawFn, document: bytes) -> bytes:
    """The document with pieces cut, doubled, moved, replaced, or cut off."""
    data = document
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), start + draw(st.integers(0, 80)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.just(data[start:end] * 2),
                st.binary(max_size=8),
                st.sampled_from(
                    [
                        b"<",
                        b">",
                        b"&",
                        b'"',
                        b"]]>",
                        b"\n",
                        b"\0",
                        b"\xff",
                        b"{",
                        b"[",
                        b"<!ENTITY x 'y'>",
                        b"&x;",
                        b"0" * 40,
                    ]
                ),
            )
        )
        data = data[:start] + piece + data[end:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def check(items: Iterable[Found | Reject]) -> None:
    """Each item can be stored, kept and shown."""
    for item in items:
        assert isinstance(item, (Found, Reject))
        if isinstance(item, Found):
            record = json.dumps(record_from_article(item.article), ensure_ascii=False)
            assert content_hash(stored_article(record)) == content_hash(item.article)
            assert record.encode()


@pytest.mark.parametrize("chosen", [None, *SourceFormat])
@settings(max_examples=INPUTS, deadline=None)
@given(content=fragments)
def test_any_bytes_are_read_or_rejected(chosen: SourceFormat | None, content: bytes) -> None:
    check(read_source(SourceFile.in_memory("file", content), Reading(NOW), chosen))


@pytest.mark.parametrize("chosen", list(SourceFormat))
@settings(max_examples=INPUTS, deadline=None)
@given(data=st.data())
def test_a_damaged_document_is_read_or_rejected_within_bounds(chosen: SourceFormat, data: st.DataObject) -> None:
    content = data.draw(mutated(DOCUMENTS[chosen]))
    started = time.monotonic()
    check(read_source(SourceFile.in_memory("file", content), Reading(NOW), chosen))
    assert time.monotonic() - started < SLOWEST_S


@pytest.mark.parametrize("chosen", list(SourceFormat))
def test_a_whole_document_is_told_by_its_content_and_read(chosen: SourceFormat) -> None:
    assert detect_format(DOCUMENTS[chosen]) == chosen
    items = list(read_source(SourceFile.in_memory("file", DOCUMENTS[chosen]), Reading(NOW)))
    assert isinstance(items[0], Found), items
    assert items[0].article.title
