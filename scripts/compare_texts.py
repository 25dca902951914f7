"""Compare ways of preparing texts on judged collections: chunk length, the headline as context, stop words, stemming.

    python scripts/compare_texts.py data/sample OTHER_COLLECTION ... --max-tokens 128 254

Prints a Markdown table of nDCG@10, one column for each collection; meaning alone and the blend as shipped. Embeds every
collection anew for each length: minutes for thousands of articles. The indexes of `dateline evaluate` give the rest.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np

from indexer.chunking import chunk_article
from indexer.engines import analysis
from indexer.engines.lexical import LexicalIndex
from indexer.layout import IndexFolder
from indexer.types import Article
from scripts.compare_ranking import Scored, Scores, Way, blend
from search_api.clock import utc_now
from search_api.evaluation import ndcg
from search_api.evaluation_jobs import evaluation_library
from search_api.judging import Collection, Task, read_collection
from search_api.library import Library
from search_api.settings import Settings

ALL_LANGUAGES = frozenset(analysis._SNOWBALL)


class Bench:
    """One collection: its articles in order of rows, and what each query gives as shipped."""

    def __init__(self, library: Library, collection: Collection) -> None:
        assert library.view is not None
        self.view = library.view
        self.collection = collection
        stored = {one.seq: one.article for one in library.archive.stored.changed_after(0, "", "")}
        self.articles = [stored[int(seq)] for seq in self.view.snapshot.columns.seq]
        self.asked = [(query, Scored.of(library, query)) for query in collection.questions.values()]

    def figure(self, asked: Sequence[Scored], way: Way) -> float:
        found = []
        for (query, _), scored in zip(self.asked, asked, strict=True):
            best = scored.rows[np.argsort(-way(scored), kind="stable")[:10]]
            found.append(ndcg([self.articles[row].id for row in best], self.collection.qrels[query.id], 10))
        return fmean(found)

    def cut(self, max_tokens: int, *, headline: bool) -> list[Scored]:
        """The queries over chunks of at most so many tokens, with the headline in each or only in the first words."""
        texts, offsets = [], [0]
        for article in self.articles:
            body = article if headline or not article.body else replace(article, title="")
            texts += [chunk.text for chunk in chunk_article(body, self.view.encoder.tokenizer, max_tokens=max_tokens)]
            offsets.append(len(texts))
        vectors = self.view.encoder.encode_documents(texts)
        starts = np.array(offsets[:-1])
        means = np.add.reduceat(vectors, starts)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        return [
            replace(
                scored,
                cosine=np.maximum.reduceat(vectors @ scored.vector, starts)[scored.rows],
                article=(means @ scored.vector)[scored.rows],
            )
            for _, scored in self.asked
        ]

    def worded(self) -> list[Scored]:
        """The queries over a lexical index by the analyses as they are now."""
        with TemporaryDirectory() as folder:
            LexicalIndex.append(Path(folder) / "lexical", 0, self.articles)
            lexical = LexicalIndex.open(Path(folder) / "lexical")
            return [self._worded(query.text, scored, lexical, self.articles) for query, scored in self.asked]

    @staticmethod
    def _worded(text: str, scored: Scored, lexical: LexicalIndex, articles: Sequence[Article]) -> Scored:
        terms = lexical.terms_of(text)
        marks = lexical.full_marks(terms, utc_now())
        of_rows = np.array(
            [marks[analysis.analysis_of(articles[row].language)] for row in scored.rows], dtype=np.float32
        )
        return replace(
            scored,
            bm25=lexical.score(replace(terms, neighbours=()), scored.rows),
            near=lexical.score(terms, scored.rows),
            marks=np.where(of_rows > 0, of_rows, 1),
        )


@contextmanager
def analysed(snowball: dict[str, str], without_stop_words: frozenset[str]) -> Iterator[None]:
    """Texts analysed otherwise for a while."""
    shipped = analysis._SNOWBALL, analysis._WITHOUT_STOP_WORDS
    analysis._SNOWBALL, analysis._WITHOUT_STOP_WORDS = snowball, without_stop_words
    _forget()
    try:
        yield
    finally:
        analysis._SNOWBALL, analysis._WITHOUT_STOP_WORDS = shipped
        _forget()


def _forget() -> None:
    analysis._analyzer.cache_clear()
    analysis._term.cache_clear()


def meaning(scored: Scored) -> Scores:
    return scored.dense()


def words(scored: Scored) -> Scores:
    return scored.bm25


def figures(bench: Bench, lengths: Sequence[int]) -> Iterator[tuple[str, float]]:
    shipped = [scored for _, scored in bench.asked]
    yield "as shipped: meaning", bench.figure(shipped, meaning)
    yield "as shipped: words", bench.figure(shipped, words)
    yield "as shipped: blend", bench.figure(shipped, blend)
    english = {"en": analysis._SNOWBALL["en"]}
    for name, snowball, bare in (
        ("no stop words", dict(analysis._SNOWBALL), ALL_LANGUAGES),
        ("English stemmed only", english, analysis._WITHOUT_STOP_WORDS),
        ("nothing stemmed, no stop words", {}, ALL_LANGUAGES),
    ):
        with analysed(snowball, bare):
            asked = bench.worded()
            yield f"{name}: words", bench.figure(asked, words)
            yield f"{name}: blend", bench.figure(asked, blend)
    for length in lengths:
        for headline in (True, False):
            if not headline and not any(article.title for article in bench.articles):
                continue
            asked = bench.cut(length, headline=headline)
            name = f"chunks of {length} tokens{'' if headline else ', no headline'}"
            yield f"{name}: meaning", bench.figure(asked, meaning)
            yield f"{name}: blend", bench.figure(asked, blend)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways of preparing texts on judged collections.")
    parser.add_argument("folders", nargs="+", type=Path, help="judged collections")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    parser.add_argument("--max-tokens", nargs="*", type=int, default=[], help="chunk lengths to embed with")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for folder in arguments.folders:
        with evaluation_library(IndexFolder(arguments.index), folder) as library:
            bench = Bench(library, read_collection(folder, Task.SEARCH))
            columns[folder.name] = dict(figures(bench, arguments.max_tokens))
    print(f"| nDCG@10 | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for name in dict.fromkeys(name for column in columns.values() for name in column):
        cells = (f"{column[name]:.4f}" if name in column else "" for column in columns.values())
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
