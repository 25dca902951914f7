"""Compare ways of ranking on judged collections: single arms, fusions, normalisations, roll-ups, nearness, feedback.

    python scripts/compare_ranking.py data/sample OTHER_COLLECTION ... [--retyped]

Prints a Markdown table of nDCG@10, one column for each collection: every article is scored in every way, none is cut off,
copies are not folded, recency is off. With --retyped the queries are also asked as other people would type them (in
capitals, cut short, as a question, misspelt), by words, by rank fusion and as shipped. The indexes are those of
`dateline evaluate`, made if missing.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.engines.analysis import QueryTerms
from indexer.engines.searchable import Searchable
from indexer.engines.telling import telling_terms
from indexer.layout import IndexFolder
from indexer.types import Rows, Vector
from search_api import candidates
from search_api.clock import utc_now
from search_api.evaluation import JudgedQuery, ndcg
from search_api.evaluation_jobs import evaluation_library
from search_api.judging import Task, judged_filters, read_collection
from search_api.library import Library
from search_api.query import Dates, SearchQuery
from search_api.ranking import ARTICLE_SHARE, SEMANTIC_RATIO
from search_api.reading import read
from search_api.settings import Settings

Scores: TypeAlias = NDArray[np.floating[Any]]

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

RRF_DEPTH = 100
FEEDBACK_ARTICLES = 3
FEEDBACK_TERMS = 40


@dataclass(frozen=True)
class Scored:
    """One query and what each arm gives every article that its filters let through, aligned with `rows`."""

    snapshot: Searchable
    library: Library
    rows: Rows
    terms: QueryTerms
    vector: Vector
    cosine: Scores
    article: Scores
    bm25: Scores
    near: Scores
    """BM25 with what neighbouring words add."""
    marks: Scores

    @classmethod
    def of(cls, library: Library, judged: JudgedQuery) -> Scored:
        view = library.view
        assert view is not None
        text = " ".join(judged.text.split())
        reading = read(SearchQuery(text, judged_filters(judged, utc_now()), dates=Dates.AUTO), view.snapshot)
        rows = np.sort(view.snapshot.by_date(reading.filters, None, newest=True)[0])
        terms = view.snapshot.lexical.terms_of(reading.text)
        vector = view.encoder.encode_query(reading.text)
        found = candidates.scored(view.snapshot, rows, terms, vector, utc_now())
        plain = view.snapshot.lexical.score(replace(terms, neighbours=()), rows)
        return cls(
            view.snapshot,
            library,
            rows,
            terms,
            vector,
            found.cosine,
            found.article_cosine,
            plain,
            found.bm25,
            np.where(found.full_marks > 0, found.full_marks, 1),
        )

    def dense(self, share: float = ARTICLE_SHARE) -> Scores:
        return (1 - share) * self.cosine + share * self.article

    def best_chunks(self, count: int) -> Scores:
        """The mean of each article's best chunks."""
        _, owner, likeness = self.snapshot.chunk_similarities(self.vector, self.rows)
        order = np.lexsort((-likeness, owner))
        owner, likeness = owner[order], likeness[order]
        place = np.arange(len(owner)) - np.searchsorted(owner, owner)
        kept = place < count
        total = np.bincount(owner[kept], likeness[kept], len(self.rows))
        means: Scores = total / np.maximum(1, np.bincount(owner[kept], minlength=len(self.rows)))
        return means


Way = Callable[[Scored], Scores]


def by_best(scores: Scores) -> Scores:
    """Divided by the best."""
    shares: Scores = np.clip(scores / max(1e-9, float(scores.max(initial=0))), 0, 1)
    return shares


def by_range(scores: Scores, depth: int = 200) -> Scores:
    """From the score at this depth to the best, as 0 to 1."""
    best = np.sort(scores)[::-1][:depth]
    low, high = (float(best[-1]), float(best[0])) if len(best) else (0.0, 1.0)
    shares: Scores = np.clip((scores - low) / max(1e-9, high - low), 0, 1)
    return shares


