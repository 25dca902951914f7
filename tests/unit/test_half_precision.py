from __future__ import annotations

import numpy as np
import pytest

from indexer.engines.half_precision import widened


def test_every_finite_number_is_the_same_in_single_precision() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    assert len(finite) == 2 * 31 * 1024
    single = widened(finite)
    assert single.dtype == np.float32
    assert single.tobytes() == finite.astype(np.float32).tobytes()


def test_the_shape_stays_and_what_is_given_is_not_touched() -> None:
    given = np.linspace(-1, 1, 24, dtype=np.float16).reshape(2, 12)
    given.flags.writeable = False
    assert np.array_equal(widened(given), given)
    assert np.array_equal(widened(given[:, ::3]), given[:, ::3])
    assert widened(np.empty((0, 4), dtype=np.float16)).shape == (0, 4)


@pytest.mark.parametrize("kind", ["float32", "int16", ">f2" if np.little_endian else "<f2"])
def test_other_numbers_are_refused(kind: str) -> None:
    with pytest.raises(TypeError, match="expected native float16, got"):
        widened(np.ones(4, dtype=kind))
