"""What was published and known at a moment, on a small history: a correction, a deletion, an embargo, a withdrawal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.archive import Archive
from indexer.articles import article_from_record
from indexer.encoder import load_encoder
from indexer.filters import Filters
from indexer.layout import IndexFolder
from indexer.writing import ArticleWriter, Delete, Put
from search_api import generation_jobs
from search_api.embedded_library import EmbeddedLibrary
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import index_of, record


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def harbour(**fields: Any) -> dict[str, Any]:
    return {
        "id": "harbour",
        "title": "Zeppelin lands in the harbour",
        "body": "A zeppelin landed in the harbour in the morning fog.",
        "published_at": "2026-03-02T12:00:00Z",
        **fields,
    }


@dataclass
class History:
    """Writes to an index at moments of its own choosing."""

    index: IndexFolder
    archive: Archive
    writer: ArticleWriter

    def put(self, now: datetime, fields: dict[str, Any]) -> None:
        article, _ = article_from_record(fields, now=now)
        self.writer.write([Put(article)], now)

    def delete(self, now: datetime, article_id: str) -> None:
        self.writer.write([Delete(article_id)], now)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    index = index_of(tmp_path, [record(number) | {"published_at": "2026-01-01T00:00:00Z"} for number in range(8)])
    with Archive(index.archive) as archive:
        yield History(index, archive, ArticleWriter(archive, load_encoder("text-hash", index.models)))


NOW = day(30)


def known(
    history: History, text: str, as_of: datetime | None, *, now: datetime = NOW, mode: Mode = Mode.HYBRID
) -> list[tuple[str, str]]:
    """(id, title) of the hits for a text."""
    library = EmbeddedLibrary(history.index)
    library.refresh()
    try:
        found = search(library, SearchQuery(text, Filters(now, as_of=as_of), mode=mode, recency="off", min_score=0.2))
        return [(hit.article.id, hit.article.title) for hit in found.hits]
    finally:
        library.close()


@pytest.fixture(params=["tail", "generation", "between"])
def told(history: History, request: pytest.FixtureRequest) -> History:
    """The harbour's article: published on 2 March, corrected on 5 March, deleted on 9, published again on 12; with the changes
    in the tail, folded into a generation, or a part of them in each."""
    history.put(day(2, 13), harbour())
    history.put(
        day(5), harbour(title="Airship lands in the harbour", body="An airship came.", correction="It was an airship.")
    )
    if request.param == "between":
        generation_jobs.reindex(history.index)
    history.delete(day(9), "harbour")
    history.put(day(12), harbour(title="Balloon lands in the harbour", body="A balloon came after all."))
    if request.param == "generation":
        generation_jobs.reindex(history.index)
    return history


@pytest.mark.parametrize("mode", Mode)
def test_each_moment_has_the_version_that_was_current_then(told: History, mode: Mode) -> None:
    zeppelin, airship, balloon = (
        "Zeppelin lands in the harbour",
        "Airship lands in the harbour",
        "Balloon lands in the harbour",
    )
    for moment, title in (
        (day(1), None),
        (day(2), zeppelin),
        (day(4, 23), zeppelin),
        (day(5), airship),
        (day(8), airship),
        (day(9), None),
        (day(11), None),
        (day(12), balloon),
        (day(20), balloon),
        (None, balloon),
    ):
        expected = [("harbour", title)] if title else []
        if mode is not Mode.SEMANTIC:
            assert known(told, "lands", moment, mode=mode) == expected, moment
        found = known(told, title or "lands in the harbour", moment, mode=mode)
        assert found[:1] == expected or (not expected and ("harbour", airship) not in found), moment


def test_words_of_a_version_are_found_only_while_it_was_current(told: History) -> None:
    assert known(told, "zeppelin fog", day(3), mode=Mode.KEYWORD) == [("harbour", "Zeppelin lands in the harbour")]
    assert known(told, "zeppelin fog", day(6), mode=Mode.KEYWORD) == []
    assert known(told, "balloon", day(3), mode=Mode.KEYWORD) == []
    assert known(told, "zeppelin fog", None, mode=Mode.KEYWORD) == []


def test_the_same_questions_asked_of_one_process_again_and_again(told: History) -> None:
    library = EmbeddedLibrary(told.index)
    library.refresh()
    for _ in range(3):
        for moment, word in ((day(3), "zeppelin"), (day(6), "airship"), (None, "balloon")):
            query = SearchQuery(word, Filters(NOW, as_of=moment), mode=Mode.KEYWORD)
            assert [hit.article.title.split()[0].lower() for hit in search(library, query).hits] == [word]
    told.put(day(14), harbour(title="Kite lands in the harbour", body="A kite."))
    library.refresh()
    query = SearchQuery("balloon", Filters(NOW, as_of=day(13)), mode=Mode.KEYWORD)
    assert [hit.version for hit in search(library, query).hits] == [4]
    library.close()


def test_pages_of_the_past_hold_still(history: History) -> None:
    for number in range(30):
        history.put(day(2), harbour(id=f"h{number}", title=f"Zeppelin number {number}"))
        history.put(day(5), harbour(id=f"h{number}", title=f"Airship number {number}", body=f"Airship {number}."))
    library = EmbeddedLibrary(history.index)
    library.refresh()
    query = SearchQuery("zeppelin", Filters(NOW, as_of=day(3)), mode=Mode.KEYWORD, limit=7)
    titles: list[str] = []
    while True:
        answer = search(library, query)
        titles += [hit.article.title for hit in answer.hits]
        if answer.next_cursor is None:
            break
        query = replace(query, cursor=answer.next_cursor)
        history.put(day(20), harbour(id="h3", title=f"Balloon after {len(titles)}"))
        library.refresh()
    assert sorted(titles) == sorted(f"Zeppelin number {number}" for number in range(30))
    library.close()


def test_an_update_is_known_from_when_it_says_it_was_published(history: History) -> None:
    history.put(day(2), harbour())
    history.put(day(20), harbour(title="Airship lands", updated_at="2026-03-04T00:00:00Z"))
    assert known(history, "lands", day(3)) == [("harbour", "Zeppelin lands in the harbour")]
    assert known(history, "lands", day(4)) == [("harbour", "Airship lands")]


def test_an_archive_taken_in_late_was_known_from_its_publication(history: History) -> None:
    history.put(day(25), harbour())
    assert known(history, "zeppelin", day(3)) == [("harbour", "Zeppelin lands in the harbour")]


def test_an_article_without_a_date_is_known_from_its_arrival(history: History) -> None:
    history.put(day(10), harbour(published_at=None))
    assert known(history, "zeppelin", day(9)) == []
    assert known(history, "zeppelin", day(10)) == [("harbour", "Zeppelin lands in the harbour")]


def test_an_embargo_hides_an_article_until_it_ends_now_and_in_the_past(history: History) -> None:
    history.put(day(2), harbour(embargoed="2026-03-06T00:00:00Z"))
    assert known(history, "zeppelin", None, now=day(5)) == []
    assert known(history, "zeppelin", day(7), now=day(5)) == []
    assert known(history, "zeppelin", None, now=day(6)) == [("harbour", "Zeppelin lands in the harbour")]
    assert known(history, "zeppelin", day(5)) == []
    assert known(history, "zeppelin", day(6)) == [("harbour", "Zeppelin lands in the harbour")]


def test_what_is_withheld_now_is_not_told_of_the_past_either(history: History) -> None:
    history.put(day(2), harbour())
    history.put(day(5), harbour(pubstatus="withheld"))
    assert known(history, "zeppelin", day(3)) == []
    history.put(day(9), harbour(title="Airship lands"))
    assert known(history, "lands", day(3)) == [("harbour", "Zeppelin lands in the harbour")]
    assert known(history, "lands", day(7)) == []


def test_an_embargo_that_is_set_anew_hides_earlier_versions(history: History) -> None:
    history.put(day(2), harbour())
    history.put(day(5), harbour(embargoed="2026-04-20T00:00:00Z"))
    assert known(history, "zeppelin", day(3), now=day(10)) == []


def test_what_was_withheld_before_it_was_deleted_is_not_told_of_the_past(history: History) -> None:
    history.put(day(2), harbour())
    history.put(day(5), harbour(pubstatus="withheld"))
    history.delete(day(9), "harbour")
    assert known(history, "zeppelin", day(3)) == []
    history.put(day(12), harbour(title="Balloon lands"))
    assert known(history, "lands", day(3)) == [("harbour", "Zeppelin lands in the harbour")]
