"""What a reader gets from each mode, on the sample with the real model and its stories as its authors know them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from indexer.duplicates import same_text, text_print
from indexer.layout import IndexFolder
from indexer.types import Article
from search_api.clock import utc_now
from search_api.evaluation_jobs import evaluation_library
from search_api.library import Library
from search_api.query import Fallback, RelatedMode, RelatedQuery
from search_api.related import related, related_to_draft
from search_api.related_modes import BACKGROUND_DAYS
from tests.support import SAMPLE, anything, opened_library, put_in_stories

ROWS = [line.split("\t") for line in (SAMPLE / "stories.tsv").read_text(encoding="utf-8").splitlines()[1:]]
STORY = {article_id: story or f"alone-{article_id}" for article_id, story, _ in ROWS}
ORIGINAL = {article_id: copied or article_id for article_id, _, copied in ROWS}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATELINE_MODEL", raising=False)
        shared = IndexFolder(tmp_path_factory.getbasetemp() / "sample" / "index")
        with evaluation_library(shared, SAMPLE) as evaluated:
            index = IndexFolder(tmp_path_factory.mktemp("stories") / "index")
            shutil.copytree(evaluated.index.root, index.root)
        put_in_stories(index, STORY)
        opened = opened_library(index)
        yield opened
        opened.close()


def article(library: Library, article_id: str) -> Article:
    return library.visible_article(article_id, utc_now())[0]


def answers(library: Library, mode: RelatedMode) -> Iterator[tuple[Article, list[Article]]]:
    """Every article that is no copy, and what the mode shows beside it, nothing filled in."""
    query = RelatedQuery(anything(utc_now()), mode, limit=20, fallback=Fallback.NONE)
    for article_id in STORY:
        if ORIGINAL[article_id] == article_id:
            hits = related(library, article_id, query).hits
            yield article(library, article_id), [hit.article for hit in hits]


def others(library: Library, seed: Article) -> dict[str, list[Article]]:
    """The other texts of the seed's story, each with its copies."""
    texts: dict[str, list[Article]] = defaultdict(list)
    for article_id, story in STORY.items():
        if story == STORY[seed.id] and ORIGINAL[article_id] != seed.id:
            texts[ORIGINAL[article_id]].append(article(library, article_id))
    return texts


@pytest.mark.usefixtures("real_model")
def test_same_story_is_all_of_the_story_and_nothing_else(library: Library) -> None:
    for seed, shown in answers(library, RelatedMode.SAME_STORY):
        assert {ORIGINAL[one.id] for one in shown} - {seed.id} == others(library, seed).keys()


@pytest.mark.usefixtures("real_model")
def test_latest_finds_the_developments_and_little_else(library: Library) -> None:
    right = wrong = missed = 0
    for seed, shown in answers(library, RelatedMode.LATEST):
        assert seed.published_at is not None
        later = [one.published_at for one in shown if one.published_at]
        assert len(later) == len(shown)
        assert all(at > seed.published_at for at in later)
        assert later == sorted(later, reverse=True)
        found = {ORIGINAL[one.id] for one in shown}
        texts = others(library, seed)
        wanted = {
            text
            for text, copies in texts.items()
            if all(one.published_at and one.published_at > seed.published_at for one in copies)
        }
        right += len(found & texts.keys())
        wrong += len(found - texts.keys() - {seed.id})
        missed += len(wanted - found)
    assert right / (right + wrong) > 0.75
    assert missed == 0


@pytest.mark.usefixtures("real_model")
def test_background_is_older_and_mostly_what_led_here(library: Library) -> None:
    right = shown_in_all = 0
    for seed, shown in answers(library, RelatedMode.BACKGROUND):
        assert seed.published_at is not None
        least = seed.published_at - timedelta(days=BACKGROUND_DAYS)
        assert all(one.published_at and one.published_at < least for one in shown)
        right += sum(STORY[one.id] == STORY[seed.id] for one in shown)
        shown_in_all += len(shown)
    assert right / shown_in_all > 0.45


@pytest.mark.usefixtures("real_model")
def test_a_wire_copy_as_a_draft_does_not_find_its_own_text(library: Library) -> None:
    query = RelatedQuery(anything(utc_now()), limit=20, fallback=Fallback.NONE)
    copies = [article_id for article_id, original in ORIGINAL.items() if original != article_id]
    for article_id in copies:
        given = article(library, article_id)
        draft = replace(given, id="draft", url=None)
        if not same_text(text_print(draft), text_print(article(library, ORIGINAL[article_id]))):
            continue
        found = {ORIGINAL[hit.article.id] for hit in related_to_draft(library, draft, query).hits}
        assert ORIGINAL[article_id] not in found
