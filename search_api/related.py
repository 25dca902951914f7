"""Articles related to a seed: its vector and its telling terms through the same steps as a typed query."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer.chunking import chunk_article
from indexer.duplicates import text_key
from indexer.engines.analysis import QueryTerms
from indexer.engines.columns import Mask
from indexer.engines.embedded import Snapshot
from indexer.filters import Filters
from indexer.types import Article, Rows, Vector
from search_api.candidates import POOL_ARTICLES, Question, nearest_articles, ordered_by_date, scored
from search_api.hits import Highlight, HitMaker, Shown
from search_api.library import Library, View
from search_api.query import Fallback, RelatedQuery
from search_api.ranking import Candidates, blend, first_of_each
from search_api.results import Hit, RelatedAnswer

SEMANTIC_RATIO = 0.5
"""Weight of the dense arm; the lexical arm has the rest; docs/relevance.md has the figures."""

TELLING_TERMS = 40
"""How many of the seed's words make its lexical query."""

MIN_SCORE = 0.22
"""Articles below this are not related enough to show; docs/relevance.md has the trade."""

FILL_TO = 3
"""A list shorter than this is filled up to it by the fallback."""

_STEPS = {
    Fallback.SECTION: (Fallback.SECTION, Fallback.RECENT),
    Fallback.RECENT: (Fallback.RECENT,),
    Fallback.NONE: (),
}


@dataclass(frozen=True, slots=True)
class Seed:
    """The article that related ones are sought for; `own_row` is its row, or that of its stored version; -1 without one."""

    article: Article
    vector: Vector
    terms: QueryTerms
    own_row: int
    id: str | None = None


def related(library: Library, article_id: str, query: RelatedQuery) -> RelatedAnswer:
    """Articles related to a stored, visible one; raises ArticleNotFound for any other id."""
    article, _ = library.visible_article(article_id, query.filters.now)
    view = library.view
    known = library.archive.known(article_id)
    row = view.snapshot.row_of_seq.get(known.seq) if view and known else None
    if view is None or row is None:
        return RelatedAnswer(article_id, query.mode, None, 0, 0, ())
    terms = _terms(view.snapshot, article, stored=True)
    seed = Seed(article, view.snapshot.article_vector(row), terms, row, article_id)
    return _answer(library, view, seed, query)


def related_to_draft(library: Library, draft: Article, query: RelatedQuery) -> RelatedAnswer:
    """Articles related to one as given; what the archive has of it, and copies of it, are left out like those of a seed."""
    view = library.view
    if view is None:
        return RelatedAnswer(None, query.mode, None, 0, 0, ())
    chunks = chunk_article(draft, view.encoder.tokenizer)
    mean = view.encoder.encode_documents([chunk.text for chunk in chunks]).mean(axis=0)
    own_row = _row_of_draft(library, view.snapshot, draft)
    seed = Seed(draft, mean / np.linalg.norm(mean), _terms(view.snapshot, draft, stored=own_row >= 0), own_row)
    return _answer(library, view, seed, query)


def _row_of_draft(library: Library, snapshot: Snapshot, draft: Article) -> int:
    article_id = library.archive.id_of_url(draft.url) if draft.url else None
    rows = _rows_of(library, snapshot, (draft.id, *([article_id] if article_id else [])))
    return int(rows[0]) if len(rows) else -1


def _terms(snapshot: Snapshot, article: Article, *, stored: bool) -> QueryTerms:
    return snapshot.lexical.telling_terms(article, TELLING_TERMS, own_copies=int(stored))


def _own_score(snapshot: Snapshot, seed: Seed) -> float:
    """What the seed itself would score by its own terms: full marks, so that scores mean the same for every seed."""
    return snapshot.lexical.expected_score(seed.terms, seed.article.title, seed.article.body)


