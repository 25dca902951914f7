from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from indexer.sources.date_words import shown_date, shown_update, stated_time
from indexer.sources.page_date import url_date
from indexer.sources.solar_hijri import gregorian
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
        ("2026년 3월 10일 14:15", "ko", datetime(2026, 3, 10, 14, 15)),
        ("۱۴۰۴/۰۷/۲۶", None, datetime(2025, 10, 18)),
        ("1404/07/26 ساعت 09:35", "fa", datetime(2025, 10, 18, 9, 35)),
        ("26 مهر 1404", None, datetime(2025, 10, 18)),
        ("یکشنبه ۲۷ مهر ماه ۱۴۰۴ - ۰۹:۳۵", "fa", datetime(2025, 10, 19, 9, 35)),
        ("30 اسفند 1403", "fa", datetime(2025, 3, 20)),
        ("18-10-2025 | 09:35", None, datetime(2025, 10, 18, 9, 35)),
    ],
)
def test_dates_are_read_as_people_print_them(text: str, language: str | None, expected: datetime) -> None:
    assert stated_time(text, NOW, language) == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2 hours ago",
        "March 2026",
        "2026",
        "1405/01/10",
        "2031-01-01",
        "99-99-2026",
        "30 اسفند 1404",
        "1447/04/26",
    ],
)
def test_what_is_no_past_day_gives_nothing(text: str) -> None:
    assert stated_time(text, NOW) is None


def test_a_date_is_found_in_a_line_but_not_the_date_of_an_update() -> None:
    assert shown_date("Jon Stell, 10.03.2026 | 05:15 Uhr") == "10.03.2026 | 05:15"
    assert shown_date("Last updated: 11 March 2026. Published: 10 March 2026") == "10 March 2026"
    assert shown_date("Copyright 2019-2026") is None


def test_a_time_keeps_the_zone_it_states() -> None:
    moment = stated_time("2026-03-10T07:15:00+02:00", NOW)
    assert moment is not None
    assert moment.isoformat() == "2026-03-10T07:15:00+02:00"


@pytest.mark.parametrize("language", ["ar", "en", None])
def test_figures_of_another_calendar_are_no_date_without_a_persian_page(language: str | None) -> None:
    assert stated_time("1404/07/26", NOW, language) is None


def test_days_of_the_persian_calendar_and_of_ours_agree() -> None:
    new_years = {1375: date(1996, 3, 20), 1379: date(2000, 3, 20), 1400: date(2021, 3, 21), 1405: date(2026, 3, 21)}
    assert {year: gregorian(year, 1, 1) for year in new_years} == new_years
    assert gregorian(1400, 12, 30) is None


def test_short_and_barred_days_are_found_in_short_lines_only() -> None:
    assert shown_date("Kultur, 2.11.25") == "2.11.2025"
    assert shown_date("26 | 01 | 2026") == "26.01.2026"
    assert shown_date("The match ended 2.11.25 after a replay that nobody in the whole harbour had asked for.") is None


@pytest.mark.parametrize("text", ["Stand: 10.03.2026", "Mis à jour le 10.03.2026", "به\u200cروزرسانی: 10.03.2026"])
def test_the_date_of_an_update_is_known_as_one(text: str) -> None:
    assert (shown_date(text), shown_update(text)) == (None, "10.03.2026")


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


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("March 10, 2026 9:30 PM", 21, 30),
        ("10-03-2026 9:30 PM", 21, 30),
        ("2026/03/10 12:05 a.m.", 0, 5),
        ("Mar 10, 2026, 9:30 AM EST", 14, 30),
        ("10.03.2026 21:30 +0300", 18, 30),
        ("10-03-2026 9:30 AM UTC-05:00", 14, 30),
        ("Tue, 10 Mar 2026 09:30:00 +0100", 8, 30),
    ],
)
def test_the_half_of_the_day_and_the_zone_count(text: str, hour: int, minute: int) -> None:
    found = stated_time(text, NOW, "en")
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 3, 10, hour, minute, tzinfo=UTC)
