from __future__ import annotations

import pytest

from search_api.maintenance import why_it_failed


@pytest.mark.parametrize(
    ("returncode", "said", "why"),
    [
        (-9, "a warning\n", "ended by signal 9 (is memory short?)"),
        (-15, "", "ended by signal 15"),
        (2, "one line\nerror: the last\n", "error: the last"),
        (2, "", "it ended with status 2"),
    ],
)
def test_a_build_s_failure_is_told_by_its_signal_or_its_last_line(returncode: int, said: str, why: str) -> None:
    assert why_it_failed(returncode, said) == why
