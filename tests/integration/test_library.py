"""A reader's process follows the index through failures, new generations and killed neighbours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.engines.embedded import Snapshot
from indexer.engines.lexical import LexicalIndex
from indexer.layout import IndexFolder
from indexer.workspaces import Workspace
from search_api import generation_jobs, jobs
from search_api.app import create_app
from search_api.library import Library
from search_api.query import Mode, RelatedQuery, SearchQuery
from search_api.related import related
from search_api.searcher import search
from search_api.settings import Settings
from tests.support import ROOT, anything, index_of, record, write_jsonl

HOLD = """
import sys, time
from pathlib import Path
from indexer.workspaces import Workspace
workspace = Workspace(Path(sys.argv[1]))
workspace.folder.mkdir()
print(workspace.folder.name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def library(index: IndexFolder) -> Iterator[Library]:
    with jobs.opened(index) as library:
        yield library


@pytest.fixture
def index(tmp_path: Path) -> IndexFolder:
    return index_of(tmp_path, [record(number) for number in range(12)])


def ingest(index: IndexFolder, *numbers: int) -> None:
    path = index.root.parent / f"more-{numbers[0]}.jsonl"
    jobs.ingest(index, [str(write_jsonl(path, [record(number) for number in numbers]))])


def test_changes_taken_up_half_way_are_taken_up_again_once(
    index: IndexFolder, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(index, 20)
    library.refresh()
    ingest(index, 24)
    extend = LexicalIndex.extend

    def written_then_failed(*arguments: Any) -> LexicalIndex:
        extend(*arguments)
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(LexicalIndex, "extend", written_then_failed)
        with pytest.raises(OSError, match="disk full"):
            library.refresh()
    assert library.view is not None
    assert len(library.view.snapshot) == 13
    library.refresh()
    assert len(library.view.snapshot) == library.view.snapshot.lexical.size == 14
    hits = search(library, SearchQuery("dispatch 24", anything(), Mode.KEYWORD)).hits
    assert [hit.article.id for hit in hits].count("a24") == 1


def test_a_new_generation_serves_only_with_the_changes_since_it(
    index: IndexFolder, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_jobs.reindex(index)
    ingest(index, 20)
    with_changes = Snapshot.with_changes
    served: list[int] = []

    def watched(*arguments: Any) -> Snapshot:
        assert library.view is not None
        served.append(library.view.manifest.number)
        return with_changes(*arguments)

    monkeypatch.setattr(Snapshot, "with_changes", watched)
    library.refresh()
    assert served == [1]
    assert library.view is not None
    assert (library.view.manifest.number, len(library.view.snapshot)) == (2, 13)


def test_a_withdrawn_article_is_gone_before_the_snapshot_knows(index: IndexFolder, library: Library) -> None:
    withdrawn = [record(0) | {"pubstatus": "withheld"}]
    jobs.ingest(index, [str(write_jsonl(index.root.parent / "withdrawn.jsonl", withdrawn))])
    found = search(library, SearchQuery("ferry dispatch 0 Mwanza", anything())).hits
    assert found
    assert "a0" not in [hit.article.id for hit in found]
    lists = related(library, "a4", RelatedQuery(anything(), min_score=0.0)).hits
    assert "a0" not in [hit.article.id for hit in lists]


def test_a_changed_seed_is_not_related_to_itself_before_the_snapshot_knows(
    index: IndexFolder, library: Library
) -> None:
    changed = [record(0) | {"body": record(0)["body"] + " Nobody was hurt."}]
    jobs.ingest(index, [str(write_jsonl(index.root.parent / "changed.jsonl", changed))])
    for least in (0.0, 1.0):
        answer = related(library, "a0", RelatedQuery(anything(), min_score=least))
        assert answer.hits
        assert "a0" not in [hit.article.id for hit in answer.hits]


def test_a_reader_that_cannot_take_up_changes_says_so_and_goes_on(index: IndexFolder) -> None:
    index.tails.write_text("in the way", encoding="utf-8")
    ingest(index, 20)
    app = create_app(Settings(index=index.root))
    with TestClient(app) as client:
        assert client.get("/readyz").json() | {"status": "stale", "articles": 12} == client.get("/readyz").json()
        assert client.get("/v1/search?q=ferry").json()["hits"]
        index.tails.unlink()
        app.state.library.refresh()
        assert client.get("/readyz").json()["articles"] == 13


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_a_living_one_s_is_kept(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    with holder:
        assert holder.stdout is not None
        name = holder.stdout.readline().strip()
        Workspace(tmp_path).close()
        assert (tmp_path / name).is_dir()
        holder.kill()
    own = Workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{own.folder.name}.lock"]
    own.close()
    assert list(tmp_path.iterdir()) == []
