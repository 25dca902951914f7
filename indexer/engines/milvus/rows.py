"""Documents as rows of the collections, and rows as what a search met. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.engines.documents import Document, Glance, Met
from indexer.engines.facts import Facts
from indexer.engines.milvus.collections import MOST_VALUES
from indexer.engines.milvus.keys import compared, identity
from indexer.engines.milvus.pieces import PIECE_BYTES, joined, packed, parted
from indexer.engines.tail import article_vectors
from indexer.engines.terms import Terms
from indexer.filters import language_forms

Row: TypeAlias = dict[str, Any]

ORDINAL_BITS = 13
MOST_CHUNKS = 1 << ORDINAL_BITS
"""Chunks of one article; what lies beyond them is not kept."""

NUMBERS = ["seq", "version", "change", "text_group", "story", "length", "published", "embargoed", "known_from"]
MET_FIELDS = [*NUMBERS, "usable", "chunks", "shown", "words", "title_words"]
GLANCE_FIELDS = [*NUMBERS, "usable", "shown"]
TERM_FIELDS = ["words", "title_words"]
CHUNK_FIELDS = ["id", "version", "embedding"]


def chunk_id(seq: int, ordinal: int) -> int:
    """The primary key of a chunk."""
    return seq << ORDINAL_BITS | ordinal


def owner(chunk_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The article (seq) of each chunk."""
    owners: NDArray[np.int64] = chunk_ids >> ORDINAL_BITS
    return owners


def article_row(document: Document, dimension: int) -> Row:
    """The row of an article."""
    facts = document.facts
    return {
        "seq": facts.seq,
        **_filtered(facts),
        "text_group": facts.text_group,
        "story": facts.story,
        "length": facts.length,
        "text_key": document.text_key,
        "chunks": chunks_of(document),
        "id_key": identity(document.id),
        "url_key": identity(document.url_key or ""),
        "story_key": identity(document.story_id or ""),
        "shown": _shown(document),
        "record": packed(document.record),
        "words": joined(document.terms.text),
        "title_words": joined(document.terms.title),
        "vector": _mean(document.embeddings, dimension),
    }


def chunk_rows(document: Document) -> list[Row]:
    """The rows of an article's chunks."""
    facts = document.facts
    copied = {"seq": facts.seq, **_filtered(facts)}
    return [
        {**copied, "id": chunk_id(facts.seq, ordinal), "embedding": vector}
        for ordinal, vector in enumerate(document.embeddings[:MOST_CHUNKS].astype(np.float32))
    ]


def chunks_of(document: Document) -> int:
    """How many chunks of an article are kept."""
    return min(len(document.embeddings), MOST_CHUNKS)


def met(article: Mapping[str, Any], chunks: Sequence[Mapping[str, Any]], dimension: int) -> Met:
    """What a search met, from an article's row and those of its own version's chunks, in order."""
    seen = glance(article)
    vectors = [chunk["embedding"] for chunk in chunks]
    return Met(
        facts=seen.facts,
        id=seen.id,
        story_id=seen.story_id,
        terms=seen.terms or Terms(""),
        embeddings=np.array(vectors, dtype=np.float32).reshape(len(vectors), dimension),
    )


def glance(article: Mapping[str, Any]) -> Glance:
    """What an article's row says of it; with its terms, where the row has them."""
    shown = json.loads("".join(article["shown"]))
    facts = Facts(
        **{name: int(article[name]) for name in NUMBERS},
        usable=bool(article["usable"]),
        section=shown["section"],
        source=shown["source"],
        language=shown["language"],
        authors=tuple(shown["authors"]),
        tags=tuple(shown["tags"]),
        spans=tuple((first, past) for first, past in shown["spans"]),
    )
    terms = None
    if "words" in article:
        terms = Terms(shown["analysis"], parted(article["words"]), parted(article["title_words"]))
    return Glance(facts, shown["id"], shown["story_id"], terms)


def _filtered(facts: Facts) -> Row:
    """What filters ask, of an article and again of each of its chunks."""
    return {
        "version": facts.version,
        "change": facts.change,
        "published": facts.published,
        "embargoed": facts.embargoed,
        "known_from": facts.known_from,
        "usable": facts.usable,
        "section_key": compared(facts.section or ""),
        "source_key": compared(facts.source or ""),
        "language_keys": [compared(form) for form in language_forms(facts.language)],
        "author_keys": _keys(facts.authors),
        "tag_keys": _keys(facts.tags),
    }


def _keys(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(compared, values)))[:MOST_VALUES]


def _shown(document: Document) -> list[str]:
    """What filters compare without case, as the article writes it, in pieces of JSON in ASCII."""
    facts = document.facts
    text = json.dumps(
        {
            "id": document.id,
            "story_id": document.story_id,
            "section": facts.section,
            "source": facts.source,
            "language": facts.language,
            "authors": facts.authors,
            "tags": facts.tags,
            "analysis": document.terms.analysis,
            "spans": facts.spans[:MOST_CHUNKS],
        }
    )
    return [text[start : start + PIECE_BYTES] for start in range(0, len(text), PIECE_BYTES)]


def _mean(embeddings: NDArray[np.float16], dimension: int) -> NDArray[np.float32]:
    """The mean of an article's chunks, of unit length (zero for an article without chunks), as generations in files have it."""
    if not len(embeddings):
        return np.zeros(dimension, dtype=np.float32)
    mean: NDArray[np.float32] = article_vectors(embeddings, np.array([0, len(embeddings)]))[0].astype(np.float32)
    return mean
