"""The lines that surround an article on its page: what ends it, what repeats its head. Pure."""

from __future__ import annotations

import re

TAIL_HEADINGS = frozenset(
    heading.casefold()
    for heading in [
        "Comments",
        "Comment",
        "Leave a comment",
        "Leave a reply",
        "Related News",
        "Related",
        "Related articles",
        "Related stories",
        "Related content",
        "Related topics",
        "Read more",
        "Read also",
        "Also read",
        "See also",
        "More on this story",
        "More stories",
        "More from",
        "More news",
        "Most read",
        "Most viewed",
        "Most popular",
        "Popular",
        "Popular stories",
        "Latest news",
        "Latest",
        "Trending",
        "Recommended",
        "You may also like",
        "Top stories",
        "Editor's picks",
        "Tags",
        "Share",
        "Share this",
        "Share this article",
        "Newsletter",
        "Subscribe",
        "Sign up",
        "Follow us",
        "Advertisement",
        "التعليقات",
        "تعليقات",
        "أخبار ذات صلة",
        "اخبار ذات صلة",
        "مواضيع ذات صلة",
        "اقرأ أيضا",
        "اقرأ أيضاً",
        "الأكثر قراءة",
        "شارك",
        "وسوم",
        "نظرات",
        "دیدگاه\u200cها",
        "نظر شما",
        "اخبار مرتبط",
        "مطالب مرتبط",
        "بیشتر بخوانید",
        "پربازدیدترین",
        "برچسب\u200cها",
        "Commentaires",
        "À lire aussi",
        "A lire aussi",
        "Lire aussi",
        "Articles liés",
        "Sur le même sujet",
        "Les plus lus",
        "Partager",
        "Comentarios",
        "Noticias relacionadas",
        "Te puede interesar",
        "Lea también",
        "Lee también",
        "Más leídas",
        "Lo más leído",
        "Compartir",
        "Kommentare",
        "Mehr zum Thema",
        "Lesen Sie auch",
        "Das könnte Sie auch interessieren",
    ]
)
"""Headings after which no sentence of the article follows."""

_UNCERTAIN = frozenset(
    heading.casefold()
    for heading in [
        "Advertisement",
        "Share",
        "Share this",
        "Share this article",
        "Newsletter",
        "Subscribe",
        "Sign up",
        "Follow us",
        "Read more",
        "Read also",
        "Also read",
        "See also",
        "Related",
        "Latest",
        "Popular",
        "Recommended",
        "Tags",
        "شارك",
        "اقرأ أيضا",
        "اقرأ أيضاً",
        "بیشتر بخوانید",
        "À lire aussi",
        "A lire aussi",
        "Lire aussi",
        "Partager",
        "Te puede interesar",
        "Lea también",
        "Lee también",
        "Compartir",
        "Lesen Sie auch",
    ]
)
"""Those that also head a box in the middle of an article."""

_INTERRUPTIONS = frozenset(
    {"advertisement", "share", "share this", "share this article", "شارك", "partager", "compartir"}
)
"""Those after which the article goes on as soon as another sentence follows."""

_BOILERPLATE = re.compile(
    r"^(?:(?:photo|image|picture|credit|illustration|foto|titelbild|bild|crédit(?:s? photo)?|imagen|صورة|الصورة|عکس)s?"
    r"(?:\s+(?:by|credit|courtesy|illustrative))?\s*[:©/]"
    r"|(?:read|see|read more|see more|watch)\s+(?:also|more)?\s*:|also read\s*:|(?:à )?lire aussi\s*:"
    r"|le[ae] también\s*:|lesen sie auch\s*:"
    r"|اقرأ أيضا[ًً]?\s*:|بیشتر بخوانید\s*:|©|\(c\)\s|copyright\b"
    r"|(?:subscribe|sign up)\b.{0,60}\b(?:newsletter|edition|inbox)|never miss the latest news)",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"\ball rights reserved\b|\btous droits réservés\b|\btodos los derechos reservados\b", re.IGNORECASE
)
_BOILERPLATE_MAX_CHARS = 240

_SENTENCE_ENDS = frozenset(".!?…:؟。！？")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_COUNT = re.compile(r"[\s(:]*\d[\d.,]*\s*[KMB]?[\s):]*$")
_BULLET = re.compile(r"^\s*[-*•·–]\s*")
_TIME = (
    r"(?:[\s,|T·•–-]{1,5}(?:at|à|a las|um|alle)?\s*\d{1,2}[:h.]\d{2}(?::\d{2})?\s*"
    r"(?:[ap]\.?m\.?\b|z\b|utc|gmt|[+-]\d\d:?\d\d)?)?"
)
_DAY = (
    r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{4}[/.]\d{1,2}[/.]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}年\s?\d{1,2}月\s?\d{1,2}日"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?[^\W\d_]{3,12}\.?,?\s+(?:del?\s+)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})"
)
DATE_IN_TEXT = re.compile(rf"(?<!\d){_DAY}(?!\d){_TIME}", re.IGNORECASE)
"""A day as printed in a line of text, with the time of day that follows it."""

_DATE = re.compile(
    r"^(?:(?:published|updated|posted|last updated|publié|publicado|actualizado|date|veröffentlicht)"
    r"\s*:?\s*(?:on|at|le|el|am)?\s*:?\s*)?"
    rf"(?:[^\W\d_]+\.?,?\s+)?{_DAY}{_TIME}(?:\s*(?:uhr|[A-Z]{{2,4}}))?$",
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
    return text in TAIL_HEADINGS and not (certain and text in _UNCERTAIN)


def sentences_after_box(heading: str) -> int:
    """How many sentences must follow a heading that is not certain for it to head a mere box within the article."""
    return 1 if heading.strip().rstrip(":").casefold() in _INTERRUPTIONS else 3


def is_boilerplate(line: str) -> bool:
    """Whether a line is a credit, a pointer to another article, a newsletter's invitation or a copyright notice."""
    return len(line) <= _BOILERPLATE_MAX_CHARS and bool(_BOILERPLATE.match(line) or _RIGHTS.search(line))


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date, with or without a time."""
    return len(line) <= 60 and _DATE.match(line.strip()) is not None


def is_menu_line(line: str) -> bool:
    """Whether a line is an entry of a menu in a plain-text dump of a page."""
    return _BULLET.match(line) is not None and len(line.split()) <= 8


def is_prose(line: str) -> bool:
    """Whether a line is a sentence or more, not a label."""
    words = word_count(line)
    return words >= 25 or (words >= 8 and line.rstrip("\"'”’»)]」 ")[-1:] in _SENTENCE_ENDS)
