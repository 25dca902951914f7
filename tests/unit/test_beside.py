"""Work that a second thread does, or the asking one where no core is free."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from indexer.shared_cores import SharedCores
from search_api import beside as module
from search_api.beside import beside

NAMED: ContextVar[str] = ContextVar("named", default="nobody")


@pytest.fixture(params=[0, 1], ids=["no core is free", "a core is free"])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SharedCores:
    found = SharedCores(request.param)
    monkeypatch.setattr(module, "CORES", found)
    return found


def test_the_result_is_what_the_work_returned_however_often_it_is_asked_for(cores: SharedCores) -> None:
    done: list[int] = []

    def work() -> str:
        done.append(threading.get_ident())
        return "found"

    result = beside(work)
    assert [result(), result()] == ["found", "found"]
    assert len(done) == 1
    assert (done[0] == threading.get_ident()) is (cores.free == 0)


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for_and_the_core_is_free_again(
    cores: SharedCores,
) -> None:
    free = cores.free

    def failing() -> None:
        raise ValueError("damaged")

    for _ in range(3):
        result = beside(failing)
        with pytest.raises(ValueError, match="damaged"):
            result()
    assert cores.free == free


def test_the_work_sees_the_context_it_was_begun_in(cores: SharedCores) -> None:
    token = NAMED.set("a reader")
    result = beside(NAMED.get)
    NAMED.reset(token)
    assert result() == ("a reader" if cores.free else "nobody")


def test_two_at_a_time_do_not_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", SharedCores(1))
    gate = threading.Event()
    slow = beside(lambda: gate.wait(20))
    quick = beside(lambda: "here")
    assert quick() == "here"
    gate.set()
    assert slow()
