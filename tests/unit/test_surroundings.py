from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import surroundings
from indexer.surroundings import DAY_S, WINDOW_DAYS, Around, Neighbour, Surroundings
from indexer.term_prints import TermPrint

NO_TERMS: TermPrint = np.empty(0, dtype=np.uint32)


def neighbour(seq: int, day: float | None, story: int | None = None) -> Neighbour:
    vector = np.random.default_rng(seq).standard_normal(8).astype(np.float32)
    published = None if day is None else int(day * DAY_S)
    return Neighbour(seq, published, None, seq, story, vector / np.linalg.norm(vector), NO_TERMS)


class Shelf:
    """Placed articles by day, and how often each day was asked for."""

    def __init__(self, articles: Iterable[Neighbour] = ()) -> None:
        self.asked: Counter[int | None] = Counter()
        self._of_day: dict[int | None, list[Neighbour]] = defaultdict(list)
        for article in articles:
            self._of_day[article.day].append(article)

    def load(self, day: int | None) -> list[Neighbour]:
        self.asked[day] += 1
        return list(self._of_day[day])


def settled(held: Surroundings, coming: Sequence[Neighbour], story: int = 7) -> list[Around]:
    """Receive a batch and place it all in one story; what was around each."""
    held.receive(coming)
    found = []
    for number, article in enumerate(coming):
        found.append(held.around(number))
        article.story = story
        held.settle(number)
    return found


def seqs(around: Around) -> list[int]:
    return [around.article(position).seq for position in range(len(around.places))]


def test_the_articles_of_the_window_are_around_and_no_others() -> None:
    apart = [0, 1, WINDOW_DAYS, WINDOW_DAYS + 1, -WINDOW_DAYS, -WINDOW_DAYS - 1, 0.5]
    shelf = Shelf([*(neighbour(number, 1000 + days, 1) for number, days in enumerate(apart)), neighbour(9, None, 1)])
    (around,) = settled(Surroundings(shelf.load), [neighbour(50, 1000)])
    assert sorted(seqs(around)) == [0, 1, 2, 4, 6]
    assert around.days is not None
    found = dict(zip(seqs(around), around.days.tolist(), strict=True))
    assert found == {0: 0, 1: 1, 2: WINDOW_DAYS, 4: WINDOW_DAYS, 6: 0.5}


def test_articles_without_a_date_are_compared_with_each_other_only() -> None:
    shelf = Shelf([neighbour(1, None, 1), neighbour(2, 1000, 1), neighbour(3, None, 1)])
    undated, dated = settled(Surroundings(shelf.load), [neighbour(50, None), neighbour(51, 1000)])
    assert seqs(undated) == [1, 3]
    assert undated.days is None
    assert seqs(dated) == [2]


def test_each_day_is_read_once() -> None:
    shelf = Shelf([neighbour(number, 1000 + number, 1) for number in range(30)])
    held = Surroundings(shelf.load)
    for number in range(10):
        settled(held, [neighbour(100 + number, 1000 + 3 * number), neighbour(200 + number, None)])
    assert set(shelf.asked.values()) == {1}


def test_an_article_sees_those_of_its_batch_that_were_placed_before_it_and_not_itself() -> None:
    batch = [neighbour(seq, 1000) for seq in (5, 3, 4)]
    assert [seqs(around) for around in settled(Surroundings(Shelf().load), batch)] == [[], [5], [5, 3]]


def test_an_article_that_changes_leaves_its_earlier_version_behind() -> None:
    shelf = Shelf([neighbour(1, 1000, 1), neighbour(2, 1000, 1)])
    held = Surroundings(shelf.load)
    assert seqs(settled(held, [neighbour(1, 1001)])[0]) == [2]
    changed = replace(neighbour(2, 1002), vector=neighbour(77, 0).vector)
    assert seqs(settled(held, [changed])[0]) == [1]
    (around,) = settled(held, [neighbour(3, 1001)])
    assert sorted(seqs(around)) == [1, 2]
    assert around.days is not None
    assert around.days.tolist() == [0, 1]


def test_the_articles_of_a_story_are_found_as_they_are_now() -> None:
    held = Surroundings(Shelf([neighbour(1, 1000, 4), neighbour(2, 1000, 5), neighbour(3, 1001, 4)]).load)
    settled(held, [neighbour(1, 1000)], story=5)
    (around,) = settled(held, [neighbour(9, 1000)])
    assert [around.article(place).seq for place in around.of_story(4).tolist()] == [3]
    assert sorted(around.article(place).seq for place in around.of_story(5).tolist()) == [1, 2]


