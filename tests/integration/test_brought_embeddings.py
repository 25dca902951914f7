"""Shards with embeddings, taken in by ingest: nothing is embedded again, and nothing wrong is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow
import pytest
from pyarrow import parquet

from indexer.archive import Archive
from indexer.bulk.embedding import PortionEmbedder, Task, Work
from indexer.bulk.plan import Input, Size, planned
from indexer.encoder import TextHashEncoder, load_encoder
from indexer.errors import ModelError, SourceError
from indexer.ingest import Ingest
from indexer.ingest_report import IngestReport
from indexer.layout import IndexFolder
from indexer.models import DEFAULT_MODEL
from indexer.recipe import Recipe, recipe_for
from indexer.runtimes import Device
from indexer.sources import find_sources, read_files
from indexer.sources.embedded_shard import EMBEDDINGS, FACTS
from indexer.sources.items import Reading
from indexer.types import Embeddings
from search_api import jobs
from tests.support import NOW, SAMPLE, contents, record, write_jsonl

HOW = Reading(NOW)


class Counting(TextHashEncoder):
    """Counts the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def encode_documents(self, texts: Sequence[str]) -> Embeddings:
        self.texts += len(texts)
        return super().encode_documents(texts)


class OtherRules(Counting):
    """The same model under another fingerprint."""

    fingerprint = "text-hash-2"


def work_into(folder: Path, encoder: TextHashEncoder | None = None, model: str | None = None) -> Work:
    recipe = recipe_for(load_encoder(model, folder / "models") if model else encoder or TextHashEncoder())
    return Work(folder, recipe, folder / "models", Device.CPU, HOW)


def embedded(source: Path, folder: Path, *, articles: int = 10, model: str | None = None) -> list[Path]:
    """The shards of a file, made one after another by one process."""
    folder.mkdir(exist_ok=True)
    made = planned(source, 0, Size(articles, 1 << 20))
    assert isinstance(made, Input)
    embedder = PortionEmbedder(work_into(folder, model=model))
    for number in range(len(made.portions)):
        embedder.embed(Task(made, number))
    return sorted(folder.glob("*.parquet"))


def taken_in(index: IndexFolder, sources: Iterable[Path], encoder: TextHashEncoder) -> IngestReport:
    index.root.mkdir(exist_ok=True)
    files = find_sources([str(path) for path in sources]).files
    with Archive(index.archive, create=True) as archive:
        return Ingest(archive, encoder, now=NOW).run(read_files(files, HOW))


def rewritten(shard: Path, change: Any) -> None:
    """The shard with its embeddings changed, the rest as it was."""
    table = parquet.read_table(shard)
    rows = table.to_pylist()
    for row in rows:
        row[EMBEDDINGS] = change(row[EMBEDDINGS])
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), shard)


def with_facts(shard: Path, changed: Mapping[str, Any] | bytes) -> None:
    table = parquet.read_table(shard)
    facts = (
        changed if isinstance(changed, bytes) else orjson.dumps(orjson.loads(table.schema.metadata[FACTS]) | changed)
    )
    parquet.write_table(table.replace_schema_metadata({FACTS: facts}), shard)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_jsonl(
        tmp_path / "articles.jsonl", [*map(record, range(25)), '{"title": 5}', *map(record, range(25, 40))]
    )


def test_an_index_of_shards_is_that_of_the_source_and_nothing_was_embedded_for_it(tmp_path: Path, source: Path) -> None:
    plain, bulk = IndexFolder(tmp_path / "plain"), IndexFolder(tmp_path / "bulk")
    counting = Counting()
    first = taken_in(plain, [source], Counting())
    report = taken_in(bulk, embedded(source, tmp_path / "out"), counting)
    assert counting.texts == 0
    assert (report.new, report.encoded, report.brought, report.rejected) == (40, 0, first.encoded, 0)
    assert (first.new, first.brought, first.rejected) == (40, 0, 1)
    assert contents(bulk) == contents(plain)


