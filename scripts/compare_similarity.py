"""Compare the score of related articles with people's ratings of how alike two texts are.

    python scripts/compare_similarity.py FOLDER ...

A folder holds `pairs.jsonl`: `score` (any scale), and either `a` and `b`, ids of articles in its `articles.jsonl`, or
`a_text` and `b_text`, two English texts; pairs may name a `subset`. All articles, those of `background.jsonl` too, or all
texts, are one index, from which word statistics and neighbours come; it is kept beside --index. Prints a Markdown table:
the correlation with the ratings (Pearson; Spearman) of the product's own score, the mean of both directions; of the cosine
of the articles' vectors; and of tf-idf vectors of the same terms.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from indexer.articles import derived_id
from indexer.engines.analysis import analyse, analysis_of
from indexer.filters import Filters
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.clock import utc_now
from search_api.library import Library
from search_api.related_candidates import related_scores
from search_api.seeds import known_seeds, rows_of
from search_api.settings import Settings

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two article ids and how alike people found them."""

    one: str
    other: str
    rating: float
    subset: str


def read_pairs(folder: Path) -> tuple[list[Pair], dict[str, str]]:
    """The rated pairs, and the texts that come with them, by the id that each gets as an article."""
    pairs = []
    texts: dict[str, str] = {}
    for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "a_text" in record:
            ids = [derived_id(None, "", record[name]) for name in ("a_text", "b_text")]
            texts |= dict(zip(ids, (record["a_text"], record["b_text"]), strict=True))
        else:
            ids = [record["a"], record["b"]]
        pairs.append(Pair(ids[0], ids[1], float(record["score"]), record.get("subset", "all")))
    return pairs, texts


def index_of(folder: Path, texts: Mapping[str, str], beside: IndexFolder) -> IndexFolder:
    """An index over the folder's articles, or over the texts; a second run finds everything unchanged."""
    index = IndexFolder(beside.root.with_name(f"{beside.root.name}-similarity") / folder.resolve().name)
    if texts:
        with TemporaryDirectory() as temporary:
            file = Path(temporary) / "texts.jsonl"
            records = ({"id": key, "body": text, "language": "en"} for key, text in texts.items())
            file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
            jobs.ingest(index, [str(file)], show_progress=True)
    else:
        files = [folder / name for name in ("articles.jsonl", "background.jsonl")]
        jobs.ingest(index, [str(file) for file in files if file.is_file()], show_progress=True)
    generation_jobs.renew(index)
    return index


def own_scores(library: Library, pairs: Sequence[Pair]) -> Values:
    """The score of related articles for each pair: the mean of both directions."""
    view = library.view
    assert view is not None
    visible = Filters(utc_now())
    partners: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        partners[pair.one].add(pair.other)
        partners[pair.other].add(pair.one)
    found: dict[tuple[str, str], float] = {}
    for article_id, others in partners.items():
        (seed,) = known_seeds(library, view, [article_id], visible.now)
        ids = sorted(others)
        scores = related_scores(view.snapshot, seed, rows_of(library, view.snapshot, ids, visible.now), visible)
        found |= {(article_id, other): float(score) for other, score in zip(ids, scores, strict=True)}
    return np.array([(found[pair.one, pair.other] + found[pair.other, pair.one]) / 2 for pair in pairs])


def cosines(library: Library, pairs: Sequence[Pair]) -> Values:
    """The cosine of the two articles' vectors."""
    view = library.view
    assert view is not None
    now = utc_now()
    ids = [article_id for pair in pairs for article_id in (pair.one, pair.other)]
    sides = [rows_of(library, view.snapshot, [article_id], now)[0] for article_id in ids]
    vectors = view.snapshot.article_vectors(np.array(sides))
    return np.asarray(np.einsum("ij,ij->i", vectors[0::2], vectors[1::2]), dtype=np.float64)


def tf_idf(library: Library, pairs: Sequence[Pair]) -> Values:
    """The cosine of (1 + ln tf) * ln(N / df) vectors over the terms that the lexical index has."""
    view = library.view
    assert view is not None
    columns = view.snapshot.columns
    keys = list(zip(columns.seq.tolist(), columns.version.tolist(), strict=True))
    counts = {
        article.id: Counter(analyse(f"{article.title}\n{article.body}", analysis_of(article.language)))
        for article in library.archive.shown_at(keys, utc_now())
        if article
    }
    holders = Counter(term for terms in counts.values() for term in terms)
    weights = {
        article_id: {term: (1 + log(times)) * log(len(counts) / holders[term]) for term, times in terms.items()}
        for article_id, terms in counts.items()
    }
    length = {article_id: sqrt(sum(weight**2 for weight in terms.values())) for article_id, terms in weights.items()}

    def cosine(pair: Pair) -> float:
        one, other = weights[pair.one], weights[pair.other]
        shared = sum(weight * other[term] for term, weight in one.items() if term in other)
        return shared / ((length[pair.one] * length[pair.other]) or 1.0)

    return np.array([cosine(pair) for pair in pairs])


def ranks(values: Values) -> Values:
    """The rank of each value, equal ones sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def correlations(found: Values, ratings: Values) -> str:
    pearson = np.corrcoef(found, ratings)[0, 1]
    spearman = np.corrcoef(ranks(found), ranks(ratings))[0, 1]
    return f"{pearson:.4f}; {spearman:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the score of related articles with people's ratings.")
    parser.add_argument("folders", nargs="+", type=Path, help="folders with pairs.jsonl")
    parser.add_argument("--index", type=Path, default=Settings().index, help="the indexes are kept beside it")
    arguments = parser.parse_args()
    print("| pairs | number | related score | cosine | tf-idf |\n|---|---|---|---|---|")
    for folder in arguments.folders:
        pairs, texts = read_pairs(folder)
        with jobs.opened(index_of(folder, texts, IndexFolder(arguments.index))) as library:
            found = [way(library, pairs) for way in (own_scores, cosines, tf_idf)]
        ratings = np.array([pair.rating for pair in pairs])
        subsets = np.array([pair.subset for pair in pairs])
        for subset in dict.fromkeys(["all", *sorted(set(subsets.tolist()))]):
            chosen = np.ones(len(pairs), dtype=np.bool_) if subset == "all" else subsets == subset
            cells = " | ".join(correlations(values[chosen], ratings[chosen]) for values in found)
            print(f"| {folder.resolve().name}: {subset} | {chosen.sum():,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