@settings(deadline=None)
@given(
    stored=st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(900, 1300))), max_size=10),
    batches=st.lists(
        st.lists(
            st.tuples(st.integers(0, 15), st.one_of(st.none(), st.integers(900, 1300))),
            min_size=1,
            max_size=5,
            unique_by=lambda one: one[0],
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_everything_around_is_as_a_plain_list_of_current_articles_has_it(
    stored: list[tuple[int, int | None]], batches: list[list[tuple[int, int | None]]]
) -> None:
    current = {seq: neighbour(seq, day, 1) for seq, day in stored}
    held = Surroundings(Shelf(current.values()).load)
    revision = 1000
    for batch in batches:
        coming = []
        for seq, day in batch:
            revision += 1
            coming.append(replace(neighbour(seq, day), vector=neighbour(revision, 0).vector))
        current = {seq: one for seq, one in current.items() if seq not in {one.seq for one in coming}}
        held.receive(coming)
        for number, one in enumerate(coming):
            around = held.around(number)
            wanted = {
                other.seq: other
                for other in current.values()
                if (one.published is None) == (other.published is None)
                and abs((one.published or 0) - (other.published or 0)) <= WINDOW_DAYS * DAY_S
            }
            assert sorted(seqs(around)) == sorted(wanted)
            naive = [float(wanted[seq].vector @ one.vector) for seq in seqs(around)]
            assert around.cosines.tolist() == pytest.approx(naive, abs=1e-5)
            if around.days is not None:
                assert one.published is not None
                apart = [abs((wanted[seq].published or 0) - one.published) / DAY_S for seq in seqs(around)]
                assert around.days.tolist() == pytest.approx(apart, abs=1e-3)
            one.story = 2
            held.settle(number)
            current[one.seq] = one


def test_signals_are_those_of_the_positions_asked_for() -> None:
    shelf = Shelf([neighbour(number, 1000 + number, 1) for number in range(6)])
    (around,) = settled(Surroundings(shelf.load), [neighbour(50, 1000)])
    assert around.days is not None
    signals = around.at([4, 1])
    assert signals.cosines.tolist() == around.cosines[[4, 1]].tolist()
    assert signals.days is not None
    assert signals.days.tolist() == around.days[[4, 1]].tolist()


def test_no_more_than_most_around_are_compared_those_nearest_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "MOST_AROUND", 10)
    monkeypatch.setattr(surroundings, "LOADED_A_BATCH", 1000)
    held = Surroundings(Shelf().load)
    settled(held, [neighbour(number, 1000 + number % 60) for number in range(60)])
    (around,) = settled(held, [neighbour(100, 1030)])
    assert len(around.places) == 10
    assert sorted(abs(seq - 30) for seq in seqs(around)) == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    settled(held, [neighbour(200 + number, None) for number in range(60)])
    (around,) = settled(held, [neighbour(300, None)])
    assert seqs(around) == list(range(250, 260))


def test_a_batch_reads_the_nearest_days_only_until_it_has_read_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "MOST_AROUND", 10)
    monkeypatch.setattr(surroundings, "LOADED_A_BATCH", 4)
    shelf = Shelf([neighbour(number, 1000 + number, 1) for number in range(100)])
    held = Surroundings(shelf.load)
    (around,) = settled(held, [neighbour(500, 1050)])
    assert sorted(seqs(around)) == [45, 46, 47, 48, 49, 50, 51, 52, 53, 54]
    (around,) = settled(held, [neighbour(501, 1080)])
    assert {79, 80, 81} <= set(seqs(around))
    assert sum(shelf.asked[1000 + number] for number in range(100)) == 14


def test_days_far_from_what_comes_in_are_let_go_and_read_again_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "MOST_HELD", 40)
    stored = [neighbour(number, 1000 + number, 1) for number in range(30)]
    stored += [neighbour(100 + number, 5000 + number, 1) for number in range(30)]
    shelf = Shelf(stored)
    held = Surroundings(shelf.load)
    settled(held, [neighbour(200, 1015)])
    settled(held, [neighbour(201, 5015)])
    assert len(held.articles) == 62
    (around,) = settled(held, [neighbour(202, 5016)])
    assert len(held.articles) <= 40 * 5 // 4
    assert sorted(seqs(around)) == [*range(100, 130), 201]
    assert shelf.asked[5015] == 1
    (around,) = settled(held, [neighbour(203, 1015)])
    assert sorted(seq for seq in seqs(around) if seq < 100) == list(range(30))
    assert (shelf.asked[1000], shelf.asked[1029]) == (2, 1)
    assert len(seqs(around)) == len(set(seqs(around)))


def test_what_is_held_stays_bounded_however_much_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "MOST_HELD", 40)
    held = Surroundings(Shelf().load)
    most = 0
    for day in range(200):
        settled(held, [neighbour(day * 5 + number, 1000 + day) for number in range(5)])
        most = max(most, len(held.articles))
    assert most <= 40 * 5 // 4 + 5


def test_one_day_with_more_articles_than_may_be_held_keeps_the_last_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder date that a whole import shares: its articles are compared with the last ones, never with nothing."""
    monkeypatch.setattr(surroundings, "MOST_AROUND", 10)
    monkeypatch.setattr(surroundings, "LOADED_A_BATCH", 1)
    monkeypatch.setattr(surroundings, "MOST_HELD", 20)
    placed: list[Neighbour] = []
    held = Surroundings(lambda day: [one for one in placed if one.day == day][-10:])
    for number in range(40):
        one = neighbour(number, 1000)
        (around,) = settled(held, [one])
        assert len(around.places) == min(number, 10), f"article {number}"
        placed.append(one)
