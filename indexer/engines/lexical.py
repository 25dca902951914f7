"""BM25 over headlines and bodies by tantivy, under any filter."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from tantivy import FieldType, Filter, Occur, Query, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from indexer.engines.columns import NO_TIME, seconds
from indexer.filters import Filters, language_forms
from indexer.types import Article, PubStatus, Rows, Scores

TITLE_BOOST = 0.25
"""What a word in the headline adds, beside its place in the text (headline and body), where it counts once."""

BM25_K1 = 1.2
"""tantivy's own; it is not adjustable there."""

WRITER_HEAP_BYTES = 64_000_000
_LONGEST_WORD = 60
_ANALYZERS = ("en", "any")


@lru_cache(maxsize=len(_ANALYZERS))
def _analyzer(name: str) -> Any:
    """`en` stems English; `any` only folds case and accents, for every other language."""
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_LONGEST_WORD))
    builder = builder.filter(Filter.lowercase())
    if name == "en":
        builder = builder.filter(Filter.stopword("english")).filter(Filter.stemmer("english"))
    return builder.filter(Filter.ascii_fold()).build()


def _analyzer_of(language: str) -> str:
    return "en" if language.partition("-")[0] == "en" else "any"


@lru_cache(maxsize=1)
def _schema() -> Any:
    builder = SchemaBuilder().add_unsigned_field("row", indexed=True, fast=True)
    for name in _ANALYZERS:
        builder.add_text_field(f"title_{name}", tokenizer_name=name)
        builder.add_text_field(f"text_{name}", tokenizer_name=name)
    for name in ("section", "source", "language", "author", "tag"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_integer_field("embargoed", indexed=True, fast=True)
    builder.add_boolean_field("usable", indexed=True)
    return builder.build()


_WORD = re.compile(r"\w+")


@lru_cache(maxsize=20_000)
def _term(analyzer: str, word: str) -> str | None:
    terms = _analyzer(analyzer).analyze(word)
    return terms[0] if len(terms) == 1 else None


def matching_spans(text: str, language: str, terms: WeightedTerms) -> list[tuple[int, int, str]]:
    """(start, end, term) of each word of a text in this language that one of the terms matches, in order."""
    analyzer = _analyzer_of(language)
    weights = terms.weights.get(analyzer, {})
    words = ((match.span(), _term(analyzer, match.group())) for match in _WORD.finditer(text))
    return [(*span, term) for span, term in words if term is not None and term in weights]


def _register(index: Any) -> Any:
    for name in _ANALYZERS:
        index.register_tokenizer(name, _analyzer(name))
    return index


def _document(row: int, article: Article) -> dict[str, Any]:
    analyzer = _analyzer_of(article.language)
    return {
        "row": row,
        f"title_{analyzer}": article.title,
        f"text_{analyzer}": f"{article.title}\n{article.body}",
        "section": _folded(article.section),
        "source": _folded(article.source),
        "language": list(language_forms(article.language)),
        "author": [name.casefold() for name in article.authors],
        "tag": [tag.casefold() for tag in article.tags],
        "published": seconds(article.published_at),
        "embargoed": seconds(article.embargoed),
        "usable": article.pubstatus is PubStatus.USABLE,
    }


def _folded(word: str | None) -> list[str]:
    return [] if word is None else [word.casefold()]


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """Analysed words and their weights, for each analyser: what a lexical query asks for."""

    weights: dict[str, dict[str, float]]

    @classmethod
    def of_query(cls, text: str) -> WeightedTerms:
        """Every word of a typed query, by how often it was typed."""
        return cls({name: dict(Counter(_analyzer(name).analyze(text))) for name in _ANALYZERS})

    def __bool__(self) -> bool:
        return any(self.weights.values())


class LexicalIndex:
    """An immutable tantivy index, opened for searching."""

    def __init__(self, index: Any) -> None:
        self._searcher = _register(index).searcher()

    @classmethod
    def build(cls, folder: Path, articles: Iterable[Article]) -> None:
        """Write an index of the articles into an empty folder; the first is row 0."""
        folder.mkdir(parents=True)
        index = _register(tantivy.Index(_schema(), path=str(folder)))
        _add(index, enumerate(articles), dead_rows=())

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        return cls(tantivy.Index.open(str(folder)))

    @classmethod
    def extend(
        cls, base: Path, folder: Path, dead_rows: Iterable[int], new: Iterable[tuple[int, Article]]
    ) -> LexicalIndex:
        """A copy of the index at `base`, without the dead rows and with the new ones, in `folder` (made if missing).

        Segment files never change, so they are linked, not copied; word statistics span old and new rows.
        """
        if not folder.exists():
            folder.mkdir(parents=True)
            for path in base.iterdir():
                if path.suffix == ".lock":
                    continue
                if path.suffix == ".json":
                    shutil.copyfile(path, folder / path.name)
                else:
                    _link(path, folder / path.name)
        index = _register(tantivy.Index.open(str(folder)))
        _add(index, new, dead_rows)
        return cls(index)

    @property
    def size(self) -> int:
        """How many articles it holds."""
        return int(self._searcher.num_docs)

    def search(self, terms: WeightedTerms, count: int, filters: Filters) -> tuple[Rows, Scores]:
        """The `count` best articles that hold any of the terms, best first."""
        return self._run([(Occur.Must, _text_query(terms)), *_conditions(filters)], count)

    def score(self, terms: WeightedTerms, rows: Rows) -> Scores:
        """The BM25 score of each of these article rows, in their order; 0 where no term occurs."""
        scores = np.zeros(len(rows), dtype=np.float32)
        if not len(rows) or not terms:
            return scores
        among = Query.term_set_query(_schema(), "row", rows.tolist())
        found, values = self._run(
            [(Occur.Must, _text_query(terms)), (Occur.Must, Query.const_score_query(among, 0.0))], len(rows)
        )
        place = {int(row): position for position, row in enumerate(rows)}
        scores[[place[int(row)] for row in found]] = values
        return scores

    def telling_terms(self, article: Article, count: int, *, own_copies: int) -> WeightedTerms:
        """The words that set an article apart, weighted by tf-idf (headline words twice), for use as a query.

        Words that no other article has are left out: they can match nothing. `own_copies` is 1 for an article that the
        index holds itself, else 0.
        """
        analyzer = _analyzer_of(article.language)
        frequency = Counter(_analyzer(analyzer).analyze(f"{article.title}\n{article.title}\n{article.body}"))
        total = max(1, self._searcher.num_docs)
        scored = []
        for word, times in frequency.items():
            holders = self._searcher.doc_freq(f"text_{analyzer}", word)
            if holders > own_copies and len(word) > 1:
                scored.append(((1 + log(times)) * log(1 + total / holders), word))
        best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:count]
        top = best[0][0] if best else 1.0
        return WeightedTerms({analyzer: {word: weight / top for weight, word in best}})

    def expected_score(self, terms: WeightedTerms, title: str, body: str) -> float:
        """The BM25 score that this text would have for the terms, were it an article of average length."""
        total = self._searcher.num_docs
        score = 0.0
        for analyzer, weights in terms.weights.items():
            for field, text, boost in (("text", f"{title}\n{body}", 1.0), ("title", title, TITLE_BOOST)):
                frequency = Counter(_analyzer(analyzer).analyze(text))
                for word, weight in weights.items():
                    holders = self._searcher.doc_freq(f"{field}_{analyzer}", word)
                    rarity = log(1 + (total - holders + 0.5) / (holders + 0.5))
                    times = frequency[word]
                    score += weight * boost * rarity * times * (BM25_K1 + 1) / (times + BM25_K1)
        return score

    def _run(self, clauses: Sequence[tuple[Any, Any]], count: int) -> tuple[Rows, Scores]:
        hits = self._searcher.search(Query.boolean_query(list(clauses)), limit=max(1, count), count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return np.array(rows, dtype=np.int64), np.array([score for score, _ in hits], dtype=np.float32)


def _add(index: Any, rows: Iterable[tuple[int, Article]], dead_rows: Iterable[int]) -> None:
    schema = _schema()
    writer = index.writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
    dead = list(dead_rows)
    if dead:
        writer.delete_documents_by_query(Query.term_set_query(schema, "row", dead))
    for row, article in rows:
        writer.add_document(tantivy.Document.from_dict(_document(row, article), schema))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)


