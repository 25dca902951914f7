"""Generation files flipped, cut and removed, and CURRENT lost, under a service that answers.

Files are compared four times a second; answers in the first NOT_JUDGED_S after the damage are not judged, all later ones are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from threading import Timer

import pytest

from indexer.layout import IndexFolder
from search_api import generation_jobs, jobs
from tests.faults import checks
from tests.faults.lines import Line, a_line_to_each
from tests.faults.load import Ledger, Load, article, token
from tests.faults.service import Service
from tests.faults.test_kills import KILLS
from tests.support import index_of, write_jsonl

logger = logging.getLogger(__name__)

NOTICED_S = 0.5
"""Each worker looks at its files four times a second."""

NOT_JUDGED_S = 1.5
"""A machine that stalls may look later; from then on a wrong answer fails."""

RIGHT_AGAIN_S = 30.0
ONE_TRY_S = 5.0
MANY_KILLS = 20
"""With more asked for, all damages are tried."""

ARTICLES = range(5_000, 5_030)


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 0xFF]))


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def remove(path: Path) -> None:
    path.unlink()


def one_segment(folder: Path) -> Path:
    return next(path for path in sorted(folder.glob("lexical/*")) if path.suffix == ".term")


def file(name: str) -> Callable[[Path], Path]:
    return lambda folder: folder / name


Damage = tuple[Callable[[Path], None], Callable[[Path], Path]]

OFTEN: tuple[Damage, ...] = (
    (flip, file("vectors/embeddings.npy")),
    (flip, one_segment),
    (cut, file("columns/seq.npy")),
    (remove, file("manifest.json")),
)
"""What `make test` does."""

SELDOM: tuple[Damage, ...] = tuple(
    (damage, chosen)
    for damage in (flip, cut, remove)
    for chosen in (
        file("vectors/embeddings.npy"),
        file("vectors/chunks.faiss"),
        file("columns/seq.npy"),
        one_segment,
        file("manifest.json"),
    )
)
"""What `make faults` does."""

ALONE: tuple[Damage, ...] = ((flip, file("vectors/embeddings.npy")), (cut, file("vectors/chunks.faiss")))
"""Where there is no earlier generation to answer from."""


def index_with(folder: Path, *, earlier: bool) -> IndexFolder:
    """An index with a tail, and with an earlier generation if asked."""
    index = index_of(folder, [article(number, 1) for number in ARTICLES[:-4]])
    if earlier:
        generation_jobs.reindex(index)
    jobs.ingest(index, [str(write_jsonl(folder / "tail.jsonl", [article(number, 1) for number in ARTICLES[-4:]]))])
    return index


def right(line: Line, number: int) -> bool:
    """Whether the article is the one answer to its own word; anything but that or a refusal is wrong."""
    answer = line.get(f"/v1/search?q=%22{token(number, 1)}%22")
    assert line.status in (200, 503), answer
    if line.status != 200:
        return False
    assert [hit["id"] for hit in answer["hits"]] == [f"w{number}"], answer
    return True


def all_right(service: Service) -> bool:
    """Whether each of two workers finds every article; not while one is being started again."""
    try:
        with a_line_to_each(service, ONE_TRY_S) as lines:
            return len(lines) == 2 and all(right(line, number) for number in ARTICLES for line in lines)
    except (OSError, HTTPException):
        return False


def wait_until_right(service: Service, damaged_at: float, judged_after_s: float = NOT_JUDGED_S) -> float:
    """Seconds from the damage until every worker finds every article; from `judged_after_s` on wrong answers fail at once."""
    while True:
        begun_s = time.monotonic() - damaged_at
        try:
            if all_right(service):
                return begun_s
        except AssertionError:
            if begun_s >= judged_after_s:
                raise
        assert begun_s < RIGHT_AGAIN_S, service.log[-2000:]


def wait_until_repaired(service: Service, damaged: int) -> None:
    """Until a generation that was built since serves everywhere, and the index is sound."""
    deadline = time.monotonic() + RIGHT_AGAIN_S
    while not all_moved(service, damaged):
        assert time.monotonic() < deadline, service.log[-2000:]
        time.sleep(0.05)
    assert jobs.verify(service.index) == []


def all_moved(service: Service, damaged: int) -> bool:
    try:
        with a_line_to_each(service, ONE_TRY_S) as lines:
            states = [line.get("/readyz") for line in lines]
    except (OSError, HTTPException):
        return False
    return len(states) == 2 and all((state.get("generation") or 0) > damaged for state in states)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("earlier", [True, False], ids=["with-an-earlier-generation", "alone"])
def test_damage_is_found_told_and_mended_while_readers_get_right_answers_or_none(
    tmp_path: Path, *, earlier: bool
) -> None:
    index = index_with(tmp_path, earlier=earlier)
    often = OFTEN if earlier else ALONE
    with Service(index, tmp_path / "serve.log") as service:
        load = Load(service, tmp_path / "incoming", articles=10)
        load.start(writers=1, searchers=1, ingest=False)
        for damage, chosen in often if KILLS <= MANY_KILLS else SELDOM:
            serving = index.current()
            assert serving is not None
            if not earlier:
                generation_jobs.reindex(index, keep=0)
                wait_until_repaired(service, serving)
                serving += 1
            path = chosen(index.generation(serving))
            before = len(service.log)
            damage(path)
            damaged_at, forgetting = time.monotonic(), Timer(NOT_JUDGED_S, load.ledger.forget_what_was_wrong)
            forgetting.start()
            time.sleep(NOTICED_S)
            took_s = wait_until_right(service, damaged_at)
            wait_until_repaired(service, serving)
            forgetting.join()
            told = service.log[before:]
            assert f"generation {serving}" in told or f"/{serving}/" in told, told
            assert "building a generation" in told, told
            logger.info(f"{damage.__name__} {path.name}: right again after {took_s:.1f} s")
        load.stop()
        assert_nothing_is_lost(service, load.ledger)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("text", [None, "seven"])
def test_a_lost_pointer_is_made_good(tmp_path: Path, text: str | None) -> None:
    index = index_with(tmp_path, earlier=True)
    with Service(index, tmp_path / "serve.log") as service:
        load = Load(service, tmp_path / "incoming", articles=10)
        load.start(writers=1, searchers=1, ingest=False)
        serving = index.current()
        assert serving is not None
        pointer = index.root / "CURRENT"
        if text is None:
            pointer.unlink()
        else:
            pointer.write_text(text, encoding="ascii")
        wait_until_right(service, time.monotonic(), judged_after_s=0)
        wait_until_repaired(service, serving)
        load.stop()
        assert "CURRENT" in service.log
        assert f"answering from generation {serving}" in service.log
        assert_nothing_is_lost(service, load.ledger)


def assert_nothing_is_lost(service: Service, ledger: Ledger) -> None:
    """All that was acknowledged meanwhile is there, and no answer was anything but right or an understood refusal."""
    checks.answers_were_whole(ledger)
    assert set(ledger.statuses) <= {0, 200, 201, 404, 503}, ledger.statuses
    checks.nothing_acknowledged_is_lost(service, ledger)
    checks.searches_know_the_last_of_each(service, ledger)
