"""A generation built in slices is the one that is built at once, however often the building was stopped."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer import generations
from indexer.archive import Archive
from indexer.building import build, rewritten, slice_for
from indexer.encoder import load_encoder
from indexer.engines.columns import Columns
from indexer.engines.embedded import Snapshot
from indexer.errors import IndexBusy, IndexDamaged, IndexMissing
from indexer.generations import Manifest
from indexer.layout import IndexFolder
from indexer.recipe import Recipe, recipe_for
from search_api import jobs
from search_api.query import Mode, SearchQuery
from search_api.searcher import search
from search_api.takedown_jobs import takedown
from tests.support import NOW, ROOT, anything, index_of, opened_library, record, write_jsonl

UNDATED = {
    "id": "undated",
    "title": "A ferry without a date",
    "body": "Nobody wrote down when this ferry left the harbour.",
}


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [*(record(number) for number in range(60)), UNDATED])


def recipe_of(index: IndexFolder) -> Recipe:
    return recipe_for(load_encoder("text-hash", index.models))


def built(index: IndexFolder, **options: Any) -> Manifest:
    with index.building(), Archive(index.archive) as archive:
        manifest = build(index, archive, recipe_of(index), now=NOW, **options)
        generations.activate(index, archive, manifest)
    return manifest


def snapshot_of(index: IndexFolder, manifest: Manifest) -> Snapshot:
    return generations.open_snapshot(index, manifest)


def assert_same(index: IndexFolder, one: Manifest, other: Manifest) -> None:
    first, second = snapshot_of(index, one), snapshot_of(index, other)
    for field in fields(Columns):
        left, right = getattr(first.columns, field.name), getattr(second.columns, field.name)
        if field.name == "vocabulary":
            assert left == right
        else:
            assert (left.dtype, left.tolist()) == (right.dtype, right.tolist()), field.name
    assert np.array_equal(first.vectors.embeddings, second.vectors.embeddings)
    assert np.array_equal(first.base_article_vectors, second.base_article_vectors)
    assert len(second.vectors) == len(first.vectors)


def answers(index: IndexFolder) -> list[dict[str, float]]:
    """The score of each hit by its id, best first, for every query in every mode."""
    library = opened_library(index)
    asked = [
        (text, mode) for text in ("ferry dispatch from Lima", "central bank rate", "nobody wrote") for mode in Mode
    ]
    found = [
        {hit.article.id: hit.score for hit in search(library, SearchQuery(text, anything(), mode=mode)).hits}
        for text, mode in asked
    ]
    library.close()
    return found


def assert_answers_are(index: IndexFolder, expected: list[dict[str, float]]) -> None:
    found = answers(index)
    assert [list(hits) for hits in found] == [list(hits) for hits in expected]
    assert found == [pytest.approx(hits, abs=1e-6) for hits in expected]


def test_one_process_builds_at_a_time(index: IndexFolder) -> None:
    told = f"process {os.getpid()} is building a generation in .*; wait until it is done"
    with index.building(), pytest.raises(IndexBusy, match=told), index.building():
        pass


@pytest.mark.parametrize("slice_articles", [1, 7, 60, 61, 1000])
def test_slices_of_any_size_make_the_same_generation(index: IndexFolder, slice_articles: int) -> None:
    before = answers(index)
    first = generations.read_manifest(index)
    second = built(index, slice_articles=slice_articles)
    assert (second.number, second.articles, second.chunks) == (2, 61, first.chunks)
    assert_same(index, first, second)
    assert_answers_are(index, before)
    assert jobs.verify(index) == []


class Stopped(Exception):
    """Stands for a signal between two slices."""


def stopped_after(index: IndexFolder, slices: int, *, slice_articles: int = 10) -> list[int]:
    """The progress of a build that is stopped after so many slices."""
    told: list[int] = []

    def progress(articles: int) -> None:
        told.append(articles)
        if len(told) > slices:
            raise Stopped

    with pytest.raises(Stopped):
        built(index, slice_articles=slice_articles, progress=progress)
    return told


def test_a_build_that_was_stopped_is_taken_up_again(index: IndexFolder) -> None:
    assert stopped_after(index, 3) == [0, 10, 10, 10]
    told: list[int] = []
    manifest = built(index, progress=told.append)
    assert told == [30, 10, 10, 10, 1]
    assert_same(index, generations.read_manifest(index, 1), manifest)
    assert index.numbers() == [1, 2]
    assert [path.name for path in index.generations.glob(".*") if not path.name.startswith(".checked-")] == []


def test_what_changes_meanwhile_is_the_tail_of_the_generation(tmp_path: Path, index: IndexFolder) -> None:
    stopped_after(index, 3)
    changed = record(4) | {"title": "Zeppelin lands", "body": "A zeppelin landed."}
    jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [changed, record(200)]))])
    manifest = built(index)
    assert manifest.change == 61
    library = opened_library(index)
    assert [hit.version for hit in search(library, SearchQuery("zeppelin", anything(), mode=Mode.KEYWORD)).hits] == [2]
    assert len(library.view.snapshot if library.view else ()) == 62
    library.close()
    assert jobs.verify(index) == []


def test_a_build_that_does_not_fit_any_more_begins_anew(tmp_path: Path, index: IndexFolder) -> None:
    stopped_after(index, 3)
    jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [record(number) for number in range(100, 120)]))])
    assert built(index).articles == 81
    stopped_after(index, 3)
    plan = index.generations / ".building" / "plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"recipe": "other/c1/9"}), encoding="utf-8")
    assert built(index).articles == 81
    stopped_after(index, 3)
    plan.write_text("{", encoding="utf-8")
    assert built(index).articles == 81
    stopped_after(index, 3)
    (index.generations / ".building" / "parts" / "2").rename(index.generations / ".building" / "parts" / ".2")
    assert built(index).articles == 81
    order = index.generations / ".building" / "order.npy"
    for size_bytes in (0, 100, 200):
        stopped_after(index, 3)
        os.truncate(order, size_bytes)
        assert built(index).articles == 81
    assert jobs.verify(index) == []


BUILD = """
import resource
import sys
from pathlib import Path
from indexer.archive import Archive
from indexer.building import build
from indexer.encoder import load_encoder
from indexer.layout import IndexFolder
from indexer.recipe import recipe_for
from tests.support import NOW
root, slice_articles, most_files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
index = IndexFolder(Path(root))
with index.building(), Archive(index.archive) as archive:
    recipe = recipe_for(load_encoder("text-hash", index.models))
    def told(done):
        print(done, flush=True)
        sys.stdin.readline()
    build(index, archive, recipe, now=NOW, progress=told, slice_articles=slice_articles)
