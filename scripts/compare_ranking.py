"""Compare ways of ranking on judged collections: weights of meaning and words, rank fusion, the headline's boost.

    python scripts/compare_ranking.py data/sample OTHER_COLLECTION ...

Prints a Markdown table of nDCG@10, one column for each collection. The indexes are those of `dateline evaluate`, made if missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from indexer.engines import lexical
from indexer.layout import IndexFolder
from search_api import jobs
from search_api.clock import utc_now
from search_api.evaluation import JudgedQuery, measures
from search_api.judging import DEPTH, Collection, Task, judged_filters, read_collection
from search_api.library import Library
from search_api.query import DEFAULT_LIMIT, Mode, SearchQuery
from search_api.searcher import search
from search_api.settings import Settings

RATIOS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
HEADLINE_BOOSTS = (0.0, 0.25, 0.5, 1.0)
RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

Ask = Callable[[JudgedQuery], Sequence[str]]


class Asker:
    """Questions asked of one collection's index."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._now = utc_now()

    def ranking(
        self, query: JudgedQuery, mode: Mode = Mode.HYBRID, ratio: float | None = None, depth: int = DEFAULT_LIMIT
    ) -> list[str]:
        asked = SearchQuery(" ".join(query.text.split()), judged_filters(query, self._now), mode, ratio, depth)
        return [hit.article.id for hit in search(self._library, asked).hits]

    def rank_fusion(self, query: JudgedQuery) -> list[str]:
        """Reciprocal rank fusion of both arms' lists."""
        scores: dict[str, float] = {}
        for mode in (Mode.SEMANTIC, Mode.KEYWORD):
            for rank, article_id in enumerate(self.ranking(query, mode, depth=DEPTH), start=1):
                scores[article_id] = scores.get(article_id, 0.0) + 1 / (RRF_K + rank)
        return sorted(scores, key=lambda article_id: -scores[article_id])

    def boosted(self, query: JudgedQuery, boost: float) -> list[str]:
        """The hybrid ranking with another boost of headline words."""
        shipped = lexical.TITLE_BOOST
        lexical.TITLE_BOOST = boost
        try:
            return self.ranking(query)
        finally:
            lexical.TITLE_BOOST = shipped


def ways(asker: Asker) -> dict[str, Ask]:
    return {
        "words alone": partial(asker.ranking, mode=Mode.KEYWORD),
        "meaning alone": partial(asker.ranking, mode=Mode.SEMANTIC),
        "rank fusion of both": asker.rank_fusion,
        **{f"blend, meaning {ratio}": partial(asker.ranking, ratio=ratio) for ratio in RATIOS},
        **{f"as shipped, headline boost {boost}": partial(asker.boosted, boost=boost) for boost in HEADLINE_BOOSTS},
    }


def ndcg_of(collection: Collection, ask: Ask) -> float:
    run = {query_id: ask(query) for query_id, query in collection.questions.items()}
    return measures(run, collection.qrels)["ndcg@10"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways of ranking on judged collections.")
    parser.add_argument("folders", nargs="+", type=Path, help="judged collections")
    parser.add_argument("--index", type=Path, default=Settings().index, help="evaluation indexes are kept beside it")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for folder in arguments.folders:
        collection = read_collection(folder, Task.SEARCH)
        with jobs.evaluation_library(IndexFolder(arguments.index), folder) as library:
            columns[folder.name] = {name: ndcg_of(collection, ask) for name, ask in ways(Asker(library)).items()}
    print(f"| nDCG@10 | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(f'{column[name]:.4f}' for column in columns.values())} |")


if __name__ == "__main__":
    main()
