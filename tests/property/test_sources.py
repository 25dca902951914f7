"""Any bytes at all give articles or rejects, never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.records import content_hash, record_from_article, stored_article
from indexer.sources import SourceFormat, open_source
from indexer.types import Found, Reject
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


@pytest.mark.parametrize("chosen", [None, *SourceFormat])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=fragments)
def test_any_bytes_are_read_or_rejected(tmp_path: Path, chosen: SourceFormat | None, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    for item in open_source(path, now=NOW, format=chosen):
        assert isinstance(item, (Found, Reject))
        if isinstance(item, Found):
            record = json.dumps(record_from_article(item.article), ensure_ascii=False)
            assert content_hash(stored_article(record)) == content_hash(item.article)
            assert record.encode()
