from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.analysis import FOLDED, QueryTerms, analyse, analysis_of, matching_spans
from indexer.engines.light_stemming import persian_stem
from indexer.engines.scripts import word_spans


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("fa", "علی", "علي"),
        ("fa", "کتاب‌ها", "کتابها"),
        ("fa", "می‌رود", "می رود"),
        ("fa", "کتابِ", "كتاب"),
        ("fa", "سال ۱۴۰۵", "سال 1405"),
        ("fa", "بزرگ‌ترین", "بزرگترین"),
        ("ar", "الكتابُ", "الکتاب"),
        ("ar", "الإسلام", "الاسلام"),
        ("ar", "مـــدينة", "مدينة"),
        ("ar", "عام ٢٠٢٦", "عام 2026"),
        ("tr", "IŞIK", "ışık"),
        ("tr", "İSTANBUL", "istanbul"),
        ("de", "Häuser", "Haus"),
        ("de", "Straße", "STRASSE"),
        ("fr", "l'avion", "avions"),
        ("fr", "élève", "eleves"),
        ("es", "elección", "elecciones"),
        ("ru", "городов", "города"),
        ("en", "strikes", "strike"),
        ("ur", "علی", "علي"),
        ("und", "İzmir", "izmir"),
    ],
)
def test_spellings_of_one_word_are_one_term(language: str, one: str, other: str) -> None:
    analysis = analysis_of(language)
    assert analyse(one, analysis) == analyse(other, analysis) != []


def test_a_short_word_that_ends_like_a_suffix_stays_whole() -> None:
    assert [persian_stem(word) for word in ("بها", "دختر", "دفترها")] == ["بها", "دختر", "دفتر"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("東京大学", ["東京", "京大", "大学"]),
        ("2026年の大学", ["2026", "年の", "の大", "大学"]),
        ("カメラ", ["カメ", "メラ"]),
        ("猫", ["猫"]),
        ("서울에서", ["서울", "울에", "에서"]),
        ("ไทย", ["ไท", "ทย"]),
        ("北京 news", ["北京", "news"]),
    ],
)
def test_scripts_without_spaces_are_cut_into_pairs(text: str, terms: list[str]) -> None:
    assert analyse(text, FOLDED) == terms


def test_a_word_within_a_run_is_found_and_marked_where_it_stands() -> None:
    text = "研究者は東京大学にいる"
    spans = matching_spans(text, "ja", QueryTerms.of_query("東京大学", [FOLDED]))
    assert [text[start:end] for start, end, _ in spans] == ["東京", "京大", "大学"]
    text = "خبر: کتاب‌های تازه در علي‌آباد"
    spans = matching_spans(text, "fa", QueryTerms.of_query("کتابها علی", ["fa", FOLDED]))
    assert [text[start:end] for start, end, _ in spans] == ["کتاب", "علي"]


@given(st.text(alphabet=st.sampled_from("ab é東京大カ서울ไทعليی‌ک0۱1-.'"), max_size=30))
def test_every_span_is_analysed_as_the_whole_text_is(text: str) -> None:
    words = [text[start:end] for start, end in word_spans(text)]
    assert [term for word in words for term in analyse(word, FOLDED)] == analyse(text, FOLDED)
