from __future__ import annotations

import pytest

from indexer.sources.byline import read_byline


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


@pytest.mark.parametrize("line", ["About the author", "1 mars 2019 à 15:20", "Follow Author", "5 minutes ago"])
def test_what_a_page_marks_as_a_byline_still_has_to_name_somebody(line: str) -> None:
    assert read_byline(line, marked=True) is None


def test_a_date_glued_to_a_byline_is_cut_off() -> None:
    byline = read_byline("Tech by Jon Stell January 18, 2025 11:00 PM @jstell", marked=True)
    assert byline is not None
    assert (byline.text, byline.authors) == ("Tech by Jon Stell", ("Jon Stell",))
