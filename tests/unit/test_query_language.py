from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.filters import Condition, Fact, Holds, Is, Place, Published
from search_api.query_language import TypedQuery, read_query


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def phrase(words: str) -> Holds:
    return Holds(words, exact=True)


def only(typed: str) -> Condition:
    """The one condition that what was typed requires."""
    ((condition,),) = read_query(typed).require
    return condition


@pytest.mark.parametrize(
    "typed",
    [
        "why did the ferry  capsize?",
        '5" gun and 6" gun',
        'a 5 " gun and a 6 " gun',
        "the 'hot line' isn't a phrase",
        "-5 degrees, a - b, --x, co-op, word-",
        "https://example.org/a ratio 3:2 at 10:30 foo:bar",
        "requirements: methods; section: world",
        "(MEDLARS) and (s)he",
        "to be or not to be and more",
        "OR",
        "NOT",
        "ferry NOT",
        "ferry not boat",
        "NOT OR",
        "MINISTERS DO NOT WANT TALKS IN PARIS",
        "OR ferry",
        "ferry OR",
        "AND ferry AND",
        "ferry OR OR boat",
        "date:2026-13 from:soon until:2026-02-30 date:2026-05..2026-03 before:10:30 date:..",
        '"" "?!" ... :-)',
        '"open',
        'source:"open',
        '-"open',
        'title:"open',
        "date:9999-12-31 date:2026-00",
        "TALKS BETWEEN PORTUGAL AND THE U.S. OR OTHERS",
        "فرش اصفهان موزه 🚢",
        "",
    ],
)
def test_what_is_no_operator_is_searched_as_typed(typed: str) -> None:
    assert read_query(typed) == TypedQuery(" ".join(typed.split()))


@pytest.mark.parametrize(
    "typed",
    [
        '"cap on  flats" court',
        "“cap on flats” court",
        "„cap on flats“ court",
        "« cap on flats » court",
        "»cap on flats« court",
    ],
)
def test_a_quoted_phrase_is_required_letter_by_letter(typed: str) -> None:
    words = ("cap on flats",)
    assert read_query(typed) == TypedQuery("cap on flats court", words, ((phrase("cap on flats"),),), literal=words)


def test_a_quoted_word_is_a_phrase_too() -> None:
    assert read_query('"cap"') == TypedQuery("cap", ("cap",), ((phrase("cap"),),), literal=("cap",))


def test_a_lone_quote_is_searched_as_typed_beside_a_phrase() -> None:
    query = read_query('27" screen "new model" "old')
    assert query.text == '27" screen new model "old'
    assert query.phrases == ("new model",)


def test_punctuation_behind_a_phrase_stays_with_it() -> None:
    assert read_query('("cap on flats"), court?').text == "cap on flats, court?"


def test_excluded_words_are_not_searched() -> None:
    query = read_query('drivers on strike -Santos, -"port of call" (-ferry) -co-op')
    assert query == TypedQuery(
        "drivers on strike", exclude=(Holds("Santos"), phrase("port of call"), Holds("ferry"), Holds("co-op"))
    )


def test_a_query_may_hold_exclusions_only() -> None:
    assert read_query("-section:sport -title:cup") == TypedQuery(
        "", exclude=(Is(Fact.SECTION, "sport"), Holds("cup", Place.TITLE))
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("section:world", Is(Fact.SECTION, "world")),
        ("SECTION:World", Is(Fact.SECTION, "World")),
        ('source:"Meridian  Wire"', Is(Fact.SOURCE, "Meridian Wire")),
        ("author:“Jane Doe”", Is(Fact.AUTHOR, "Jane Doe")),
        ("tag:ferry,", Is(Fact.TAG, "ferry")),
        ("language:en", Is(Fact.LANGUAGE, "en")),
        ("(lang:en-GB)", Is(Fact.LANGUAGE, "en-GB")),
    ],
)
def test_a_field_is_required_and_not_searched(typed: str, expected: Condition) -> None:
    assert read_query(typed) == TypedQuery("", require=((expected,),))


def test_words_of_the_title_are_searched_as_well() -> None:
    assert read_query("title:ferry") == TypedQuery("ferry", (), ((Holds("ferry", Place.TITLE),),), literal=("ferry",))
    assert read_query('title:"ferry sinks" lake') == TypedQuery(
        "ferry sinks lake",
        ("ferry sinks",),
        ((Holds("ferry sinks", Place.TITLE, exact=True),),),
        literal=("ferry sinks",),
    )


