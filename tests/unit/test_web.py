from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.types import Article
from search_api.web.addresses import Address
from search_api.web.changes import Kind, changes
from search_api.web.formatting import day, minute
from search_api.web.histogram import HEIGHT, MOST_BARS, bars
from search_api.web.reader import preferred_language
from search_api.web.widget.words import WORDS, copies_said, direction, spoken


def test_an_address_keeps_what_is_known_and_begins_anew_when_changed() -> None:
    asked = [
        ("q", "ferry"),
        ("section", "Europe"),
        ("section", "Sport"),
        ("cursor", "x"),
        ("source", " "),
        ("utm", "1"),
    ]
    address = Address.of(asked, {"q", "section", "source", "cursor"})
    assert address.changed({"sort": "newest"}) == "/?q=ferry&section=Europe&section=Sport&sort=newest"
    assert address.changed({"section": "Asia & Pacific"}) == "/?q=ferry&section=Asia+%26+Pacific"
    assert address.changed({"section": None}) == "/?q=ferry"
    assert address.without("section", "Europe") == "/?q=ferry&section=Sport"
    assert address.following("y") == "/?q=ferry&section=Europe&section=Sport&cursor=y"
    assert address.value("section") == "Europe"
    assert address.all_but({"cursor", "section"}) == [("q", "ferry")]
    assert Address(()).changed({}) == "/"


def test_bars_stand_for_every_day_also_those_without_articles() -> None:
    found = bars({"2026-02-27": 4, "2026-03-02": 1})
    assert [(bar.label, bar.count) for bar in found] == [
        ("27 February 2026", 4),
        ("28 February 2026", 0),
        ("1 March 2026", 0),
        ("2 March 2026", 1),
    ]
    assert [bar.height for bar in found] == [HEIGHT, 0, 0, 10]
    assert all(bar.first == bar.last for bar in found)


def test_months_and_years_end_with_their_last_day() -> None:
    months = bars({"2024-02": 1, "2024-04": 2})
    assert [(bar.first, bar.last) for bar in months] == [
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 3, 1), date(2024, 3, 31)),
        (date(2024, 4, 1), date(2024, 4, 30)),
    ]
    assert [bar.last for bar in bars({"1999": 1, "2000": 1})] == [date(1999, 12, 31), date(2000, 12, 31)]


def test_a_single_period_or_none_has_no_bars() -> None:
    assert bars({}) == []
    assert bars({"2026-03": 7}) == []


_COUNTS = st.one_of(
    st.dictionaries(
        st.dates(date(1700, 1, 1), date(2100, 1, 1)).map(lambda day: f"{day:%Y}"), st.integers(1, 10**6), min_size=1
    ),
    st.dictionaries(
        st.dates(date(2020, 1, 1), date(2023, 1, 1)).map(lambda day: f"{day:%Y-%m}"), st.integers(1, 99), min_size=1
    ),
    st.dictionaries(st.dates(date(2024, 1, 20), date(2024, 3, 3)).map(date.isoformat), st.integers(1, 99), min_size=1),
)


