"""In which language a reader wants dates, by what the browser says. Pure."""

from __future__ import annotations

import re

from babel import Locale, UnknownLocaleError

WITHOUT_WORD = "en-GB"
"""For a reader who states nothing that is known here."""

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)*")

_MOST_CHARS = 200
"""What browsers send is shorter."""


def preferred_language(accepted: str) -> str:
    """The first known BCP 47 tag of an Accept-Language header, by its weights (RFC 9110, 12.5.4)."""
    weighed = []
    for place, part in enumerate(accepted[:_MOST_CHARS].split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            weighed.append((-float(weight) if weight else -1.0, place, tag.strip()))
        except ValueError:
            continue
    known = (tag for weight, _, tag in sorted(weighed) if weight < 0 and _is_known(tag))
    return next(known, WITHOUT_WORD)


def _is_known(tag: str) -> bool:
    if not _TAG.fullmatch(tag):
        return False
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, TypeError, UnknownLocaleError):
        return False
    return True
