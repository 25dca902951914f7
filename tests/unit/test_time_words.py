from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from search_api.calendar_words import calendar_span
from search_api.query import PASSAGE_WORDS
from search_api.time_words import TimeWords, read_time_words

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""A Wednesday."""


def when(text: str, now: datetime = NOW) -> tuple[str | None, str | None] | None:
    """The two sides of the time that the text names, as days, and as hours where they are no midnights."""
    found = read_time_words(text, now)
    return (shown(found.start), shown(found.past)) if found else None


def shown(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d" if moment.hour == 0 else "%Y-%m-%dT%H") if moment else None


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("today", "2026-11-25", None),
        ("tonight", "2026-11-25", None),
        ("news this morning", "2026-11-25", None),
        ("yesterday", "2026-11-24", "2026-11-25"),
        ("the day before yesterday", "2026-11-23", "2026-11-24"),
        ("this week", "2026-11-23", None),
        ("last week", "2026-11-16", "2026-11-23"),
        ("past week", "2026-11-18T10", None),
        ("past 7 days", "2026-11-18T10", None),
        ("in the last 24 hours", "2026-11-24T10", None),
        ("past two weeks", "2026-11-11T10", None),
        ("this month", "2026-11-01", None),
        ("last month", "2026-10-01", "2026-11-01"),
        ("past month", "2026-10-25T10", None),
        ("this year", "2026-01-01", None),
        ("last year", "2025-01-01", "2026-01-01"),
        ("last three years", "2023-11-25T10", None),
        ("a quake of 7.1 last week", "2026-11-16", "2026-11-23"),
        ("last weekend", "2026-11-21", "2026-11-23"),
        ("3 days ago", "2026-11-22", "2026-11-23"),
        ("two weeks ago", "2026-11-09", "2026-11-16"),
        ("eleven months ago", "2025-12-01", "2026-01-01"),
        ("on Wednesday", "2026-11-25", "2026-11-26"),
        ("last Wednesday", "2026-11-18", "2026-11-19"),
        ("on Monday", "2026-11-23", "2026-11-24"),
        ("since Monday", "2026-11-23", None),
    ],
)
def test_times_are_seen_from_now(text: str, start: str | None, past: str | None) -> None:
    assert when(text) == (start, past)


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("in October", "2026-10-01", "2026-11-01"),
        ("in November", "2026-11-01", "2026-12-01"),
        ("in December", "2025-12-01", "2026-01-01"),
        ("3 March", "2026-03-03", "2026-03-04"),
        ("on Dec. 12", "2025-12-12", "2025-12-13"),
        ("29 February", "2024-02-29", "2024-03-01"),
        ("since March", "2026-03-01", None),
        ("from March", "2026-03-01", None),
        ("until March", None, "2026-04-01"),
        ("floods in may", "2026-05-01", "2026-06-01"),
        ("floods in May in Peru", "2026-05-01", "2026-06-01"),
        ("changes after May", "2026-06-01", None),
    ],
)
def test_a_time_without_a_year_is_the_latest_that_has_begun(text: str, start: str | None, past: str | None) -> None:
    assert when(text) == (start, past)


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("in October 2025", "2025-10-01", "2025-11-01"),
        ("Oct 2025", "2025-10-01", "2025-11-01"),
        ("on 3 March 2026", "2026-03-03", "2026-03-04"),
        ("the 3rd of March 2026", "2026-03-03", "2026-03-04"),
        ("March 3, 2026", "2026-03-03", "2026-03-04"),
        ("2026-03-01", "2026-03-01", "2026-03-02"),
        ("2026-03", "2026-03-01", "2026-04-01"),
        ("in 2024", "2024-01-01", "2025-01-01"),
        ("2024", "2024-01-01", "2025-01-01"),
        ("in late 2024", "2024-01-01", "2025-01-01"),
        ("since 2024", "2024-01-01", None),
        ("since March 2025", "2025-03-01", None),
        ("since yesterday", "2026-11-24", None),
        ("since last week", "2026-11-16", None),
        ("after March 2025", "2025-04-01", None),
        ("before March 2025", None, "2025-03-01"),
        ("before 2024", None, "2024-01-01"),
        ("until 2024", None, "2025-01-01"),
        ("by March 2025", None, "2025-04-01"),
        ("Q1 2025", "2025-01-01", "2025-04-01"),
        ("fourth quarter of 2025", "2025-10-01", "2026-01-01"),
        ("summer 2025", "2025-06-01", "2025-09-01"),
        ("the winter of 2025", "2025-12-01", "2026-03-01"),
    ],
)
def test_a_time_of_the_calendar_is_read(text: str, start: str | None, past: str | None) -> None:
    assert when(text) == (start, past)


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("between March and May 2025", "2025-03-01", "2025-06-01"),
        ("from March to May 2025", "2025-03-01", "2025-06-01"),
        ("from November to February 2026", "2025-11-01", "2026-03-01"),
        ("in March and April 2025", "2025-03-01", "2025-05-01"),
        ("between 3 March and 10 March 2026", "2026-03-03", "2026-03-11"),
        ("between 2023 and 2025", "2023-01-01", "2026-01-01"),
        ("from 2020 to today", "2020-01-01", None),
        ("World War 1939-1945", "1939-01-01", "1946-01-01"),
    ],
)
def test_two_times_make_a_range(text: str, start: str | None, past: str | None) -> None:
    assert when(text) == (start, past)


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ("what happened in Lima last week?", "last week", "what happened in Lima?"),
        ("what caused the 2025 sinking of the tug", "2025", "what caused the sinking of the tug"),
        ("In March 2025, what burned", "In March 2025", "what burned"),
        ("news, yesterday, in Lima", "yesterday", "news, in Lima"),
        ("news (yesterday) in Lima", "yesterday", "news in Lima"),
        ("who won yesterday's election", "yesterday's", "who won election"),
        ("killed in last week's attack", "last week's", "killed in attack"),
        ("yesterday?", "yesterday", ""),
        ("over the  past three\ndays", "over the past three days", ""),
        ("floods in March 2024 and in 2023", "in March 2024", "floods and in 2023"),
    ],
)
def test_the_words_leave_a_tidy_rest(text: str, words: str, rest: str) -> None:
    found = read_time_words(text, NOW)
    assert found is not None
    assert (found.words, found.rest) == (words, rest)


@pytest.mark.parametrize(
    "text", ["2025 floods in spain", "Bolivia election 2025", "2025 Bolivia election", "iran 2025"]
)
def test_a_year_counts_beside_an_event_or_at_an_end(text: str) -> None:
    assert when(text) == ("2025-01-01", "2026-01-01")


@pytest.mark.parametrize(
    "text",
    [
        "1984 people trapped",
        "2000 troops sent",
        "in 2000 homes",
        "between 1950 and 2000 troops",
        "$2024 per head",
        "new 2000m race",
        "Iran Telecom 2016",
        "Boeing 2024",
        "flight 1984 crash",
        "Over 1500 cold hot weapons seized",
        "anticipated to rise 17 by",
        "prices rise by 2000",
        "fell from 2000 to 1950",
        "2022 World Cup qualifier",
    ],
)
def test_a_number_or_a_name_is_no_year(text: str) -> None:
    assert when(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Theresa May",
        "minister may resign",
        "after May resigns",
        "no confidence in May",
        "march on Washington",
        "protest march",
        "talks in march in Washington",
        "students march 12 miles",
        "hotel in Mar del Plata",
        "since Jan left",
        "a second chance, sat on the sun",
        "Monday",
        "January 6 hearing",
        "summer fires",
    ],
)
def test_words_with_another_meaning_are_no_times(text: str) -> None:
    assert when(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "USA Today",
        "russia today editor",
        "Today the Resistance is stronger",
        "the catalogues in today's libraries",
        "youth of today",
        "the last year of his life",
        "Last Week Tonight",
        "at last",
        "a week",
    ],
)
def test_today_and_last_week_may_be_no_times(text: str) -> None:
    assert when(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Agenda 2030",
        "7GW of electricity by 2030",
        "election in 2027",
        "in March 2031",
        "after this year",
        "this weekend",
        "later this year",
        "meeting due on Thursday",
        "speaker to visit Russia on Sunday",
        "talks to start in Astana on January 23",
        "next week",
    ],
)
def test_times_to_come_are_not_read(text: str) -> None:
    assert when(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "higher than last year",
        "rebuilding since the 2024 election",
        "protests after last week's attack",
        "at the end of 2024",
        "first week of march 2025",
        "budget for 2025",
        "between 2024 and Lima",
        "on 2-3 March 2026",
        "on 30 February 2026",
        "2026-13-01",
        "past 0 days",
    ],
)
def test_a_time_that_is_only_told_from_or_does_not_exist_is_not_read(text: str) -> None:
    assert when(text) is None


def test_a_passage_is_not_read() -> None:
    assert when("a " * (PASSAGE_WORDS - 1) + "yesterday") is not None
    assert when("a " * PASSAGE_WORDS + "yesterday") is None


def test_a_question_without_a_time_is_not_read() -> None:
    assert read_time_words("why did the ferry capsize", NOW) is None
    assert read_time_words("", NOW) is None


def test_the_zone_of_now_is_turned_to_utc() -> None:
    late = NOW.replace(hour=23).astimezone(UTC) + timedelta(hours=2)
    assert read_time_words("today", late) == TimeWords("today", datetime(2026, 11, 26, tzinfo=UTC), None, "")


@pytest.mark.parametrize("month", [0, 13])
def test_a_month_that_does_not_exist_has_no_span(month: int) -> None:
    with pytest.raises(ValueError, match="month"):
        calendar_span(2026, month)


@pytest.mark.parametrize(
    "piece", ["(today", "today!", "in the ", '"May 3', "2024-", "between 2024 and ", "last 3 ", "may", "("]
)
def test_long_odd_texts_are_read(piece: str) -> None:
    found = read_time_words(piece * 2000, NOW)
    assert found is None or found.words
