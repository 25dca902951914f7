from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from indexer import cutting
from indexer.cutting import Cutter
from indexer.encoder import WordTokenizer, load_encoder
from indexer.recipe import cut
from indexer.types import Article
from tests.support import children

ARTICLES = [
    Article(
        f"a{number}", f"Report {number}", "\n\n".join(f"Line {line} of {number}, which is short." for line in range(40))
    )
    for number in range(70)
]
EXPECTED = [cut(article, WordTokenizer()) for article in ARTICLES]


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


@pytest.fixture
def cutter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutter]:
    """One that lets other processes cut from the first article on, on any machine."""
    monkeypatch.setattr(cutting, "usable_cores", lambda: 2)
    resource_tracker.ensure_running()  # a process that begins with the first of them and stays
    made = Cutter(WordTokenizer(), cut_here=0)
    yield made
    made.close()


def test_other_processes_cut_as_this_one_does(cutter: Cutter) -> None:
    before = children(os.getpid())
    finished = [cutter.start(ARTICLES[:50]), cutter.start([]), cutter.start(ARTICLES[50:])]
    assert [one for cuts in finished for one in cuts()] == EXPECTED
    assert children(os.getpid()) - before
    cutter.close()
    assert children(os.getpid()) <= before


def test_they_cut_with_the_model_s_own_tokenizer() -> None:
    tokenizer = load_encoder("all-MiniLM-L6-v2").tokenizer
    cutter = Cutter(tokenizer, cut_here=0)
    assert cutter.start(ARTICLES[:3])() == [cut(article, tokenizer) for article in ARTICLES[:3]]
    cutter.close()


def test_a_few_articles_are_cut_here() -> None:
    before = children(os.getpid())
    cutter = Cutter(WordTokenizer(), cut_here=len(ARTICLES) + 1)
    assert cutter.start(ARTICLES)() == EXPECTED
    assert children(os.getpid()) <= before
    cutter.close()


def test_when_a_process_is_killed_this_one_cuts(cutter: Cutter, caplog: pytest.LogCaptureFixture) -> None:
    before = children(os.getpid())
    assert cutter.start(ARTICLES)() == EXPECTED
    for process in children(os.getpid()) - before:
        os.kill(process, signal.SIGKILL)
    with caplog.at_level(logging.WARNING):
        assert cutter.start(ARTICLES)() == EXPECTED
        assert cutter.start(ARTICLES)() == EXPECTED
    assert [message for message in caplog.messages if "was ended from outside or" in message] == caplog.messages
    assert len(caplog.messages) == 1