def test_the_sample_comes_back_from_its_shards_unchanged(tmp_path: Path) -> None:
    """Ids that were derived, markup in texts, fields of their own: all of it is as it was read."""
    odd: list[dict[str, Any]] = [
        {
            "title": "No id, no address & <b>markup</b>",
            "body": "By Staff\n\n<p>It stays &amp; stays.</p>",
            "mood": [1, {"a": 2}],
        },
        {
            "url": "https://news.example/x?utm_source=y",
            "title": "An address",
            "authors": ["By Ada"],
            "extra": {"n": 10**30},
        },
        {"title": "Persian", "body": "کشتی بندر را ترک کرد و در تنگه واژگون شد.", "published_at": "1999-12-31"},
        record(1) | {"embargoed": "2030-01-01T00:00:00Z", "pubstatus": "withheld", "correction": "It was wrong"},
    ]
    source = write_jsonl(tmp_path / "odd.jsonl", odd)
    for path in (SAMPLE / "articles.jsonl", source):
        index = IndexFolder(tmp_path / f"index of {path.stem}")
        counting = Counting()
        first = taken_in(index, embedded(path, tmp_path / path.stem), counting)
        assert first.rejected == 0
        assert counting.texts == 0
        again = taken_in(index, [path], counting)
        assert (again.unchanged, again.new, again.updated) == (first.new, 0, 0)
        assert counting.texts == 0


def test_an_id_that_comes_twice_in_one_input_is_rejected_across_its_shards(tmp_path: Path) -> None:
    twice = [*map(record, range(30)), record(3) | {"body": "Another text about the same."}]
    source = write_jsonl(tmp_path / "a.jsonl", twice)
    plain = taken_in(IndexFolder(tmp_path / "plain"), [source], Counting())
    report = taken_in(IndexFolder(tmp_path / "bulk"), embedded(source, tmp_path / "out"), Counting())
    assert (report.new, report.rejected) == (plain.new, plain.rejected) == (30, 1)
    assert report.rejects[0].place == "row 1, line 31 of a.jsonl"
    assert "was already read at row 4, line 4 of a.jsonl" in report.rejects[0].reason


def test_an_unchanged_article_brings_nothing_and_a_changed_one_its_own(tmp_path: Path, source: Path) -> None:
    index = IndexFolder(tmp_path / "index")
    taken_in(index, [source], Counting())
    newer = record(7) | {"body": "All of it is new.", "updated_at": "2026-05-01T00:00:00Z"}
    changed = write_jsonl(tmp_path / "newer.jsonl", [record(6), newer])
    counting = Counting()
    report = taken_in(index, embedded(changed, tmp_path / "out"), counting)
    assert (report.unchanged, report.updated, report.brought, counting.texts) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda vector: vector[:-2],
        lambda _: b"",
        lambda _: np.full(256, np.nan, dtype="<f2").tobytes(),
        lambda _: np.zeros(256, dtype="<f2").tobytes(),
        lambda vector: (np.frombuffer(vector, dtype="<f2") * np.float16(1.1)).tobytes(),
        lambda _: np.full(256, np.inf, dtype="<f2").tobytes(),
        lambda vector: bytes(len(vector) + 2),
    ],
    ids=["short", "empty", "not numbers", "zeros", "too long", "infinite", "another dimension"],
)
def test_a_damaged_embedding_is_counted_made_anew_and_never_stored(tmp_path: Path, source: Path, damage: Any) -> None:
    shards = embedded(source, tmp_path / "out")
    rewritten(shards[1], lambda found: [one | {"vector": damage(one["vector"])} for one in found])
    plain, bulk = IndexFolder(tmp_path / "plain"), IndexFolder(tmp_path / "bulk")
    counting = Counting()
    report = taken_in(bulk, shards, counting)
    assert (report.damaged_embeddings, counting.texts, report.encoded) == (10, 10, 10)
    taken_in(plain, [source], Counting())
    assert contents(bulk) == contents(plain)


def test_embeddings_of_texts_that_are_not_the_article_s_are_not_stored(tmp_path: Path, source: Path) -> None:
    shards = embedded(source, tmp_path / "out")
    rewritten(shards[0], lambda found: [one | {"text_hash": bytes(16)} for one in found])
    index = IndexFolder(tmp_path / "index")
    assert taken_in(index, shards, Counting()).encoded == 10
    with closing(sqlite3.connect(index.archive)) as db, db:
        assert db.execute("SELECT count(*) FROM embeddings WHERE text_hash = ?", (bytes(16),)).fetchone() == (0,)


