"""Small invented corpora, and indexes over them with the text-hash encoder."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from indexer.archive import Archive
from indexer.filters import Filters
from indexer.layout import IndexFolder
from indexer.models import DEFAULT_MODEL, ModelFiles, find_model
from search_api import jobs
from search_api.embedded_library import EmbeddedLibrary

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"

TOPICS = (
    (
        "ferry",
        "The ferry left the harbour with lorries on its deck and rolled over in a strong current near the strait.",
    ),
    (
        "rate",
        "The central bank cut its policy rate by a quarter point because inflation had slowed more than expected.",
    ),
    (
        "quake",
        "An earthquake damaged houses in the mountain villages and rescuers dug through bricks to reach families.",
    ),
    ("final", "The home side won the cup final on penalties after two late goals had taken the match to extra time."),
)
PLACES = ("Mwanza", "Oslo", "Lima", "Busan", "Ghent", "Tunis", "Recife", "Aqaba")


def record(number: int) -> dict[str, Any]:
    """One invented article: its topic, place, date, section and source follow from its number."""
    topic, text = TOPICS[number % len(TOPICS)]
    place = PLACES[number // len(TOPICS) % len(PLACES)]
    return {
        "id": f"a{number}",
        "url": f"https://news.example/{topic}/{number}",
        "title": f"{topic.title()} report {number} from {place}",
        "body": f"{text} This is dispatch {number} from {place}.\n\nOfficials in {place} said report {number} would follow.",
        "published_at": (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * (number % 400))).isoformat(),
        "source": f"Source {number % 3}",
        "section": topic,
        "authors": [f"Author {number % 5}"],
        "tags": [place.lower(), topic],
        "language": "en",
    }


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any] | str]) -> Path:
    """Records as lines; a text is written as it is."""
    lines = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def index_of(folder: Path, records: Iterable[Mapping[str, Any] | str], name: str = "articles.jsonl") -> IndexFolder:
    """An index with a generation over the records."""
    index = IndexFolder(folder / "index")
    folder.mkdir(parents=True, exist_ok=True)
    jobs.ingest(index, [str(write_jsonl(folder / name, records))])
    return index


def put_in_stories(index: IndexFolder, stories: Mapping[str, str | None]) -> None:
    """Say which story each article is in (None: not placed yet); readers take it up as a change."""
    with index.writing(), Archive(index.archive) as archive, archive.transaction():
        for article_id, story_id in stories.items():
            known = archive.known(article_id)
            assert known
            archive._db.execute(
                "INSERT OR IGNORE INTO stories (story_id) SELECT ? WHERE ? IS NOT NULL", (story_id, story_id)
            )
            archive._db.execute(
                "UPDATE articles SET story = (SELECT story FROM stories WHERE story_id = ?) WHERE seq = ?",
                (story_id, known.seq),
            )
            archive.touch(known.seq, at=NOW)


def opened_library(index: IndexFolder) -> EmbeddedLibrary:
    library = EmbeddedLibrary(index)
    library.refresh()
    return library


def anything(now: datetime = NOW) -> Filters:
    return Filters(now=now)


def contents(index: IndexFolder) -> dict[str, Any]:
    """All that was put into an archive, byte for byte, without the times of receipt."""
    with closing(sqlite3.connect(index.archive)) as db, db:
        return {
            "articles": db.execute("SELECT * FROM articles ORDER BY seq").fetchall(),
            "versions": db.execute(
                "SELECT seq, version, record, deleted FROM versions ORDER BY seq, version"
            ).fetchall(),
            "chunks": db.execute("SELECT * FROM chunks ORDER BY seq, version, recipe, ordinal").fetchall(),
            "embeddings": db.execute("SELECT * FROM embeddings ORDER BY model, text_hash").fetchall(),
            "changes": db.execute("SELECT change, seq FROM changes ORDER BY change").fetchall(),
            "stories": db.execute("SELECT * FROM stories ORDER BY story").fetchall(),
            "terms": db.execute("SELECT * FROM term_prints ORDER BY seq").fetchall(),
            "lines": db.execute("SELECT * FROM site_lines ORDER BY line_id").fetchall(),
            "sites": db.execute("SELECT * FROM sites ORDER BY site").fetchall(),
            "pages": db.execute("SELECT * FROM site_pages ORDER BY site, seq").fetchall(),
            "counts": db.execute("SELECT * FROM term_counts ORDER BY term").fetchall(),
            "meta": db.execute("SELECT * FROM meta ORDER BY name").fetchall(),
        }


TO_SCHEMA_3 = """
DROP TABLE tombstones;
DROP TABLE tombstone_urls;
DROP INDEX versions_by_time;
ALTER TABLE versions DROP COLUMN known_from;
ALTER TABLE versions DROP COLUMN deleted;
CREATE TABLE old_chunks (
    seq INTEGER NOT NULL REFERENCES articles,
    recipe TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    past INTEGER NOT NULL,
    text_hash BLOB NOT NULL,
    PRIMARY KEY (seq, recipe, ordinal)
) WITHOUT ROWID;
INSERT INTO old_chunks SELECT seq, recipe, ordinal, first, past, text_hash FROM chunks JOIN articles USING (seq, version);
DROP TABLE chunks;
ALTER TABLE old_chunks RENAME TO chunks;
UPDATE meta SET value = '3' WHERE name = 'schema';
"""
"""Takes an archive back to schema 3."""


def static_model(folder: Path) -> ModelFiles:
    """A model of token vectors alone, which only Sentence Transformers itself runs."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    tokens = find_model(DEFAULT_MODEL).folder / "tokenizer.json"
    words = Tokenizer.from_file(str(tokens))
    static = StaticEmbedding(words, embedding_weights=np.random.default_rng(1).standard_normal((30522, 8)))
    SentenceTransformer(modules=[static]).save(str(folder))
    (folder / "config.json").write_text("{}", encoding="utf-8")
    shutil.copy(tokens, folder)
    return find_model(str(folder))


def children(of: int) -> set[int]:
    """The numbers of the processes that a process started."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == of:
            found.add(int(status.parent.name))
    return found


def command(*arguments: str, model: str = "text-hash", timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `dateline` as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "search_api", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        cwd=ROOT,
        env={**os.environ, "DATELINE_MODEL": model, "HF_HUB_OFFLINE": "1", "COLUMNS": "200"},
    )


def taken_up(client: TestClient) -> None:
    """Let the service behind a test's client take up what the archive has taken in."""
    service: Any = client.app
    service.state.library.refresh()
