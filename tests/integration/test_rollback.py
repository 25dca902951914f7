"""Going back to a generation that served before, by command or because the serving one is damaged."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from indexer.archive import Archive
from indexer.building import build
from indexer.errors import GenerationMissing, IndexDamaged
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.recipe import Recipe
from indexer.served import note_served
from search_api import generation_jobs, jobs
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import NOW, anything, index_of, opened_library, record, write_jsonl


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    """Two generations of which the second serves, and a change since."""
    index = index_of(tmp_path, [record(number) for number in range(24)])
    add(index, tmp_path, 24)
    generation_jobs.reindex(index)
    add(index, tmp_path, 25)
    return index


def add(index: IndexFolder, folder: Path, number: int) -> None:
    jobs.ingest(index, [str(write_jsonl(folder / f"{number}.jsonl", [record(number)]))])


def answer(library: Library) -> dict[str, float]:
    assert library.view
    query = SearchQuery("dispatch report", anything(), mode=Mode.SEMANTIC, limit=100, min_score=0.0)
    return {hit.article.id: round(hit.score, 5) for hit in search(library, query).hits}


def served_by(index: IndexFolder) -> tuple[int, dict[str, float]]:
    library = opened_library(index)
    assert library.view
    found = library.view.manifest.number, answer(library)
    library.close()
    return found


# By command ----------------------------------------------------------------------------------------------------------


def test_the_generation_that_served_before_serves_again_with_all_that_was_written_since(
    index: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, before = served_by(index)
    assert (number, len(before)) == (2, 26)
    for long_work in ("load_encoder", "reencode"):
        monkeypatch.setattr(generation_jobs, long_work, None)
    done = generation_jobs.rollback(index)
    assert (done.number, done.before, done.encoded) == (1, 2, 0)
    assert served_by(index) == (1, before)
    assert jobs.verify(index) == []
    with pytest.raises(GenerationMissing, match="no generation that served before"):
        generation_jobs.rollback(index)


def test_a_running_reader_moves_there_and_back(index: IndexFolder) -> None:
    library = opened_library(index)
    before = answer(library)
    for move, expected in ((generation_jobs.rollback, 1), (generation_jobs.reindex, 3)):
        move(index)
        library.refresh()
        assert library.view
        assert library.view.manifest.number == expected
        assert answer(library).keys() == before.keys()
    library.close()


def test_an_activation_that_was_killed_half_way_is_settled(index: IndexFolder) -> None:
    with index.building(), Archive(index.archive) as archive:
        manifest = build(index, archive, Recipe.of_key("text-hash", archive.meta("recipe") or ""), now=NOW)
        with archive.transaction():
            note_served(archive, manifest.number)  # and killed before CURRENT was replaced
    assert generation_jobs.rollback(index).number == 1
    assert generation_jobs.reindex(index).activated
    assert generation_jobs.rollback(index).number == 1


def test_after_a_rollback_the_next_generation_keeps_the_one_that_served(index: IndexFolder) -> None:
    generation_jobs.rollback(index)
    done = generation_jobs.reindex(index)
    assert (done.manifest.number, done.pruned) == (3, [2])
    assert index.numbers() == [1, 3]
    assert generation_jobs.rollback(index).number == 1


@pytest.mark.parametrize(("keep", "left"), [(0, [5]), (1, [4, 5]), (2, [3, 4, 5]), (9, [1, 2, 3, 4, 5])])
def test_as_many_generations_are_kept_as_asked(index: IndexFolder, keep: int, left: list[int]) -> None:
    for _ in range(2):
        generation_jobs.reindex(index, keep=9)
    generation_jobs.reindex(index, keep=keep)
    assert index.numbers() == left


def test_a_generation_that_never_served_is_activated_by_its_number(index: IndexFolder) -> None:
    generation_jobs.reindex(index, activate=False)
    assert index.current() == 2
    facts = {one["number"]: (one["serving"], one["served"]) for one in generation_jobs.generations_of(index)}
    assert facts == {1: (False, True), 2: (True, True), 3: (False, False)}
    assert generation_jobs.activate(index, 3).before == 2
    assert index.current() == 3
    assert generation_jobs.rollback(index).number == 2
    with pytest.raises(GenerationMissing, match="no generation 7"):
        generation_jobs.activate(index, 7)


def test_a_damaged_generation_is_not_gone_back_to(index: IndexFolder) -> None:
    flip(index.generation(1) / "vectors" / "embeddings.npy")
    with pytest.raises(IndexDamaged, match=r"embeddings\.npy is damaged"):
        generation_jobs.rollback(index)
    assert index.current() == 2


def test_going_back_to_another_model_embeds_what_was_written_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of(tmp_path, [record(number) for number in range(8)])
    monkeypatch.delenv("DATELINE_MODEL")
    assert generation_jobs.reindex(index, model="all-MiniLM-L6-v2").encoded > 0
    reader = opened_library(index)
    add(index, tmp_path, 8)
    reader.refresh()
    done = generation_jobs.rollback(index)
    assert (done.number, done.model, done.encoded) == (1, "text-hash", 1)
    reader.refresh()
    assert set(answer(reader)) == {f"a{number}" for number in range(9)}
    add(index, tmp_path, 9)
    reader.refresh()
    assert "a9" in answer(reader)
    reader.close()
    assert jobs.verify(index) == []


def test_what_is_written_while_another_model_is_embedded_gets_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of(tmp_path, [record(number) for number in range(8)])

    def building(*arguments: Any, **options: Any) -> Manifest:
        add(index, tmp_path, 8)
        return build(*arguments, **options)

    monkeypatch.setattr("search_api.shelves.build", building)
    done = generation_jobs.reindex(index, model="all-MiniLM-L6-v2")
    assert done.activated
    library = opened_library(index)
    assert "a8" in answer(library)
    library.close()
    with Archive(index.archive) as archive:
        assert archive.stored.lacking_chunks(done.manifest.recipe) == 0


# By itself -----------------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


FILES = (
    "vectors/embeddings.npy",
    "vectors/chunks.faiss",
    "vectors/article_vectors.npy",
    "columns/seq.npy",
    "columns/vocabulary.json",
    "lexical/meta.json",
    "manifest.json",
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("running", [True, False])
def test_a_damaged_generation_gives_way_to_the_one_before_and_nothing_is_missing(
    index: IndexFolder, caplog: pytest.LogCaptureFixture, name: str, *, running: bool
) -> None:
    library = opened_library(index)
    before = answer(library)
    if not running:
        library.close()
        library = EmbeddedLibrary(index)
    flip(index.generation(2) / name)
    with caplog.at_level(logging.ERROR):
        library.refresh()
    assert library.view
    assert library.view.manifest.number == 1
    assert answer(library) == before
    assert library.needs_repair
    assert "answering from generation 1" in caplog.text
    library.refresh()
    assert library.view.manifest.number == 1
    generation_jobs.reindex(index)
    library.refresh()
    assert library.view.manifest.number == 3
    assert answer(library) == before
    assert not library.needs_repair
    library.close()


@pytest.mark.parametrize("text", [None, "", "seven", "99"])
def test_a_lost_pointer_to_the_serving_generation_is_made_good_by_the_archive(
    index: IndexFolder, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    pointer = index.root / "CURRENT"
    if text is None:
        pointer.unlink()
    else:
        pointer.write_text(text, encoding="ascii")
    library = EmbeddedLibrary(index)
    with caplog.at_level(logging.ERROR):
        library.refresh()
    assert library.view
    assert library.view.manifest.number == 2
    assert len(answer(library)) == 26
    assert "CURRENT" in caplog.text
    assert "answering from generation 2" in caplog.text
    assert library.needs_repair
    library.close()


def test_a_generation_without_another_to_fall_back_on_is_not_answered_from(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(number) for number in range(8)])
    library = opened_library(index)
    flip(index.generation(1) / "vectors" / "embeddings.npy")
    with pytest.raises(IndexDamaged, match=r"embeddings\.npy is damaged"):
        library.refresh()
    with pytest.raises(IndexDamaged):
        search(library, SearchQuery("ferry", anything()))
    generation_jobs.reindex(index)
    library.refresh()
    assert len(answer(library)) == 8
    library.close()


def test_files_that_were_only_touched_are_checked_and_used_again(index: IndexFolder) -> None:
    library = opened_library(index)
    (index.generation(2) / "columns" / "seq.npy").touch()
    library.refresh()
    assert library.view
    assert library.view.manifest.number == 2
    assert not library.needs_repair
    library.close()