@pytest.mark.parametrize(
    ("typed", "start", "past"),
    [
        ("date:2026-03-01", day(2026, 3, 1), day(2026, 3, 2)),
        ("date:2026-12", day(2026, 12), day(2027)),
        ("date:2024", day(2024), day(2025)),
        ("date:2026-03-01..2026-03-10.", day(2026, 3, 1), day(2026, 3, 11)),
        ("date:2026-03..", day(2026, 3), None),
        ("date:..2026-03", None, day(2026, 4)),
        ("from:2024-02-29", day(2024, 2, 29), None),
        ("since:2026-03", day(2026, 3), None),
        ("after:2026-03", day(2026, 4), None),
        ("to:2026-03", None, day(2026, 4)),
        ('until:"2025"', None, day(2026)),
        ("Before:2026-03-10", None, day(2026, 3, 10)),
    ],
)
def test_a_date_field_bounds_the_time(typed: str, start: datetime | None, past: datetime | None) -> None:
    assert only(typed) == Published(start, past)


def test_two_values_of_one_field_are_alternatives() -> None:
    query = read_query('section:world "a b" section:sport tag:x')
    assert query.require == (
        (Is(Fact.SECTION, "world"), Is(Fact.SECTION, "sport")),
        (phrase("a b"),),
        (Is(Fact.TAG, "x"),),
    )


def test_an_or_takes_the_operands_beside_it() -> None:
    assert read_query("ferry OR boat capsized") == TypedQuery(
        "ferry boat capsized", require=((Holds("ferry"), Holds("boat")),), literal=("ferry", "boat")
    )
    assert read_query('(ferry OR "tug boat" OR section:sea) sank AND burned') == TypedQuery(
        "ferry tug boat sank burned",
        ("tug boat",),
        ((Holds("ferry"), phrase("tug boat"), Is(Fact.SECTION, "sea")),),
        literal=("ferry", "tug boat"),
    )


def test_a_field_beside_an_or_keeps_to_its_group() -> None:
    query = read_query("section:world OR section:sport section:art")
    assert query.require == ((Is(Fact.SECTION, "world"), Is(Fact.SECTION, "sport")), (Is(Fact.SECTION, "art"),))


def test_an_or_beside_an_exclusion_is_a_word() -> None:
    assert read_query("ferry OR -boat") == TypedQuery("ferry OR", exclude=(Holds("boat"),))


def test_two_runs_of_or_are_two_groups() -> None:
    assert read_query("a OR b c OR d").require == ((Holds("a"), Holds("b")), (Holds("c"), Holds("d")))


def test_a_short_text_in_capitals_may_hold_an_or() -> None:
    assert read_query("NATO OR EU").require == ((Holds("NATO"), Holds("EU")),)


def test_an_and_is_left_out() -> None:
    assert read_query("salt AND pepper") == TypedQuery("salt pepper")


@pytest.mark.parametrize(
    ("typed", "with_minus"),
    [
        ("Iran NOT Trump", "Iran -Trump"),
        ("Iran AND NOT Trump, talks", "Iran AND -Trump talks"),
        ("Iran OR NOT Trump", "Iran OR -Trump"),
        ("NOT section:sport ferry", "-section:sport ferry"),
        ('ferry NOT "port strike" NOT title:cup', 'ferry -"port strike" -title:cup'),
        ("IRAN NOT TRUMP", "IRAN -TRUMP"),
    ],
)
def test_a_not_excludes_what_follows(typed: str, with_minus: str) -> None:
    assert read_query(typed) == read_query(with_minus)
    assert read_query(typed).exclude


def test_a_not_before_no_operand_is_a_word() -> None:
    assert read_query("ferry NOT -boat") == TypedQuery("ferry NOT", exclude=(Holds("boat"),))
    assert read_query("ferry NOT NOT boat") == TypedQuery("ferry NOT", exclude=(Holds("boat"),))


def test_the_words_that_must_be_held_are_told_in_the_order_typed() -> None:
    query = read_query('may OR march title:today "last week" -"this year" section:"May 2025" plain')
    assert query.literal == ("may", "march", "today", "last week")
    assert query.phrases == ("last week",)


@pytest.mark.parametrize(
    "typed", ['“state of emergency" Lima', '"state of emergency” Lima', '„state of emergency" Lima']
)
def test_straight_and_curly_quotes_may_close_each_other(typed: str) -> None:
    assert read_query(typed) == read_query('"state of emergency" Lima')


def test_the_right_quote_closes_a_phrase_unless_it_belongs_to_the_next() -> None:
    assert read_query('"he said “cap on flats” today"').phrases == ("he said “cap on flats” today",)
    assert read_query('“he said "cap" today”').phrases == ('he said "cap" today',)
    assert read_query('“state of emergency" and “port strike”').phrases == ("state of emergency", "port strike")
    assert read_query('"state of emergency” and "port strike"').phrases == ("state of emergency", "port strike")


@pytest.mark.parametrize(
    "piece", ['"', "“", "„a “", '"a ', "“a „", "(", ")", "a OR ", "-", "-“", "title:“", '"! ', "section:x "]
)
def test_thousands_of_operators_are_read(piece: str) -> None:
    assert read_query(piece * 20_000).text is not None


def test_a_long_passage_is_searched_as_it_is() -> None:
    passage = 'He called it "a farce" and left. ' * 9
    assert read_query(passage) == TypedQuery(passage.strip())
