"""What a typed query is read as, and what the answer says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.engines.word_weights import RARE
from indexer.filters import Holds
from search_api import jobs
from search_api.library import Library
from search_api.query import Dates, Facet, Mode, SearchQuery, Sort
from search_api.results import SearchAnswer
from search_api.searcher import search
from search_api.seen import LOOKED_AT
from search_api.suggestions import Kind, suggest
from tests.support import NOW, anything, index_of, opened_library, record, write_jsonl

COPY = {"id": "copy", "source": "Wire"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATELINE_MODEL", "text-hash")
        folder: Path = tmp_path_factory.mktemp("search")
        records = [record(number) for number in range(40)]
        records.append(record(0) | COPY)
        records[5] |= {"title": "Council hears Amina Diallo Traore on buses", "authors": ["Ngozi Bello"], "tags": []}
        records[6] |= {"title": "Why Amina Diallo Traore left the council", "tags": []}
        records[13] |= {"title": "Council wants an answer in January 2026, it says"}
        records[9] |= {
            "title": "Withheld words about zeppelins",
            "body": "Zeppelin zeppelins.",
            "pubstatus": "withheld",
        }
        opened = opened_library(index_of(folder, records))
        yield opened
        opened.close()


def ask(library: Library, text: str, **asked: Any) -> SearchAnswer:
    return search(library, replace(SearchQuery(text, anything(), limit=100), **asked))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("recency", ["off", "auto", "7d"])
@pytest.mark.parametrize("text", ["latest ferry report from Lima", "central bank policy"])
def test_the_parts_of_an_explanation_make_the_score(library: Library, mode: Mode, recency: str, text: str) -> None:
    hits = ask(library, text, mode=mode, recency=recency, explain=True).hits
    assert hits
    for hit in hits:
        parts = hit.explain
        assert parts is not None
        share = parts.article_share
        dense = max(0.0, (1 - share) * parts.cosine + share * parts.article_cosine)
        assert parts.dense == pytest.approx(min(1.0, dense), abs=1e-6)
        assert parts.lexical == pytest.approx(min(1.0, parts.bm25 / (parts.full_marks or 1)), abs=1e-6)
        blend = parts.semantic_ratio * parts.dense + (1 - parts.semantic_ratio) * parts.lexical
        assert parts.blend == pytest.approx(blend, abs=1e-6)
        assert hit.score == pytest.approx(parts.blend * parts.recency, abs=1e-6)
    ranks = sorted(hit.explain.dense_rank for hit in hits if hit.explain)
    assert ranks[0] >= 1
    assert len(set(ranks)) == len(ranks)


def test_an_explanation_names_the_folded_copies(library: Library) -> None:
    (hit,) = [
        hit for hit in ask(library, "ferry dispatch 0 Mwanza", explain=True).hits if hit.article.id in ("a0", "copy")
    ]
    assert hit.explain is not None
    assert {hit.article.id, *hit.explain.folded} == {"a0", "copy"}


def test_a_score_is_the_same_under_a_filter_and_on_every_page(library: Library) -> None:
    everything = {hit.article.id: hit.score for hit in ask(library, "ferry report from Oslo").hits}
    few = ask(library, 'ferry report from Oslo source:"Source 1" section:ferry').hits
    assert few
    page = ask(library, "ferry report from Oslo", limit=3)
    later = ask(library, "ferry report from Oslo", limit=3, cursor=page.next_cursor)
    for hit in (*page.hits, *later.hits):
        assert hit.score == everything[hit.article.id]
    narrowed = ask(library, "ferry report from Oslo section:quake")
    shared = [hit for hit in narrowed.hits if hit.article.id in everything]
    assert shared
    assert [hit.score for hit in shared] == pytest.approx([everything[hit.article.id] for hit in shared])


def test_phrases_exclusions_and_fields_bound_the_answer(library: Library) -> None:
    assert {hit.article.id for hit in ask(library, '"dispatch 8 from Lima"').hits} == {"a8"}
    assert not any("Oslo" in hit.article.body for hit in ask(library, "ferry -Oslo").hits)
    assert {hit.article.section for hit in ask(library, "report section:rate OR section:final").hits} == {
        "rate",
        "final",
    }
    assert {hit.article.id for hit in ask(library, 'title:"rate report 17"').hits} == {"a17"}
    assert ask(library, '"dispatch 8 from Oslo"').hits == ()


def test_a_query_of_filters_only_lists_all_that_fits_newest_first(library: Library) -> None:
    answer = ask(library, "section:ferry -Oslo")
    dates = [hit.article.published_at for hit in answer.hits]
    assert answer.understood.text == ""
    assert answer.total.exact
    assert answer.total.value == len(dates) == 8
    assert all(hit.explain is None for hit in ask(library, "section:ferry", explain=True).hits)
    assert dates == sorted(dates, key=str, reverse=True)


def test_time_words_become_a_filter_that_is_shown_and_can_be_taken_away(library: Library) -> None:
    then = datetime(2026, 1, 8, 12, tzinfo=UTC)
    filters = replace(anything(), as_of=then)
    answer = ask(library, "ferry report yesterday", filters=filters)
    dates = answer.understood.dates
    assert dates is not None
    assert (dates.words, dates.applied) == ("yesterday", True)
    assert answer.understood.text == "ferry report"
    assert answer.hits
    assert {hit.article.published_at.date().isoformat() for hit in answer.hits if hit.article.published_at} == {
        "2026-01-07"
    }
    free = ask(library, "ferry report yesterday", filters=filters, dates=Dates.OFF)
    assert free.understood.dates is None
    assert len(free.hits) > len(answer.hits)
    assert all(hit.article.published_at <= then for hit in free.hits if hit.article.published_at)


def test_time_words_that_would_leave_nothing_are_searched_as_words(library: Library) -> None:
    answer = ask(library, "ferry report in March 2019")
    assert answer.understood.dates is not None
    assert not answer.understood.dates.applied
    assert answer.understood.text == "ferry report in March 2019"
    assert answer.hits


@pytest.mark.parametrize(
    "text", ["ferry report yesterday from:2026-01-02", 'ferry "report yesterday"', "title:2026 ferry"]
)
def test_given_dates_and_quoted_words_are_stronger_than_time_words(library: Library, text: str) -> None:
    assert ask(library, text).understood.dates is None


def test_a_field_that_shares_letters_with_time_words_does_not_stop_them(library: Library) -> None:
    dates = ask(library, "title:an report in January 2026").understood.dates
    assert dates is not None
    assert dates.words == "in January 2026"


def test_an_unknown_word_is_respelled_like_a_near_common_one(library: Library) -> None:
    assert ask(library, "ferry harbuor -bank").understood.suggestion == "ferry harbour -bank"
    assert ask(library, "earthqake in the mountan").understood.suggestion == "earthquake in the mountain"
    assert ask(library, "ferry harbour").understood.suggestion is None
    assert ask(library, "xyzzy").understood.suggestion is None
    assert ask(library, "zepelin", mode=Mode.KEYWORD).understood.suggestion is None, (
        "only a hidden article has the word"
    )


EMBARGOED = {"embargoed": (NOW + timedelta(days=1)).isoformat()}
HEADLINE = "Minister of transport to resign in March 2026"


def told(word: str, count: int, **more: Any) -> list[dict[str, Any]]:
    return [record(number) | {"id": f"{word}{number}", "url": None, **more} for number in range(count)]


@pytest.mark.parametrize("hidden", [3, 2 * LOOKED_AT])
@pytest.mark.parametrize(("visible", "proposed"), [(2, None), (3, "zeppelin")])
def test_a_word_is_proposed_for_the_articles_that_readers_may_see_however_many_are_hidden(
    tmp_path: Path, hidden: int, visible: int, proposed: str | None
) -> None:
    text = {"title": "A zeppelin", "body": "A zeppelin came over the quay."}
    library = opened_library(index_of(tmp_path, [*told("b", hidden, **text, **EMBARGOED), *told("c", visible, **text)]))
    assert library.view
    assert len(library.view.snapshot.lexical.rows_where(Holds("zeppelin", exact=True))) == hidden + visible
    assert ask(library, "zepelin", mode=Mode.KEYWORD).understood.suggestion == proposed
    library.close()


@pytest.mark.parametrize(("hidden", "is_known"), [(RARE - 1, False), (RARE, True)])
def test_a_word_passed_over_is_known_when_it_is_common_or_seen(tmp_path: Path, hidden: int, is_known: bool) -> None:
    records = [*map(record, range(4)), *told("b", hidden, title="There", body="There they were.", **EMBARGOED)]
    library = opened_library(index_of(tmp_path, records))
    assert library.view
    lexical = library.view.snapshot.lexical
    assert [lexical.terms_of(word).words for word in ("there", "this")] == [(), ()]
    assert lexical.holds("there", NOW) is is_known
    assert lexical.holds("this", NOW)
    library.close()


@pytest.mark.parametrize(("more", "are_dates"), [({}, False), (EMBARGOED, True)])
def test_a_headline_keeps_its_time_words_only_where_readers_may_see_it(
    tmp_path: Path, more: dict[str, Any], are_dates: bool
) -> None:
    library = opened_library(index_of(tmp_path, [*map(record, range(4)), *told("b", 1, title=HEADLINE, **more)]))
    assert (ask(library, HEADLINE).understood.dates is not None) is are_dates
    library.close()


def test_a_prefix_is_completed_by_names_and_headlines(library: Library) -> None:
    found = suggest(library, "amina dia", NOW, 8)
    assert found[0].text == "Amina Diallo Traore"
    assert found[0].kind is Kind.NAME
    assert {one.article_id for one in found if one.kind is Kind.TITLE} == {"a5", "a6"}
    assert [(one.text, one.kind) for one in suggest(library, "NGO", NOW, 8)] == [("Ngozi Bello", Kind.AUTHOR)]
    assert ("quake", Kind.SECTION) in [(one.text, one.kind) for one in suggest(library, "qu", NOW, 8)]
    assert len(suggest(library, "r", NOW, 5)) == 5
    assert suggest(library, "zepp", NOW, 8) == []
    assert suggest(library, " ?! ", NOW, 8) == []


def test_a_passage_found_by_meaning_has_one_sentence_marked(library: Library) -> None:
    answer = ask(library, "lorries inflation rescuers penalties houses goals", mode=Mode.SEMANTIC, min_score=0.0)
    for hit in answer.hits:
        ((start, end),) = hit.snippet.spans
        assert hit.snippet.text[start:end].endswith(".")
    assert all(hit.snippet.spans == () for hit in ask(library, "ferry", highlight=False).hits)


def test_a_headline_is_searched_as_it_is_whatever_time_it_names(library: Library) -> None:
    headline = ask(library, "Council wants an answer in January 2026")
    assert headline.understood.dates is None
    assert headline.hits[0].article.id == "a13"
    other = ask(library, "Council gave an answer in January 2026")
    assert other.understood.dates is not None
    assert other.understood.dates.applied


def test_a_filter_of_time_words_without_an_answer_is_not_applied(library: Library) -> None:
    asked = SearchQuery('"dispatch 0 from Mwanza" on 9 January 2026', anything(), limit=100)
    answer = search(library, asked)
    assert answer.understood.dates is not None
    assert not answer.understood.dates.applied
    assert {hit.article.id for hit in answer.hits} == {"a0"}


def test_words_of_hidden_articles_count_for_nothing(library: Library) -> None:
    """One article was withheld when the index was built; a word of it must not be told from one that nobody wrote."""
    for word in ("zeppelins", "zeppelinz"):
        answer = ask(library, f"ferry {word}", explain=True)
        assert answer.hits
        assert {hit.explain.full_marks for hit in answer.hits if hit.explain} == {
            hit.explain.full_marks for hit in ask(library, "ferry", explain=True).hits if hit.explain
        }


def test_a_zero_weight_leaves_its_arm_out(library: Library) -> None:
    assert ask(library, "xyzzy", semantic_ratio=0.0).hits == ()
    assert ask(library, "ferry", semantic_ratio=1.0).hits == ask(library, "ferry", mode=Mode.SEMANTIC).hits


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_stop_words_that_another_language_keeps_hide_nothing_in_an_order_by_date(tmp_path: Path, sort: Sort) -> None:
    records = [record(number) for number in range(20)]
    records.append(
        record(90) | {"id": "other", "language": "und", "title": "of to is", "body": "the of to is what who on"}
    )
    opened = opened_library(index_of(tmp_path, records))
    asked = SearchQuery("what is the damage of the earthquake to the houses", anything(), Mode.KEYWORD, sort=sort)
    assert {hit.article.section for hit in search(opened, asked).hits if hit.article.id != "other"} == {"quake"}
    opened.close()


def test_scores_mean_the_same_after_most_of_a_generation_was_corrected(tmp_path: Path) -> None:
    records = [record(number) for number in range(20)]
    index = index_of(tmp_path, records)
    opened = opened_library(index)
    before = ask(opened, "officials dispatch Oslo", explain=True)
    corrected = [one | {"body": f"{one['body']} Corrected."} for one in records[:19]]
    jobs.ingest(index, [str(write_jsonl(tmp_path / "corrected.jsonl", corrected))])
    opened.refresh()
    after = ask(opened, "officials dispatch Oslo", explain=True)
    assert all(hit.explain.full_marks > 0 for hit in after.hits if hit.explain)
    assert [hit.score for hit in after.hits] == pytest.approx([hit.score for hit in before.hits], abs=0.1)
    opened.close()


def test_one_story_copied_by_all_leaves_room_for_others_in_the_dense_arm(tmp_path: Path) -> None:
    long_text = "\n\n".join(
        f"The ferry rolled over in the strait, witness {number} said to us." for number in range(300)
    )
    records = [record(0) | {"id": f"copy{number}", "title": "Ferry", "body": long_text} for number in range(60)]
    records += [record(number) for number in range(0, 160, 4)]
    opened = opened_library(index_of(tmp_path, records))
    asked = SearchQuery("ferry strait", anything(), Mode.SEMANTIC, min_score=0.0, limit=100)
    assert len(search(opened, asked).hits) == 41
    opened.close()


def test_a_withdrawn_copy_is_counted_no_more_and_a_copy_takes_the_place_of_a_withdrawn_article(tmp_path: Path) -> None:
    copies = [record(number) for number in range(12)]
    copies += [record(0) | {"id": "copy", "source": "Wire"}, record(4) | {"id": "second", "source": "Wire"}]
    index = index_of(tmp_path, copies)
    opened = opened_library(index)
    query = SearchQuery("ferry dispatch from Mwanza", anything(), facets=(Facet.SOURCE,), limit=1)
    first = search(opened, query)
    gone = [
        record(0) | {"id": "copy", "source": "Wire", "pubstatus": "canceled"},
        record(4) | {"pubstatus": "canceled"},
    ]
    jobs.ingest(index, [str(write_jsonl(tmp_path / "gone.jsonl", gone))])
    opened.refresh()
    hits = list(first.hits)
    answer = first
    while answer.next_cursor:
        answer = search(opened, replace(query, cursor=answer.next_cursor))
        hits += answer.hits
        assert answer.total == first.total
    later = {hit.article.id: hit for hit in hits[1:]}
    assert "a4" not in later
    assert all("Wire" not in hit.duplicates.sources for hit in hits[1:])
    opened.close()
