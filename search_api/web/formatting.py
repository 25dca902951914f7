"""How pages show dates, passages and text directions."""

from __future__ import annotations

from datetime import datetime

from fastapi.templating import Jinja2Templates
from markupsafe import Markup, escape

from search_api.results import Hit, Snippet

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "yi", "dv"})


def add_filters(templates: Jinja2Templates) -> Jinja2Templates:
    """Give the templates the filters of this module."""
    templates.env.filters.update(day=day, marked=marked, direction=direction, href=href, machine_time=machine_time)
    templates.env.filters["other_sources"] = other_sources
    return templates


def day(moment: datetime | None) -> str:
    """`3 March 2026`; empty for none."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def machine_time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def marked(snippet: Snippet) -> Markup:
    """The passage, escaped, with its matching words in <mark>."""
    parts: list[Markup] = []
    last = 0
    for start, end in snippet.spans:
        parts += [escape(snippet.text[last:start]), Markup("<mark>%s</mark>") % snippet.text[start:end]]
        last = end
    return Markup("").join([*parts, escape(snippet.text[last:])])


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the dir attribute."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def href(url: str | None) -> str:
    """The address when it is http(s); empty otherwise, so that no other scheme becomes a link."""
    return url if url and url.startswith(("http://", "https://")) else ""


def other_sources(hit: Hit) -> str:
    """`and 2 more sources: A, B`; empty for an article without copies."""
    count = hit.duplicates.count
    if not count:
        return ""
    named = f": {', '.join(hit.duplicates.sources)}" if hit.duplicates.sources else ""
    return f"and {count} more {'source' if count == 1 else 'sources'}{named}"
