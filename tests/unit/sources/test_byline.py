from __future__ import annotations

import pytest

from indexer.sources.agencies import credited_agencies
from indexer.sources.byline import is_person, read_byline


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("By Staff, Agencies", ()),
        ("By AFP", ()),
        ("By Halima Oduya", ("Halima Oduya",)),
        ("by: Jon Stell", ("Jon Stell",)),
        ("By Halima Oduya and Jon Stell", ("Halima Oduya", "Jon Stell")),
        ("By HALIMA ODUYA, Jon Stell and Agencies", ("HALIMA ODUYA", "Jon Stell")),
        ("By Jon Stell in Accra", ("Jon Stell",)),
        ("Jon Stell in Accra", ("Jon Stell",)),
        ("By Jon Stell, senior reporter", ("Jon Stell",)),
        ("By Ana de la Vega and Piet van den Berg", ("Ana de la Vega", "Piet van den Berg")),
        ("Par Élise Marchand et Luc Ferret à Dakar", ("Élise Marchand", "Luc Ferret")),
        ("Por Inés Salcedo y Marta Ruiz", ("Inés Salcedo", "Marta Ruiz")),
        ("بقلم: سلمى حداد", ("سلمى حداد",)),
        ("بقلم سلمى حداد ومحمد علي", ("سلمى حداد", "محمد علي")),
        ("نویسنده: نرگس کاظمی", ("نرگس کاظمی",)),
        ("By Jon Stell - Apr 16, 2025 8:02 pm UTC", ("Jon Stell",)),
        ("Text & Fotos: Jon Stell", ("Jon Stell",)),
        ("Interview: Halima Oduya", ("Halima Oduya",)),
        ("Auteur: Élise Marchand", ("Élise Marchand",)),
        ("Geschrieben von Jana Weller", ("Jana Weller",)),
        ("By Reuters and Jon Stell", ("Jon Stell",)),
        ("Written by Jon Stell Edited by Halima Oduya", ("Jon Stell",)),
    ],
)
def test_a_byline_names_its_persons(line: str, authors: tuple[str, ...]) -> None:
    byline = read_byline(line)
    assert byline is not None
    assert byline.authors == authors


@pytest.mark.parametrize(
    "line",
    [
        "",
        "By Monday the harbour was open again, and the boats ran as if nothing had happened.",
        "by then it was too late",
        "The board met on Monday",
        "10 March 2026",
    ],
)
def test_a_sentence_or_a_date_is_no_byline(line: str) -> None:
    assert read_byline(line) is None


@pytest.mark.parametrize(
    ("name", "person"),
    [("Aureliana", True), ("JIJI", False), ("Staff and news service reports", False), ("x@paper.example", False)],
)
def test_what_a_page_states_to_be_a_person_may_be_one_word(name: str, person: bool) -> None:
    assert is_person(name, stated=True) is person
    assert not is_person(name)


def test_agencies_are_named_by_their_own_names() -> None:
    assert credited_agencies("By Staff, Agencies", "The board met.") == []
    assert credited_agencies("By AFP, Anadolu Agency and Jon Stell", "") == ["AFP", "Anadolu"]
    assert credited_agencies("", "KABUL (Reuters/AP) - The pass was closed.") == ["Reuters", "AP"]
    assert credited_agencies("", "تهران (ایرنا) - بندر باز شد.") == ["IRNA"]
    assert credited_agencies("", "The board (the one of the harbour) met.") == []


@pytest.mark.parametrize(
    "line", ["About the author", "Sign In", "No Author", "1 mars 2019 à 15:20", "Follow Author", "5 minutes ago"]
)
def test_what_a_page_marks_as_a_byline_still_has_to_name_somebody(line: str) -> None:
    assert read_byline(line, marked=True) is None


def test_a_date_glued_to_a_byline_is_cut_off() -> None:
    byline = read_byline("Tech by Jon Stell January 18, 2025 11:00 PM @jstell", marked=True)
    assert byline is not None
    assert (byline.text, byline.authors) == ("Tech by Jon Stell", ("Jon Stell",))