def _text_query(terms: WeightedTerms) -> Any:
    schema = _schema()
    clauses = []
    for analyzer, weights in terms.weights.items():
        for word, weight in weights.items():
            for field, boost in ((f"text_{analyzer}", weight), (f"title_{analyzer}", weight * TITLE_BOOST)):
                query = Query.term_query(schema, field, word, index_option="freq")
                clauses.append((Occur.Should, Query.boost_query(query, boost)))
    return Query.boolean_query(clauses) if clauses else Query.empty_query()


def _conditions(filters: Filters) -> list[tuple[Any, Any]]:
    """The filters as clauses that neither add to a score nor let anything else through."""
    schema = _schema()
    now = int(filters.now.timestamp())
    must = [
        Query.term_query(schema, "usable", True),
        Query.range_query(schema, "embargoed", FieldType.Integer, NO_TIME, now),
    ]
    named = (
        ("section", filters.sections),
        ("source", filters.sources),
        ("language", filters.languages),
        ("author", filters.authors),
        ("tag", filters.tags),
    )
    must += [_any_of(field, words) for field, words in named if words]
    if filters.published_from or filters.published_before:
        first = int(filters.published_from.timestamp()) if filters.published_from else NO_TIME + 1
        past = int(filters.published_before.timestamp()) if filters.published_before else np.iinfo(np.int64).max
        must.append(
            Query.range_query(
                schema, "published", FieldType.Integer, first, past, include_upper=not filters.published_before
            )
        )
    clauses = [(Occur.Must, Query.const_score_query(query, 0.0)) for query in must]
    if filters.exclude_sources:
        clauses.append((Occur.MustNot, _any_of("source", filters.exclude_sources)))
    return clauses


def _any_of(field: str, words: Sequence[str]) -> Any:
    return Query.term_set_query(_schema(), field, [word.casefold() for word in words])
