"""Which text group and story an article gets when it comes in, over real archives."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import archive_places, surroundings
from indexer.archive import Archive
from indexer.encoder import TextHashEncoder
from indexer.layout import IndexFolder
from indexer.types import Embeddings
from search_api import jobs
from tests.support import SAMPLE, command, index_of, record, write_jsonl

CANAL = (
    "The sluice at Verholm gave way on Friday night and the Queen's Canal ran dry for eleven kilometres, leaving 43 barges "
    "leaning on the mud.",
    "Nobody was hurt, the waterway board said. Its engineer, Saskia Lund, blamed a timber from 1887 that divers had called sound "
    "in April.",
    "Skippers walked ashore over planks. One of them, Joost Hale, had 900 tonnes of gravel aboard and a wedding on Sunday.",
    "The board will build a dam of sheet piles and pump the canal full again, which takes about 16 days and costs 2.4 million "
    "crowns.",
)
ORIGINAL: dict[str, Any] = {
    "id": "original",
    "title": "Sluice fails and a canal runs dry",
    "body": "\n\n".join(CANAL),
    "published_at": "2026-03-06T22:10:00Z",
    "source": "Lowland Wire",
    "section": "Europe",
    "language": "en",
}
FAMILY: list[dict[str, Any]] = [
    ORIGINAL,
    {**ORIGINAL, "id": "wire", "source": "Harbour Courier", "published_at": "2026-03-07T05:00:00Z"},
    {**ORIGINAL, "id": "short", "source": "Evening Post", "body": "\n\n".join(CANAL[:2])},
    {
        **ORIGINAL,
        "id": "rewrite",
        "source": "Delta News",
        "published_at": "2026-03-09T08:00:00Z",
        "body": ORIGINAL["body"].replace("walked ashore over planks", "crossed on planks").replace("about", "around"),
    },
    {**ORIGINAL, "id": "headline", "source": "Quay Gazette", "title": "43 barges stranded at Verholm"},
]
SAME = {one["id"] for one in FAMILY}
LOOKALIKES: list[dict[str, Any]] = [
    {
        **ORIGINAL,
        "id": "other-sluice",
        "title": "Lock fails and a river arm runs dry",
        "published_at": "2026-03-08T09:00:00Z",
        "body": "The lock at Brandsee gave way on Sunday morning and the Old Arm ran dry for six kilometres, leaving 12 tugs "
        "leaning on the mud.\n\nTwo people were hurt, the river board said. Its director, Piet Aalders, blamed a hinge from "
        "1951 that divers had not looked at.\n\nThe board will drive a wall of oak posts and let the arm fill by itself, which "
        "takes about 30 days and costs 700,000 crowns.",
    },
    {
        **ORIGINAL,
        "id": "follow-up",
        "title": "Canal full again",
        "published_at": "2026-03-24T10:00:00Z",
        "body": "The Queen's Canal is full again, 18 days after the sluice at Verholm gave way, and the first of 43 barges left "
        "on Tuesday to the sound of horns.\n\nSaskia Lund, the engineer of the waterway board, opened the last valve by hand. "
        "An inquiry into the timber from 1887 will hear the divers in May.",
    },
]
OTHERS = [record(number) for number in range(12)]


def ingest(index: IndexFolder, records: Iterable[Mapping[str, Any]]) -> Any:
    path = index.root.parent / "incoming.jsonl"
    index.root.parent.mkdir(parents=True, exist_ok=True)
    return jobs.ingest(index, [str(write_jsonl(path, records))]).report


def places(index: IndexFolder) -> dict[str, tuple[int, int | None]]:
    """Article id -> (text group, story)."""
    with closing(sqlite3.connect(index.archive)) as db:
        return {row[0]: row[1:] for row in db.execute("SELECT article_id, text_group, story FROM articles")}


def same_text_as(index: IndexFolder, article_id: str) -> set[str]:
    found = places(index)
    return {other for other, place in found.items() if place[0] == found[article_id][0]}


def parted(index: IndexFolder) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """The articles by text group and by story, whatever the numbers."""
    groups, stories = defaultdict(set), defaultdict(set)
    for article_id, (group, story) in places(index).items():
        groups[group].add(article_id)
        stories[story].add(article_id)
    return set(map(frozenset, groups.values())), set(map(frozenset, stories.values()))


@settings(max_examples=15)
@given(order=st.permutations(FAMILY), cut=st.integers(0, len(FAMILY)))
def test_copies_share_a_group_and_a_story_in_whatever_order_and_batches_they_come(
    tmp_path_factory: pytest.TempPathFactory, order: list[dict[str, Any]], cut: int
) -> None:
    index = IndexFolder(tmp_path_factory.mktemp("order") / "index")
    for part in ([*order[:cut], *OTHERS, *LOOKALIKES], order[cut:]):
        ingest(index, part)
    assert same_text_as(index, "original") == SAME
    assert len({places(index)[article_id][1] for article_id in SAME}) == 1


def test_copies_that_come_in_batches_of_one_share_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.ingest.BATCH_ARTICLES", 1)
    index = IndexFolder(tmp_path / "index")
    report = ingest(index, [*reversed(FAMILY), *OTHERS])
    assert same_text_as(index, "original") == SAME
    assert report.duplicates == len(FAMILY) - 1


def test_copies_that_come_in_two_processes_share_a_group(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    for number, part in enumerate(([*FAMILY[3:], *OTHERS], FAMILY[:3])):
        source = write_jsonl(tmp_path / f"{number}.jsonl", part)
        assert command("ingest", str(source), "--index", str(index.root)).returncode == 0
    assert same_text_as(index, "original") == SAME


def test_look_alike_events_and_follow_ups_are_texts_of_their_own(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*FAMILY, *LOOKALIKES, *OTHERS])
    for one in LOOKALIKES:
        assert same_text_as(index, one["id"]) == {one["id"]}


@pytest.mark.usefixtures("real_model")
def test_with_the_real_model_copies_share_a_place_and_another_event_has_its_own(tmp_path: Path) -> None:
    """Among the articles of the sample, so that it is known which words are common."""
    lock = {
        **LOOKALIKES[0],
        "id": "lock",
        "body": "A lock gate at Brandsee tore from its hinge on Sunday, and within an hour the Old Arm had drained as far as the "
        "sugar works. A dozen tugs sit aground there.\n\nTwo deckhands broke their legs. Piet Aalders, who directs the river "
        "authority, had asked for a new gate in each of his last three budgets; oak posts will have to do until autumn.",
    }
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(SAMPLE / "articles.jsonl")])
    ingest(index, [LOOKALIKES[1], lock, *reversed(FAMILY)])
    assert same_text_as(index, "original") == SAME
    found = places(index)
    assert found["follow-up"][1] == found["original"][1]
    assert found["lock"][1] != found["original"][1]


def test_copies_are_counted_in_the_report_and_only_exact_ones_in_a_dry_run(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [*FAMILY, *LOOKALIKES, *OTHERS])
    index = IndexFolder(tmp_path / "index")
    assert jobs.ingest(index, [str(source)], dry_run=True).report.duplicates == 2
    assert jobs.ingest(index, [str(source)]).report.duplicates == len(FAMILY) - 1
    assert jobs.status(index)["archive"]["duplicates"] == len(FAMILY) - 1


def test_ingesting_the_same_files_again_changes_no_place(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*FAMILY, *LOOKALIKES, *OTHERS])
    before = places(index)
    ingest(index, [*reversed(OTHERS), *FAMILY, *LOOKALIKES])
    assert places(index) == before


def test_exact_copies_are_found_however_far_apart_they_were_published(tmp_path: Path) -> None:
    far = {**ORIGINAL, "id": "far", "published_at": "2019-01-05T00:00:00Z"}
    undated = {**ORIGINAL, "id": "undated", "published_at": None}
    index = index_of(tmp_path, [ORIGINAL, *OTHERS])
    ingest(index, [far, undated])
    assert same_text_as(index, "original") == {"original", "far", "undated"}


def test_near_copies_are_looked_for_around_their_date_only(tmp_path: Path) -> None:
    far = {**FAMILY[3], "id": "far", "published_at": "2019-01-05T00:00:00Z"}
    index = index_of(tmp_path, [ORIGINAL, far])
    assert same_text_as(index, "far") == {"far"}


def test_near_copies_without_dates_share_a_group(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    ingest(index, [{**one, "published_at": None} for one in [*FAMILY[:2], *OTHERS]])
    ingest(index, [{**one, "published_at": None} for one in FAMILY[2:]])
    assert same_text_as(index, "original") == SAME


def test_copies_of_a_withheld_article_are_copies(tmp_path: Path) -> None:
    withheld = {**ORIGINAL, "pubstatus": "withheld"}
    index = index_of(tmp_path, [withheld, *FAMILY[1:], *OTHERS])
    assert same_text_as(index, "wire") == SAME
    ingest(index, [{**ORIGINAL, "updated_at": "2026-03-10T00:00:00Z"}])
    assert same_text_as(index, "wire") == SAME


def test_an_older_article_that_comes_later_joins_the_newer_ones(tmp_path: Path) -> None:
    index = index_of(tmp_path, [FAMILY[3], *OTHERS])
    ingest(index, [{**ORIGINAL, "published_at": "2025-11-20T00:00:00Z"}])
    assert same_text_as(index, "original") == {"original", "rewrite"}
    assert places(index)["original"] == places(index)["rewrite"]


# Updates ---------------------------------------------------------------------------------------------------------------

NEWS = {"title": LOOKALIKES[0]["title"], "body": LOOKALIKES[0]["body"], "updated_at": "2026-03-20T00:00:00Z"}


@pytest.mark.parametrize("changed", [one["id"] for one in FAMILY])
def test_an_article_whose_new_version_is_another_text_leaves_the_group_and_keeps_its_story(
    tmp_path: Path, changed: str
) -> None:
    index = index_of(tmp_path, [*FAMILY, *OTHERS])
    before = places(index)
    (article,) = [one for one in FAMILY if one["id"] == changed]
    report = ingest(index, [article | NEWS])
    assert (report.updated, report.duplicates) == (1, 0)
    after = places(index)
    assert same_text_as(index, changed) == {changed}
    assert after[changed][1] == before[changed][1]
    assert {other: place for other, place in after.items() if other != changed} == {
        other: place for other, place in before.items() if other != changed
    }


def test_an_update_of_anything_but_the_text_changes_no_place(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*FAMILY, *OTHERS])
    before = places(index)
    for one in (*FAMILY, *OTHERS):
        ingest(index, [one | {"tags": ["seen"], "section": "archive", "updated_at": "2026-05-01T00:00:00Z"}])
    assert places(index) == before


def test_an_article_that_is_updated_to_the_text_of_another_joins_its_group(tmp_path: Path) -> None:
    index = index_of(tmp_path, [ORIGINAL, *LOOKALIKES])
    story = places(index)["other-sluice"][1]
    ingest(index, [LOOKALIKES[0] | {"body": ORIGINAL["body"], "updated_at": "2026-03-20T00:00:00Z"}])
    assert same_text_as(index, "original") == {"original", "other-sluice"}
    assert places(index)["other-sluice"][1] == story


def test_copies_that_are_updated_together_leave_the_group_together(tmp_path: Path) -> None:
    """An article's copies in its batch may still have the place of their earlier versions when it looks for its own."""
    index = index_of(tmp_path, [*FAMILY, *OTHERS])
    ingest(index, [FAMILY[0] | NEWS, FAMILY[1] | NEWS])
    assert same_text_as(index, "original") == {"original", "wire"}
    assert same_text_as(index, "rewrite") == SAME - {"original", "wire"}


