"""When two articles are copies of one text. Pure."""

from __future__ import annotations

import hashlib
import re

from indexer.types import Article

MIN_BODY_WORDS = 20
"""A shorter body is no proof of a copy by itself; then the headline counts too."""

_WORD = re.compile(r"\w+")


def text_key(article: Article) -> int:
    """A 63-bit key that equal texts share: the body's words in order, without case, punctuation or spacing.

    Two articles are exact duplicates when their keys are equal, whatever their headlines and sources.
    """
    words = _WORD.findall(article.body.casefold())
    if len(words) < MIN_BODY_WORDS:
        words = [*_WORD.findall(article.title.casefold()), "\0", *words]
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
