"""The bytes of an answer without their compression, never more than a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from indexer.fetching.outcomes import Declined, Delay, Delayed, Refusal

ACCEPTED_ENCODINGS = "gzip, deflate"

_STEP_BYTES = 1 << 16
_GZIP = frozenset({"gzip", "x-gzip"})
_MEMBER = b"\x1f\x8b"
"""How a further part of a gzip stream starts; anything else after its end is padding."""


def body_of(chunks: Iterable[bytes], encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """What the chunks hold, decompressed; raises Declined past `limit` bytes sent or held, and Delayed where damaged.

    With `cut` a longer answer gives its first `limit` bytes instead.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        pieces = iter(chunks)
    elif encoding in _GZIP or encoding == "deflate":
        pieces = _decompressed(_counted(chunks, limit), encoding)
    else:
        raise Declined(
            Refusal.ENCODING, f"the answer is encoded as {encoding[:40]!r}; {ACCEPTED_ENCODINGS} were asked for"
        )
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > limit:
            if cut:
                return bytes(held[:limit])
            raise _too_large(limit)
    return bytes(held)


def _counted(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    sent = 0
    for chunk in chunks:
        sent += len(chunk)
        if sent > limit:
            raise _too_large(limit)
        yield chunk


def _decompressed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """In steps of at most _STEP_BYTES, so that a small chunk that holds gigabytes is stopped after the first ones."""
    inflate = None
    try:
        for chunk in chunks:
            if inflate is None or inflate.eof:
                if inflate and not chunk.startswith(_MEMBER):
                    return
                inflate = zlib.decompressobj(_window_bits(encoding, chunk))
            while chunk:
                yield inflate.decompress(chunk, _STEP_BYTES)
                chunk = inflate.unconsumed_tail
                if inflate.eof:
                    chunk = inflate.unused_data
                    if not chunk.startswith(_MEMBER):
                        break
                    inflate = zlib.decompressobj(_window_bits(encoding, chunk))
            while not inflate.eof and (more := inflate.decompress(b"", _STEP_BYTES)):
                yield more
    except zlib.error as error:
        raise Delayed(Delay.DAMAGED, f"the compression of the answer is damaged ({error})") from None
    if inflate and not inflate.eof:
        raise Delayed(Delay.DAMAGED, "the compressed answer ends too early")


def _window_bits(encoding: str, start: bytes) -> int:
    """What zlib is told: gzip; for deflate a zlib stream, or a bare one, which many servers send instead."""
    if encoding in _GZIP:
        return 16 + zlib.MAX_WBITS
    return zlib.MAX_WBITS if start[0] & 0x0F == 8 else -zlib.MAX_WBITS


def _too_large(limit: int) -> Declined:
    return Declined(Refusal.TOO_LARGE, f"the answer has more than {limit:,} bytes, the limit for one address")
