"""The sample corpus with the real model: what it holds, that it goes in clean, and that answers stay good."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from indexer.layout import IndexFolder
from indexer.sources import find_sources, open_source
from indexer.types import Article, Found
from scripts.compare_stories import known_stories
from scripts.evaluate import PINNED, broken, measure, read_floors
from scripts.render_sample_pages import LAYOUTS, render_pages
from search_api import jobs
from search_api.clock import utc_now
from search_api.evaluation import b_cubed, read_qrels, read_queries
from search_api.judging import Task
from tests.support import SAMPLE


def sample() -> dict[str, dict[str, Any]]:
    lines = (SAMPLE / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def page_articles() -> list[tuple[Path, Article]]:
    found = []
    for path in sorted((SAMPLE / "pages").glob("*.html")):
        (item,) = open_source(path, now=utc_now())
        assert isinstance(item, Found), f"{path.name}: {item}"
        found.append((path, item.article))
    return found


def test_the_corpus_is_as_its_readme_says() -> None:
    articles = sample()
    assert len(articles) >= 180
    assert all(60 <= len(record["body"].split()) <= 450 for record in articles.values())
    assert all(record["sample"] and record["license"] == "CC0-1.0" for record in articles.values())
    languages = Counter(record["language"] for record in articles.values())
    assert all(languages[language] >= 3 for language in ("ar", "fa", "fr", "es"))
    assert len({record["section"] for record in articles.values()}) == 11
    stories = [line.split("\t") for line in (SAMPLE / "stories.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    assert {row[0] for row in stories} == set(articles)
    sizes = Counter(row[1] for row in stories if row[1])
    assert len(sizes) >= 35
    assert min(sizes.values()) >= 3
    assert sum(1 for row in stories if not row[1]) >= 30
    assert sum(1 for row in stories if row[2]) >= 10


def test_every_judgment_is_of_an_article_that_exists() -> None:
    articles = sample()
    queries = read_queries(SAMPLE / "queries.jsonl")
    qrels, related = read_qrels(SAMPLE / "qrels.tsv"), read_qrels(SAMPLE / "related_qrels.tsv")
    assert len(queries) >= 70
    assert len(related) >= 50
    assert {query.id for query in queries} == set(qrels)
    judged = {article for grades in [*qrels.values(), *related.values()] for article in grades}
    assert judged | set(related) <= set(articles)
    assert {grade for grades in qrels.values() for grade in grades.values()} == {0, 1, 2, 3}


def test_the_pages_are_the_renderings_of_the_articles() -> None:
    rendered = render_pages()
    assert {path.name: path.read_text(encoding="utf-8") for path in (SAMPLE / "pages").glob("*.html")} == rendered
    assert len(rendered) >= 45
    assert {name.partition("-")[0] for name in rendered} == {*LAYOUTS, "mirror"}


def test_every_page_gives_its_article_exactly_and_nothing_of_its_surroundings() -> None:
    articles = sample()
    for path, article in page_articles():
        gold = articles[path.stem.partition("-")[2]]
        assert article.id == gold["id"], path.name
        assert article.title == gold["title"], path.name
        assert article.body == gold["body"], path.name
        assert list(article.authors) == gold["authors"], path.name
        if article.published_at is not None:
            assert f"{article.published_at:%Y-%m-%dT%H:%M:%SZ}" == gold["published_at"], path.name


def test_dates_are_read_wherever_a_layout_shows_one_and_nowhere_else() -> None:
    origins = {path.name.partition("-")[0]: article.published_from for path, article in page_articles()}
    assert origins == {
        "bulletin": "none",
        "broadsheet": "json-ld",
        "portal": "meta",
        "gazette": "page",
        "journal": "page",
        "wire": "json-ld",
        "mirror": "meta",
    }


@pytest.mark.usefixtures("real_model")
def test_the_whole_folder_goes_in_and_its_pages_add_nothing(tmp_path: Path) -> None:
    done = jobs.ingest(IndexFolder(tmp_path / "index"), [str(SAMPLE)], dry_run=True)
    assert done.report.rejects == []
    assert done.report.new == len(sample())
    assert done.report.unchanged == len(find_sources([str(SAMPLE / "pages")]).files)
    assert {item.path.name for item in done.listing.skipped} >= {
        "queries.jsonl",
        "qrels.tsv",
        "related_qrels.tsv",
        "stories.tsv",
    }


@pytest.mark.usefixtures("real_model")
@pytest.mark.parametrize("task", list(Task))
def test_relevance_holds_its_floors(task: Task, tmp_path_factory: pytest.TempPathFactory) -> None:
    index = IndexFolder(tmp_path_factory.getbasetemp() / "sample" / "index")
    floors = read_floors(SAMPLE)
    assert floors is not None
    assert set(floors[task]) == set(PINNED)
    assert list(broken(floors, measure(SAMPLE, task, index))) == []


LEAST_PRECISION = 0.95
LEAST_RECALL = 0.60


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, int]]:
    """Article id -> (text group, story), of the sample ingested at once with the real model."""
    index = IndexFolder(tmp_path_factory.mktemp("places") / "index")
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("DATELINE_MODEL", raising=False)
        jobs.ingest(index, [str(SAMPLE / "articles.jsonl")])
    with closing(sqlite3.connect(index.archive)) as db:
        return {row[0]: row[1:] for row in db.execute("SELECT article_id, text_group, story FROM articles")}


def texts() -> dict[str, str]:
    """Article id -> the article whose text it has, as stories.tsv says."""
    with (SAMPLE / "stories.tsv").open(encoding="utf-8", newline="") as file:
        return {row[0]: row[2] or row[0] for row in list(csv.reader(file, delimiter="\t"))[1:]}


def test_the_copies_of_one_text_are_grouped_and_nothing_else_is(places: Mapping[str, tuple[int, int]]) -> None:
    wanted = texts()
    pairs = list(combinations(sorted(wanted), 2))
    known = {pair for pair in pairs if wanted[pair[0]] == wanted[pair[1]]}
    assert len(known) >= 10
    assert {pair for pair in pairs if places[pair[0]][0] == places[pair[1]][0]} == known


def test_copies_share_their_story(places: Mapping[str, tuple[int, int]]) -> None:
    assert [one for one, original in texts().items() if places[one][1] != places[original][1]] == []


def test_articles_of_one_story_are_found_together_and_look_alike_events_apart(
    places: Mapping[str, tuple[int, int]],
) -> None:
    known = known_stories(SAMPLE)
    found = b_cubed({article_id: story for article_id, (_, story) in places.items()}, known)
    assert found.precision >= LEAST_PRECISION
    assert found.recall >= LEAST_RECALL
    of_group: dict[int, set[str]] = {}
    for article_id, story in known.items():
        of_group.setdefault(places[article_id][0], set()).add(story)
    assert [stories for stories in of_group.values() if len(stories) > 1] == []
