"""Who has a core: each answer one, and more where nobody else needs it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from indexer.cores import MOST_ANSWERS, Cores


def test_an_answer_takes_further_cores_only_while_they_are_free() -> None:
    cores = Cores(4)
    with cores.answering():
        assert not cores.take(4)
        assert cores.take(2)
        with cores.answering():
            assert cores.free == 0
            assert not cores.take(1)
        assert cores.take(1)
        cores.give_back(3)
        assert cores.free == 3
    assert cores.free == 4


def test_an_answer_has_its_core_though_all_are_taken() -> None:
    cores = Cores(1)
    assert cores.take(1)
    with cores.answering(), cores.answering():
        assert cores.free == 0
    cores.give_back(1)
    assert cores.free == 1


def test_so_many_answers_are_worked_out_at_a_time_and_the_others_after_them() -> None:
    cores = Cores(2)
    counting, under_way, most = threading.Lock(), 0, 0
    gate = threading.Barrier(MOST_ANSWERS)

    def answer(number: int) -> int:
        nonlocal under_way, most
        with cores.answering():
            with counting:
                under_way += 1
                most = max(most, under_way)
            gate.wait(20)
            with counting:
                under_way -= 1
        return number

    with ThreadPoolExecutor(3 * MOST_ANSWERS) as threads:
        assert list(threads.map(answer, range(3 * MOST_ANSWERS))) == list(range(3 * MOST_ANSWERS))
    assert most == MOST_ANSWERS
    assert cores.free == 2


def test_an_answer_that_fails_leaves_its_room_to_others() -> None:
    cores = Cores(1)
    for _ in range(MOST_ANSWERS + 1):
        try:
            with cores.answering():
                raise ValueError
        except ValueError:
            assert cores.free == 1
