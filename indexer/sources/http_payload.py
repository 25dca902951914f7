"""The body of a stored HTTP answer without its transfer and content encodings, never more than asked for. Pure."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Mapping

import zstandard

from indexer.errors import ArticleError

_MAX_ENCODINGS = 4
_MAX_ZSTD_WINDOW_BYTES = 1 << 27
_ZSTD_STEP_BYTES = 256
"""So little compressed data cannot hold more than some megabytes."""

_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CHUNK_END = re.compile(rb"\r?\n")


def decoded_payload(data: bytes, transfer: str, content: str, limit: int) -> bytes:
    """The data as a browser would see it; `transfer` and `content` are the headers Transfer-Encoding and Content-Encoding.

    Archives often keep these headers with data that is decoded already, so data that looks like markup is taken as it is where it
    cannot be decoded. Raises ArticleError for damaged data, an unknown encoding, and more than `limit` bytes.
    """
    if "chunked" in transfer.lower():
        data = _unchunked(data)
    encodings = [name for part in content.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if len(encodings) > _MAX_ENCODINGS:
        raise ArticleError(f"is encoded {len(encodings)} times over; the limit is {_MAX_ENCODINGS}")
    for encoding in reversed(encodings):
        try:
            data = _decoded(data, encoding, limit)
        except _Damaged as error:
            if not data.lstrip()[:1] == b"<":
                raise ArticleError(str(error)) from None
    if len(data) > limit:
        raise _too_large(limit)
    return data


class _Damaged(Exception):
    """The data does not have the encoding it is said to have."""


def _decoded(data: bytes, encoding: str, limit: int) -> bytes:
    decode = _DECODERS.get(encoding)
    if decode is None:
        raise _Damaged(f"has the content encoding {encoding[:40]!r}; expected one of {', '.join(_DECODERS)}")
    try:
        return decode(data, limit)
    except (zlib.error, zstandard.ZstdError, OSError, EOFError) as error:
        raise _Damaged(f"its {encoding} encoding is damaged ({error})") from None


def _unchunked(data: bytes) -> bytes:
    """The chunks joined (RFC 9112, 7.1); data without a first chunk was joined before it was stored."""
    pieces: list[bytes] = []
    place = 0
    while size := _CHUNK_SIZE.match(data, place):
        end = size.end() + int(size[1], 16)
        if end == size.end():
            return b"".join(pieces)
        pieces.append(data[size.end() : end])
        gap = _CHUNK_END.match(data, end)
        place = gap.end() if gap else end
    if pieces:
        raise ArticleError("its chunked encoding is damaged: the last chunk is missing")
    return data


def _gzip(data: bytes, limit: int) -> bytes:
    held = bytearray()
    while data:
        inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        held += _inflated(inflate, data, limit - len(held))
        data = inflate.unused_data if inflate.unused_data.startswith(b"\x1f\x8b") else b""
    return bytes(held)


def _deflate(data: bytes, limit: int) -> bytes:
    """A zlib stream, or the bare one that some servers send instead."""
    try:
        return _inflated(zlib.decompressobj(), data, limit)
    except zlib.error:
        return _inflated(zlib.decompressobj(-zlib.MAX_WBITS), data, limit)


def _inflated(inflate: zlib._Decompress, data: bytes, limit: int) -> bytes:
    held = inflate.decompress(data, limit + 1)
    if len(held) > limit:
        raise _too_large(limit)
    if not inflate.eof:
        raise EOFError("it ends too early")
    return held


def _zstd(data: bytes, limit: int) -> bytes:
    inflate = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW_BYTES).decompressobj()
    held = bytearray()
    for start in range(0, len(data), _ZSTD_STEP_BYTES):
        held += inflate.decompress(data[start : start + _ZSTD_STEP_BYTES])
        if len(held) > limit:
            raise _too_large(limit)
        if inflate.eof:
            return bytes(held)
    raise EOFError("it ends too early")


def _brotli(data: bytes, limit: int) -> bytes:
    from fastwarc.stream_io import BrotliReader

    held = BrotliReader(io.BytesIO(data)).read(limit + 1)
    if len(held) > limit:
        raise _too_large(limit)
    return held


def _too_large(limit: int) -> ArticleError:
    return ArticleError(f"has more than {limit:,} bytes when it is decoded, the limit for a page")


_DECODERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
