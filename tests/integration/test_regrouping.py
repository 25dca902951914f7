"""`dateline reindex --regroup`: copies and stories found anew, story ids that last, archives of earlier releases."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer import archive_places
from indexer.archive import Archive
from indexer.archive_schema import SCHEMA_VERSION
from indexer.layout import IndexFolder
from indexer.placing import Place
from indexer.regrouping import Regrouped
from indexer.stories import story_id_from
from search_api import generation_jobs, jobs
from search_api.query import SearchQuery
from search_api.searcher import search
from tests.integration.test_placing import FAMILY, LOOKALIKES, OTHERS, SAME, ingest, parted, places, same_text_as
from tests.support import TO_SCHEMA_3, anything, command, index_of, opened_library, record

SENTENCES = {
    "kiln": (
        "The brick kiln of Tarsova cooled for the first time in 61 years when its last stoker, Bruno Feld, shut the draught.",
        "Feld, whose father fired the kiln before him, shook hands with 30 bricklayers of Tarsova and went fishing.",
        "A museum wants the kiln of Tarsova whole, with the shovel and the stool of Bruno Feld beside it.",
        "Bricks of Tarsova are in the station, the abattoir and the prison, where Feld was never seen, the stoker says.",
        "Nobody has bid for the clay pits of the kiln, so Tarsova may let them fill with rain.",
    ),
    "owl": (
        "An eagle owl has nested in the clock tower at Middelhaar, and the sexton Ada Rooke has stopped the bells until June.",
        "Ada Rooke climbs the tower each dusk with a lantern and counts three owlets beneath the clock of Middelhaar.",
        "Weddings at Middelhaar are rung in with hand bells for the owl's sake; Ada Rooke lends them out.",
    ),
    "salt": (
        "Rain dissolved half the salt harvest of Isla Corva, and the pan keepers led by Nuno Prates asked for an advance.",
        "Salt from Isla Corva costs twice as much since the rain; Nuno Prates and the pan keepers have their advance.",
    ),
}


def saga(topic: str) -> list[dict[str, Any]]:
    """The reports of one story, each with what the one before said; the second holds all of the first, so it is a copy."""
    return [
        {
            "id": f"{topic}-{number}",
            "title": " ".join(sentence.split()[:6]),
            "body": "\n\n".join([sentence, *SENTENCES[topic][max(0, number - 1) : number]]),
            "published_at": f"202{list(SENTENCES).index(topic)}-03-{10 + number}T08:00:00Z",
            "section": topic,
            "source": f"Source {number}",
            "language": "en",
        }
        for number, sentence in enumerate(SENTENCES[topic])
    ]


SAGAS = [*saga("kiln"), *saga("owl"), *saga("salt")]


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    """An index whose places are those that regrouping finds: three stories of five, three and two articles, and copies."""
    index = index_of(tmp_path, [*SAGAS, *FAMILY, *OTHERS])
    regrouped(index)
    stories = parted(index)[1]
    assert {frozenset(one["id"] for one in saga(topic)) for topic in SENTENCES} <= stories
    return index


def regrouped(index: IndexFolder) -> Regrouped:
    found = generation_jobs.reindex(index, regroup=True).regrouped
    assert found
    return found


def move(index: IndexFolder, articles: Iterable[str], story: int) -> None:
    """Put articles in another story, as earlier rules might have."""
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        for article_id in articles:
            known = archive.known(article_id)
            assert known
            place = archive.places.place_of(known.seq)
            archive.places.put_place(known.seq, Place(place.group, story))


def begin(index: IndexFolder, article_id: str, articles: Iterable[str]) -> int:
    """Put articles in a story that begins with one, and give its number."""
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        number = archive.places.new_story(article_id)
    move(index, articles, number)
    return number


def story_of(index: IndexFolder, article_id: str) -> int:
    story = places(index)[article_id][1]
    assert story is not None
    return story


def story_id(index: IndexFolder, article_id: str) -> str:
    """The public id of an article's story, checked to be that which readers find it by."""
    with Archive(index.archive) as archive:
        number = story_of(index, article_id)
        found = archive.places.story_ids([number])[number]
    assert leads_to(index, found) == number, f"the id of the story of {article_id} leads elsewhere"
    return found


def leads_to(index: IndexFolder, public_id: str) -> int:
    """The story that an id stands for, after any merge."""
    with Archive(index.archive) as archive:
        return archive.places.story_numbers(public_id)[-1]


