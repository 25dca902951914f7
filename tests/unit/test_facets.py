from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from indexer.archive_stored import Stored
from indexer.engines.columns import Columns
from indexer.engines.stored_columns import columns_of
from indexer.types import Article
from search_api.facets import count
from search_api.query import Facet


def columns(*articles: Article) -> Columns:
    nothing = np.empty((0, 2), dtype=np.float16)
    return columns_of([Stored(seq, 1, seq, seq, None, article, [], nothing) for seq, article in enumerate(articles)])


def article(day: str | None, section: str | None = None, language: str = "en") -> Article:
    published = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return Article(id=str(day), title="T", body="", published_at=published, section=section, language=language)


def test_words_come_by_count_in_one_spelling_and_articles_without_one_do_not_count() -> None:
    found = columns(article(None, "World"), article(None, "Sport"), article(None, "world"), article(None))
    assert count(found, np.arange(4), [Facet.SECTION]) == {"section": {"World": 2, "Sport": 1}}
    assert count(found, np.array([1, 3]), [Facet.SECTION, Facet.SOURCE]) == {"section": {"Sport": 1}, "source": {}}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["2026-03-09", "2026-03-01", "2026-03-09"], {"2026-03-01": 1, "2026-03-09": 2}),
        (["2026-03-09", "2026-01-01", "2025-03-01"], {"2025-03": 1, "2026-01": 1, "2026-03": 1}),
        (["1963-03-09", "2026-01-01", "2026-03-01"], {"1963": 1, "2026": 2}),
    ],
)
def test_dates_are_counted_in_units_that_fit_their_span(days: list[str], expected: dict[str, int]) -> None:
    found = columns(*map(article, days), article(None))
    counted = count(found, np.arange(len(days) + 1), [Facet.DATE])["date"]
    assert list(counted.items()) == list(expected.items())