"""


def building_process(index: IndexFolder, *, slice_articles: int, most_files: int = 1024) -> subprocess.Popen[bytes]:
    """A build that tells its progress, a line a slice, and waits for a line, or the end of them, to go on."""
    command = [sys.executable, "-c", BUILD, str(index.root), str(slice_articles), str(most_files)]
    return subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)


def test_a_build_that_is_killed_again_and_again_ends_as_one_that_was_not(index: IndexFolder) -> None:
    chance = random.Random(7)
    taken_up: list[int] = []
    for _ in range(8):
        with building_process(index, slice_articles=4) as process:
            assert process.stdin
            assert process.stdout
            taken_up.append(int(process.stdout.readline()))
            for _ in range(chance.randrange(3)):
                process.stdin.write(b"\n")
                process.stdout.readline()
            process.stdin.write(b"\n")
            time.sleep(chance.uniform(0.0, 0.1))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    assert max(taken_up) > 0
    manifest = built(index, slice_articles=4)
    assert_same(index, generations.read_manifest(index, 1), manifest)
    assert jobs.verify(index) == []


def test_a_build_of_many_slices_holds_few_files_open(index: IndexFolder) -> None:
    with building_process(index, slice_articles=1, most_files=100) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        assert process.stdout.read().split() == [b"0", *[b"1"] * 61]
    assert process.returncode == 0
    assert_same(index, generations.read_manifest(index, 1), generations.read_manifest(index, 2))


def test_embeddings_of_another_size_are_refused_and_their_slices_are_made_anew(index: IndexFolder) -> None:
    stopped_after(index, 3)
    part = index.generations / ".building" / "parts" / "1" / "embeddings.npy"
    np.save(part, np.load(part)[:, :-1])
    with pytest.raises(IndexDamaged, match="expected one size"):
        built(index)
    assert_same(index, generations.read_manifest(index, 1), built(index))


# Written anew without some articles -----------------------------------------------------------------------------------


def test_a_generation_is_rewritten_without_an_article(tmp_path: Path) -> None:
    secret = record(70) | {
        "title": "Quenby Ollivander speaks",
        "authors": ["Ottoline"],
        "tags": ["quenbygate"],
        "section": "hush",
    }
    index = index_of(tmp_path, [*(record(number) for number in range(30)), secret])
    with index.building(), Archive(index.archive) as archive:
        known = archive.known("a70")
        assert known
        manifest = rewritten(index, archive, generations.read_manifest(index), without=[known.seq], now=NOW)
        assert (manifest.number, manifest.articles, manifest.change) == (2, 30, 31)
        generations.activate(index, archive, manifest)
    for path in index.generation(2).rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert not [word for word in (b"ollivander", b"ottoline", b"quenbygate", b"hush") if word in content], path
    clean = index_of(tmp_path / "clean", [record(number) for number in range(30)])
    columns, expected = (
        snapshot_of(index, manifest).columns,
        snapshot_of(clean, generations.read_manifest(clean)).columns,
    )
    for field in fields(Columns):
        if field.name not in ("vocabulary", "story"):
            assert getattr(columns, field.name).tolist() == getattr(expected, field.name).tolist(), field.name
    assert columns.vocabulary == expected.vocabulary
    assert_answers_are(index, answers(clean))


def test_a_generation_is_rewritten_without_its_last_article_and_takes_others(tmp_path: Path) -> None:
    index = index_of(tmp_path, [record(0)])
    receipt = takedown(index, "a0", "court order 7")
    assert (receipt.generations_rewritten, receipt.traces) == ({1: 2}, ())
    assert jobs.verify(index) == []
    assert answers(index) == [{}] * 9
    with pytest.raises(IndexMissing, match="holds no articles yet"):
        built(index)
    assert [path.name for path in index.generations.iterdir() if path.is_dir()] == ["2"]
    jobs.ingest(index, [str(write_jsonl(tmp_path / "more.jsonl", [record(1), record(2)]))])
    clean = index_of(tmp_path / "clean", [record(1), record(2)])
    assert_answers_are(index, answers(clean))
    assert built(index).articles == 2
    assert_answers_are(index, answers(clean))


def test_a_generation_whose_versions_are_lost_cannot_be_rewritten(index: IndexFolder) -> None:
    with index.building(), Archive(index.archive) as archive:
        archive._db.execute("DELETE FROM versions WHERE seq = 5")
        with pytest.raises(IndexDamaged, match="lacks 1 versions"):
            rewritten(index, archive, generations.read_manifest(index), without=[1], now=NOW)


@pytest.mark.parametrize(("articles", "size"), [(0, 1), (1, 1), (20_000, 20_000), (20_001, 2_501), (1_000_000, 15_625)])
def test_slices_are_one_or_so_many_that_their_segments_end_as_one(articles: int, size: int) -> None:
    assert slice_for(articles) == size


def test_the_words_of_eight_slices_are_one_segment(index: IndexFolder) -> None:
    articles = read_articles(index)
    manifest = built(index, slice_articles=-(-articles // 8))
    names = {path.stem.partition(".")[0] for path in (index.generation(manifest.number) / "lexical").glob("*.idx")}
    assert len(names) == 1


def read_articles(index: IndexFolder) -> int:
    with Archive(index.archive) as archive:
        return archive.counts()["articles"]
