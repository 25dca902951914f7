from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from indexer.sources import open_source
from indexer.types import Article, Found, Reject
from tests.support import NOW
from tests.unit.sources.invented_pages import ARABIC_PARAGRAPHS, ARABIC_TITLE, BODY, PARAGRAPHS, RELATED, TITLE

MENU = "- Home\n- Harbour\n- LETTERS\n- Full Speeches\n"


def read(folder: Path, text: str) -> Found | Reject:
    path = folder / "page.txt"
    path.write_text(text, encoding="utf-8")
    (item,) = open_source(path, now=NOW)
    return item


def test_a_dump_of_a_page_gives_headline_byline_and_exactly_the_paragraphs(tmp_path: Path) -> None:
    text = MENU + "\n".join([TITLE, "By Staff, Agencies", *PARAGRAPHS, "Comments", "- Related News4.0K", *RELATED])
    item = read(tmp_path, text)
    assert isinstance(item, Found)
    assert (item.article.title, item.article.body) == (TITLE, BODY)
    assert (item.article.authors, item.article.extra["byline"]) == ((), "By Staff, Agencies")
    assert (item.partial, item.place) == (True, "page")


def test_a_date_line_is_the_date_and_no_part_of_the_text(tmp_path: Path) -> None:
    item = read(tmp_path, "\n".join([TITLE, "By Jon Stell", "10-03-2026 | 05:15", *PARAGRAPHS]))
    assert isinstance(item, Found)
    assert item.article.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)
    assert (item.article.body, item.article.authors) == (BODY, ("Jon Stell",))


def test_a_headline_and_paragraphs_are_enough(tmp_path: Path) -> None:
    item = read(tmp_path, f"{TITLE}\n\n{BODY}\n")
    assert isinstance(item, Found)
    assert (item.article.title, item.article.body) == (TITLE, BODY)


def test_wrapped_lines_are_joined(tmp_path: Path) -> None:
    wrapped = PARAGRAPHS[0].replace(" after ", "\nafter ").replace(" that had ", "\nthat had ")
    item = read(tmp_path, f"{TITLE}\n\n{wrapped}\n\n{PARAGRAPHS[2]}\n")
    assert isinstance(item, Found)
    assert item.article.body == f"{PARAGRAPHS[0]}\n\n{PARAGRAPHS[2]}"


def test_text_without_sentences_is_no_article(tmp_path: Path) -> None:
    item = read(tmp_path, MENU * 3)
    assert isinstance(item, Reject)
    assert item.reason.startswith("no article found: 0 words")


def found(folder: Path, lines: list[str]) -> Article:
    item = read(folder, "\n".join(lines))
    assert isinstance(item, Found), item
    return item.article


def test_menu_lines_without_bullets_are_no_headline(tmp_path: Path) -> None:
    article = found(
        tmp_path,
        ["Home", "World", "Harbour", "Full Speeches", TITLE, "Harbour", "4 min read", *PARAGRAPHS, "Comments (0)"],
    )
    assert (article.title, article.body) == (TITLE, BODY)


def test_of_several_candidates_the_headline_is_the_one_that_the_dump_repeats(tmp_path: Path) -> None:
    lines = [
        f"{TITLE} | Strait Online",
        *RELATED,
        TITLE,
        "The long night of the harbour board",
        "By Jon Stell",
        *PARAGRAPHS,
    ]
    article = found(tmp_path, lines)
    assert (article.title, article.authors, article.body) == (TITLE, ("Jon Stell",), BODY)


def test_a_byline_may_stand_below_the_date(tmp_path: Path) -> None:
    article = found(tmp_path, [TITLE, "18-10-2025 | 09:35", "By Staff, Agencies", "Share on Telegram", *PARAGRAPHS])
    assert article.published_at == datetime(2025, 10, 18, 9, 35, tzinfo=UTC)
    assert (article.authors, article.extra["byline"], article.body) == ((), "By Staff, Agencies", BODY)


def test_byline_and_date_may_stand_below_a_standfirst(tmp_path: Path) -> None:
    standfirst = "Nine days of strike end with fewer crossings at night and a second engineer."
    article = found(tmp_path, [TITLE, standfirst, "By Halima Oduya", "March 10, 2026 05:15", *PARAGRAPHS])
    assert article.published_at == datetime(2026, 3, 10, 5, 15, tzinfo=UTC)
    assert (article.title, article.authors, article.body) == (TITLE, ("Halima Oduya",), f"{standfirst}\n\n{BODY}")


def test_a_byline_may_close_the_text(tmp_path: Path) -> None:
    article = found(tmp_path, [TITLE, *PARAGRAPHS, "By Halima Oduya", "Related News (12)", *RELATED])
    assert (article.authors, article.body) == (("Halima Oduya",), BODY)


def test_lists_with_counts_end_the_text(tmp_path: Path) -> None:
    article = found(
        tmp_path,
        [
            TITLE,
            *PARAGRAPHS,
            "* Related News 12",
            *RELATED,
            "Comments: 3",
            "I waited two days and nobody told us anything.",
        ],
    )
    assert article.body == BODY


def test_an_arabic_dump_gives_its_article(tmp_path: Path) -> None:
    lines = [
        "الرئيسية",
        "• أخبار",
        ARABIC_TITLE,
        "بقلم: سلمى حداد",
        "١٠ مارس ٢٠٢٦",
        *ARABIC_PARAGRAPHS,
        "التعليقات (٠)",
        "أخبار ذات صلة",
    ]
    article = found(tmp_path, [*lines, "تاريخ قصير للرصيف الشرقي"])
    assert (article.title, article.body) == (ARABIC_TITLE, "\n\n".join(ARABIC_PARAGRAPHS))
    assert (article.authors, article.language) == (("سلمى حداد",), "ar")
    assert article.published_at == datetime(2026, 3, 10, tzinfo=UTC)


def test_a_persian_dump_has_its_day_of_the_persian_calendar(tmp_path: Path) -> None:
    text = "کارکنان کشتی\u200cها روز سه\u200cشنبه پس از نه روز اعتصاب به کار بازگشتند و بندر دوباره باز شد."
    article = found(
        tmp_path,
        [
            "- صفحه نخست",
            "پایان نه روز اعتصاب کشتی\u200cها",
            "۱۴۰۴/۱۲/۱۹ - ۰۹:۳۵",
            text,
            f"{text[:-1]} و ماند.",
            "نظرات",
        ],
    )
    assert article.published_at == datetime(2026, 3, 10, 9, 35, tzinfo=UTC)
    assert article.body == f"{text}\n\n{text[:-1]} و ماند."
