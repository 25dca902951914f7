"""What articles and words are looked up by, in a form that an expression of Milvus can hold. Pure."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

MOST_BYTES = 512
"""A longer text is compared by its digest: no field need hold more."""

LONGEST_PREFIX = 256
"""Bytes of an encoded word that `beginning` can tell apart; a longer word is counted, but not found by more than this."""

_NOT_AS_IT_IS = re.compile(r"[\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Kind(StrEnum):
    """Of words that are counted and completed: terms of texts and headlines, folded words, and values of fields."""

    TEXT = "text"
    TITLE = "title"
    EXACT = "exact"
    SECTION = "section"
    SOURCE = "source"
    AUTHOR = "author"
    TAG = "tag"


class Key(StrEnum):
    """What articles can be looked up by; TEXT_KEY, TEXT_GROUP, STORY and SEQ are numbers, the others texts."""

    SEQ = "seq"
    ID = "id"
    URL_KEY = "url_key"
    TEXT_KEY = "text_key"
    TEXT_GROUP = "text_group"
    STORY = "story"
    STORY_ID = "story_id"


NUMBERS = frozenset({Key.SEQ, Key.TEXT_KEY, Key.TEXT_GROUP, Key.STORY})


def identity(text: str) -> str:
    """The text itself, or its digest where it is long or has a quote, a backslash or a control character.

    So no text that is compared needs an escape, whatever a server makes of escapes, and none is longer than MOST_BYTES.
    """
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= MOST_BYTES and not _NOT_AS_IT_IS.search(text):
        return text
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def compared(text: str) -> str:
    """What texts that compare equal without case share."""
    return identity(text.casefold())


def word_key(kind: Kind, word: str) -> str:
    """The primary key of a counted word: what begins with a key's beginning begins with the word's beginning.

    Letters and digits stand for themselves, anything else as its number between tildes, so that neither `%` nor `_` is in it.
    """
    key = _word_prefix(kind, word)
    if len(key.encode()) <= 2 * LONGEST_PREFIX:
        return key
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_cut(key, LONGEST_PREFIX)}~{digest}"


def word_prefix(kind: Kind, prefix: str) -> str:
    """What the keys of all words of a kind that begin with `prefix` begin with."""
    return _cut(_word_prefix(kind, prefix), LONGEST_PREFIX)


def _word_prefix(kind: Kind, word: str) -> str:
    return f"{kind.value}:" + "".join(char if char.isalnum() else f"~{ord(char):x}~" for char in word)


def _cut(text: str, size_bytes: int) -> str:
    return text.encode()[:size_bytes].decode("utf-8", "ignore")
