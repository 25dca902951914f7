"""Writes to a service that has the archive, and readers of one that has none, while processes of the cluster die.

An article's text follows from its number and take, and shares hardly a word with any other: a question for it can be checked.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from indexer.archive import Archive
from search_api.client import Dateline, Retries
from tests.cluster.load import BOUNDED_S, PATIENCE_S, Call, Client
from tests.faults.service import Answer, Service

PAUSE_S = 0.1
MANY = 5
"""Articles of a bulk write."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def article_id(number: int) -> str:
    return f"p{number}"


def text(number: int, take: int) -> str:
    """Twelve words that hardly any other article has."""
    chance = random.Random(f"{number} {take}")
    return " ".join("".join(chance.choices(_LETTERS, k=7)) for _ in range(12))


def article(number: int, take: int) -> dict[str, Any]:
    return {
        "id": article_id(number),
        "title": text(number, take).split()[0].title(),
        "body": text(number, take),
        "source": f"Source {number % 5}",
        "section": "harbour",
        "published_at": "2026-02-01T00:00:00Z",
    }


def question(number: int, take: int, mode: str = "semantic") -> str:
    """The address of a search for the text of an article."""
    return f"/v1/search?mode={mode}&limit=5&q={quote(text(number, take))}"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was acknowledged last of an article, from which change on it is found, and when it was acknowledged."""

    number: int
    take: int
    version: int
    change: int
    acknowledged: float


class ProductLoad:
    """A writer to one service; of the other, a reader of raw answers, one with the product's own client, and one that asks how
    far it is. Each ends its own attempts as a `Call`; `wrong` has what no outage excuses."""

    def __init__(self, writing: Service, reading: Service) -> None:
        self.stored: dict[int, Stored] = {}
        self.wrong: list[str] = []
        self.writer = Client("writer")
        self.raw = Client("raw reader")
        self.patient = Client("the product's client")
        self.watcher = Client("watcher")
        self._acknowledged: list[tuple[float, float]] = []
        self._carried: list[tuple[float, float]] = []
        self._writing = writing
        self._reading = reading
        self._chance = random.Random(5)
        self._uncarried: list[Stored] = []
        self._settled: dict[int, tuple[Stored, float]] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        address = f"http://127.0.0.1:{reading.port}"
        self._http = Dateline(address, key=reading.key, retries=Retries(attempts=10_000, total_s=PATIENCE_S))
        steps = {
            self._write: self.writer,
            self._read_raw: self.raw,
            self._read_patiently: self.patient,
            self._watch: self.watcher,
        }
        self._threads = [
            threading.Thread(target=self._run, args=(client, step), daemon=True) for step, client in steps.items()
        ]

    @property
    def clients(self) -> tuple[Client, ...]:
        return self.writer, self.raw, self.patient, self.watcher

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each end its request; every write that was begun is acknowledged then."""
        self._ending.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._http.close()

    def wait_for_answers(self, each: int) -> None:
        """Wait until each has had so many answers from now on, and what was stored until now is carried."""
        now = time.monotonic()
        while True:
            for client in self.clients:
                if client.error:
                    raise client.error
            silent = [client.name for client in self.clients if client.answered_since(now) < each]
            with self._lock:
                left = sum(one.acknowledged < now for one in self._uncarried)
            if not silent and not left:
                return
            assert time.monotonic() < now + PATIENCE_S, f"no {each} answers to {silent}, or {left} writes not carried"
            time.sleep(PAUSE_S)

    def wait_until_carried(self) -> None:
        """Wait, after the end, until the reading service holds all that was stored."""
        deadline = time.monotonic() + PATIENCE_S
        while self._uncarried:
            assert time.monotonic() < deadline, f"{len(self._uncarried)} writes not carried"
            self._watch()
            time.sleep(PAUSE_S)

    def longest_write_s(self, start: float, end: float) -> float:
        """The longest that a write, acknowledged within these moments, was tried."""
        return max((took for when, took in self._acknowledged if start <= when < end), default=0.0)

    def longest_until_carried_s(self, start: float, end: float) -> float:
        """The longest from an acknowledgement, within these moments, until the reading service said that it holds the write."""
        return max((took for when, took in self._carried if start <= when < end), default=0.0)

    def _run(self, client: Client, step: Callable[[], None]) -> None:
        try:
            while not self._ending.wait(PAUSE_S):
                step()
        except BaseException as error:
            client.error = error

    def _write(self) -> None:
        fresh = range(len(self.stored), len(self.stored) + self._chance.choice((1, 1, MANY)))
        again = self._chance.sample(sorted(self.stored), 1) if self.stored and self._chance.random() < 0.2 else []
        takes = dict.fromkeys(fresh, 1) | {number: self.stored[number].take + 1 for number in again}
        with self._lock:
            for number in again:  # from now on either version may be found
                self._settled.pop(number, None)
        lines = "\n".join(json.dumps(article(number, take)) for number, take in takes.items())
        began = time.monotonic()
        answer = self._acknowledgement(lines, [*takes])
        now = time.monotonic()
        with Archive(self._writing.index.archive) as archive:
            change = archive.last_change()  # there is one writer
        self._acknowledged.append((now, now - began))
        with self._lock:
            for (number, take), line in zip(takes.items(), answer.text.splitlines(), strict=True):
                self.stored[number] = Stored(number, take, json.loads(line)["version"], change, now)
                self._uncarried.append(self.stored[number])

    def _acknowledgement(self, lines: str, numbers: list[int]) -> Answer:
        """Of a write, which is sent until it is acknowledged: of one article by PUT, else in bulk."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if len(numbers) == 1:
                answer = self._asked(self.writer, self._writing, "PUT", f"/v1/articles/{article_id(numbers[0])}", lines)
            else:
                kind = "application/x-ndjson"
                answer = self._asked(self.writer, self._writing, "POST", "/v1/articles:bulk", lines, kind)
            if answer.status in (200, 201):
                return answer
            assert time.monotonic() < deadline, f"not acknowledged within {PATIENCE_S:.0f} s: {answer}"
            time.sleep(PAUSE_S)

    def _watch(self) -> None:
        answer = self._asked(self.watcher, self._reading, "GET", "/readyz")
        now = time.monotonic()
        if answer.status != 200:
            return
        change = answer.json()["change"]
        with self._lock:
            for one in [one for one in self._uncarried if one.change <= change]:
                self._uncarried.remove(one)
                self._carried.append((one.acknowledged, now - one.acknowledged))
                if self.stored[one.number] is one:
                    self._settled[one.number] = one, now

    def _read_raw(self) -> None:
        if (one := self._drawn()) is None:
            return
        mode = self._chance.choice(("semantic", "hybrid"))
        answer = self._asked(self.raw, self._reading, "GET", question(one.number, one.take, mode))
        if answer.status == 200:
            hits = [(hit["id"], hit["version"]) for hit in answer.json()["hits"]]
            self._check(one, hits[:1], f"search ({mode})")
        answer = self._asked(self.raw, self._reading, "GET", f"/v1/articles/{article_id(one.number)}")
        if answer.status != 503:
            found = answer.json()
            self._check(one, [(found.get("id", str(answer.status)), found.get("version", 0))], "article")
        self._asked(self.raw, self._reading, "GET", f"/v1/articles/{article_id(one.number)}/related")

    def _read_patiently(self) -> None:
        if (one := self._drawn()) is None:
            return
        began = time.monotonic()
        found = self._http.search(text(one.number, one.take), mode="semantic", limit=5)
        self.patient.calls.append(Call(began, time.monotonic(), answered=True))
        self._check(one, [(hit.id, hit.version) for hit in found.hits][:1], "search by the client")

    def _drawn(self) -> Stored | None:
        """An article that the reading service has held for so long that every search has to find it."""
        until = time.monotonic() - BOUNDED_S
        with self._lock:
            known = [one for one, since in self._settled.values() if since < until]
            return self._chance.choice(known) if known else None

    def _check(self, one: Stored, first: list[tuple[str, int]], what: str) -> None:
        with self._lock:
            is_current = one.number in self._settled and self._settled[one.number][0] is one
        if is_current and first != [(article_id(one.number), one.version)]:
            age_s = time.monotonic() - one.acknowledged
            self.wrong.append(f"{what}: {first} for {one}, acknowledged {age_s:.1f} s before")

    def _asked(self, client: Client, service: Service, method: str, path: str, *body: str) -> Answer:
        """One request; what is neither an answer nor a refusal that says when to ask again is wrong."""
        began = time.monotonic()
        answer = service.ask(method, path, *body)
        client.calls.append(Call(began, time.monotonic(), answered=answer.status < 300))
        if answer.status < 300 or (answer.status == 404 and client is self.raw):
            return answer
        kind, wait = answer.headers.get("content-type"), answer.headers.get("retry-after", "")
        if (answer.status, kind) != (503, "application/problem+json") or not wait.isdigit():
            self.wrong.append(f"{client.name}: {method} {path[:60]}: {answer}"[:600])
        return answer
