from __future__ import annotations

from search_api.kept_views import KeptViews


def test_the_longest_unused_view_goes_first() -> None:
    kept: KeptViews[str] = KeptViews(most=2)
    kept.keep((1, 1), "a")
    kept.keep((1, 2), "b")
    kept.keep((1, 1), "a")
    kept.keep((1, 3), "c")
    assert (kept.get((1, 1)), kept.get((1, 2)), kept.get((1, 3))) == ("a", None, "c")


def test_a_view_that_nobody_asks_for_is_let_go() -> None:
    now = [0.0]
    kept: KeptViews[str] = KeptViews(seconds=10, clock=lambda: now[0])
    kept.keep((1, 1), "a")
    now[0] = 8
    kept.keep((1, 2), "b")
    now[0] = 12
    kept.drop_old()
    assert (kept.get((1, 1)), kept.get((1, 2))) == (None, "b")