def _answer(library: Library, view: View, seed: Seed, query: RelatedQuery) -> RelatedAnswer:
    snapshot = view.snapshot
    columns = snapshot.columns
    question = Question(seed.article.title, (), seed.terms, seed.vector, query.filters, snapshot.allowed(query.filters))
    rows = [nearest_articles(snapshot, seed.vector, question.allowed)[0]]
    rows.append(snapshot.lexical.search(seed.terms, POOL_ARTICLES, query.filters)[0])
    proposed = np.unique(np.concatenate(rows))
    copies = (columns.text_group[proposed] == _group_of(library, seed.article)) & (proposed != seed.own_row)
    unwanted = copies | (proposed == seed.own_row) | np.isin(proposed, _rows_of(library, snapshot, query.exclude))
    candidates = scored(snapshot, proposed[~unwanted], seed.terms, seed.vector, query.filters.now)
    candidates = replace(candidates, full_marks=np.full(len(candidates), _own_score(snapshot, seed), dtype=np.float32))
    ranked = blend(candidates, SEMANTIC_RATIO if query.semantic_ratio is None else query.semantic_ratio)
    shown = first_of_each(columns.text_group[ranked.rows])
    floor = MIN_SCORE if query.min_score is None else query.min_score
    good = shown[ranked.score[shown] >= floor]
    maker = HitMaker(library, view, question, query.filters.now, Highlight.WORDS)
    hits = maker.make(Shown.of(ranked, candidates, good[: query.limit], columns.text_group[ranked.rows]))
    filled, fallback_used = _fill(library, view, seed, query, hits)
    return RelatedAnswer(
        seed=seed.id,
        mode=query.mode,
        fallback_used=fallback_used,
        seed_duplicates=int(copies.sum()),
        below_min_score=len(shown) - len(good),
        hits=filled,
        filled=len(filled) - len(hits),
    )


def _group_of(library: Library, article: Article) -> int:
    key = text_key(article)
    return library.archive.places.group_of_text(key) or key


def _rows_of(library: Library, snapshot: Snapshot, article_ids: tuple[str, ...]) -> Rows:
    known = (library.archive.known(article_id) for article_id in article_ids)
    rows = [snapshot.row_of_seq[item.seq] for item in known if item and item.seq in snapshot.row_of_seq]
    return np.array(rows, dtype=np.int64)


def _fill(
    library: Library, view: View, seed: Seed, query: RelatedQuery, hits: tuple[Hit, ...]
) -> tuple[tuple[Hit, ...], str | None]:
    """Bring a list that is too short up to FILL_TO with the newest of the seed's section, then of all; name the last used."""
    used: str | None = None
    for step in _STEPS[query.fallback]:
        missing = min(query.limit, FILL_TO) - len(hits)
        filters = query.filters
        if step is Fallback.SECTION:
            if seed.article.section is None or not _asked_for(seed.article.section, filters.sections):
                continue
            filters = replace(filters, sections=(seed.article.section,))
        more = _newest(library, view, seed, filters, query.exclude, hits, missing) if missing > 0 else ()
        if more:
            used, hits = step, hits + more
    return hits, used


def _asked_for(section: str, sections: tuple[str, ...]) -> bool:
    return not sections or section.casefold() in {one.casefold() for one in sections}


def _newest(
    library: Library,
    view: View,
    seed: Seed,
    filters: Filters,
    exclude: tuple[str, ...],
    hits: tuple[Hit, ...],
    count: int,
) -> tuple[Hit, ...]:
    """The `count` newest articles, none of them the seed, its copies, excluded, or there already."""
    snapshot = view.snapshot
    allowed = snapshot.allowed(filters)
    allowed[_rows_of(library, snapshot, exclude)] = False
    if seed.own_row >= 0:
        allowed[seed.own_row] = False
    taken = [_group_of(library, article) for article in (seed.article, *(hit.article for hit in hits))]
    rows = _newest_first(snapshot, allowed & ~np.isin(snapshot.columns.text_group, taken))[: count * 10]
    nothing = np.zeros(len(rows), dtype=np.float32)
    candidates = Candidates(rows, nothing, nothing, nothing, nothing, snapshot.columns.published[rows])
    ranked = blend(candidates, SEMANTIC_RATIO)
    keys = snapshot.columns.text_group[ranked.rows]
    maker = HitMaker(library, view, Question("", (), None, None, filters, allowed), filters.now, Highlight.NONE)
    return maker.make(Shown.of(ranked, candidates, first_of_each(keys)[:count], keys))


def _newest_first(snapshot: Snapshot, allowed: Mask) -> Rows:
    """The allowed article rows, latest publication first, those without a date last."""
    return ordered_by_date(np.flatnonzero(allowed), snapshot.columns.published, newest=True)


def latest(library: Library, filters: Filters, count: int) -> list[Article]:
    """The newest articles that the filters allow."""
    view = library.view
    if view is None:
        return []
    columns = view.snapshot.columns
    rows = _newest_first(view.snapshot, view.snapshot.allowed(filters))[:count]
    found = library.archive.shown_at([(int(columns.seq[row]), int(columns.version[row])) for row in rows], filters.now)
    return [article for article in found if article is not None]
