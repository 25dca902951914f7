"""Documents as an engine elsewhere is given them, made of articles and of vectors drawn from a number."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import numpy as np

from indexer.archive_stored import Stored
from indexer.engines.documents import Document, Met, document_of
from indexer.types import Article
from tests.support import NOW

DIMENSION = 8


def article(seq: int, **fields: Any) -> Article:
    """An article with a few words, an hour older than the one before it."""
    stated = {
        "title": f"Report {seq} from the harbour",
        "body": f"The ferry number {seq} left Mwanza.\n\nNobody was late.",
        "url": f"https://news.example/{seq}",
        "published_at": NOW - timedelta(hours=seq % 50_000),
        "language": "en",
    }
    return Article(id=f"a{seq}", **{**stated, **fields})


def stored(seq: int, *, version: int = 1, chunks: int = 2, **fields: Any) -> Stored:
    """An article of the archive with so many chunks, whose vectors are of unit length."""
    vectors = np.random.default_rng((seq, version)).normal(size=(chunks, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if chunks else 1
    spans = [(10 * ordinal, 10 * ordinal + 10) for ordinal in range(chunks)]
    return Stored(
        seq=seq,
        version=version,
        change=1000 + seq,
        text_group=seq // 2,
        story=seq // 3,
        article=article(seq, **fields),
        spans=spans,
        embeddings=vectors.astype(np.float16),
        known_from=int(NOW.timestamp()) - 60 * seq,
    )


def document(seq: int, **fields: Any) -> Document:
    """The same as a document."""
    return document_of(stored(seq, **fields), f"story{seq // 3}")


def met_of(given: Document) -> Met:
    """What a search that meets the document gives back."""
    terms = replace(given.terms, exact=(), exact_title=())
    return Met(given.facts, given.id, given.story_id, terms, given.embeddings.astype(np.float32))


def assert_same(found: Met, expected: Met) -> None:
    """Fails where two articles that were met differ in anything."""
    for field in fields(Met):
        if field.name != "embeddings":
            assert getattr(found, field.name) == getattr(expected, field.name), field.name
    np.testing.assert_array_equal(found.embeddings, expected.embeddings)
