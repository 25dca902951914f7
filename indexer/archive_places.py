"""Where articles stand in the archive: which are copies of one text, and which are of one story."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from indexer.archive_connection import Connection
from indexer.placing import Place
from indexer.stories import story_id_from
from indexer.surroundings import DAY_S, MOST_AROUND, Neighbour
from indexer.term_prints import BUCKETS, TermPrint

_ALL = BUCKETS
"""The row of `term_counts` that counts articles."""


_SECTION = "CASE WHEN json_valid(record) THEN json_extract(record, '$.section') END"


class Places:
    """Text groups and stories, in the archive's own database; writes are part of the archive's transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def has_text(self, key: int, *, other_than: str) -> bool:
        """Whether another article has the same text key."""
        row = self._db.execute(
            "SELECT 1 FROM articles WHERE text_key = ? AND article_id != ? LIMIT 1", (key, other_than)
        ).fetchone()
        return row is not None

    def with_text(self, key: int) -> list[int]:
        """The numbers of the articles that have a text key."""
        return [seq for (seq,) in self._db.execute("SELECT seq FROM articles WHERE text_key = ?", (key,))]

    # Stories -------------------------------------------------------------------------------------------------------

    def new_story(self, article_id: str, *, unlike: AbstractSet[int] = frozenset()) -> int:
        """The number of a story that an article begins, none of those it must be `unlike`.

        An id that stood for a merged story stands for itself again.
        """
        for attempt in itertools.count():
            story_id = story_id_from(article_id, attempt)
            self._db.execute("INSERT OR IGNORE INTO stories (story_id) VALUES (?)", (story_id,))
            row = self._db.execute("SELECT story FROM stories WHERE story_id = ?", (story_id,)).fetchone()
            if row[0] not in unlike:
                break
        self._db.execute("UPDATE stories SET merged_into = NULL WHERE story = ?", row)
        return int(row[0])

    def merge_story(self, story: int, into: int) -> None:
        """Let a story's id, and those that stood for it, stand for another."""
        self._db.execute("UPDATE stories SET merged_into = ? WHERE story = ? OR merged_into = ?", (into, story, story))

    def story_numbers(self, story_id: str) -> list[int]:
        """What an id stands for: the story that it was given to and, after a merge, the one that this is part of now."""
        rows = self._db.execute("SELECT story, merged_into FROM stories WHERE story_id = ?", (story_id,)).fetchall()
        return [number for row in rows for number in row if number is not None]

    def story_ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """The public id of each story."""
        marks = ", ".join("?" * len(numbers))
        rows = self._db.execute(f"SELECT story, story_id FROM stories WHERE story IN ({marks})", tuple(numbers))
        return dict(rows.fetchall())

    # What articles are compared by ---------------------------------------------------------------------------------

    def term_counts(self) -> tuple[NDArray[np.int64], int]:
        """In how many articles each term occurs, shape (BUCKETS,), and in how many articles terms were counted."""
        counts = np.zeros(BUCKETS + 1, dtype=np.int64)
        for term, articles in self._db.execute("SELECT term, articles FROM term_counts"):
            counts[term] = articles
        return counts[:BUCKETS], int(counts[_ALL])

    def count_terms(self, buckets: NDArray[np.uint32], articles: int, *, taken: bool = False) -> None:
        """Add articles' terms to the counts, or take them away; a bucket comes once for each of the articles that holds it."""
        found, times = np.unique(buckets, return_counts=True)
        sign = -1 if taken else 1
        rows = [*zip(found.tolist(), (sign * times).tolist(), strict=True), (_ALL, sign * articles)]
        self._db.executemany(
            "INSERT INTO term_counts VALUES (?, ?) ON CONFLICT (term) DO UPDATE SET articles = articles + excluded.articles",
            rows,
        )

    def forget_terms(self) -> None:
        """Drop all terms and counts."""
        self._db.execute("DELETE FROM term_prints")
        self._db.execute("DELETE FROM term_counts")

    def put_terms(self, seq: int, terms: TermPrint) -> bool:
        """Keep an article's terms; whether it had none before."""
        known = self._db.execute("SELECT 1 FROM term_prints WHERE seq = ?", (seq,)).fetchone()
        self._db.execute("INSERT OR REPLACE INTO term_prints VALUES (?, ?)", (seq, terms.astype("<u4").tobytes()))
        return known is None

    def of_day(self, day: int | None, recipe: str, model: str) -> list[Neighbour]:
        """The placed articles published on a day (since 1970; None: without a date), the last MOST_AROUND, with mean vectors."""
        return self._placed(*_on(day), recipe, model)

    def of_articles(self, seqs: Sequence[int], recipe: str, model: str) -> list[Neighbour]:
        """Those of these articles that are placed, in order of publication, with mean vectors."""
        return self._placed(f"seq IN ({', '.join('?' * len(seqs))})", tuple(seqs), recipe, model)

    def changed_after(self, change: int, most: int) -> list[int]:
        """The numbers of up to `most` articles that were changed, or taken down, after a change."""
        rows = self._db.execute("SELECT DISTINCT seq FROM changes WHERE change > ? LIMIT ?", (change, most))
        return [seq for (seq,) in rows]

    def _placed(self, where: str, values: tuple[int, ...], recipe: str, model: str) -> list[Neighbour]:
        rows = self._db.execute(
            f"SELECT seq, published, {_SECTION}, text_group, story, terms FROM articles "
            f"JOIN versions USING (seq, version) JOIN term_prints USING (seq) WHERE story IS NOT NULL AND {where}",
            values,
        ).fetchall()
        vectors = self._mean_vectors(where, values, recipe, model)
        found = [
            Neighbour(
                seq,
                published,
                section,
                group,
                story,
                vectors[seq].astype(np.float32),
                np.frombuffer(terms, dtype="<u4"),
            )
            for seq, published, section, group, story, terms in rows
            if seq in vectors
        ]
        return sorted(found, key=lambda article: (article.published or 0, article.seq))

    def _mean_vectors(
        self, where: str, values: tuple[int, ...], recipe: str, model: str
    ) -> dict[int, NDArray[np.float16]]:
        rows = self._db.execute(
            f"SELECT seq, vector FROM articles CROSS JOIN chunks USING (seq, version) CROSS JOIN embeddings USING (text_hash) "
            f"WHERE recipe = ? AND model = ? AND {where} ORDER BY +seq, ordinal",
            (recipe, model, *values),
        )
        return {
            seq: mean_vector(np.stack([np.frombuffer(vector, dtype=np.float16) for _, vector in some]))
            for seq, some in groupby(rows, key=itemgetter(0))
        }

    # Places --------------------------------------------------------------------------------------------------------

    def place_of(self, seq: int) -> Place:
        """The text group and the story of an article."""
        return Place(*self._db.execute("SELECT text_group, story FROM articles WHERE seq = ?", (seq,)).fetchone())

    def all_places(self) -> dict[int, Place]:
        """The place of every article, by its number."""
        rows = self._db.execute("SELECT seq, text_group, story FROM articles")
        return {seq: Place(group, story) for seq, group, story in rows}

    def article_id_of(self, seq: int) -> str:
        found: str = self._db.execute("SELECT article_id FROM articles WHERE seq = ?", (seq,)).fetchone()[0]
        return found

    def text_key_of(self, seq: int) -> int:
        key: int = self._db.execute("SELECT text_key FROM articles WHERE seq = ?", (seq,)).fetchone()[0]
        return key

    def put_place(self, seq: int, place: Place) -> None:
        self._db.execute("UPDATE articles SET text_group = ?, story = ? WHERE seq = ?", (place.group, place.story, seq))

    def twin_of(self, seq: int) -> Place | None:
        """The place of the first other article with the same text key that has one; None without one."""
        row = self._db.execute(
            "SELECT other.text_group, other.story FROM articles JOIN articles AS other USING (text_key) "
            "WHERE articles.seq = ? AND other.seq != articles.seq AND other.story IS NOT NULL ORDER BY other.seq LIMIT 1",
            (seq,),
        ).fetchone()
        return Place(*row) if row else None

    def unplaced(self) -> bool:
        """Whether there are articles whose story was not looked for yet."""
        return self._db.execute("SELECT 1 FROM articles WHERE story IS NULL LIMIT 1").fetchone() is not None


def mean_vector(vectors: NDArray[np.float16]) -> NDArray[np.float16]:
    """The mean of an article's chunk vectors, of unit length."""
    mean = vectors.astype(np.float32).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float16)


def _on(day: int | None) -> tuple[str, tuple[int, ...]]:
    if day is None:
        return "seq IN (SELECT seq FROM articles WHERE published IS NULL ORDER BY seq DESC LIMIT ?)", (MOST_AROUND,)
    last = "SELECT seq FROM articles WHERE published >= ? AND published < ? ORDER BY published DESC, seq DESC LIMIT ?"
    return f"seq IN ({last})", (day * DAY_S, (day + 1) * DAY_S, MOST_AROUND)