@given(_COUNTS)
def test_bars_lose_no_article_leave_no_gap_and_are_few(counts: dict[str, int]) -> None:
    found = bars(counts)
    if len(counts) > 1:
        assert 2 <= len(found) <= MOST_BARS
        assert sum(bar.count for bar in found) == sum(counts.values())
        assert all((after.first - before.last).days == 1 for before, after in pairwise(found))
        assert all((bar.height > 0) == (bar.count > 0) for bar in found)
        assert max(bar.height for bar in found) == HEIGHT


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("en", {1: "and 1 more source", 3: "and 3 more sources"}),
        ("de", {1: "und 1 weitere Quelle", 3: "und 3 weitere Quellen"}),
        ("fr", {1: "et 1 autre source", 2: "et 2 autres sources", 1_000_000: "et 1\u202f000\u202f000 autres sources"}),
        ("ar", {1: "ومصدر آخر", 2: "ومصدران آخران", 3: "و3 مصادر أخرى", 11: "و11 مصدرًا آخر"}),
        ("fa", {2: "و ۲ منبع دیگر"}),
    ],
)
def test_more_sources_are_said_by_the_grammar_of_the_language(language: str, counts: dict[int, str]) -> None:
    assert {count: copies_said(count, language) for count in counts} == counts


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en-GB"),
        ("de-DE,de;q=0.9,en;q=0.8", "de-DE"),
        ("en;q=0.5, fa-IR ;q=0.9", "fa-IR"),
        ("xx-YY, *;q=0.5, fr;q=0", "en-GB"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("en@calendar=buddhist, root, fr", "fr"),
        ("q=;;,,-_-;q=x,\x00,../../etc", "en-GB"),
        ("a" * 100_000, "en-GB"),
    ],
)
def test_dates_are_in_the_language_that_the_browser_asks_for_first(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language
    assert day(datetime(2026, 3, 9, 14, 5, tzinfo=UTC), preferred_language(accepted))


def test_dates_are_written_as_their_language_does() -> None:
    moment = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)
    assert [day(moment, tag) for tag in ("en", "en-US", "de-AT", "fa")] == [
        "9 March 2026",
        "March 9, 2026",
        "9. März 2026",
        "۹ مارس ۲۰۲۶",
    ]
    assert minute(moment, "en") == "9 March 2026, 14:05 UTC"


def told(before: Article, after: Article) -> list[str]:
    marks = {Kind.KEPT: "{}", Kind.GONE: "-{}-", Kind.NEW: "+{}+"}
    return [" ".join(marks[piece.kind].format(piece.text) for piece in one) for one in changes(before, after)]


def test_changes_are_told_word_by_word_and_only_where_something_changed() -> None:
    before = article("Ferry sinks", "Twelve people died.\n\nThe ship was new.\n\nMore soon.")
    after = article("Ferry sinks", "Fourteen people died.\n\nThe ship was new.")
    assert told(before, after) == ["-Twelve- +Fourteen+ people died.", "-More soon.-"]
    assert told(before, before) == []
    assert told(article("A", ""), article("B", "")) == ["-A- +B+"]


def test_long_texts_are_told_as_replaced_in_good_time() -> None:
    before, after = ("\n\n".join(f"{word} {n} " * 30 for n in range(3000)) for word in ("old", "new"))
    assert told(article("T", before), article("T", after))


@given(st.lists(st.text("ab \n", max_size=30), max_size=4), st.lists(st.text("ab \n", max_size=30), max_size=4))
def test_kept_and_new_words_are_the_later_text_kept_and_gone_ones_the_earlier(old: list[str], new: list[str]) -> None:
    before, after = (article("T", "\n\n".join(text)) for text in (old, new))
    pieces = [piece for one in changes(before, after) for piece in one]
    for kind, other in ((Kind.NEW, after), (Kind.GONE, before)):
        words = " ".join(
            piece.text for piece in pieces if piece.kind is not (Kind.GONE if kind is Kind.NEW else Kind.NEW)
        )
        assert not Counter(words.split()) - Counter(f"{other.title} {other.body}".split())


def article(title: str, body: str) -> Article:
    return Article(id="a", title=title, body=body)


def test_every_language_has_every_word() -> None:
    for language, words in WORDS.items():
        assert "other" in words.copies, language
        assert all((words.heading, words.section, words.recent, words.untitled))


def test_a_tag_is_spoken_by_its_language_and_written_by_its_script() -> None:
    assert [spoken(tag) for tag in ("de-AT", "FA", "pt", "", None)] == ["de", "fa", "en", "en", "en"]
    assert [direction(tag) for tag in ("ar", "fa-IR", "az-Arab", "az", "en", "HE")] == [
        "rtl",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
        "rtl",
    ]
