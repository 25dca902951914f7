"""Records in, clean articles out: text, URLs, ids, dates, visibility. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from indexer.composing import composed
from indexer.errors import ArticleError
from indexer.language import identify_language
from indexer.types import Article, DateOrigin, PubStatus
from indexer.urls import canonical_url, id_key

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of now a publication date may lie (time zones, wrong clocks) before it is refused."""

EARLIEST_YEAR = 1605
"""The year of the first newspaper; an earlier one is another calendar's (1405 is a Persian year) or stands for "unknown"."""

MAX_BODY_CHARS = 2_000_000
"""Longer bodies are not articles; 2 million characters is about four long novels."""

MOST_NESTED = 100
"""Lists and objects in one another, in a field of a publisher's own; what writes answers as JSON takes about 250."""

_STATED_FIELDS = frozenset(field.name for field in fields(Article)) - {"extra", "published_from"}
_SPACES = re.compile(r"[^\S\n]+")
_UNWANTED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_HALF_OF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")


def normalise_line(text: str) -> str:
    """One line of text: NFC, no control or bidi-override characters, single spaces, trimmed.

    The zero-width non-joiner stays: Persian words need it.
    """
    return " ".join(_UNWANTED.sub("", composed(text)).split())


def normalise_body(text: str) -> str:
    """Paragraphs separated by one empty line.

    Where the text has empty lines, single line breaks are wrapping and become spaces;
    where it has none, each line is a paragraph.
    """
    text = _UNWANTED.sub("", composed(text.replace("\r\n", "\n").replace("\r", "\n")))
    text = re.sub("[\u2028\u2029\x85]", "\n", text)
    text = _SPACES.sub(" ", text).strip()
    parts = _PARAGRAPH_BREAK.split(text) if _PARAGRAPH_BREAK.search(text) else text.split("\n")
    return "\n\n".join(line for part in parts if (line := " ".join(part.split())))


def derived_id(url: str | None, title: str, body: str) -> str:
    """A stable id for an article that came without one: 20 hex digits of SHA-256 over its address, else its text."""
    key = f"url\0{id_key(url)}" if url else f"text\0{title}\0{body}"
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def parse_time(value: object, name: str) -> datetime | None:
    """An ISO 8601 (or RFC 5322) time as UTC; a time without zone is UTC.

    Raises ArticleError, naming the field, for no time and for one before EARLIEST_YEAR.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        parsed = value
    elif isinstance(value, str):
        parsed = _parse_time_text(value.strip(), name)
    else:
        raise ArticleError(f"{name} is {value!r}; expected ISO 8601 text such as 2026-03-01T09:30:00Z")
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    try:
        moment = parsed.astimezone(UTC)
    except OverflowError:
        moment = None
    if moment is None or moment.year < EARLIEST_YEAR:
        raise ArticleError(
            f"{name} is {_shown(value)}, outside the years {EARLIEST_YEAR} to 9999; correct it or leave it out"
        )
    return moment


def _parse_time_text(text: str, name: str) -> datetime:
    if text.isdigit() and len(text) > 8:  # fromisoformat takes the milliseconds 1712121200000 for a day of 1712
        raise ArticleError(f"{name} is {_shown(text)}, digits only; give ISO 8601 such as 2026-03-01T09:30:00Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        if _HALF_OF_DAY.search(text):  # the reader of RFC 5322 passes over "PM"
            raise ValueError
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ArticleError(f"{name} is {_shown(text)}; expected ISO 8601 such as 2026-03-01T09:30:00Z") from None


def check_not_future(published_at: datetime | None, embargoed: datetime | None, now: datetime) -> None:
    """Refuse a publication date past now; a planned article says so by `embargoed`."""
    if published_at is None or published_at <= now + CLOCK_SKEW or (embargoed and embargoed > now):
        return
    days = (published_at - now).days
    raise ArticleError(
        f"published_at {format_time(published_at)} is {days} days in the future; "
        "correct it, or set embargoed to hold the article back until then"
    )


def epoch_seconds(moment: datetime) -> int:
    """Whole seconds since 1970, UTC."""
    return int(moment.timestamp())


def format_time(moment: datetime) -> str:
    """ISO 8601 in UTC with seconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def article_from_record(
    record: Mapping[str, Any], *, now: datetime, published_from: DateOrigin = DateOrigin.RECORD
) -> tuple[Article, bool]:
    """A clean article from a record of the fields in DESIGN section 5, and whether the record stated its id.

    Unknown fields go to `extra`. Raises ArticleError naming the field, its value and the fix.
    """
    title = normalise_line(_text(record, "title") or "")
    body = normalise_body(_text(record, "body") or "")
    if not title and not body:
        raise ArticleError("neither title nor body has text; at least one is required")
    if len(body) > MAX_BODY_CHARS:
        raise ArticleError(
            f"body has {len(body):,} characters; the limit is {MAX_BODY_CHARS:,}: split it into articles"
        )
    url = _line(record, "url")
    url = canonical_url(url) if url else None
    stated_id = _stated_id(record)
    embargoed = parse_time(record.get("embargoed"), "embargoed")
    published_at = parse_time(record.get("published_at"), "published_at")
    check_not_future(published_at, embargoed, now)
    article = Article(
        id=stated_id or derived_id(url, title, body),
        title=title,
        body=body,
        url=url,
        published_at=published_at,
        published_from=published_from if published_at else DateOrigin.NONE,
        updated_at=parse_time(record.get("updated_at"), "updated_at"),
        source=_line(record, "source"),
        section=_line(record, "section"),
        authors=_lines(record, "authors"),
        language=_language(_line(record, "language"), title, body),
        summary=_line(record, "summary"),
        image_url=_line(record, "image_url"),
        tags=_lines(record, "tags"),
        license=_line(record, "license"),
        pubstatus=_pubstatus(record),
        embargoed=embargoed,
        correction=_line(record, "correction"),
        extra=_extra(record),
    )
    return article, stated_id is not None