def test_embeddings_of_another_recipe_are_made_anew_and_the_log_says_so_once(
    tmp_path: Path, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = OtherRules()
    report = taken_in(IndexFolder(tmp_path / "index"), embedded(source, tmp_path / "out"), other)
    assert (report.new, report.brought, report.damaged_embeddings) == (40, 0, 0)
    assert report.encoded == other.texts > 0
    said = [line for line in caplog.messages if "embeddings that come with the articles" in line]
    assert said == [
        "embeddings that come with the articles are of text-hash (text-hash-1/c1/120), this index has text-hash "
        "(text-hash-2/c1/120): they are made anew"
    ]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (b"{", "says that it holds embeddings, but not which"),
        (b"[]", "says that it holds embeddings, but not which"),
        ({"format_version": 2}, "has embeddings in format 2, this Dateline reads 1"),
        ({"rejects": [1]}, "says that it holds embeddings, but not which"),
        ({"read": "many"}, "says that it holds embeddings, but not which"),
        ({"portion": None, "passages": None}, "says that it holds embeddings, but not which"),
    ],
)
def test_a_shard_that_says_nothing_right_of_itself_is_rejected(
    tmp_path: Path, source: Path, facts: Any, reason: str
) -> None:
    shards = embedded(source, tmp_path / "out")
    with_facts(shards[0], facts)
    report = taken_in(IndexFolder(tmp_path / "index"), shards, Counting())
    assert (report.new, report.rejected) == (30, 1)
    assert report.rejects[0].reason.startswith(reason)


def test_rows_that_are_no_clean_articles_are_rejected_one_by_one(tmp_path: Path, source: Path) -> None:
    shard = embedded(source, tmp_path / "out")[0]
    table = parquet.read_table(shard)
    rows = table.to_pylist()
    rows[2]["extra"] = "{broken"
    rows[3]["published_at"] = "yesterday"
    rows[4] |= {"title": None, "body": None}
    rows[5][EMBEDDINGS] = None
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), shard)
    report = taken_in(IndexFolder(tmp_path / "index"), [shard], Counting())
    assert (report.new, report.rejected, report.encoded, report.brought) == (7, 3, 1, 6)
    assert [reject.place for reject in report.rejects] == [f"row {n}, line {n} of articles.jsonl" for n in (3, 4, 5)]


def test_a_table_with_a_column_of_that_name_is_read_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([record(1) | {"embeddings": [0.5, 0.25]}]), path)
    counting = Counting()
    assert taken_in(IndexFolder(tmp_path / "index"), [path], counting).new == 1
    assert counting.texts == 1


@pytest.mark.parametrize(
    ("embeddings", "reason"),
    [
        ([[{"text_hash": 1, "vector": 1 << 40}]], "an embedding has int where bytes belong"),
        ([[{"text_hash": "a", "vector": [1, 2]}]], "an embedding has str where bytes belong"),
        ([[{"text_hash": b"a", "vector": {"of": b"a"}}]], "an embedding has dict where bytes belong"),
        ([[{"hash": b"a"}]], "is no row of a shard with embeddings"),
        ([[b"a"]], "is no row of a shard with embeddings"),
        ([[None]], "is no row of a shard with embeddings"),
        ([5], "embeddings is a cell of the type int64, and no list"),
        ([{"text_hash": b"a", "vector": b"a"}], "embeddings is a cell of the type struct"),
        ([[{"text_hash": b"", "vector": b""}] * 100_001], "embeddings has 100,001 embeddings; the limit is 100,000"),
        ([[{"text_hash": b"a", "vector": bytes(65 << 20)}]], "embeddings is a cell of 68,157,4"),
    ],
    ids=["numbers", "text", "a struct", "other names", "bytes", "null", "a number", "no list", "too many", "too large"],
)
def test_what_are_no_embeddings_reject_their_row_and_no_other(
    tmp_path: Path, source: Path, embeddings: Any, reason: str
) -> None:
    shard = embedded(source, tmp_path / "out")[0]
    table = parquet.read_table(shard)
    none = pyarrow.nulls(len(table) - 1, pyarrow.array(embeddings).type)
    changed = pyarrow.chunked_array([pyarrow.array(embeddings), none])
    place = table.schema.get_field_index(EMBEDDINGS)
    parquet.write_table(table.set_column(place, EMBEDDINGS, changed), shard)
    report = taken_in(IndexFolder(tmp_path / "index"), [shard], Counting())
    assert (report.new, report.rejected, report.brought) == (9, 1, 0)
    assert reason in report.rejects[0].reason