def every_story_leads_to_itself(index: IndexFolder) -> bool:
    with closing(sqlite3.connect(index.archive)) as db:
        living = "SELECT count(*) FROM stories WHERE merged_into IS NOT NULL AND story IN (SELECT story FROM articles)"
        chains = (
            "SELECT count(*) FROM stories a JOIN stories b ON a.merged_into = b.story WHERE b.merged_into IS NOT NULL"
        )
        return not any(db.execute(question).fetchone()[0] for question in (living, chains))


def changes(index: IndexFolder) -> int:
    with Archive(index.archive) as archive:
        return archive.last_change()


def test_regrouping_again_moves_nothing_and_logs_nothing(index: IndexFolder) -> None:
    before, change = places(index), changes(index)
    found = regrouped(index)
    assert found.moved == 0
    assert found.articles == len(before)
    assert found.copies == len(before) - len({group for group, _ in before.values()})
    assert found.stories == len({story for _, story in before.values()})
    assert places(index) == before
    assert changes(index) == change


def test_regrouping_mends_copies_that_one_ingest_could_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(archive_places.Places, "of_day", lambda *_: [])
        index = index_of(tmp_path, [*FAMILY[:1], *OTHERS, *LOOKALIKES])
        ingest(index, FAMILY[2:])
    assert same_text_as(index, "original") != SAME - {"wire"}
    found = regrouped(index)
    assert found.moved >= 1
    assert same_text_as(index, "original") == SAME - {"wire"}
    assert jobs.verify(index) == []


def test_one_change_is_logged_however_many_articles_moved(index: IndexFolder) -> None:
    before, change = parted(index), changes(index)
    move(index, [f"kiln-{number}" for number in range(5)], story_of(index, "salt-0"))
    found = regrouped(index)
    assert found.moved >= 2
    assert changes(index) == change + 1
    assert parted(index) == before
    assert jobs.verify(index) == []


def test_the_id_of_a_story_that_fell_in_two_stays_with_most_of_its_articles(index: IndexFolder) -> None:
    owl, kiln = story_id(index, "owl-0"), story_id(index, "kiln-0")
    move(index, [one["id"] for one in saga("owl")], story_of(index, "kiln-0"))
    regrouped(index)
    assert story_id(index, "kiln-0") == kiln
    assert story_id(index, "owl-0") == owl
    assert every_story_leads_to_itself(index)


def test_the_id_of_a_story_that_became_part_of_another_leads_there(index: IndexFolder) -> None:
    kiln = story_id(index, "kiln-0")
    number = begin(index, "kiln-4", ["kiln-3", "kiln-4"])
    parted_id = story_id(index, "kiln-4")
    regrouped(index)
    assert story_id(index, "kiln-4") == story_id(index, "kiln-0") == kiln
    assert leads_to(index, parted_id) == story_of(index, "kiln-0") != number
    assert every_story_leads_to_itself(index)


def test_ids_that_stood_for_a_merged_story_stand_for_the_one_it_became_part_of(index: IndexFolder) -> None:
    begin(index, "kiln-4", ["kiln-4"])
    first = story_id(index, "kiln-4")
    regrouped(index)
    kiln = story_id(index, "kiln-0")
    move(index, [f"kiln-{number}" for number in range(5)], begin(index, "nobody", ()))
    begun = story_id(index, "kiln-0")
    assert leads_to(index, kiln) == leads_to(index, first) != story_of(index, "kiln-0")
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        archive.places.merge_story(leads_to(index, kiln), story_of(index, "kiln-0"))
    assert leads_to(index, kiln) == leads_to(index, first) == leads_to(index, begun)
    regrouped(index)
    assert leads_to(index, kiln) == leads_to(index, first) == story_of(index, "kiln-0")


def test_a_merged_story_that_is_found_apart_again_stands_for_itself(index: IndexFolder) -> None:
    owl, kiln = story_id(index, "owl-0"), story_of(index, "kiln-0")
    number = story_of(index, "owl-0")
    assert owl == story_id_from("owl-0")
    move(index, [one["id"] for one in saga("owl")], kiln)
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        archive.places.merge_story(number, kiln)
    assert leads_to(index, owl) == kiln
    regrouped(index)
    assert story_id(index, "owl-0") == owl
    assert leads_to(index, owl) == number
    assert every_story_leads_to_itself(index)


def test_two_stories_that_changed_founders_keep_ids_of_their_own(index: IndexFolder) -> None:
    """The founder of one went to another, which keeps that id: a story that begins with it now gets another id."""
    move(index, ["owl-0", "owl-1", "owl-2"], story_of(index, "kiln-0"))
    move(index, ["salt-0", "salt-1"], (begin(index, "owl-0", ())))
    regrouped(index)
    ids = {story_id(index, f"{topic}-0") for topic in SENTENCES}
    assert len(ids) == 3
    assert every_story_leads_to_itself(index)


