"""How much of an article a feed's item carries, and its text without the lines that lead on to the site. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from indexer.articles import normalise_body, normalise_line
from indexer.sources.fragments import fragment_body, fragment_line
from indexer.sources.items import EXTENT, Extent
from indexer.sources.page_lines import article_lines

MIN_WORDS, MIN_PARAGRAPHS = 60, 2
"""A content element with as many words, or as many paragraphs, can be a whole article."""

MIN_SUMMARY_WORDS = 150
"""A summary with as many words in MIN_PARAGRAPHS or more is one too, where the item has no content element."""

_TAIL_CHARS = 700
_MAX_TAILS = 8
_LEADS_ON = (
    r"(?:continue|keep) reading|read (?:more|the full (?:story|article)|full (?:story|article)|on)|more|"
    r"weiterlesen|mehr lesen|lire la suite|lire plus|leer más|seguir leyendo|continuar leyendo|leia mais|leggi tutto|"
    r"continua a leggere|читать далее|читать дальше|devamını oku|lees (?:meer|verder)|"
    r"اقرأ المزيد|المزيد|ادامه مطلب|بیشتر بخوانید|阅读全文|続きを読む"
)
_READ_MORE = re.compile(
    rf"(?:^|(?<=[.!?…\]:»”\"'])\s*|\s+(?=\[|\())[\[(]?\s*(?:{_LEADS_ON})\s*(?:[.:…→»›>]|&raquo;|\.\.\.)*\s*[\])]?$",
    re.IGNORECASE,
)
_CUT = re.compile(r"\s*(?:\[\s*(?:…|\.{3,})\s*\]|\(\s*(?:…|\.{3,})\s*\)|…|\.{3,})$")
_CREDIT = re.compile(
    r"(?:^|\s+)(?:(?:The post|The article) .{1,300}? (?:appeared first on|first appeared on)|"
    r"Der Beitrag .{1,300}? erschien zuerst auf|L[’']article .{1,300}? est apparu en premier sur|"
    r"(?:La entrada|El cargo) .{1,300}? (?:se publicó primero en|apareció primero en)|O post .{1,300}? apareceu primeiro em|"
    r"L[’']articolo .{1,300}? proviene da|Сообщение .{1,300}? появил\w+ сначала на|"
    r"Het bericht .{1,300}? verscheen eerst op|نوشته .{1,300}? اولین بار در) .{1,200}$"
    r"|^.{1,300}? was originally published (?:in .{1,200}? )?on Medium\b.{0,200}$"
)
_LINK = re.compile(r"<a\b[^<>]{0,3000}>[^<]{0,500}</a\s*>", re.IGNORECASE)
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,10}(?:\s[^<>]{0,2000})?/?>")


@dataclass(frozen=True, slots=True)
class FeedText:
    """A text of a feed, and whether it is HTML."""

    text: str = ""
    is_html: bool = False

    @classmethod
    def guessed(cls, text: str) -> FeedText:
        """Of a feed that does not say: HTML where it has a tag or a character reference."""
        return cls(text, bool(_TAG.search(text) or re.search(r"&#?\w{1,30};", text)))

    @property
    def line(self) -> str:
        return fragment_line(self.text) if self.is_html else normalise_line(self.text)

    def paragraphs(self, title: str) -> list[str]:
        """The paragraphs of the text; none where it is only links, such as to the item's comments."""
        if not self.is_html:
            return article_lines(normalise_body(self.text).split("\n\n"), title)
        if _LINK.search(self.text) and _words(fragment_line(_LINK.sub(" ", self.text))) < 4:
            return []
        return fragment_body(self.text, title).split("\n\n")


def extent_fields(title: str, content: FeedText, summary: FeedText) -> dict[str, Any]:
    """`body`, `summary` and how much of the article they are (EXTENT; absent for a whole one).

    Content is a whole article when it has MIN_WORDS words or MIN_PARAGRAPHS paragraphs, more words than the summary, and
    does not end where it was cut ("...", "Read more"). A summary is one when it is as long as MIN_SUMMARY_WORDS asks, there is
    no content, and it was not cut.
    """
    full, content_cut = _trimmed(content.paragraphs(title))
    short, summary_cut = _trimmed(summary.paragraphs(title))
    words, short_words = _words(" ".join(full)), _words(" ".join(short))
    if not content_cut and words > short_words and (words >= MIN_WORDS or len(full) >= MIN_PARAGRAPHS):
        return {"body": "\n\n".join(full), "summary": " ".join(short)}
    if not full and not summary_cut and short_words >= MIN_SUMMARY_WORDS and len(short) >= MIN_PARAGRAPHS:
        return {"body": "\n\n".join(short)}
    longer = full if words > short_words else short
    if not longer:
        return {"body": "", EXTENT: Extent.HEADLINE}
    return {"body": "\n\n".join(longer), "summary": " ".join(short or longer), EXTENT: Extent.SUMMARY}


def _trimmed(paragraphs: list[str]) -> tuple[list[str], bool]:
    """The paragraphs without what leads on to the site, and whether they show that the text was cut."""
    kept = [paragraph for paragraph in paragraphs if paragraph]
    cut = False
    for _ in range(_MAX_TAILS):
        if not kept:
            break
        start, tail = kept[-1][:-_TAIL_CHARS], kept[-1][-_TAIL_CHARS:]
        shorter = _CREDIT.sub("", tail).rstrip()
        for mark in (_READ_MORE, _CUT):
            without = mark.sub("", shorter).rstrip()
            cut = cut or without != shorter
            shorter = without
        if shorter == tail:
            break
        kept[-1:] = [start + shorter] if start + shorter else []
    return kept, cut


def _words(text: str) -> int:
    """Words of a text; two characters of a script written without spaces count as one."""
    return len(text.split()) + len(_EAST_ASIAN.findall(text)) // 2
