from __future__ import annotations

import pytest

from scripts.extraction_figures import (
    Extracted,
    Figures,
    Known,
    best_of,
    count_page,
    person_names,
    plain,
    same_day,
    same_minute,
    title_forms,
    token_f1,
    tokens,
)


def test_tokens_are_words_and_in_cjk_characters() -> None:
    assert tokens("The board’s 12 boats — 渡し船 re\u00adturn") == [
        "the",
        "board’s",
        "12",
        "boats",
        "渡",
        "し",
        "船",
        "return",
    ]


def test_token_f1_counts_shared_tokens_as_often_as_both_have_them() -> None:
    assert token_f1("a a b", "a b c") == pytest.approx(2 * 2 / 6)
    assert (token_f1("a", ""), token_f1("a b", "b a")) == (0.0, 1.0)


def test_quotes_dashes_and_spaces_are_no_difference() -> None:
    assert plain("“Nobody  won”\u00a0– so") == plain('"Nobody won" - so')


def test_a_site_at_either_end_makes_no_other_title() -> None:
    assert title_forms("Crews end strike | Strait Online") & title_forms("Crews end strike")
    assert not title_forms("Crews end strike") & title_forms("Strait Online")


def test_printed_names_are_compared_as_sets() -> None:
    assert person_names(["By HALIMA ODUYA and Jon Stell"]) == person_names(["Jon Stell", "Halima Oduya"])


def test_days_agree_as_printed_or_in_utc_and_times_only_with_a_time() -> None:
    assert same_day("2026-03-10T23:30:00-05:00", "2026-03-11")
    assert same_day("2026-03-10", "2026-03-10T23:30:00-05:00")
    assert not same_day("2026-03-10", "")
    assert same_minute("2026-03-10T07:15:20+02:00", "2026-03-10T05:15")
    assert not same_minute("2026-03-10T00:00:00", "2026-03-10")


def test_only_what_is_known_is_counted() -> None:
    figures = Figures()
    known = Known(Extracted(title="Crews end strike"), kept=("rota",), kept_out=("Comments", "Related"))
    count_page(figures, known, Extracted(title="Crews end strike", body="A new rota. Comments"))
    values = figures.values()
    assert (values["kept"], values["kept out"], values["title"]) == (1.0, 0.5, 1.0)
    assert values["strings"] == pytest.approx(2 / 3)
    assert "body F1" not in values
    assert "day" not in values


def test_the_best_of_rows_is_taken_figure_by_figure() -> None:
    assert best_of([{"title": 0.5, "day": 0.9}, {"title": 0.7, "day": 0.1}]) == {"title": 0.7, "day": 0.9}
