"""How pages show dates, passages, addresses and text directions."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from babel.dates import format_date, format_time
from fastapi.templating import Jinja2Templates
from markupsafe import Markup, escape

from search_api.results import Duplicates, Snippet
from search_api.web.widget.words import copies_said, direction, own_digits, spoken


def add_filters(templates: Jinja2Templates) -> Jinja2Templates:
    """Give the templates the filters of this module."""
    filters = (
        copies_said,
        day,
        direction,
        href,
        in_path,
        machine_time,
        mail_time,
        minute,
        marked,
        other_sources,
        paragraphs,
        spoken,
    )
    templates.env.filters.update({one.__name__: one for one in filters})
    templates.env.trim_blocks = templates.env.lstrip_blocks = True
    return templates


def day(moment: datetime | None, language: str = "en") -> str:
    """`3 March 2026`, as a language (BCP 47) writes it, of the time zone that the moment is in; empty for none."""
    if moment is None:
        return ""
    locale = _locale(language)
    return own_digits(format_date(moment.date(), "long", locale=locale), locale)


def minute(moment: datetime, language: str) -> str:
    """`3 March 2026, 14:05 UTC`, as a language writes it."""
    locale = _locale(language)
    return own_digits(f"{day(moment, language)}, {format_time(moment, 'short', locale=locale)} {moment:%Z}", locale)


def _locale(language: str) -> str:
    """Babel's name for a BCP 47 tag; plain English is written as in Britain."""
    return "en_GB" if language == "en" else language.replace("-", "_")


def machine_time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def mail_time(moment: datetime) -> str:
    """As RFC 5322 writes it, which RSS asks for."""
    return format_datetime(moment)


def marked(snippet: Snippet) -> Markup:
    """The passage, escaped, with its matching words in <mark>."""
    parts: list[Markup] = []
    last = 0
    for start, end in snippet.spans:
        parts += [escape(snippet.text[last:start]), Markup("<mark>%s</mark>") % snippet.text[start:end]]
        last = end
    return Markup("").join([*parts, escape(snippet.text[last:])])


def href(url: str | None) -> str:
    """The address when it is http(s); empty otherwise, so that no other scheme becomes a link."""
    return url if url and url.startswith(("http://", "https://")) else ""


def in_path(text: str) -> str:
    """A text as one step of an address's path."""
    return quote(text, safe="")


def paragraphs(body: str) -> list[str]:
    return body.split("\n\n") if body else []


def other_sources(duplicates: Duplicates) -> str:
    """`and 2 more sources: A, B`; empty for an article without copies."""
    if not duplicates.count:
        return ""
    named = f": {', '.join(duplicates.sources)}" if duplicates.sources else ""
    return copies_said(duplicates.count, "en") + named