def by_deviation(scores: Scores, depth: int = 200) -> Scores:
    """Standard deviations above the mean of the best."""
    best = np.sort(scores)[::-1][:depth]
    deviations: Scores = (scores - best.mean()) / max(1e-9, float(best.std()))
    return deviations


def rank_fusion(asked: Scored) -> Scores:
    fused = np.zeros(len(asked.rows), dtype=np.float32)
    for scores in (asked.bm25, asked.cosine):
        order = np.argsort(-scores, kind="stable")[:RRF_DEPTH]
        order = order[scores[order] > 0]
        fused[order] += 1 / (RRF_K + 1 + np.arange(len(order)))
    return fused


def blend(asked: Scored, ratio: float = SEMANTIC_RATIO, share: float = ARTICLE_SHARE, near: float = 1.0) -> Scores:
    """As shipped, unless told otherwise; `near` multiplies what neighbouring words add."""
    words = np.clip((asked.bm25 + near * (asked.near - asked.bm25)) / asked.marks, 0, 1)
    return ratio * np.clip(asked.dense(share), 0, 1) + (1 - ratio) * words


def normalised(asked: Scored, how: Callable[[Scores], Scores], ratio: float) -> Scores:
    return ratio * how(asked.dense()) + (1 - ratio) * how(asked.bm25)


def rolled_up(asked: Scored, chunks: int) -> Scores:
    return SEMANTIC_RATIO * asked.best_chunks(chunks) + (1 - SEMANTIC_RATIO) * np.clip(asked.near / asked.marks, 0, 1)


def dense_feedback(asked: Scored, weight: float) -> Scores:
    """The question's vector moved towards those of the best articles (Rocchio)."""
    best = asked.rows[np.argsort(-blend(asked), kind="stable")[:FEEDBACK_ARTICLES]]
    moved = asked.vector + weight * asked.snapshot.article_vectors(best).mean(axis=0)
    moved = (moved / np.linalg.norm(moved)).astype(np.float32)
    again = candidates.scored(asked.snapshot, asked.rows, None, moved, utc_now())
    return blend(replace(asked, vector=moved, cosine=again.cosine, article=again.article_cosine))


def lexical_feedback(asked: Scored, weight: float) -> Scores:
    """The question's words with the most telling ones of the best articles (after RM3, Abdul-Jaleel and others, TREC 2004)."""
    columns = asked.snapshot.columns
    best = asked.rows[np.argsort(-blend(asked), kind="stable")[:FEEDBACK_ARTICLES]]
    keys = [(int(columns.seq[row]), int(columns.version[row])) for row in best]
    extra = np.zeros(len(asked.rows), dtype=np.float32)
    for article in asked.library.archive.shown_at(keys, utc_now()):
        if article:
            terms = telling_terms(asked.snapshot.lexical, article, FEEDBACK_TERMS, own_copies=1)
            extra += by_best(asked.snapshot.lexical.score(terms, asked.rows)) / len(keys)
    return blend(asked) + (1 - SEMANTIC_RATIO) * weight * extra