def is_visible(article: Article, now: datetime) -> bool:
    """Whether readers may see it now: usable, and past its embargo."""
    return article.pubstatus is PubStatus.USABLE and (article.embargoed is None or article.embargoed <= now)


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ArticleError(f"{name} is {_shown(value)}; expected text")


def _line(record: Mapping[str, Any], name: str) -> str | None:
    value = _text(record, name)
    return normalise_line(value) or None if value else None


def _lines(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name)
    if value is None:
        return ()
    items: Iterable[Any] = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ArticleError(f"{name} is {_shown(value)}; expected a list of texts")
    return tuple(dict.fromkeys(line for item in items if (line := normalise_line(item))))


def _stated_id(record: Mapping[str, Any]) -> str | None:
    value = record.get("id")
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ArticleError(f"id is {_shown(value)}; expected text")
    text = str(value).strip()
    if not text or len(text) > 200 or any(character in "/?#" or not character.isprintable() for character in text):
        raise ArticleError(f"id is {_shown(value)}; expected 1 to 200 printable characters without / ? #")
    return text


def _language(stated: str | None, title: str, body: str) -> str:
    if not stated:
        return identify_language(f"{title}\n{body}")
    primary, *rest = stated.replace("_", "-").split("-")
    if not re.fullmatch("[A-Za-z]{2,3}", primary):
        raise ArticleError(f"language is {stated!r}; expected a BCP 47 tag such as en, fa or pt-BR")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])


def _pubstatus(record: Mapping[str, Any]) -> PubStatus:
    value = record.get("pubstatus")
    if value is None or value == "":
        return PubStatus.USABLE
    try:
        return PubStatus(value)
    except ValueError:
        raise ArticleError(f"pubstatus is {_shown(value)}; expected usable, withheld or canceled") from None


def _extra(record: Mapping[str, Any]) -> dict[str, Any]:
    stated = record.get("extra")
    extra = dict(stated) if isinstance(stated, Mapping) else {}
    extra.update({k: v for k, v in record.items() if k not in _STATED_FIELDS and k not in ("extra", "published_from")})
    extra = {name: value for name, value in extra.items() if value is not None and value != ""}
    if _is_deeper(extra.values(), MOST_NESTED):
        raise ArticleError(
            f"the fields {_shown(list(extra))} cannot be stored; expected at most {MOST_NESTED} lists and objects in one another"
        )
    try:
        json.dumps(extra, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise ArticleError(
            f"the fields {_shown(list(extra))} cannot be stored ({type(error).__name__}); expected plain JSON"
        ) from None
    return extra


def _is_deeper(values: Iterable[object], most: int) -> bool:
    """Whether in any of the values more than so many lists and objects stand in one another."""
    for _ in range(most + 1):
        nested = [one for one in values if isinstance(one, Mapping | list | tuple)]
        if not nested:
            return False
        values = [inner for one in nested for inner in (one.values() if isinstance(one, Mapping) else one)]
    return True


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
