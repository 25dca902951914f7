"""Texts of any length in fields that hold 65,535 bytes, and terms as words that no analyser takes apart. Pure."""

from __future__ import annotations

import unicodedata
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from functools import lru_cache

from indexer.engines.terms import BREAK

PIECE_BYTES = 60_000
"""Below the limit of a VARCHAR, which is in bytes on a server and in characters in Milvus Lite: pieces are ASCII."""

WORDS_BYTES = 65_000
"""Of an article's words, what lies beyond this many bytes is not counted."""

_MARK = "zz"
_KEPT = frozenset({"Ll", "Lo", "Nd"})


def packed(text: str) -> list[str]:
    """The text compressed, in ASCII pieces; `unpacked` gives it back."""
    code = b64encode(zlib.compress(text.encode(), 6)).decode()
    return [code[start : start + PIECE_BYTES] for start in range(0, len(code), PIECE_BYTES)]


def unpacked(pieces: Iterable[str]) -> str:
    """The text that `packed` made the pieces of. Raises ValueError for pieces that are not whole."""
    try:
        return zlib.decompress(b64decode("".join(pieces))).decode()
    except (zlib.error, ValueError) as error:
        raise ValueError(f"the pieces of a text are damaged ({error})") from error


def joined(terms: Sequence[str], most_bytes: int = WORDS_BYTES) -> str:
    """Terms as one text of words, each followed by a space, BREAK as a space alone; whole terms up to `most_bytes`."""
    words: list[str] = []
    size = 0
    for term in terms:
        word = "" if term == BREAK else encoded(term)
        size += len(word.encode()) + 1
        if size > most_bytes:
            break
        words.append(f"{word} ")
    return "".join(words)


def parted(text: str) -> tuple[str, ...]:
    """The terms that `joined` made the text of."""
    return tuple(decoded(word) if word else BREAK for word in text[:-1].split(" ")) if text else ()


@lru_cache(maxsize=100_000)
def encoded(term: str) -> str:
    """A term as one word of small letters and digits, which every analyser keeps whole; `decoded` gives it back."""
    if term and not term.startswith(_MARK) and all(_stays(char) for char in term):
        return term
    return _MARK + term.encode("utf-8", "surrogatepass").hex()


def decoded(word: str) -> str:
    """The term that `encoded` made the word of."""
    return bytes.fromhex(word[len(_MARK) :]).decode("utf-8", "surrogatepass") if word.startswith(_MARK) else word


def _stays(char: str) -> bool:
    return char in "abcdefghijklmnopqrstuvwxyz0123456789" or (
        unicodedata.category(char) in _KEPT and char.lower() == char and char.isalnum()
    )
