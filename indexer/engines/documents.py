"""What an engine that keeps articles elsewhere is given of each, and what it gives back of those that a search met."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.archive_stored import Stored
from indexer.duplicates import text_key
from indexer.engines.facts import Facts, facts_of
from indexer.engines.terms import Terms, terms_of
from indexer.records import record_from_article
from indexer.urls import url_key


@dataclass(frozen=True, slots=True)
class Document:
    """An article as it is given to an engine.

    `record` is the article as JSON, as the archive keeps it; `story_id` the public id of its story; `url_key` what the
    twins of its page share; `text_key` what articles with the same words share. `embeddings` has shape (chunks, dimension).
    """

    facts: Facts
    id: str
    record: str
    story_id: str | None
    url_key: str | None
    text_key: int
    terms: Terms
    embeddings: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Glance:
    """An article that a question met, without its embeddings; its `terms` (see `Met`) only where they were asked for."""

    facts: Facts
    id: str
    story_id: str | None
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class Met:
    """An article that a search met, with what it is scored by. `embeddings` has shape (chunks, dimension).

    Of `terms`, `exact` and `exact_title` are empty: they are made from the text where a phrase is asked for.
    """

    facts: Facts
    id: str
    story_id: str | None
    terms: Terms
    embeddings: NDArray[np.float32]


def document_of(stored: Stored, story_id: str | None) -> Document:
    """An article of the archive as a document."""
    article = stored.article
    return Document(
        facts=facts_of(stored),
        id=article.id,
        record=json.dumps(record_from_article(article), ensure_ascii=False),
        story_id=story_id,
        url_key=url_key(article.url) if article.url else None,
        text_key=text_key(article),
        terms=terms_of(article),
        embeddings=stored.embeddings,
    )
