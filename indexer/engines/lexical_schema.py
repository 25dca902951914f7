"""The fields of the lexical index, and an article as a document of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import tantivy
from tantivy import SchemaBuilder

from indexer.engines.analysis import analyse, analysis_of, folded, other_terms
from indexer.engines.columns import seconds
from indexer.filters import language_forms
from indexer.types import Article, PubStatus

TEXT, TITLE = "text", "title"
"""Terms of headline and body, and of the headline alone, each by the analysis of the article's language."""

EXACT, EXACT_TITLE = "exact", "exact_title"
"""The same words only folded: for exact phrases, spelling and completion."""

BREAK = "\N{PILCROW SIGN}"
"""Stands between headline, body and their other terms, so that no phrase runs across; no analysis makes a term of it."""


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
    analysis = analysis_of(article.language)
    title, body = _parts(article)
    headline, exact = analyse(title, analysis), folded(title)
    return tantivy.Document.from_dict(
        {
            "row": row,
            TITLE: " ".join([*headline, *_others(title, analysis)]),
            TEXT: " ".join([*headline, BREAK, *analyse(body, analysis), *_others(f"{title}\n{body}", analysis)]),
            EXACT_TITLE: " ".join(exact),
            EXACT: " ".join([*exact, BREAK, *folded(body)]),
            "section": _one(article.section),
            "source": _one(article.source),
            "language": list(language_forms(article.language)),
            "author": [name.casefold() for name in article.authors],
            "tag": [tag.casefold() for tag in article.tags],
            "analysis": analysis,
            "published": seconds(article.published_at),
            "embargoed": seconds(article.embargoed),
            "usable": article.pubstatus is PubStatus.USABLE,
        },
        schema(),
    )


def _others(text: str, analysis: str) -> list[str]:
    """The other terms of a text after a break; nothing where it has none, so that they lengthen no text without them."""
    others = other_terms(text, analysis)
    return [BREAK, *others] if others else []


def _parts(article: Article) -> tuple[str, str]:
    """Headline and body; nothing of an article that is withheld or canceled, whose words nobody may find out."""
    if article.pubstatus is not PubStatus.USABLE:
        return "", ""
    return article.title, article.body


def _one(word: str | None) -> list[str]:
    return [] if word is None else [word.casefold()]
