"""Articles related to a seed: proposed by its meaning and its words, scored by every signal, kept by the mode's rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.articles import epoch_seconds
from indexer.engines.columns import Columns
from indexer.errors import ArticleError, ArticleNotFound, QueryError
from indexer.filters import Filters
from indexer.types import Article, Rows, Scores
from search_api import ranking, related_ranking
from search_api.candidates import Question
from search_api.fallback import filling
from search_api.folding import faces_of
from search_api.hits import Highlight, HitMaker, Shown
from search_api.library import Library, View
from search_api.query import RelatedMode, RelatedQuery
from search_api.ranking import Candidates, Positions, Ranked
from search_api.related_candidates import Compared, compared, moved_vector, proposed, story_members
from search_api.related_modes import RULES, best_first, bounds, good, newest_first
from search_api.results import RelatedAnswer
from search_api.seeds import Seed, draft_seed, known_seeds, merged_seed, rows_of, stored_seed
from search_api.stages import Stage, stage
from search_api.turns import turn


def related(library: Library, article_id: str, query: RelatedQuery) -> RelatedAnswer:
    """Articles related to a stored, visible one; raises ArticleNotFound for any other id.

    One that this process has not taken up yet gets the fallback, for a moment.
    """
    view = library.view
    seed = stored_seed(library, view, article_id, query.filters.now) if view else None
    if view is None or seed is None:
        article, _ = library.visible_article(article_id, query.filters.now)
        return replace(_only_fallback(library, query, article), seed=article_id)
    return _answer(library, view, seed, query)


def related_to_url(library: Library, url: str, query: RelatedQuery) -> RelatedAnswer:
    """Articles related to the one that came with this address; the fallback when none did that readers may see.

    Nothing is fetched. Raises QueryError for what is no address.
    """
    try:
        found = library.records.id_of_url(url) if library.opened else None
    except ArticleError as error:
        raise QueryError(str(error)) from None
    try:
        return related(library, found, query) if found else _only_fallback(library, query)
    except ArticleNotFound:
        return _only_fallback(library, query)


def related_to_draft(library: Library, draft: Article, query: RelatedQuery) -> RelatedAnswer:
    """Articles related to one as given, which need not be stored."""
    return related_to_several(library, draft, (), (), query)


def related_to_several(
    library: Library, draft: Article | None, like: Sequence[str], unlike: Sequence[str], query: RelatedQuery
) -> RelatedAnswer:
    """Articles related to a draft, to liked articles, or to all of these, and unlike others.

    Raises ArticleNotFound naming the ids that are of no visible article, QueryError for one that is liked and unliked.
    """
    both = sorted(set(like) & set(unlike))
    if both:
        raise QueryError(f"like and unlike both name {', '.join(both)}; keep each id in one of them")
    view = library.view
    if view is None:
        if like or unlike:
            raise ArticleNotFound(", ".join([*like, *unlike]))
        return _only_fallback(library, query, draft)
    now = query.filters.now
    liked = known_seeds(library, view, tuple(dict.fromkeys(like)), now)
    unliked = known_seeds(library, view, tuple(dict.fromkeys(unlike)), now)
    if draft is not None:
        liked = [draft_seed(library, view, draft, now), *liked]
    if not liked:
        raise QueryError("nothing is given to look from; give title, body or like")
    seed = liked[0] if len(liked) == 1 and not unliked else merged_seed(view.snapshot, liked, unliked)
    return _answer(library, view, replace(seed, id=None), query)


Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Found:
    """What a query finds: its articles in order, their texts, the copy that stands for each, and the places to show."""

    ranked: Ranked
    candidates: Candidates
    texts: Rows
    faces: Rows
    shown: Positions
    seed_duplicates: int
    below_min_score: int


def related_rows(view: View, seed: Seed, query: RelatedQuery, unwanted: Rows) -> Found:
    """The articles to show beside a seed, without any hit made; none of the text groups `unwanted`."""
    columns = view.snapshot.columns
    pool = _pool(view, seed, query)
    with stage(Stage.FUSE):
        return _in_order(columns, seed, query, pool, unwanted)


def _in_order(columns: Columns, seed: Seed, query: RelatedQuery, pool: Compared, unwanted: Rows) -> Found:
    """The pool scored, without what must not appear, ordered, folded and spread."""
    groups = columns.text_group[pool.rows]
    own = np.isin(pool.rows, seed.rows)
    copies = np.isin(groups, seed.groups) & ~own
    left = np.flatnonzero(~(own | copies | np.isin(groups, unwanted)))
    scores = related_ranking.score(pool.signals, query.weights or RULES[query.mode].weights)
    left = left[best_first(pool.rows[left], scores[left], columns.published[pool.rows[left]])]
    ranked = _ranked(pool, scores, left)
    texts = groups[left]
    faces = ranked.rows if query.mode is RelatedMode.LATEST else faces_of(columns, ranked.rows, texts)
    places = ranking.first_of_each(texts)
    enough = places[good(query, ranked.score, pool.signals.at(left), columns.length[ranked.rows])[places]]
    shown = _spread(pool, query, ranked, enough, columns.source[faces])[: query.limit]
    if query.mode is RelatedMode.LATEST:
        shown = shown[newest_first(columns.published[ranked.rows[shown]])]
    nothing = np.zeros_like(scores)
    candidates = Candidates(pool.rows, nothing, nothing, nothing, nothing, columns.published[pool.rows])
    return Found(ranked, candidates, texts, faces, shown, int(copies.sum()), len(places) - len(enough))


def _pool(view: View, seed: Seed, query: RelatedQuery) -> Compared:
    """The articles that the query lets in, seen from the seed's moved vector, which depends on no filter."""
    snapshot = view.snapshot
    visible = Filters(query.filters.now, as_of=query.filters.as_of)
    filters = bounds(query, *seed.dates(query.filters.clock))
    with stage(Stage.FILTER):
        snapshot.prepare(visible)
        snapshot.prepare(filters)
    everything = proposed(snapshot, seed, visible)
    amount = (query.weights or RULES[query.mode].weights).expansion
    vector = moved_vector(snapshot, seed, everything, amount)
    if query.mode is not RelatedMode.SAME_STORY and filters == visible:
        return everything.seen_from(vector)
    if query.mode is RelatedMode.SAME_STORY:
        rows = np.unique(story_members(snapshot, seed, filters))
        return compared(snapshot, seed, rows).seen_from(vector)
    return proposed(snapshot, seed, filters).seen_from(vector)


