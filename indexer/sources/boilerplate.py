"""Lines that stand among an article's and are none of them: credits, pointers to other articles, invitations. Pure."""

from __future__ import annotations

import re

_MAX_CHARS = 240

_CREDITS = (
    r"(?:photo|image|picture|credit|illustration|foto|titelbild|bild|crédit(?:s? photo)?|imagen|صورة|الصورة|عکس)s?"
    r"(?:\s+(?:by|credit|courtesy|illustrative))?\s*[:©/]",
    r"\(?(?:photo |image )?credits?:",
    r"©|\(c\)\s|copyright\b",
)
_POINTERS = (
    r"(?:read|see|read more|see more|watch)\s+(?:also|more)?\s*:",
    r"also read\s*:|(?:à )?lire aussi\s*:|le[ae] también\s*:|lesen sie auch\s*:|leia também\s*:|leggi anche\s*:",
    r"читайте также\s*:|اقرأ أيضا[ًً]?\s*:|بیشتر بخوانید\s*:|相关阅读\s*[:：]",
)
_INVITATIONS = (
    r"(?:subscribe|sign up|join)\b.{0,80}\b(?:newsletter|edition|inbox|telegram|whatsapp)",
    r"never miss the latest news|follow us on\b|(?:click to )?share (?:on|via|this)\b|share$",
    r"(?:for the latest\b.{0,60})?download (?:the|our) .{0,60}\bapps?\b",
    r"we want to hear what you think\b|no comments yet|be the first to comment|keine kommentare\b",
    r"\[?advertisement\]?$|anzeige$|publicité$|publicidad$|реклама$|إعلان$|آگهی$",
)
_TOOLS = (
    r"(?:print|e-?mail|listen|save|bookmark|copy(?: link)?|facebook|twitter|x|whatsapp|telegram|linkedin|pinterest|reddit|"
    r"font size|a[+ -]a(?:[+ -]a)?|text size|\d+ min(?:ute)?s? read|imprimer|imprimir|drucken|طباعة|چاپ|打印)$",
)
_PAYWALL = (
    r"(?:to continue reading|already a (?:subscriber|member))\b",
    r"(?:subscribe|register|log ?in|sign ?in) (?:now )?to (?:read|continue|keep)\b",
    r"this (?:article|story|content) is (?:only |exclusively )?(?:for|reserved for|available to) (?:our )?"
    r"(?:subscribers|members|registered)\b",
    r"cet article est réservé aux abonnés\b|il vous reste \d+(?:[.,]\d+)? ?% de cet article",
    r"este contenido es exclusivo\b|contenido exclusivo para suscriptores\b",
    r"jetzt weiterlesen\b|weiterlesen mit\b|sie haben bereits ein abo\b",
    r"هذا المحتوى (?:متاح )?للمشتركين|ادامه مطلب برای مشترکان",
)
_HISTORY = (
    r"(?:this (?:article|story|post) (?:was )?(?:first|originally) (?:appeared|published)|dieser beitrag wurde am)\b",
    r"(?:letzte änderung|last (?:updated|modified)|zuletzt aktualisiert|dernière mise à jour|آخر تحديث)\s*:?\s*\d",
)
_LINE = re.compile("|".join([*_CREDITS, *_POINTERS, *_INVITATIONS, *_TOOLS, *_PAYWALL, *_HISTORY]), re.IGNORECASE)
_RIGHTS = re.compile(
    r"\ball rights reserved\b|\btous droits réservés\b|\btodos los derechos reservados\b|\balle rechte vorbehalten\b"
    r"|جميع الحقوق محفوظة|تمامی? حقوق .{0,40}محفوظ",
    re.IGNORECASE,
)


def is_boilerplate(line: str) -> bool:
    """Whether a line is a credit, a pointer to another article, an invitation or a copyright notice."""
    return len(line) <= _MAX_CHARS and bool(_LINE.match(line) or _RIGHTS.search(line))
