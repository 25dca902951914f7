"""Writes and searches that go on while things break, and a ledger of what was acknowledged.

Every version of an article carries one token in its headline, in each sentence, in its summary and as its tag: an answer whose
parts carry different ones is torn, and so are two answers that give one version two tokens.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import Any

from tests.faults.service import ENVIRONMENT, UNREACHED, Answer, Service, Stopped
from tests.support import ROOT

REFUSALS = frozenset({UNREACHED, 503, 507})
"""What a writer tries again after."""

_TOKEN = re.compile(r"tok[a-z]+x[a-z]+")


def token(number: int, take: int) -> str:
    """A word of its own for each version of each article."""
    return f"tok{_letters(number)}x{_letters(take)}"


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def article(number: int, take: int) -> dict[str, Any]:
    word = token(number, take)
    return {
        "id": f"w{number}",
        "title": f"Dispatch {word} from the harbour",
        "body": "\n\n".join(
            f"The {word} report of part {part} says that the {word} ferry sailed." for part in range(3)
        ),
        "summary": f"What {word} says.",
        "tags": [word],
        "source": f"Source {number % 5}",
        "section": "harbour",
        "published_at": "2026-02-01T00:00:00Z",
    }


@dataclass(slots=True)
class Entry:
    """What was acknowledged last of an article: its take and its version, or that it was deleted."""

    take: int
    version: int
    deleted: bool = False


@dataclass
class Ledger:
    """What was acknowledged, and what was seen that must not be."""

    entries: dict[str, Entry] = field(default_factory=dict)
    acknowledgements: int = 0
    torn: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    searched_s: list[float] = field(default_factory=list)
    _tokens: dict[tuple[str, int], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledged(self, article_id: str, entry: Entry) -> None:
        with self._lock:
            self.entries[article_id] = entry
            self.acknowledgements += 1

    @property
    def answers(self) -> int:
        """How many requests were answered well."""
        return self.statuses.get(200, 0) + self.statuses.get(201, 0)

    def next_take(self, number: int) -> int:
        """Of the version of an article that has not been acknowledged yet."""
        known = self.entries.get(f"w{number}")
        return known.take + 1 if known else 1

    def saw(self, answer: Answer, what: str) -> None:
        """Count an answer; one that is neither right nor an understood refusal is kept."""
        with self._lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status >= 500 and answer.status not in REFUSALS:
                self.failures.append(f"{what}: {answer.status} {answer.text[:300]}")

    def forget_what_was_wrong(self) -> None:
        """Judge only what comes from now on."""
        with self._lock:
            self.torn.clear()
            self.failures.clear()
            self.statuses.pop(500, None)

    def check_parts(self, article_id: str, version: int, parts: list[str], what: str) -> None:
        """All tokens in the parts of one article are one, and always the same for a version."""
        found = {word for part in parts for word in _TOKEN.findall(part)}
        with self._lock:
            known = self._tokens.setdefault((article_id, version), min(found, default=""))
            if len(found) != 1 or found != {known}:
                self.torn.append(f"{what}: {article_id} version {version} has {sorted(found)}, was {known}")


class Load:
    """Threads that write, search and ingest until they are told to stop; what went wrong is in the ledger."""

    def __init__(self, service: Service, folder: Path, *, seed: int = 1, articles: int = 40) -> None:
        self.service = service
        self.ledger = Ledger()
        self.indexer: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._articles = articles
        self._seed = seed
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, *, writers: int = 2, searchers: int = 2, ingest: bool = True) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(writers):
            self._begin(self._write, number, writers)
        for number in range(searchers):
            self._begin(self._search, number)
        if ingest:
            self._begin(self._ingest)

    def stop(self) -> None:
        """Every write that was begun is acknowledged when this returns."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        self._threads.clear()
        self._stop.clear()

    def kill_indexer(self) -> bool:
        """Kill the ingest or reindex that runs; whether one did."""
        process = self.indexer
        if process is None or process.poll() is not None:
            return False
        process.kill()
        return True

    def _begin(self, target: Any, *arguments: Any) -> None:
        def run() -> None:
            with suppress(Stopped):
                target(*arguments)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _write(self, mine: int, of: int) -> None:
        chance = random.Random(self._seed * 1000 + mine)
        own = [number for number in range(self._articles) if number % of == mine]
        while not self._stop.is_set():
            if chance.random() < 0.2:
                self._write_many(chance.sample(own, 5))
            elif chance.random() < 0.15:
                self._delete(chance.choice(own))
            else:
                self._put(chance.choice(own))
            time.sleep(0.01)

    def _put(self, number: int) -> None:
        take = self.ledger.next_take(number)
        answer = self._until_acknowledged("PUT", f"/v1/articles/w{number}", article(number, take))
        self.ledger.acknowledged(f"w{number}", Entry(take, answer.json()["version"]))

    def _delete(self, number: int) -> None:
        known = self.ledger.entries.get(f"w{number}")
        if known is None:
            return
        answer = self._until_acknowledged("DELETE", f"/v1/articles/w{number}")
        self.ledger.acknowledged(f"w{number}", Entry(known.take, answer.json()["version"], deleted=True))

    def _write_many(self, numbers: list[int]) -> None:
        takes = {number: self.ledger.next_take(number) for number in numbers}
        lines = "\n".join(json.dumps(article(number, take)) for number, take in takes.items())
        while True:
            answer = self._until_acknowledged("POST", "/v1/articles:bulk", lines, "application/x-ndjson")
            results = [json.loads(line) for line in answer.text.splitlines()]
            if len(results) == len(numbers) and all("version" in one for one in results):
                break
            self.ledger.failures.append(f"bulk: {answer.text[:300]}")
        for number, one in zip(numbers, results, strict=True):
            self.ledger.acknowledged(f"w{number}", Entry(takes[number], one["version"]))

    def _until_acknowledged(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Answer:
        """Send a write again until it is answered: the same one changes nothing a second time."""
        while True:
            answer = self.service.ask(method, path, body, kind)
            self.ledger.saw(answer, f"{method} {path}")
            if answer.status in (200, 201):
                return answer
            assert answer.status in REFUSALS, f"{method} {path}: {answer.status} {answer.text}"
            time.sleep(0.1)

    def _search(self, mine: int) -> None:
        chance = random.Random(self._seed * 2000 + mine)
        while not self._stop.is_set():
            number = chance.randrange(self._articles)
            take = max(1, self.ledger.next_take(number) - chance.randint(1, 2))
            query = chance.choice(
                [token(number, take), "which+ferry+sailed+from+the+harbour", f"source:%22Source+{number % 5}%22"]
            )
            started = time.monotonic()
            answer = self.service.ask("GET", f"/v1/search?q={query}&limit=20")
            self.ledger.saw(answer, f"search {query}")
            if answer.status == 200:
                self.ledger.searched_s.append(time.monotonic() - started)
                for hit in answer.json()["hits"]:
                    self.ledger.check_parts(hit["id"], hit["version"], [hit["title"], hit["snippet"]["text"]], query)
            answer = self.service.ask("GET", f"/v1/articles/w{number}")
            if answer.status == 200:
                found = answer.json()
                parts = [found["title"], *found["body"].split("\n\n"), found["summary"], *found["tags"]]
                self.ledger.check_parts(found["id"], found["version"], parts, f"article w{number}")

    def _ingest(self) -> None:
        number = 10_000
        while not (self._stop.is_set() or self.service.stopped):
            take = number - 9_999
            records = [article(one, 1) for one in range(number, number + 5)]
            source = self._folder / f"{number}.jsonl"
            source.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
            if self._command("ingest", str(source)):
                for one in range(number, number + 5):
                    self.ledger.acknowledged(f"w{one}", Entry(1, 1))
            if take % 2:
                self._command("reindex")
            number += 5

    def _command(self, *arguments: str) -> bool:
        """Run a command until it was not killed; whether it ended well."""
        while True:
            self.indexer = subprocess.Popen(
                [sys.executable, "-m", "search_api", *arguments, "--index", str(self.service.index.root), "--json"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                env={**environ, **ENVIRONMENT},
            )
            _, said = self.indexer.communicate()
            if self.indexer.returncode == 0:
                return True
            if self.indexer.returncode > 0 and b"is building" not in said:
                self.ledger.failures.append(f"{arguments[0]}: {said.decode()[-300:]}")
                return False
            if self._stop.is_set():
                return False
