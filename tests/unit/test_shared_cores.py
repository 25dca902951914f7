"""Who has a core: each answer one, and more where nobody else needs it."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

from indexer.processes import usable_cores
from indexer.shared_cores import MOST_ANSWERS, SharedCores


def test_an_answer_takes_further_cores_only_while_they_are_free() -> None:
    cores = SharedCores(4)
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
    cores = SharedCores(1)
    assert cores.take(1)
    with cores.answering(), cores.answering():
        assert cores.free == 0
    cores.give_back(1)
    assert cores.free == 1


def test_so_many_answers_are_worked_out_at_a_time_and_the_others_after_them() -> None:
    cores = SharedCores(2)
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


def turns_left(cores: SharedCores) -> int:
    """How many further answers are let in at once."""
    with ExitStack() as held:
        for number in itertools.count():
            if not held.enter_context(cores.answering(0)):
                return number
    raise AssertionError


def test_an_answer_that_fails_leaves_its_turn_to_others() -> None:
    cores = SharedCores(1)
    with suppress(ValueError), cores.answering():
        raise ValueError
    assert (cores.free, turns_left(cores)) == (1, MOST_ANSWERS)


def test_an_answer_goes_ahead_without_a_turn_when_those_before_it_hang() -> None:
    cores = SharedCores(MOST_ANSWERS + 1)
    with ExitStack() as hanging:
        assert all(hanging.enter_context(cores.answering(0)) for _ in range(MOST_ANSWERS))
        with cores.answering(0.01) as has_turn:
            assert not has_turn
            assert cores.free == 0
        assert cores.free == 1
    assert (cores.free, turns_left(cores)) == (MOST_ANSWERS + 1, MOST_ANSWERS)


def test_the_cores_of_this_machine_are_those_it_may_use() -> None:
    assert SharedCores().number == usable_cores()
