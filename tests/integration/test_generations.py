from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from indexer.archive import Archive
from indexer.errors import DiskFull, IndexDamaged, IndexMissing, ModelError, SourceError
from indexer.generations import MANIFEST
from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from search_api.embedded_library import EmbeddedLibrary
from search_api.library import Library
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from tests.support import anything, command, index_of, opened_library, record, write_jsonl


def generation_files() -> list[str]:
    return [
        "columns/seq.npy",
        "vectors/chunks.faiss",
        "vectors/embeddings.npy",
        "columns/vocabulary.json",
        "lexical/meta.json",
    ]


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(40)])


def test_a_fresh_index_verifies(index: IndexFolder) -> None:
    assert jobs.verify(index) == []


@pytest.mark.parametrize("name", generation_files())
def test_a_truncated_file_is_named_by_verify_and_by_every_reader_and_reindex_mends_it(
    index: IndexFolder, name: str
) -> None:
    path = index.generation(1) / name
    path.write_bytes(path.read_bytes()[:-7])
    (problem,) = jobs.verify(index)
    assert Path(name).name in problem
    assert "dateline reindex" in problem
    with pytest.raises(IndexDamaged, match=rf"{Path(name).name}.*dateline reindex"):
        EmbeddedLibrary(index).refresh()
    assert generation_jobs.reindex(index).encoded == 0
    assert jobs.verify(index) == []
    library = opened_library(index)
    assert len(search(library, SearchQuery("ferry", anything())).hits) == 10


@pytest.mark.parametrize("name", generation_files())
def test_a_flipped_byte_is_found(index: IndexFolder, name: str) -> None:
    path = index.generation(1) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    (problem,) = jobs.verify(index)
    assert f"{name} is damaged" in problem


def test_a_missing_file_and_a_broken_manifest_are_found(index: IndexFolder) -> None:
    (index.generation(1) / "columns" / "seq.npy").unlink()
    assert "seq.npy is missing" in jobs.verify(index)[0]
    (index.generation(1) / MANIFEST).write_text("{", encoding="utf-8")
    assert "manifest.json cannot be read" in jobs.verify(index)[0]


def test_a_manifest_that_leaves_files_out_is_found(index: IndexFolder) -> None:
    path = index.generation(1) / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["files"] = {name: facts for name, facts in manifest["files"].items() if not name.startswith("lexical")}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "is not in the manifest" in jobs.verify(index)[0]
    path.write_text(json.dumps(manifest | {"files": {"x": {}}}), encoding="utf-8")
    assert "manifest.json cannot be read" in jobs.verify(index)[0]


def test_the_generation_that_served_before_is_kept(index: IndexFolder) -> None:
    generation_jobs.reindex(index, activate=False)
    assert index.numbers() == [1, 2]
    assert generation_jobs.reindex(index).pruned == [2]
    assert index.numbers() == [1, 3]


def test_a_failed_write_says_why(index: IndexFolder) -> None:
    with Archive(index.archive) as archive:
        archive._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DiskFull, match="no room"), archive.transaction():
            archive.set_meta("big", "x" * 10_000_000)


def test_a_generation_of_another_format_is_refused(index: IndexFolder) -> None:
    path = index.generation(1) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}), encoding="utf-8")
    with pytest.raises(IndexDamaged, match="format 99"):
        EmbeddedLibrary(index).refresh()


@pytest.mark.parametrize("text", ["", "seven", "99"])
def test_a_wrong_pointer_to_the_serving_generation_is_named(index: IndexFolder, text: str) -> None:
    (index.root / "CURRENT").write_text(text, encoding="utf-8")
    assert "CURRENT" in jobs.verify(index)[0]
    generation_jobs.reindex(index)
    assert jobs.verify(index) == []


def test_lost_rows_of_the_archive_are_found(index: IndexFolder) -> None:
    with closing(sqlite3.connect(index.archive)) as db, db:
        db.execute("DELETE FROM embeddings WHERE text_hash = (SELECT text_hash FROM chunks LIMIT 1)")
        db.execute("DELETE FROM versions WHERE seq = 3")
    problems = "\n".join(jobs.verify(index))
    assert "chunks have no embedding" in problems
    assert "articles lack their current version" in problems


