from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from indexer.completing import completed, is_later, says_nothing_new
from indexer.sources.items import EXTENT, Extent
from indexer.types import Article, DateOrigin, Found, PubStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = Article(
    id="a",
    title="Ferry crews strike",
    body="Crews walked out.\n\nThe port closed.",
    url="https://paper.example/strike",
    published_at=NOON,
    published_from=DateOrigin.META,
    source="Paper",
    authors=("Ada Lund",),
    language="en",
    extra={"byline": "By Ada Lund"},
)
SUMMARY = replace(
    FULL, title="Crews strike", body="Crews walked out.", authors=(), extra={EXTENT: Extent.SUMMARY, "guid": "7"}
)
HEADLINE = replace(SUMMARY, body="", extra={EXTENT: Extent.HEADLINE})


def test_what_a_page_does_not_show_is_kept() -> None:
    page = replace(
        FULL, body="The port opened again.", source=None, authors=(), published_at=None, pubstatus=PubStatus.USABLE
    )
    kept = completed(page, replace(FULL, pubstatus=PubStatus.WITHHELD))
    assert (kept.body, kept.source, kept.authors, kept.published_at) == (
        "The port opened again.",
        "Paper",
        ("Ada Lund",),
        NOON,
    )
    assert kept.pubstatus is PubStatus.WITHHELD


@pytest.mark.parametrize("lesser", [SUMMARY, HEADLINE])
def test_a_summary_takes_nothing_from_an_article_whose_text_is_known(lesser: Article) -> None:
    assert completed(lesser, FULL) == FULL
    assert says_nothing_new(Found(lesser, "feed", "item 1", partial=True), lesser, FULL)


def test_a_summary_adds_what_was_not_known() -> None:
    dateless = replace(FULL, published_at=None, published_from=DateOrigin.NONE, section=None)
    filled = completed(replace(SUMMARY, section="Harbour", published_from=DateOrigin.RECORD), dateless)
    assert (filled.body, filled.section, filled.published_at) == (FULL.body, "Harbour", NOON)
    assert filled.published_from is DateOrigin.RECORD


def test_a_page_replaces_the_summary_and_nothing_says_summary_any_more() -> None:
    whole = completed(FULL, SUMMARY)
    assert whole.body == FULL.body
    assert whole.extra == {"guid": "7", "byline": "By Ada Lund"}


def test_a_headline_gives_way_to_a_summary() -> None:
    assert completed(SUMMARY, HEADLINE).extra[EXTENT] == Extent.SUMMARY


def test_the_address_of_a_twin_does_not_replace_the_page_s_own() -> None:
    amp = replace(FULL, url="https://paper.example/strike/amp")
    assert completed(amp, FULL).url == FULL.url
    assert completed(FULL, amp).url == FULL.url
    assert (
        completed(replace(FULL, url="https://paper.example/strike?id=2"), FULL).url
        == "https://paper.example/strike?id=2"
    )


def test_a_date_without_its_time_does_not_replace_the_same_day_s() -> None:
    midnight = replace(FULL, published_at=NOON.replace(hour=0), published_from=DateOrigin.PAGE)
    assert (completed(midnight, FULL).published_at, completed(midnight, FULL).published_from) == (NOON, DateOrigin.META)


def test_a_version_is_later_by_what_it_says_itself() -> None:
    dated = replace(FULL, updated_at=NOON)
    assert is_later(dated, FULL)
    assert not is_later(dated, FULL, default=False)
    assert not is_later(FULL, dated)
    assert not is_later(dated, dated)