def test_the_embeddings_of_the_longest_bodies_have_room(tmp_path: Path, source: Path) -> None:
    """More of them than a cell of text may have bytes."""
    shard = embedded(source, tmp_path / "out")[0]
    more = [{"text_hash": number.to_bytes(16), "vector": bytes(2048)} for number in range(10_000)]
    rewritten(shard, lambda found: found + more if found[0] else found)
    counting = Counting()
    report = taken_in(IndexFolder(tmp_path / "index"), [shard], counting)
    assert (report.new, report.brought, report.rejected, counting.texts) == (10, 10, 0, 0)


def test_a_place_that_bulk_embedding_did_not_write_is_not_repeated(tmp_path: Path, source: Path) -> None:
    shard = embedded(source, tmp_path / "out")[0]
    table = parquet.read_table(shard)
    rows = table.to_pylist()
    for row, place in zip(rows, ("\x1b[31mline 1", "line " * 1000, 5, None), strict=False):
        row |= {"place": place if isinstance(place, str) else None, "title": None, "body": None}
    rows[4]["extra"] = "[" * 100_000
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), shard)
    report = taken_in(IndexFolder(tmp_path / "index"), [shard], Counting())
    assert [reject.place for reject in report.rejects[:4]] == ["row 1", "row 2", "row 3", "row 4"]
    assert (report.new, report.rejected) == (5, 5)


def test_the_command_says_what_came_with_the_articles(tmp_path: Path, source: Path) -> None:
    shards = embedded(source, tmp_path / "out")
    done = jobs.ingest(IndexFolder(tmp_path / "index"), [str(path) for path in shards])
    assert (done.report.new, done.report.encoded, done.report.brought) == (40, 0, 40)
    assert jobs.status(IndexFolder(tmp_path / "index"))["archive"]["chunks"] == 40


def test_a_portion_is_embedded_once_and_a_changed_input_is_refused(tmp_path: Path, source: Path) -> None:
    (shard, *_) = embedded(source, tmp_path / "out")
    before = shard.stat().st_mtime_ns
    made = planned(source, 0, Size(10, 1 << 20))
    assert isinstance(made, Input)
    embedder = PortionEmbedder(work_into(tmp_path / "out"))
    embedder.embed(Task(made, 0))
    assert shard.stat().st_mtime_ns == before
    of_another_plan = planned(source, 0, Size(7, 1 << 20))
    assert isinstance(of_another_plan, Input)
    assert embedder.embed(Task(of_another_plan, 0)).articles == 7
    assert embedder.embed(Task(made, 0)).articles == 10
    shard.unlink()
    write_jsonl(source, map(record, range(5)))
    with pytest.raises(SourceError, match="was changed while it was read"):
        embedder.embed(Task(made, 0))
    source.unlink()
    with pytest.raises(FileNotFoundError):
        embedder.embed(Task(made, 0))
    assert not shard.exists()


def test_a_machine_with_another_model_embeds_nothing(tmp_path: Path, source: Path) -> None:
    work = work_into(tmp_path)
    other = Work(work.folder, Recipe("text-hash", "text-hash-9", 120), work.models, work.device, HOW)
    made = planned(source, 0, Size(10, 1 << 20))
    assert isinstance(made, Input)
    with pytest.raises(
        ModelError, match="this machine would embed by text-hash-1/c1/120, the run does by text-hash-9/c1/120"
    ):
        PortionEmbedder(other).embed(Task(made, 0))
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.usefixtures("real_model")
def test_the_real_model_s_vectors_in_the_archive_are_those_that_ingest_makes(tmp_path: Path) -> None:
    few = (SAMPLE / "articles.jsonl").read_text(encoding="utf-8").splitlines()[:6]
    source = write_jsonl(tmp_path / "few.jsonl", few)
    shards = embedded(source, tmp_path / "out", articles=4, model=DEFAULT_MODEL)
    plain, bulk = (IndexFolder(tmp_path / name, models_of=tmp_path / "out") for name in ("plain", "bulk"))
    first = jobs.ingest(plain, [str(source)]).report
    report = jobs.ingest(bulk, [str(path) for path in shards]).report
    assert (report.encoded, report.brought) == (0, first.encoded)
    assert contents(bulk)["embeddings"] == contents(plain)["embeddings"]
