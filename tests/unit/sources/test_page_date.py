from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.sources.page_date import shown_date, stated_time, url_date
from tests.support import NOW


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2026-03-10T07:15:00+02:00", None, datetime(2026, 3, 10, 5, 15)),
        ("10-03-2026 | 05:15", None, datetime(2026, 3, 10, 5, 15)),
        ("10.03.2026", "de", datetime(2026, 3, 10)),
        ("03/10/2026 5:15 pm", "en-US", datetime(2026, 3, 10, 17, 15)),
        ("03/10/2025", "en", datetime(2025, 10, 3)),
        ("March 10, 2026 05:15", "en", datetime(2026, 3, 10, 5, 15)),
        ("10 mars 2026 à 5h15", "fr", datetime(2026, 3, 10, 5, 15)),
        ("10 de marzo de 2026", "es", datetime(2026, 3, 10)),
        ("١٠ مارس ٢٠٢٦", "ar", datetime(2026, 3, 10)),
        ("2026年3月10日", "zh", datetime(2026, 3, 10)),
    ],
)
def test_dates_are_read_as_people_print_them(text: str, language: str | None, expected: datetime) -> None:
    assert stated_time(text, NOW, language) == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "today", "2 hours ago", "March 2026", "2026", "1405/01/10", "2031-01-01", "99-99-2026"]
)
def test_what_is_no_past_day_gives_nothing(text: str) -> None:
    assert stated_time(text, NOW) is None


def test_a_date_is_found_in_a_line_but_not_the_date_of_an_update() -> None:
    assert shown_date("Jon Stell, 10.03.2026 | 05:15 Uhr") == "10.03.2026 | 05:15"
    assert shown_date("Last updated: 11 March 2026. Published: 10 March 2026") == "10 March 2026"
    assert shown_date("Copyright 2019-2026") is None


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://q.example/2026/03/10/ferry", "2026-03-10"),
        ("https://q.example/news/20260310-ferry.html", "2026-03-10"),
        ("https://q.example/news/2026-03-10/ferry", "2026-03-10"),
        ("https://q.example/news/20269910.html", None),
        ("https://q.example/news/7", None),
        (None, None),
    ],
)
def test_the_day_in_a_url(url: str | None, day: str | None) -> None:
    assert url_date(url) == day
