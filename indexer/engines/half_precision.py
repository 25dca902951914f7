"""Half-precision numbers widened to single precision. Pure.

numpy converts them one at a time, which takes longer than whatever is then done with them; shifting their bits takes a seventh of
that (docs/benchmarks.md) and gives the same numbers (`tests/unit/test_half_precision.py` compares every one of them).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Half: TypeAlias = NDArray[np.float16]

_MOVED = 13
"""By how many bits a half's exponent and fraction stand lower than those of a single."""

_KEPT = np.array(0x8FFFE000, dtype=np.uint32).view(np.int32)[()]
"""The sign, the exponent and the fraction, once moved; the bits between are copies of the sign."""

_BIAS = np.float32(2.0) ** 112
"""The exponents are counted from another number."""


def widened(half: Half) -> NDArray[np.float32]:
    """The same finite numbers in single precision, in the same shape. Raises TypeError for other numbers than native halves."""
    if half.dtype != np.float16:
        raise TypeError(f"expected native float16, got {half.dtype}")
    bits = half.view(np.int16).astype(np.int32)
    np.left_shift(bits, _MOVED, out=bits)
    np.bitwise_and(bits, _KEPT, out=bits)
    single: NDArray[np.float32] = bits.view(np.float32)
    np.multiply(single, _BIAS, out=single)
    return single