def test_a_new_copy_of_an_updated_article_in_its_batch_does_not_join_the_earlier_text(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*FAMILY, *OTHERS])
    earlier = {**ORIGINAL, **NEWS, "id": "new", "published_at": "2026-03-01T00:00:00Z"}
    ingest(index, [earlier, FAMILY[0] | NEWS])
    assert same_text_as(index, "new") == {"new", "original"}
    assert same_text_as(index, "rewrite") == SAME - {"original"}


def test_an_article_that_gets_its_first_text_back_joins_its_copies_again(tmp_path: Path) -> None:
    index = index_of(tmp_path, [*FAMILY, *OTHERS])
    before = parted(index)
    ingest(index, [FAMILY[3] | NEWS])
    ingest(index, [FAMILY[3] | {"updated_at": "2026-03-22T00:00:00Z"}])
    assert parted(index) == before


# Runs that end early ---------------------------------------------------------------------------------------------------


def many(count: int) -> list[dict[str, Any]]:
    """Articles with copies among them, in an order that is none of time."""
    records = [record(number) for number in range(count)]
    records += [
        record(number) | {"id": f"copy-{number}", "source": "Wire", "title": "A"} for number in range(0, count, 7)
    ]
    random.Random(4).shuffle(records)
    return records


@pytest.mark.parametrize("batch", [1, 3])
def test_a_run_that_breaks_off_leaves_whole_placed_articles_and_the_next_ends_like_one_that_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("indexer.ingest.BATCH_ARTICLES", 20)
    monkeypatch.setattr("indexer.preparing.WINDOW_ARTICLES", 20)
    records = many(80)
    clean = IndexFolder(tmp_path / "clean" / "index")
    ingest(clean, records)
    broken = IndexFolder(tmp_path / "broken" / "index")
    encode = TextHashEncoder.encode_documents
    calls = itertools.count()

    def failing(self: TextHashEncoder, texts: Sequence[str]) -> Embeddings:
        if next(calls) == batch:
            raise RuntimeError("the machine went away")
        return encode(self, texts)

    with monkeypatch.context() as patched:
        patched.setattr(TextHashEncoder, "encode_documents", failing)
        with pytest.raises(RuntimeError, match="went away"):
            ingest(broken, records)
    assert len(places(broken)) == batch * 20
    assert all(story is not None for _, story in places(broken).values())
    assert terms_are_counted(broken)
    ingest(broken, records)
    assert places(broken) == places(clean)
    assert terms_are_counted(broken)
    assert jobs.verify(broken) == []