def ways() -> Mapping[str, Way]:
    return {
        "words alone": lambda asked: asked.bm25,
        "words alone, neighbours count": lambda asked: asked.near,
        "meaning alone, best chunk": lambda asked: asked.cosine,
        "meaning alone, article": lambda asked: asked.article,
        "meaning alone, as shipped": lambda asked: asked.dense(),
        "rank fusion": rank_fusion,
        **{f"divided by the best, meaning {r}": partial(normalised, how=by_best, ratio=r) for r in (0.5, 0.6, 0.7)},
        **{f"range of the best 200, meaning {r}": partial(normalised, how=by_range, ratio=r) for r in (0.4, 0.5)},
        **{f"deviations, meaning {r}": partial(normalised, how=by_deviation, ratio=r) for r in (0.5, 0.6)},
        "**as shipped**": blend,
        **{f"meaning {r}": partial(blend, ratio=r) for r in (0.4, 0.5, 0.6, 0.7)},
        **{f"article's share {share}": partial(blend, share=share) for share in (0.0, 0.15, 0.5)},
        **{f"mean of the best {count} chunks": partial(rolled_up, chunks=count) for count in (2, 3)},
        **{f"neighbours count {near:g} times": partial(blend, near=near) for near in (0, 0.5, 2)},
        **{f"feedback to meaning, {weight}": partial(dense_feedback, weight=weight) for weight in (0.2, 0.5)},
        **{f"feedback to words, {weight}": partial(lexical_feedback, weight=weight) for weight in (0.1, 0.3)},
    }


def _misspelt(text: str) -> str:
    """The longest word with two letters in its middle swapped."""
    word = max(text.split(), key=len)
    middle = len(word) // 2
    return text.replace(word, word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :], 1)


RETYPED: Mapping[str, Callable[[str], str]] = {
    "as judged": str,
    "at most 7 words": lambda text: text if len(text.split()) <= 7 else "",
    "8 words or more": lambda text: text if len(text.split()) > 7 else "",
    "with a number": lambda text: text if re.search(r"\d", text) else "",
    "in capitals": str.upper,
    "first three words": lambda text: " ".join(text.split()[:3]),
    "last three words": lambda text: " ".join(text.split()[-3:]),
    "as a question": lambda text: f"what happened with {text.rstrip('.?')}?",
    "one word misspelt": _misspelt,
}
"""How a query is typed; an empty text leaves it out."""


def retyped(library: Library, folder: Path) -> Iterator[tuple[str, float]]:
    collection = read_collection(folder, Task.SEARCH)
    names = _names(library)
    for name, retype in RETYPED.items():
        texts = ((query, retype(" ".join(query.text.split()))) for query in collection.questions.values())
        asked = [(query.id, Scored.of(library, replace(query, text=text))) for query, text in texts if text]
        for kind, way in (("words", ways()["words alone"]), ("rank fusion", rank_fusion), ("as shipped", blend)):
            found = [_ndcg(scored, way, names, collection.qrels[query_id]) for query_id, scored in asked]
            yield f"{name}: {kind}", fmean(found or [float("nan")])


def _ndcg(scored: Scored, way: Way, names: Sequence[str], grades: Mapping[str, int]) -> float:
    best = scored.rows[np.argsort(-way(scored), kind="stable")[:10]]
    return ndcg([names[row] for row in best], grades, 10)


def _names(library: Library) -> list[str]:
    """The id of the article of each row."""
    assert library.view is not None
    ids = {one.seq: one.article.id for one in library.archive.stored.changed_after(0, "", "")}
    return [ids[int(seq)] for seq in library.view.snapshot.columns.seq]


def figures(library: Library, folder: Path) -> Iterator[tuple[str, float]]:
    """The mean nDCG@10 of each way."""
    collection = read_collection(folder, Task.SEARCH)
    asked = [(query.id, Scored.of(library, query)) for query in collection.questions.values()]
    names = _names(library)
    for name, way in ways().items():
        yield name, fmean(_ndcg(scored, way, names, collection.qrels[query_id]) for query_id, scored in asked)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways of ranking on judged collections.")
    parser.add_argument("folders", nargs="+", type=Path, help="judged collections")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    parser.add_argument("--retyped", action="store_true", help="also ask the queries as other people would type them")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for folder in arguments.folders:
        with evaluation_library(IndexFolder(arguments.index), folder) as library:
            columns[folder.name] = dict(figures(library, folder))
            if arguments.retyped:
                columns[folder.name] |= retyped(library, folder)
    print(f"| nDCG@10 | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(f'{column[name]:.4f}' for column in columns.values())} |")


if __name__ == "__main__":
    main()
