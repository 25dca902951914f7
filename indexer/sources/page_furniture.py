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

_SENTENCE_ENDS = frozenset(".!?…:؟。！？")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_COUNT = re.compile(r"[\s(:]*\d[\d.,]*\s*[KMB]?[\s):]*$")
_BULLET = re.compile(r"^\s*[-*•·–]\s*")
_DATE = re.compile(
    r"^(?:(?:published|updated|posted|last updated|publié|publicado|actualizado|date)\s*:?\s*(?:on|at|le|el)?\s*:?\s*)?"
    r"(?:\w+,?\s+)?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}(?:st|nd|rd|th)?\s+\w+\.?,?\s+\d{4}|\w+\.?\s+\d{1,2},?\s+\d{4}|\d{1,2}\s+de\s+\w+\s+de\s+\d{4})"
    r"(?:[\s,|T@-]*(?:at|à|a las)?\s*\d{1,2}[:h.]\d{2}(?::\d{2})?\s*(?:am|pm|z|utc|gmt|[+-]\d\d:?\d\d)?)?$",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    """Words of a text; two characters of a script without spaces count as one."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + unspaced // 2


def is_tail_heading(line: str) -> bool:
    """Whether a line heads what follows an article, also with a count glued on ("Related News4.0K", "Comments (3)")."""
    text = _COUNT.sub("", _BULLET.sub("", line)).strip().rstrip(":").casefold()
    return text in TAIL_HEADINGS


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