def terms_are_counted(index: IndexFolder) -> bool:
    """Whether each article has its terms, and each was counted."""
    with closing(sqlite3.connect(index.archive)) as db:
        counted = db.execute("SELECT articles FROM term_counts ORDER BY term DESC LIMIT 1").fetchone()[0]
        prints = db.execute("SELECT count(*) FROM term_prints").fetchone()[0]
    return bool(counted == prints == len(places(index)))


def test_a_batch_that_cannot_be_stored_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of(tmp_path, [*FAMILY[:2], *OTHERS])
    before = places(index)

    def failing(*_: object) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(archive_places.Places, "count_terms", failing)
        with pytest.raises(RuntimeError, match="in the middle"):
            ingest(index, FAMILY[2:])
    assert places(index) == before
    assert terms_are_counted(index)
    ingest(index, FAMILY[2:])
    assert same_text_as(index, "original") == SAME


# Bounded work ----------------------------------------------------------------------------------------------------------


def test_one_article_is_compared_with_so_many_and_no_more_however_many_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (surroundings, archive_places):
        monkeypatch.setattr(module, "MOST_AROUND", 30)
    monkeypatch.setattr(surroundings, "LOADED_A_BATCH", 5)
    index = index_of(
        tmp_path, [record(number) | {"published_at": f"2026-02-{1 + number % 28:02}"} for number in range(300)]
    )
    compared: list[int] = []
    read: list[int] = []
    around, of_day = surroundings.Surroundings.around, archive_places.Places.of_day

    def counting(self: surroundings.Surroundings, number: int) -> surroundings.Around:
        found = around(self, number)
        compared.append(len(found.places))
        return found

    def reading(self: archive_places.Places, *arguments: Any) -> list[surroundings.Neighbour]:
        found = of_day(self, *arguments)
        read.append(len(found))
        return found

    monkeypatch.setattr(surroundings.Surroundings, "around", counting)
    monkeypatch.setattr(archive_places.Places, "of_day", reading)
    ingest(index, [record(500) | {"published_at": "2026-02-14"}])
    assert compared == [30]
    assert 30 <= sum(read) <= 30 + 11


