"""The lines that surround an article on its page: what ends it, what repeats its head. Pure."""

from __future__ import annotations

import re

from indexer.sources.tail_headings import TAIL_HEADINGS, UNCERTAIN_HEADINGS

_INTERRUPTIONS = frozenset(
    {"advertisement", "share", "share this", "share this article", "شارك", "partager", "compartir"}
)
"""Those after which the article goes on as soon as another sentence follows."""

_ENTRY_TIME = re.compile(
    r"^(?:\d{1,2}[:.h]\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{2,4}|uhr|h)?"
    r"|\d{1,3}\s?(?:m|h|d|min|mins|minutes?|hours?|days?|std|stunden?|minuten)\.?\s+ago"
    r"|(?:vor|il y a|hace|hace unos)\s+\d{1,3}\s+\w+|منذ\s+\d{1,3}\s+\w+)$",
    re.IGNORECASE,
)

_SENTENCE_ENDS = frozenset(".!?…:؟。！？")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_COUNT = re.compile(r"[\s(:]*\d[\d.,]*\s*[KMB]?[\s):]*$")
_BULLET = re.compile(r"^\s*[-*•·–]\s*")
_TIME = (
    r"(?:[\s,،|T·•–-]{1,5}(?:at|à|a las|um|alle|ore|в|saat|ساعت|الساعة)?\s*\d{1,2}[:h.]\d{2}(?::\d{2})?\s*"
    r"(?:[ap]\.?m\.?\b|z\b|utc|gmt|[+-]\d\d:?\d\d)?)?"
)
_DAY = (
    r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{4}[/.]\d{1,2}[/.]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[년年]\s?\d{1,2}[월月]\s?\d{1,2}[일日]"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?(?:[^\W\d_]{3,12}\.?|دی)(?:\s?\u200c?ماه)?,?\s+(?:del?\s+)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})"
)
DATE_IN_TEXT = re.compile(rf"(?<!\d){_DAY}(?!\d){_TIME}", re.IGNORECASE)
"""A day as printed in a line of text, with the time of day that follows it."""

_DATE = re.compile(
    r"^(?:(?:published|updated|posted|last updated|publié|publicado|actualizado|date|veröffentlicht)"
    r"\s*:?\s*(?:on|at|le|el|am)?\s*:?\s*)?"
    rf"(?:[^\W\d_]+(?:\u200c[^\W\d_]+)*\.?[,،]?\s+)?{_DAY}{_TIME}(?:\s*(?:uhr|[A-Z]{{2,4}}))?$",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    """Words of a text; two characters of a script without spaces count as one."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + unspaced // 2


def is_tail_heading(line: str, *, certain: bool = False) -> bool:
    """Whether a line heads what follows an article, also with a count glued on ("Related News4.0K", "Comments (3)").

    `certain` leaves out headings that as often stand above a box in the middle of an article ("Read more").
    """
    text = _COUNT.sub("", _BULLET.sub("", line)).strip().rstrip(":").casefold()
    return text in TAIL_HEADINGS and not (certain and text in UNCERTAIN_HEADINGS)


def sentences_after_box(heading: str) -> int:
    """How many sentences must follow a heading that is not certain for it to head a mere box within the article."""
    return 1 if heading.strip().rstrip(":").casefold() in _INTERRUPTIONS else 3


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date, with or without a time."""
    return len(line) <= 60 and _DATE.match(line.strip()) is not None


def is_entry_time(line: str) -> bool:
    """Whether a line is nothing but a time of day or an age, as above each entry of a live blog."""
    return len(line) <= 30 and _ENTRY_TIME.match(line.strip()) is not None


def is_menu_line(line: str) -> bool:
    """Whether a line is an entry of a menu in a plain-text dump of a page."""
    return _BULLET.match(line) is not None and len(line.split()) <= 8


def is_prose(line: str) -> bool:
    """Whether a line is a sentence or more, not a label."""
    words = word_count(line)
    return words >= 25 or (words >= 8 and line.rstrip("\"'”’»)]」 ")[-1:] in _SENTENCE_ENDS)
