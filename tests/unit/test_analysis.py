"""What a reader may type for a word, in each language, and where the word is marked in the text as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.analysis import (
    FOLDED,
    QueryTerms,
    analyse,
    analysis_of,
    folded,
    matching_spans,
    other_terms,
    words_of,
)
from indexer.engines.light_stemming import arabic_stem, persian_stem
from indexer.engines.scripts import is_plain, plain
from indexer.engines.terms import BREAK

MIXED = st.text(
    alphabet=st.sampled_from(
        "abIİıé ßüœ'’-_.1٣۳ بكکيیىئهةآأـًٌ\u200cмёЁ́東京ーカがｶﾞﾊﾟ서울ไทน้ำहिन्दीשָׁ\u00ad\u200d\u200f\u00a0\n"
    ),
    max_size=40,
)
LANGUAGES = st.sampled_from(["en", "ar", "fa", "fr", "es", "de", "ru", "tr", "ja", "zh", "ko", "th", "hi", "ur", "und"])


def marked(text: str, language: str, typed: str) -> list[str]:
    """The parts of a text that are marked for a query, in an archive of articles in that language and in English."""
    query = QueryTerms.of_query(typed, sorted({analysis_of(language), "en"}))
    return [text[start:end] for start, end, _ in matching_spans(text, language, query)]


@pytest.mark.parametrize(
    ("language", "text", "typed"),
    [
        ("fa", "او به خانه می‌رود", "میرود"),
        ("fa", "او به خانه می‌رود", "می رود"),
        ("fa", "او به خانه میرود", "می‌رود"),
        ("fa", "آب قنات زارچ‌بالا", "زارچبالا"),
        ("fa", "آب قنات زارچ‌بالا", "زارچ بالا"),
        ("fa", "آب قنات زارچ بالا", "زارچ‌بالا"),
        ("fa", "مسائل روز", "مسايل"),
        ("fa", "خانهٔ پدری", "خانه‌ی"),
        ("fa", "بزرگ‌ترین پل", "بزرگتر"),
        ("ar", "والحكومةُ الجديدة", "حكومة"),
        ("ar", "للمدرسة بابان", "المدرسه"),
        ("ar", "إعلان النتائج", "اعلان"),
        ("ar", "كتــــاب قديم", "کتاب"),
        ("ar", "ﻛﺘﺎﺏ قديم", "كتاب"),
        ("tr", "Iğdır'da kayısı", "IĞDIR"),
        ("tr", "İzmir'in ışıkları", "izmir"),
        ("tr", "gece ışıklar söndü", "isiklar"),
        ("de", "Die Mühlen mahlen", "Muehle"),
        ("de", "Die Mühlen mahlen", "muhlen"),
        ("de", "auf der Straße", "Strasse"),
        ("fr", "les gouttières d’une passerelle", "gouttiere"),
        ("fr", "après l’élection", "elections"),
        ("es", "el cable se rompió", "rompio"),
        ("it", "la società dell’acqua", "societa"),
        ("ru", "Ёлки на площади", "елка"),
        ("ru", "старый за\u0301мок", "замок"),
        ("el", "Εκλογές στην Αθήνα", "ΑΘΗΝΑ"),
        ("he", "שָׁלוֹם לכולם", "שלום"),
        ("hi", "हिन्दी समाचार", "हिन्दी"),
        ("vi", "Thành phố Đà Nẵng", "da nang"),
        ("en", "a soft\u00adhyphen", "softhyphen"),
        ("zh", "北京地铁开通", "地铁"),
        ("zh", "他有一只猫和狗", "猫"),
        ("ja", "2026年5月に開通", "5月"),
        ("ja", "ﾄﾝﾈﾙが開通", "トンネル"),
        ("ja", "ＡＢＣの発表", "ABC"),
        ("ko", "서울에서 열린 축제", "서울"),
        ("th", "ชาวประมงพบเรือเก่า", "เรือ"),
    ],
)
def test_a_word_is_found_as_readers_type_it(language: str, text: str, typed: str) -> None:
    assert marked(text, language, typed) != []


@pytest.mark.parametrize(
    ("language", "text", "typed", "parts"),
    [
        ("fa", "کتاب‌هایِ تازه", "کتابها", ["کتاب"]),
        ("fa", "آب قنات زارچ‌بالا", "زارچبالا", ["زارچ‌بالا"]),
        ("ar", "قال إنّ الحُكُومَةَ باقية", "حكومة", ["الحُكُومَةَ"]),
        ("ar", "مـديـنـة قديمة", "مدينة", ["مـديـنـة"]),
        ("ja", "ﾄﾝﾈﾙが開通", "トン", ["ﾄﾝ"]),
        ("th", "น้ำท่วม", "น้ำท่วม", ["น้ำ", "ำท่", "ท่ว", "วม"]),
        ("ko", "서울에서 열린", "서울", ["서울"]),
        ("en", "The ferries’ captain", "ferry", ["ferries"]),
        ("fr", "l’élection d’État", "election etat", ["élection", "État"]),
    ],
)
def test_the_marks_stand_on_the_word_as_it_is_written(language: str, text: str, typed: str, parts: list[str]) -> None:
    assert marked(text, language, typed) == parts


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("حكوم", ["الحكومه", "والحكومه", "بالحكومه", "للحكومه", "وللحكومه", "حكومات"]),
        ("وزير", ["وزير", "الوزير", "والوزير"]),
        ("والد", ["والده"]),
        ("بالغ", ["بالغ"]),
    ],
)
def test_an_arabic_word_is_one_with_and_without_article(stem: str, words: list[str]) -> None:
    assert {arabic_stem(word) for word in words} == {stem}


@pytest.mark.parametrize("word", ["ميدان", "ميراث", "دختر", "دفتر", "بها", "ميبد"])
def test_a_persian_word_that_only_looks_inflected_stays_whole(word: str) -> None:
    assert persian_stem(word) == word


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "من في على هذا التي"),
        ("fa", "و در به از که می‌ ها این"),
        ("fr", "jusqu'à l' d' qu' lorsqu'"),
        ("tr", "ve ile bu için DEĞİL"),
        ("ru", "ещё и не"),
    ],
)
def test_stop_words_are_no_terms(language: str, text: str) -> None:
    assert analyse(text, analysis_of(language)) == []


def test_exact_words_keep_their_endings_and_runs_are_letters_so_that_any_part_is_a_phrase() -> None:
    assert folded("Les Élections") == ["les", "elections"]
    assert folded("東京都5月") == ["東", "京", "都", "5", "月"]
    assert folded("서울에서 KBS") == ["서울에서", "kbs"]
    assert folded("می‌رود") == ["مي", "رود"]


def test_what_else_a_text_is_found_by_is_not_what_it_is_found_by_already() -> None:
    assert other_terms("gouttière, gouttière et élection", "fr") == ["gouttier"]
    assert other_terms("زارچ‌بالا می‌رود کتاب‌ها", "fa") == ["زارچبالا"]
    assert other_terms("東京", FOLDED) == ["東", "京"]
    assert other_terms("The café’s ferry", "en") == []


def test_a_compound_weighs_what_its_parts_do_where_its_language_has_no_compounds() -> None:
    words = QueryTerms.of_query("می‌رود", ["fa"]).words
    assert [dict(word.forms) for word in words] == [{"fa": "رود"}]


@pytest.mark.parametrize("tag", ["fa", "fa-AF", "fa-Arab-IR", "FA", "fas", "prs-AF"])
def test_neither_region_nor_length_of_a_tag_changes_the_analysis(tag: str) -> None:
    assert analysis_of(tag) == "fa"


@given(MIXED)
def test_plain_letters_are_plain_for_good(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain(text) == text or not is_plain(text)


@given(MIXED, LANGUAGES)
def test_terms_hold_no_white_space_and_never_the_break(text: str, language: str) -> None:
    analysis = analysis_of(language)
    for term in [*analyse(text, analysis), *other_terms(text, analysis), *folded(text)]:
        assert term.split() == [term]
        assert BREAK not in term


@given(MIXED, LANGUAGES)
def test_every_word_of_a_text_finds_it(text: str, language: str) -> None:
    analysis = analysis_of(language)
    indexed = {*analyse(text, analysis), *other_terms(text, analysis)}
    for word in words_of(text):
        assert set(QueryTerms.of_query(word, [analysis]).terms_of(language)) <= indexed


@given(MIXED, MIXED, LANGUAGES)
def test_marks_are_within_the_text_in_order_and_of_wanted_terms(text: str, typed: str, language: str) -> None:
    query = QueryTerms.of_query(f"{typed} {text[:10]}", [analysis_of(language)])
    spans = matching_spans(text, language, query)
    assert [(start, end) for start, end, _ in spans] == sorted({(start, end) for start, end, _ in spans})
    assert all(0 <= start < end <= len(text) for start, end, _ in spans)
    assert {term for _, _, term in spans} <= query.terms_of(language)
