"""A writer and readers that work all the time while processes die, and what each of them saw of it."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import stamina

from tests.cluster.system import System, Unavailable, article_id

Answer = TypeVar("Answer")

BATCH = 10
AGAIN = 2
"""Of a batch, articles that were acknowledged before and are written again."""

PAUSE_S = 0.1
BOUNDED_S = 5.0
"""A bounded search sees all that was acknowledged so long before it; Milvus's own default."""

PATIENCE_S = 240.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call as its client saw it: when it began and ended (monotonic seconds), and whether it was answered."""

    began: float
    ended: float
    answered: bool


@dataclass(slots=True)
class Client:
    """The calls of one thread, in order, and the error that ended it, if one did."""

    name: str
    calls: list[Call] = field(default_factory=list)
    error: BaseException | None = None

    def answered_since(self, moment: float) -> int:
        """How many calls that began after this moment were answered."""
        return sum(call.answered for call in self.calls if call.began > moment)

    def answered(self, start: float, end: float) -> int:
        """How many calls that ended within these moments were answered."""
        return sum(call.answered for call in self.calls if start <= call.ended < end)

    def failed(self, start: float, end: float) -> int:
        """How many calls that ended within these moments failed."""
        return sum(not call.answered for call in self.calls if start <= call.ended < end)

    def longest_silence_s(self, start: float, end: float) -> float:
        """The longest time without an answer: between two answers, within these moments."""
        answers = [start, *(call.ended for call in self.calls if call.answered and start <= call.ended < end), end]
        return max(later - earlier for earlier, later in itertools.pairwise(answers))


class Load:
    """A writer, a reader that takes what Milvus calls bounded staleness, and one that reads its own writes."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.acknowledged: dict[int, float] = {}
        self.attempted: set[int] = set()
        self.wrong: list[str] = []
        self.writer = Client("writer")
        self.reader = Client("reader")
        self.strong_reader = Client("strong reader")
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(client, step), daemon=True)
            for client, step in (
                (self.writer, self._write),
                (self.reader, lambda: self._read(self.reader, strong=False)),
                (self.strong_reader, lambda: self._read(self.strong_reader, strong=True)),
            )
        ]

    @property
    def clients(self) -> tuple[Client, Client, Client]:
        return self.writer, self.reader, self.strong_reader

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client end its call, and wait for it."""
        self._ending.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def wait_for_answers(self, each: int, *, since: float) -> None:
        """Wait until each client had so many answers to calls begun after this moment; raise what ended one of them."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for client in self.clients:
                if client.error:
                    raise client.error
            silent = [client.name for client in self.clients if client.answered_since(since) < each]
            if not silent:
                return
            assert time.monotonic() < deadline, f"no {each} answers to {', '.join(silent)} within {PATIENCE_S:.0f} s"
            time.sleep(0.1)

    def _run(self, client: Client, step: Callable[[], None]) -> None:
        try:
            while not self._ending.wait(PAUSE_S):
                step()
        except BaseException as error:
            client.error = error

    def _write(self) -> None:
        fresh = range(len(self.attempted), len(self.attempted) + BATCH - AGAIN)
        again = random.sample(sorted(self.acknowledged), AGAIN) if self.acknowledged else []
        self.attempted.update(fresh)
        self._call(self.writer, lambda: self.system.upsert([*fresh, *again]))
        now = time.monotonic()
        self.acknowledged.update(dict.fromkeys(fresh, now))

    def _read(self, client: Client, *, strong: bool) -> None:
        until = time.monotonic() - (0 if strong else BOUNDED_S)
        known = [number for number, when in self.acknowledged.copy().items() if when < until]
        if not known:
            return
        number = random.choice(known)
        found = self._call(client, lambda: self.system.nearest(number, strong=strong))
        if found != article_id(number):
            age_s = time.monotonic() - self.acknowledged[number]
            self.wrong.append(f"{client.name}: {found} for {article_id(number)}, acknowledged {age_s:.1f} s before")

    def _call(self, client: Client, ask: Callable[[], Answer]) -> Answer:
        for attempt in stamina.retry_context(
            on=Unavailable, attempts=None, timeout=PATIENCE_S, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
        ):
            with attempt:
                began = time.monotonic()
                try:
                    answer = ask()
                except Unavailable:
                    client.calls.append(Call(began, time.monotonic(), answered=False))
                    raise
                client.calls.append(Call(began, time.monotonic(), answered=True))
        return answer
