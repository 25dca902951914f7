from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer import placing
from indexer.duplicates import TextPrint, text_print
from indexer.encoder import TextHashEncoder
from indexer.placing import CANDIDATES, COMPARED_TEXTS, NEAREST, Place, Placing
from indexer.surroundings import DAY_S, Neighbour, Surroundings
from indexer.term_prints import BUCKETS, TermPrint, buckets_of, held, term_print
from indexer.types import Article

ENCODER = TextHashEncoder()

TRAM = (
    "The night tram of Ostrevik ran off its rails at the fish market on Sunday and came to rest against a bakery, the transport "
    "office said. Nobody was aboard but the driver, Marten Oyle, who was taken to hospital with a broken wrist. The office had "
    "warned in January that the points at the market were worn, and will now close the line for nine days."
)
TRAM_LATER = (
    "The points at the fish market of Ostrevik were worn down to a third when the night tram ran off its rails, inspectors of "
    "the transport office found. The driver, Marten Oyle, had braked in time, they said, and the bakery will be paid for its "
    "front. The line opens again on Tuesday, a day late."
)
GEESE = (
    "A flock of some four hundred barnacle geese has settled on the runway of the small airfield at Pellworth, and the club has "
    "sent its gliders elsewhere until spring. The warden, Ines Cabrol, counts them every morning with a tin whistle."
)


class Desk:
    """Articles with their texts, placed one after the other over a Surroundings of their own."""

    def __init__(self) -> None:
        self.texts: dict[int, Article] = {}
        self.read: list[int] = []
        self.around_of: dict[int, list[int]] = {}
        self._held = Surroundings(lambda _: ())
        self._placing = Placing(np.zeros(BUCKETS, dtype=np.int64), 0, self._text)

    def _text(self, seq: int) -> TextPrint:
        self.read.append(seq)
        return text_print(self.texts[seq])

    def neighbour(self, seq: int, body: str, day: float | None, section: str | None = None) -> Neighbour:
        article = Article(id=f"a{seq}", title="", body=body, language="en")
        self.texts[seq] = article
        published = None if day is None else int(day * DAY_S)
        return Neighbour(seq, published, section, 0, None, ENCODER.encode_query(body), term_print(article))

    def place(self, batch: Iterable[Neighbour], twins: dict[int, Place] | None = None) -> list[Place]:
        """The places found; an article without a copy gets its own number as its group, one without a story as its story."""
        coming = list(batch)
        self._placing.forget_texts(one.seq for one in coming)
        self._held.receive(coming)
        found = []
        for number, one in enumerate(coming):
            around = self._held.around(number)
            self.around_of[one.seq] = [around.article(place).seq for place in range(len(around.places))]
            place = self._placing.place(one, around, (twins or {}).get(one.seq))
            one.group = place.group or one.seq
            one.story = place.story or one.seq
            self._placing.learn(one.terms)
            self._held.settle(number)
            found.append(place)
        return found


def test_the_first_article_of_all_begins_a_text_and_a_story() -> None:
    desk = Desk()
    assert desk.place([desk.neighbour(1, TRAM, 1000)]) == [Place(None, None)]


def test_a_copy_takes_the_place_of_the_article_that_it_is_a_copy_of() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, 1000), desk.neighbour(2, GEESE, 1000)])
    assert desk.place([desk.neighbour(3, f"OSTREVIK - {TRAM.replace('worn', 'badly worn')}", 1001)]) == [Place(1, 1)]


def test_a_twin_s_place_is_taken_unseen() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, 1000)])
    assert desk.place([desk.neighbour(2, GEESE, 1000)], {2: Place(77, 88)}) == [Place(77, 88)]
    assert desk.read == []


def test_a_follow_up_joins_the_story_and_not_the_text() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, 1000), desk.neighbour(2, GEESE, 1000)])
    assert desk.place([desk.neighbour(3, TRAM_LATER, 1003)]) == [Place(None, 1)]


def test_another_event_begins_its_own_story() -> None:
    desk = Desk()
    assert desk.place([desk.neighbour(1, TRAM, 1000), desk.neighbour(2, GEESE, 1000)]) == [Place(None, None)] * 2


def test_a_changed_article_is_never_compared_with_itself() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, 1000), desk.neighbour(2, GEESE, 1000)])
    assert desk.place([desk.neighbour(1, TRAM + " No trams run.", 1000)]) == [Place(None, None)]
    assert desk.around_of[1] == [2]
    assert desk.place([desk.neighbour(3, TRAM + " No trams run.", 1000)]) == [Place(1, 1)]


def test_a_text_that_was_exchanged_is_read_anew() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, 1000)])
    desk.place([desk.neighbour(2, TRAM[:-40], 1000)])
    desk.place([desk.neighbour(1, GEESE, 1000)])
    assert desk.place([desk.neighbour(3, GEESE.replace("small ", ""), 1001)]) == [Place(1, 1)]


def test_articles_without_a_date_find_copies_and_stories_among_their_like() -> None:
    desk = Desk()
    desk.place([desk.neighbour(1, TRAM, None), desk.neighbour(2, TRAM, 1000)])
    copy, later = desk.place([desk.neighbour(3, TRAM[:-40], None), desk.neighbour(4, TRAM_LATER, None)])
    assert copy == Place(1, 1)
    assert later == Place(None, 1)


def test_an_article_without_terms_has_a_place() -> None:
    desk = Desk()
    empty = Neighbour(1, 0, None, 0, None, ENCODER.encode_query("x"), np.empty(0, dtype=np.uint32))
    desk.texts[1] = Article(id="a1", title="To be", body="")
    assert desk.place([desk.neighbour(2, TRAM, 0), empty]) == [Place(None, None)] * 2


def test_only_a_few_texts_are_read_for_one_article_however_many_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counting(terms: TermPrint, others: list[TermPrint]) -> NDArray[np.bool_]:
        compared.append(len(others))
        return held(terms, others)

    monkeypatch.setattr(placing, "held", counting)
    desk = Desk()
    alike = [TRAM.replace("nine", str(number)).replace("January", f"{number} notes") for number in range(10, 210)]
    desk.place(desk.neighbour(number, body, 1000 + number % 7) for number, body in enumerate(alike, start=1))
    desk.read.clear()
    compared.clear()
    desk.place([desk.neighbour(1000, TRAM_LATER, 1003)])
    assert len(desk.read) <= COMPARED_TEXTS + 1
    assert compared[0] <= CANDIDATES + NEAREST
    assert sum(compared[1:]) <= placing.LIKEST * placing.MEMBERS


@given(st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.75]), max_size=120), st.integers(1, 60))
def test_the_best_are_the_highest_the_earlier_of_equals_first(scores: list[float], count: int) -> None:
    wanted = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:count]
    assert placing._best(np.array(scores, dtype=np.float32), count) == wanted


def test_learning_makes_a_term_less_telling() -> None:
    desk = Desk()
    one = desk.neighbour(1, TRAM, 0)
    counts = np.zeros(BUCKETS, dtype=np.int64)
    learner = Placing(counts, 0, desk._text)
    learner.learn(one.terms)
    learner.learn(one.terms)
    assert set(counts[buckets_of(one.terms)].tolist()) == {2}
    assert counts.sum() == 2 * len(one.terms)