def test_an_id_that_a_story_begins_again_with_is_not_merged_away_in_the_same_run(index: IndexFolder) -> None:
    """The story that an article once began has its last member elsewhere now, while the article begins one anew."""
    alone = ingest_one(index)
    number = story_of(index, alone)
    move(index, ["kiln-4"], number)
    move(index, [alone], story_of(index, "kiln-0"))
    regrouped(index)
    assert story_of(index, alone) != story_of(index, "kiln-0") == story_of(index, "kiln-4")
    story_id(index, alone)
    assert every_story_leads_to_itself(index)


def ingest_one(index: IndexFolder) -> str:
    body = "A meteorite the size of a plum went through the roof of the cinema in Olbramice during the newsreel; nobody woke."
    ingest(
        index, [{"id": "plum", "title": "Plum", "body": body, "published_at": "2026-04-30T20:00:00Z", "language": "en"}]
    )
    regrouped(index)
    assert frozenset({"plum"}) in parted(index)[1]
    return "plum"


def test_a_regrouping_that_breaks_off_changes_nothing(index: IndexFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    move(index, ["kiln-4"], story_of(index, "salt-0"))
    before, change = places(index), changes(index)

    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "touch", failing)
        with pytest.raises(RuntimeError, match="in the middle"):
            generation_jobs.reindex(index, regroup=True)
    assert places(index) == before
    assert changes(index) == change
    assert index.current() == index.numbers()[-1]
    assert jobs.verify(index) == []
    assert regrouped(index).moved >= 1


def test_the_command_reports_what_it_regrouped(index: IndexFolder) -> None:
    move(index, ["kiln-4"], story_of(index, "salt-0"))
    done = command("reindex", "--regroup", "--json", "--index", str(index.root))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["regrouped"]
    assert found.keys() == {"articles", "copies", "stories", "moved"}
    assert found["articles"] == len(places(index))
    assert found["moved"] >= 1
    done = command("reindex", "--json", "--index", str(index.root))
    assert json.loads(done.stdout)["regrouped"] is None


def test_an_article_that_comes_after_joins_what_was_regrouped(index: IndexFolder) -> None:
    late = {**FAMILY[2], "id": "late", "published_at": "2026-03-10T00:00:00Z"}
    ingest(index, [late])
    assert same_text_as(index, "late") == SAME | {"late"}
    assert story_of(index, "late") == story_of(index, "original")


# Readers ---------------------------------------------------------------------------------------------------------------


def test_a_reader_keeps_answering_while_places_are_found_anew(index: IndexFolder) -> None:
    move(index, [f"kiln-{number}" for number in range(5)], story_of(index, "salt-0"))
    library = opened_library(index)
    asked: list[int] = []
    trouble: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set() or not asked:
            try:
                library.refresh()
                asked.append(len(search(library, SearchQuery("brick kiln of Tarsova", anything())).hits))
            except Exception as error:
                trouble.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            generation_jobs.reindex(index, regroup=True)
    finally:
        done.set()
        reader.join()
    assert trouble == []
    assert min(asked) >= 4
    library.refresh()
    assert library.view is not None
    columns = library.view.snapshot.columns
    with Archive(index.archive) as archive:
        held = dict(zip(columns.seq.tolist(), columns.story.tolist(), strict=True))
        assert held == {seq: place.story for seq, place in archive.places.all_places().items()}
    library.close()


def test_readers_see_the_moved_articles_with_the_next_generation(index: IndexFolder) -> None:
    move(index, ["kiln-4", "kiln-3", "owl-2"], story_of(index, "salt-0"))
    generation_jobs.reindex(index)
    library = opened_library(index)
    generation_jobs.reindex(index, regroup=True, activate=False)
    library.refresh()
    assert library.view is not None
    assert len(library.view.snapshot.tail.dead) >= 1
    assert int(library.view.snapshot.tail.dead.sum()) == 1
    library.close()


# Archives of schema 1 --------------------------------------------------------------------------------------------------

OLD_ARTICLES = """
CREATE TABLE old_articles (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id TEXT NOT NULL UNIQUE,
    url_key TEXT,
    version INTEGER NOT NULL,
    change INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    text_key INTEGER NOT NULL
);
INSERT INTO old_articles SELECT seq, article_id, url_key, version, change, content_hash, text_key FROM articles;
DROP TABLE articles;
ALTER TABLE old_articles RENAME TO articles;
CREATE INDEX articles_by_url ON articles (url_key) WHERE url_key IS NOT NULL;
CREATE INDEX articles_by_text ON articles (text_key);
CREATE INDEX articles_by_change ON articles (change);
DROP TABLE stories;
DROP TABLE term_prints;
DROP TABLE term_counts;
DROP TABLE site_lines;
DROP TABLE site_pages;
DROP TABLE sites;
UPDATE meta SET value = '1' WHERE name = 'schema';
"""
"""Takes an archive back to schema 1."""


