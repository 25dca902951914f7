"""The fields of the lexical index, and an article as a document of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import tantivy
from tantivy import SchemaBuilder

from indexer.engines.columns import seconds
from indexer.engines.terms import terms_of
from indexer.filters import language_forms
from indexer.types import Article, PubStatus

TEXT, TITLE = "text", "title"
"""Terms of headline and body, and of the headline alone, each by the analysis of the article's language."""

EXACT, EXACT_TITLE = "exact", "exact_title"
"""The same words only folded: for exact phrases, spelling and completion."""


@lru_cache(maxsize=1)
def schema() -> Any:
    builder = SchemaBuilder().add_unsigned_field("row", indexed=True, fast=True)
    for name in (TEXT, TITLE, EXACT, EXACT_TITLE):
        builder.add_text_field(name, tokenizer_name="whitespace")
    for name in ("section", "source", "language", "author", "tag", "analysis"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_integer_field("embargoed", indexed=True, fast=True)
    builder.add_boolean_field("usable", indexed=True)
    return builder.build()


def document(row: int, article: Article) -> Any:
    """The article as tantivy takes it: terms are made here, one analysis for each language, and joined by spaces."""
    terms = terms_of(article)
    return tantivy.Document.from_dict(
        {
            "row": row,
            TITLE: " ".join(terms.title),
            TEXT: " ".join(terms.text),
            EXACT_TITLE: " ".join(terms.exact_title),
            EXACT: " ".join(terms.exact),
            "section": _one(article.section),
            "source": _one(article.source),
            "language": list(language_forms(article.language)),
            "author": [name.casefold() for name in article.authors],
            "tag": [tag.casefold() for tag in article.tags],
            "analysis": terms.analysis,
            "published": seconds(article.published_at),
            "embargoed": seconds(article.embargoed),
            "usable": article.pubstatus is PubStatus.USABLE,
        },
        schema(),
    )


def _one(word: str | None) -> list[str]:
    return [] if word is None else [word.casefold()]