def test_changed_contents_of_the_archive_are_found(index: IndexFolder) -> None:
    with closing(sqlite3.connect(index.archive)) as db, db:
        db.execute("UPDATE versions SET record = replace(record, 'ferry', 'tram') WHERE seq = 1")
        db.execute("UPDATE versions SET record = '{' WHERE seq = 2")
        db.execute(
            "UPDATE embeddings SET vector = substr(vector, 1, 100) "
            "WHERE text_hash = (SELECT min(text_hash) FROM embeddings)"
        )
        db.execute("UPDATE articles SET version = 7, change = 1 WHERE seq = 5")
    problems = "\n".join(jobs.verify(index))
    assert "article 'a0' is not what was stored" in problems
    assert "1 versions hold no readable record" in problems
    assert "1 embeddings have another size" in problems
    assert "1 articles of the archive are missing in it" in problems


def test_a_damaged_archive_file_is_named_in_plain_words(index: IndexFolder) -> None:
    with closing(sqlite3.connect(index.archive)) as db, db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(index.archive.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 200] = b"\xff" * 200
    index.archive.write_bytes(content)
    problems = jobs.verify(index)
    assert problems
    assert "archive" in problems[0]
    done = command("search", "ferry", "--index", str(index.root))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_archive_without_articles_builds_no_generation(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    index = IndexFolder(tmp_path / "index")
    jobs.ingest(index, [str(tmp_path / "nothing")])
    with pytest.raises(IndexMissing, match="holds no articles yet"):
        generation_jobs.reindex(index)
    assert index.numbers() == []


def test_a_model_that_is_not_the_generation_s_is_refused(index: IndexFolder) -> None:
    path = index.generation(1) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": "another"}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"text-hash.*reindex --model"):
        EmbeddedLibrary(index).refresh()


def test_changes_are_searchable_before_the_next_generation_and_after_it(tmp_path: Path, index: IndexFolder) -> None:
    library = opened_library(index)
    changed = record(0) | {"title": "Zeppelin lands", "body": "A zeppelin landed on the quay in the morning fog."}
    jobs.ingest(index, [str(write_jsonl(tmp_path / "new.jsonl", [record(100), changed]))])
    library.refresh()
    for mode in Mode:
        assert search(library, SearchQuery("zeppelin fog", anything(), mode=mode)).hits[0].article.id == "a0"
        assert all(hit.version == 2 for hit in search(library, SearchQuery("zeppelin", anything(), mode=mode)).hits[:1])
    tail = {mode: answers(library, mode) for mode in Mode}
    generation_jobs.reindex(index)
    library.refresh()
    assert library.view is not None
    assert library.view.manifest.number == 2
    folded = {mode: answers(library, mode) for mode in Mode}
    assert [found.keys() for found in folded.values()] == [found.keys() for found in tail.values()]
    assert folded[Mode.SEMANTIC] == pytest.approx(tail[Mode.SEMANTIC], abs=1e-4)


def answers(library: Library, mode: Mode) -> dict[str, float]:
    hits = search(library, SearchQuery("ferry dispatch 100 from Lima", anything(), mode=mode, limit=100)).hits
    return {hit.article.id: hit.score for hit in hits}


def test_the_gate_keeps_a_generation_that_answers_worse_from_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_MODEL", "all-MiniLM-L6-v2")
    index = index_of(tmp_path / "news", [record(number) for number in range(24)])
    judged = tmp_path / "judged"
    judged.mkdir()
    (judged / "queries.jsonl").write_text('{"id": "q", "text": "boat accident"}\n', encoding="utf-8")
    lines = [f"q\ta{number}\t2" for number in range(0, 24, 4)]
    (judged / "qrels.tsv").write_text("\n".join(["query-id\tdoc-id\tgrade", *lines, ""]), encoding="utf-8")
    same = generation_jobs.reindex(index, gate=judged)
    assert same.gate is not None
    assert same.gate.passed
    assert same.activated
    worse = generation_jobs.reindex(index, gate=judged, model="text-hash")
    assert worse.gate is not None
    assert worse.gate.after < worse.gate.before
    assert not worse.activated
    assert index.current() == same.manifest.number
    assert worse.manifest.number not in index.numbers()


def test_a_gate_without_queries_about_the_index_is_refused(tmp_path: Path, index: IndexFolder) -> None:
    (tmp_path / "queries.jsonl").write_text('{"id": "q", "text": "ferry"}\n', encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tdoc-id\tgrade\nq\tunknown\t2\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no judged article"):
        generation_jobs.reindex(index, gate=tmp_path)
    with pytest.raises(SourceError, match="cannot be read"):
        generation_jobs.reindex(index, gate=tmp_path / "nowhere")
    assert index.numbers() == [1]


def test_an_index_without_articles_answers_with_nothing(tmp_path: Path) -> None:
    library = EmbeddedLibrary(IndexFolder(tmp_path / "nothing"))
    library.refresh()
    answer = search(library, SearchQuery("ferry", anything()))
    assert answer.hits == ()
    assert answer.generation is None
