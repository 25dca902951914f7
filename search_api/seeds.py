"""What related articles are sought for: a stored article, a draft, or several liked ones, as one seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from indexer.articles import CLOCK_SKEW, article_from_record, epoch_seconds, parse_time
from indexer.chunking import chunk_article
from indexer.duplicates import same_text, text_key, text_print
from indexer.engines.analysis import QueryTerms, QueryWord
from indexer.engines.columns import NO_STORY
from indexer.engines.searchable import Searchable
from indexer.engines.telling import expected_score, telling_terms
from indexer.errors import ArticleError, ArticleNotFound, QueryError
from indexer.filters import Filters
from indexer.types import Article, Rows, Vector
from search_api.candidates import nearest_articles
from search_api.library import Library, View
from search_api.ranking import first_of_each
from search_api.related_ranking import TELLING_TERMS, unit
from search_api.stages import Stage, stage

UNLIKED_SHARE = 0.25
"""What an unliked article takes from the mean of the liked ones (Rocchio's gamma beside a beta of 1)."""

LOOKED_AT = 10
"""How many of the texts nearest to a draft are compared with it word by word, to know its copies."""

COPY_COSINE = 0.8
"""A text whose vector is less like the draft's is no copy of it."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One or several articles that related ones are sought for.

    `rows` and `groups` (text groups) are never shown: the seed, its copies, what is not liked. `full_marks` is the BM25
    score of the seed's own text for its `terms`. `published` are the dates known, in seconds; `stories` those placed.
    """

    articles: tuple[Article, ...]
    vector: Vector
    terms: QueryTerms
    full_marks: float
    rows: Rows
    groups: Rows
    published: NDArray[np.int64]
    stories: NDArray[np.int64]
    id: str | None = None

    @property
    def sections(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(article.section for article in self.articles if article.section))

    def dates(self, now: datetime) -> tuple[int, int]:
        """The first and last moment of publication, in seconds; a seed without a date counts as published now."""
        known = self.published if len(self.published) else np.array([epoch_seconds(now)])
        return int(known.min()), int(known.max())


def stored_seed(library: Library, view: View, article_id: str, now: datetime) -> Seed | None:
    """The seed of a visible article; None while the view does not hold it yet. Raises ArticleNotFound for any other id."""
    article, version = library.visible_article(article_id, now)
    snapshot = view.snapshot
    seq = library.records.seq_of(article_id)
    row = snapshot.row_of(seq) if seq is not None else None
    if row is None:
        return None
    groups = {int(snapshot.columns.text_group[row])}
    if int(snapshot.columns.version[row]) != version:
        groups |= _copies_by_words(library, snapshot, article, now)
    return _seed(
        snapshot, article, snapshot.article_vectors(np.array([row]))[0], np.array([row]), groups, now, article_id
    )


def draft_seed(library: Library, view: View, draft: Article, now: datetime) -> Seed:
    """The seed of an article as given; what readers may see of it, and copies and near-copies, count as the seed's own.

    Nothing is taken from hidden articles: an address or a text must not tell whether the archive holds one.
    """
    snapshot = view.snapshot
    chunks = chunk_article(draft, view.encoder.tokenizer)
    with stage(Stage.ENCODE):
        vector = unit(view.encoder.encode_documents([chunk.text for chunk in chunks]).mean(axis=0))
    same_url = library.records.id_of_url(draft.url) if draft.url else None
    rows = rows_of(library, snapshot, [draft.id, *([same_url] if same_url else [])], now)
    groups = set(snapshot.columns.text_group[rows].tolist())
    groups |= _copies_by_words(library, snapshot, draft, now) | _near_copies(library, snapshot, draft, vector, now)
    return _seed(snapshot, draft, vector, rows, groups, now)


def draft_article(record: dict[str, object], now: datetime) -> Article:
    """A draft from its fields; one without a date is of now. Raises QueryError, naming the field, for what is no article."""
    try:
        published = parse_time(record.get("published_at"), "published_at") or now
        allowing = now if published <= now else published - CLOCK_SKEW
        return article_from_record({**record, "published_at": published}, now=allowing)[0]
    except ArticleError as error:
        raise QueryError(str(error)) from None


def known_seeds(library: Library, view: View, article_ids: Sequence[str], now: datetime) -> list[Seed]:
    """The seeds of visible articles; raises ArticleNotFound naming every id that is of none."""
    found = []
    missing = []
    for article_id in article_ids:
        try:
            seed = stored_seed(library, view, article_id, now)
        except ArticleNotFound:
            seed = None
        if seed is None:
            missing.append(article_id)
        else:
            found.append(seed)
    if missing:
        raise ArticleNotFound(", ".join(missing))
    return found


def merged_seed(snapshot: Searchable, liked: Sequence[Seed], unliked: Sequence[Seed]) -> Seed:
    """One seed of several: the mean of the liked, less a share of the unliked (Rocchio 1971); `liked` is not empty.

    Its full marks are the mean of what the liked texts score for the merged terms.
    """
    vector = np.mean([seed.vector for seed in liked], axis=0)
    if unliked:
        vector = vector - UNLIKED_SHARE * np.mean([seed.vector for seed in unliked], axis=0)
    terms = _merged_terms(liked, unliked)
    articles = tuple(article for seed in liked for article in seed.articles)
    marks = [expected_score(snapshot.lexical, terms, article) for article in articles]
    shown = [*liked, *unliked]
    return Seed(
        articles=articles,
        vector=unit(vector),
        terms=terms,
        full_marks=float(np.mean(marks)),
        rows=np.unique(np.concatenate([seed.rows for seed in shown])),
        groups=np.unique(np.concatenate([seed.groups for seed in shown])),
        published=np.concatenate([seed.published for seed in liked]),
        stories=np.unique(np.concatenate([seed.stories for seed in liked])),
    )


def rows_of(library: Library, snapshot: Searchable, article_ids: Sequence[str], now: datetime) -> Rows:
    """The rows of those articles that the snapshot holds and readers may see."""
    records = library.records if article_ids else None
    known = (records.seq_of(article_id) for article_id in dict.fromkeys(article_ids) if records)
    return _visible_rows(snapshot, [seq for seq in known if seq is not None], now)


def _visible_rows(snapshot: Searchable, seqs: Sequence[int], now: datetime) -> Rows:
    return snapshot.visible(snapshot.rows_of(seqs), now)


def _seed(
    snapshot: Searchable,
    article: Article,
    vector: Vector,
    rows: Rows,
    own_groups: AbstractSet[int],
    now: datetime,
    stored_id: str | None = None,
) -> Seed:
    groups = np.array(sorted(own_groups), dtype=np.int64)
    copies = snapshot.visible(snapshot.rows_of_groups(groups), now)
    with stage(Stage.LEXICAL):
        terms = telling_terms(snapshot.lexical, article, TELLING_TERMS, own_copies=len(copies))
        full_marks = expected_score(snapshot.lexical, terms, article)
    story = snapshot.columns.story[rows if len(rows) else copies]
    return Seed(
        articles=(article,),
        vector=vector,
        terms=terms,
        full_marks=full_marks,
        rows=rows,
        groups=groups,
        published=np.array([epoch_seconds(article.published_at)] if article.published_at else [], dtype=np.int64),
        stories=np.unique(story[story != NO_STORY]).astype(np.int64),
        id=stored_id,
    )


def _copies_by_words(library: Library, snapshot: Searchable, article: Article, now: datetime) -> set[int]:
    """The text groups of visible articles that have the same words."""
    rows = _visible_rows(snapshot, library.records.with_text(text_key(article)), now)
    return set(snapshot.columns.text_group[rows].tolist())


def _near_copies(library: Library, snapshot: Searchable, draft: Article, vector: Vector, now: datetime) -> set[int]:
    """The text groups of visible articles that are copies of the draft."""
    columns = snapshot.columns
    with stage(Stage.DENSE):
        rows = nearest_articles(snapshot, vector, Filters(now))[0]
        cosine = snapshot.article_similarities(vector, rows)
    order = np.argsort(-cosine, kind="stable")
    near = rows[order[cosine[order] >= COPY_COSINE]]
    near = near[first_of_each(columns.text_group[near])][:LOOKED_AT]
    keys = [(int(columns.seq[row]), int(columns.version[row])) for row in near]
    own = text_print(draft)
    found = zip(near.tolist(), library.records.shown_at(keys, now), strict=True)
    return {int(columns.text_group[row]) for row, other in found if other and same_text(own, text_print(other))}


def _merged_terms(liked: Sequence[Seed], unliked: Sequence[Seed]) -> QueryTerms:
    weights: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
    for seeds, share in ((liked, 1.0), (unliked, -UNLIKED_SHARE)):
        for seed in seeds:
            for word in seed.terms.words:
                weights[tuple(word.forms.items())] += share * word.weight / len(seeds)
    best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:TELLING_TERMS]
    top = best[0][1] if best else 1.0
    return QueryTerms(tuple(QueryWord(dict(forms), weight / top) for forms, weight in best if weight > 0))
