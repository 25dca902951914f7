"""The form in which the archive keeps an article, and back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from indexer.articles import format_time
from indexer.errors import IndexDamaged
from indexer.types import Article, DateOrigin, PubStatus


def record_from_article(article: Article) -> dict[str, Any]:
    """The article as a JSON-ready record: the inverse of `article_from_record`, empty fields left out."""
    record: dict[str, Any] = {}
    for field in fields(article):
        value = getattr(article, field.name)
        if value is None or value == () or value == {} or (field.name == "language" and value == "und"):
            continue
        if isinstance(value, datetime):
            value = format_time(value)
        elif isinstance(value, tuple):
            value = list(value)
        record[field.name] = dict(value) if isinstance(value, Mapping) else value
    return record


def content_hash(article: Article) -> bytes:
    """SHA-256 over every field but where the date was read: equal hashes mean nothing changed."""
    record = record_from_article(article)
    record.pop("published_from", None)
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).digest()


def stored_article(record: str) -> Article:
    """An article from the archive's own JSON, which was clean when stored; raises IndexDamaged when it is not any more."""
    try:
        return _article(json.loads(record))
    except (ValueError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"the archive holds a damaged record ({error}); restore it from a backup") from error


def _article(values: dict[str, Any]) -> Article:
    for name in ("published_at", "updated_at", "embargoed"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    for name in ("authors", "tags"):
        values[name] = tuple(values.get(name, ()))
    values["published_from"] = DateOrigin(values.get("published_from", DateOrigin.NONE))
    values["pubstatus"] = PubStatus(values.get("pubstatus", PubStatus.USABLE))
    extra: Mapping[str, Any] = values.get("extra", {})
    return Article(**{**values, "extra": extra})
