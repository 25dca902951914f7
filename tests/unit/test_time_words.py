from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from search_api.calendar_words import calendar_span
from search_api.query import PASSAGE_WORDS
from search_api.time_words import TimeWords, read_time_words

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""A Wednesday."""
JUNE = datetime(2026, 6, 30, 12, tzinfo=UTC)
"""A Tuesday."""
JANUARY = datetime(2026, 1, 5, 12, tzinfo=UTC)


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
        ("what caused the 2025 sinking of the tug", "2025", "what caused the 2025 sinking of the tug"),
        ("In March 2025, what burned", "In March 2025", "what burned"),
        ("news, yesterday, in Lima", "yesterday", "news, in Lima"),
        ("news (yesterday) in Lima", "yesterday", "news in Lima"),
        ("who won yesterday's election", "yesterday's", "who won election"),
        ("killed in last week's attack", "last week's", "killed in attack"),
        ("yesterday?", "yesterday", ""),
        ("over the  past three\ndays", "over the past three days", ""),
        ("floods in 2025 - Lima Post", "in 2025", "floods - Lima Post"),
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
        "on 3-2 March 2026",
        "on 30 February 2026",
        "2026-13-01",
        "past 0 days",
    ],
)
def test_a_time_that_is_only_told_from_or_does_not_exist_is_not_read(text: str) -> None:
    assert when(text) is None


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("Hong Kong protests 2019 to 2021", "2019-01-01", "2022-01-01"),
        ("2025-01-01 to 2025-02-01 plane crash", "2025-01-01", "2025-02-02"),
        ("protests March 2025 to May 2025", "2025-03-01", "2025-06-01"),
        ("protests March 2025 until May 2025", "2025-03-01", "2025-06-01"),
        ("March 2025 through May 2025", "2025-03-01", "2025-06-01"),
        ("March 2025 - May 2025", "2025-03-01", "2025-06-01"),
        ("March 2025–May 2025", "2025-03-01", "2025-06-01"),
        ("1 March 2026 to 10 March 2026", "2026-03-01", "2026-03-11"),
        ("2 June - 9 June", "2026-06-02", "2026-06-10"),
        ("from 2019-2021", "2019-01-01", "2022-01-01"),
        ("10-15 May 2026", "2026-05-10", "2026-05-16"),
        ("3 to 9 March 2026", "2026-03-03", "2026-03-10"),
        ("from 10 to 15 May 2026", "2026-05-10", "2026-05-16"),
        ("May 3-9", "2026-05-03", "2026-05-10"),
    ],
)
def test_a_range_is_read_from_the_first_to_the_last(text: str, start: str | None, past: str | None) -> None:
    assert when(text, JUNE) == (start, past)


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("2019 and 2020 Hong Kong protests", "2019-01-01", "2021-01-01"),
        ("floods in March or April 2026", "2026-03-01", "2026-05-01"),
        ("on Monday or Tuesday", "2026-06-29", "2026-07-01"),
        ("yesterday, today", "2026-06-29", None),
        ("this week or last week earthquake", "2026-06-22", None),
        ("in May, June", "2026-05-01", "2026-07-01"),
        ("in 2025, 2026", "2025-01-01", "2027-01-01"),
        ("in 2023, 2024 and 2025", "2023-01-01", "2026-01-01"),
        ("on Monday and on Tuesday", "2026-06-29", "2026-07-01"),
    ],
)
def test_times_that_adjoin_are_read_as_one(text: str, start: str | None, past: str | None) -> None:
    assert when(text, JUNE) == (start, past)


@pytest.mark.parametrize(
    "text",
    [
        "floods in March 2024 and in 2023",
        "in 2019 and 2021",
        "on Sunday or Tuesday",
        "in 2023, 2024 and 2026",
        "since Monday or Tuesday",
        "in 2025, May resigned",
        "in May June",
        "from March to the election",
        "protests 2019 to present",
        "from 2024 to 2030",
        "protests 2021 to 2019",
        "in 2025-26",
        "spring and summer 2025",
        "5 or 6 May 2026",
        "today and tomorrow",
        "yesterday and the day before",
        "2019 vs 2020 protests",
        "a month ago today",
    ],
)
def test_no_half_of_a_range_or_list_is_read(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize(
    "text",
    [
        "Theresa May 2019",
        "theresa may 2016",
        "THERESA MAY 2016",
        "Brian May 2025 concert",
        "women's march 2025",
        "Prague Spring 1968",
        "Prague Spring of 1968",
    ],
)
def test_a_month_or_season_with_its_year_may_end_a_name(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize(
    "text", ["floods May 2025", "floods in may 2025", "election May 2025", "Protests May 2025", "May 2025 floods"]
)
def test_a_month_with_its_year_is_read_behind_an_event_or_preposition(text: str) -> None:
    assert when(text, JUNE) == ("2025-05-01", "2025-06-01")


@pytest.mark.parametrize("text", ["Person of the Year 2025", "player of the year 2025", "word of the year 2025"])
def test_the_year_of_a_title_is_no_time(text: str) -> None:
    assert when(text, JUNE) is None
    assert when("in the year 2025", JUNE) == ("2025-01-01", "2026-01-01")


@pytest.mark.parametrize(
    "text",
    [
        "Mail on Sunday",
        "sun on sunday",
        "independent on sunday",
        "ban on Sunday trading",
        "restrictions on Friday prayers",
        "crackdown on Saturday protests",
        "after Friday prayers",
    ],
)
def test_a_weekday_in_a_name_or_of_an_event_is_no_time(text: str) -> None:
    assert when(text, JUNE) is None
    assert when("shots fired on Sunday in Lima", JUNE) == ("2026-06-28", "2026-06-29")


@pytest.mark.parametrize(
    "text",
    [
        "project 2025",
        "euro 2025",
        "tokyo 2020 olympics",
        "expo 2025",
        "cop 2025",
        "resolution 2025",
        "target 2025",
        "2024 YR4",
        "asteroid 2024 YR4",
        "hindsight is 2020",
        "made in china 2025",
        "jailed for the 2024 riots",
    ],
)
def test_a_year_in_a_name_is_no_time(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize("text", ["the 2024 G20 summit", "iran  2025", "2019 to 2021 protests"])
def test_a_bare_year_is_kept_in_the_rest(text: str) -> None:
    found = read_time_words(text, JUNE)
    assert found is not None
    assert found.rest == " ".join(text.split())


@pytest.mark.parametrize("text", ["floods in 2025", "floods May 2025", "floods yesterday", "floods since 2025"])
def test_other_times_are_not_kept_in_the_rest(text: str) -> None:
    found = read_time_words(text, JUNE)
    assert found is not None
    assert found.rest == "floods"


@pytest.mark.parametrize(
    "text",
    [
        "killed in march for palestine",
        "thousands join in march against corruption",
        "Thousands join in March against corruption",
        "crowds in march through the city",
    ],
)
def test_a_march_for_or_against_is_no_month(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize("text", ["ahead of 2025 election", "polls ahead of the 2025 vote"])
def test_what_is_ahead_of_a_year_is_not_read(text: str) -> None:
    assert when(text, JUNE) is None
    assert when("victims of the 2025 floods", JUNE) == ("2025-01-01", "2026-01-01")


def test_a_year_or_month_that_has_not_ended_is_not_read_in_a_text_about_plans() -> None:
    assert when("who will win the world cup in 2026", JUNE) is None
    assert when("what will open in June 2026", JUNE) is None
    assert when("what will open in May 2026", JUNE) == ("2026-05-01", "2026-06-01")
    assert when("elections in 2026", JUNE) == ("2026-01-01", "2027-01-01")


def test_a_year_that_has_just_begun_is_read_as_this_year_only() -> None:
    assert when("elections in 2026", JANUARY) is None
    assert when("2026 budget", JANUARY) is None
    assert when("elections this year", JANUARY) == ("2026-01-01", None)
    assert when("elections in 2025", JANUARY) == ("2025-01-01", "2026-01-01")


@pytest.mark.parametrize(
    "text",
    [
        "November 13 attacks Paris",
        "25 January revolution",
        "on the 25 January revolution",
        "on 25 January revolution",
        "June 4 Tiananmen",
        "17 October protests Lebanon",
    ],
)
def test_a_day_that_names_an_event_is_no_time(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize("text", ["floods 3 March", "3 March, floods", "what burned 3 March?"])
def test_a_day_without_a_year_is_read_at_the_end_of_a_clause(text: str) -> None:
    assert when(text, JUNE) == ("2026-03-03", "2026-03-04")


@pytest.mark.parametrize(
    "text",
    [
        "today in history",
        "this week in football history",
        "Today FM",
        "This Morning Holly Willoughby",
        "last week tonight",
        "Last Night in Soho",
        "the last night in Kabul",
        "the previous year",
        "over a week ago",
        "half a week ago",
    ],
)
def test_names_and_turns_with_a_recent_time_are_not_read(text: str) -> None:
    assert when(text, JUNE) is None


@pytest.mark.parametrize(
    ("text", "start", "past"),
    [
        ("last night", "2026-06-29", "2026-06-30"),
        ("last night's attack", "2026-06-29", "2026-06-30"),
        ("this afternoon", "2026-06-30", None),
        ("this evening", "2026-06-30", None),
        ("the past few days", "2026-06-27T12", None),
        ("a week ago", "2026-06-22", "2026-06-29"),
        ("a month ago", "2026-05-01", "2026-06-01"),
        ("previous month", "2026-05-01", "2026-06-01"),
        ("previous week", "2026-06-22", "2026-06-29"),
        ("previous year", "2025-01-01", "2026-01-01"),
        ("on Tuesday, 3 March 2026", "2026-03-03", "2026-03-04"),
    ],
)
def test_times_that_are_asked_daily_are_read(text: str, start: str | None, past: str | None) -> None:
    assert when(text, JUNE) == (start, past)


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