@pytest.mark.parametrize("when", ["1970-01-01T00:00:00Z", None])
def test_a_date_that_a_whole_import_shares_is_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str | None
) -> None:
    for module in (surroundings, archive_places):
        monkeypatch.setattr(module, "MOST_AROUND", 20)
    index = index_of(tmp_path, [record(number) | {"published_at": when} for number in range(100)])
    with Archive(index.archive) as archive:
        recipe, model = archive.meta("recipe"), archive.meta("model")
        assert recipe
        assert model
        assert len(archive.places.of_day(None if when is None else 0, recipe, model)) <= 20


@pytest.mark.parametrize("undated", [False, True])
def test_no_question_about_one_article_reads_the_whole_archive(tmp_path: Path, undated: bool) -> None:
    dates: dict[str, Any] = {"published_at": None} if undated else {}
    index = index_of(tmp_path, [record(number) | dates for number in range(40)])
    with Archive(index.archive) as archive:
        places, recipe, model = archive.places, archive.meta("recipe") or "", archive.meta("model") or ""
        with plans(archive) as steps:
            places.of_day(None if undated else 20454, recipe, model)
            places.twin_of(3)
            places.place_of(3)
            places.text_key_of(3)
            places.has_text(5, other_than="a3")
            places.put_place(3, places.place_of(3))
            places.put_terms(3, np.empty(0, dtype=np.uint32))
            places.new_story("a3")
            places.unplaced()
    assert len(steps) >= 10
    assert not {step for step in steps if step.startswith("SCAN")}


def test_merging_a_story_reads_only_that_one_and_those_that_stood_for_it(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(8)])
    with Archive(index.archive) as archive, plans(archive) as steps:
        archive.places.merge_story(3, 4)
    assert steps
    assert not {step for step in steps if step.startswith("SCAN")}


@contextmanager
def plans(archive: Archive) -> Iterator[set[str]]:
    """The steps of the plans of everything asked inside."""
    asked: list[str] = []
    steps: set[str] = set()
    archive._db.set_trace_callback(asked.append)
    yield steps
    archive._db.set_trace_callback(None)
    for question in asked:
        if question.startswith(("SELECT", "UPDATE")):
            steps |= {step for *_, step in archive._db.execute(f"EXPLAIN QUERY PLAN {question}")}