def _ranked(pool: Compared, scores: Scores, order: Positions) -> Ranked:
    full = np.ones_like(scores)
    return Ranked(
        np.arange(len(scores), dtype=np.int64),
        pool.rows,
        pool.signals.dense,
        pool.signals.lexical,
        scores,
        full,
        scores,
    ).at(order)


def _spread(pool: Compared, query: RelatedQuery, ranked: Ranked, places: Positions, sources: Codes) -> Positions:
    """The places with alike ones set apart, and no source too often."""
    if query.diversity > 0:
        first = places[: ranking.DIVERSIFIED]
        vectors = pool.vectors[ranked.candidate[first]]
        order = ranking.diversified(ranked.score[first], vectors, query.diversity)
        places = np.concatenate([first[order], places[ranking.DIVERSIFIED :]])
    if query.max_per_source is not None:
        places = places[ranking.capped(sources[places].tolist(), query.max_per_source)]
    return places


def _answer(library: Library, view: View, seed: Seed, query: RelatedQuery) -> RelatedAnswer:
    with turn(library):
        return _related_to(library, view, seed, query)


def _related_to(library: Library, view: View, seed: Seed, query: RelatedQuery) -> RelatedAnswer:
    columns = view.snapshot.columns
    excluded = rows_of(library, view.snapshot, query.exclude, query.filters.now)
    unwanted = columns.text_group[excluded]
    found = related_rows(view, seed, query, unwanted)
    question = Question("", (), None, None, query.filters)
    maker = HitMaker(library, view, question, query.filters.now, Highlight.NONE)
    with stage(Stage.SNIPPET):
        hits = maker.make(Shown.of(found.ranked, found.candidates, found.shown, found.texts, found.faces))
    rest = replace(query, filters=bounds(query, *seed.dates(query.filters.clock)))
    never = np.concatenate([seed.groups, unwanted])
    more, used = filling(library, view, rest, seed.sections, found.faces[found.shown], never)
    return RelatedAnswer(
        seed=seed.id,
        mode=query.mode,
        fallback_used=used,
        seed_duplicates=found.seed_duplicates,
        below_min_score=found.below_min_score,
        hits=hits + more,
        filled=len(more),
    )


def _only_fallback(library: Library, query: RelatedQuery, article: Article | None = None) -> RelatedAnswer:
    """The fallback alone, for what has no place in the index."""
    view = library.view
    if view is None:
        return RelatedAnswer(None, query.mode, None, 0, 0, ())
    at = epoch_seconds((article and article.published_at) or query.filters.clock)
    sections = (article.section,) if article and article.section else ()
    rest = replace(query, filters=bounds(query, at, at))
    left_out = [article.id, *query.exclude] if article else query.exclude
    unwanted = rows_of(library, view.snapshot, left_out, query.filters.now)
    nothing = np.empty(0, dtype=np.int64)
    hits, used = filling(library, view, rest, sections, nothing, view.snapshot.columns.text_group[unwanted])
    return RelatedAnswer(None, query.mode, used, 0, 0, hits, filled=len(hits))