@pytest.fixture
def old(tmp_path: Path) -> IndexFolder:
    """An index whose archive has schema 1."""
    dated = {"id": "before-1970", "title": "Old", "body": "Printed long ago.", "published_at": "1911-05-04T03:02:01Z"}
    index = index_of(tmp_path / "old", [*FAMILY, *SAGAS, *OTHERS, record(40) | {"published_at": None}, dated])
    ingest(index, [FAMILY[4] | {"title": "Corrected", "updated_at": "2026-04-01T00:00:00Z"}])
    with closing(sqlite3.connect(index.archive)) as db:
        db.executescript(TO_SCHEMA_3 + OLD_ARTICLES)
    return index


def facts(index: IndexFolder) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(index.archive)) as db:
        questions: Mapping[str, str] = {
            "articles": "SELECT seq, article_id, url_key, version, change, content_hash, text_key FROM articles ORDER BY seq",
            "versions": "SELECT seq, version, received_at, record FROM versions ORDER BY seq, version",
            "chunks": "SELECT seq, recipe, ordinal, first, past, text_hash FROM chunks ORDER BY seq, recipe, ordinal",
            "embeddings": "SELECT * FROM embeddings WHERE text_hash IN (SELECT text_hash FROM chunks) ORDER BY model, text_hash",
            "changes": "SELECT * FROM changes ORDER BY change",
        }
        return {name: db.execute(question).fetchall() for name, question in questions.items()}


def published(index: IndexFolder) -> dict[str, int | None]:
    with closing(sqlite3.connect(index.archive)) as db:
        return dict(db.execute("SELECT article_id, published FROM articles"))


def test_an_archive_of_schema_1_is_brought_up_to_date_with_all_its_data(tmp_path: Path, old: IndexFolder) -> None:
    before = facts(old)
    with Archive(old.archive) as archive:
        assert archive.meta("schema") == SCHEMA_VERSION
        assert archive.places.unplaced()
        assert archive.check() == []
    assert facts(old) == before
    fresh = index_of(tmp_path / "fresh", [*FAMILY, *SAGAS, *OTHERS, record(40) | {"published_at": None}])
    found = published(old)
    assert found.pop("before-1970") == datetime(1911, 5, 4, 3, 2, 1, tzinfo=UTC).timestamp()
    assert found == published(fresh)
    assert found["a40"] is None
    assert all(story is None for _, story in places(old).values())
    assert {"original", "wire", "headline"} == same_text_as(old, "original")


def test_the_next_reindex_places_every_article_of_an_older_archive(old: IndexFolder) -> None:
    done = generation_jobs.reindex(old)
    assert done.encoded == 0
    assert done.regrouped is not None
    assert done.regrouped.moved == done.regrouped.articles == len(places(old))
    assert same_text_as(old, "original") == SAME
    assert all(story is not None for _, story in places(old).values())
    assert jobs.verify(old) == []
    assert generation_jobs.reindex(old).regrouped is None
    assert regrouped(old).moved == 0


def test_an_older_archive_takes_articles_in_before_it_is_reindexed(old: IndexFolder) -> None:
    ingest(old, [{**FAMILY[3], "id": "late"}, LOOKALIKES[0]])
    assert places(old)["late"][1] is not None
    assert places(old)["wire"][1] is None
    late = story_id(old, "late")
    generation_jobs.reindex(old)
    assert same_text_as(old, "original") == SAME | {"late"}
    assert story_id(old, "late") == story_id(old, "original") == late
    assert jobs.verify(old) == []


def test_processes_that_open_an_older_archive_at_once_bring_it_up_to_date_once(old: IndexFolder) -> None:
    """As the workers of a server do after an upgrade."""
    trouble: list[Exception] = []
    start = threading.Barrier(6)

    def open_it() -> None:
        start.wait()
        try:
            Archive(old.archive).close()
        except Exception as error:
            trouble.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    with Archive(old.archive) as archive:
        assert archive.meta("schema") == SCHEMA_VERSION


def test_one_unreadable_record_does_not_keep_an_older_archive_from_being_opened(old: IndexFolder) -> None:
    with closing(sqlite3.connect(old.archive)) as db, db:
        db.execute("UPDATE versions SET record = '{' WHERE seq = 3")
    with Archive(old.archive) as archive:
        assert archive.check() != []
