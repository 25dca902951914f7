"""Dates of the Solar Hijri (Jalali) calendar of Iran and Afghanistan. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = (
    ("فروردین", "حمل"),
    ("اردیبهشت", "ثور"),
    ("خرداد", "جوزا"),
    ("تیر", "سرطان"),
    ("مرداد", "امرداد", "اسد"),
    ("شهریور", "سنبله"),
    ("مهر", "میزان"),
    ("آبان", "ابان", "عقرب"),
    ("آذر", "اذر", "قوس"),
    ("دی", "جدی"),
    ("بهمن", "دلو"),
    ("اسفند", "حوت"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_SPOKEN = re.compile(
    rf"(\d{{1,2}})\s+({'|'.join(sorted(_MONTH, key=len, reverse=True))})(?:\s?\u200c?ماه)?\s+(1[2-4]\d\d)(?!\d)"
)
_NUMERIC = re.compile(r"(?<!\d)(1[2-4]\d\d)[/.-](\d{1,2})[/.-](\d{1,2})(?!\d)")
_ARABIC_LETTERS = str.maketrans("يك", "یک")
_LEAP_YEARS = frozenset({1, 5, 9, 13, 17, 22, 26, 30})
"""Places in the 33-year cycle; right for the years 1244 to 1472 (Heydari-Malayeri, A concise review of the Iranian
calendar, 2004)."""

_NEW_YEAR_1403 = date(2024, 3, 20)
LANGUAGES = frozenset({"fa", "prs", "ps", "ckb", "azb", "mzn"})
"""Those in which a date in figures with such a year is of this calendar, and not of the lunar one."""


def with_gregorian_days(text: str, *, figures: bool) -> str:
    """A text (with western digits) whose first date of this calendar is written 2026-10-18.

    Month names tell the calendar by themselves; dates in figures are taken for it where `figures` says so.
    """
    plain = text.translate(_ARABIC_LETTERS)
    if found := _SPOKEN.search(plain):
        day = gregorian(int(found[3]), _MONTH[found[2]], int(found[1]))
    elif figures and (found := _NUMERIC.search(plain)):
        day = gregorian(*(int(part) for part in found.groups()))
    else:
        return text
    return f"{plain[: found.start()]}{day}{plain[found.end() :]}" if day else text


def gregorian(year: int, month: int, day: int) -> date | None:
    """The Gregorian day of a Solar Hijri one; None for a day that there is not."""
    length = 31 if month <= 6 else 30 if month < 12 or _is_leap(year) else 29
    if not (1244 <= year <= 1472 and 1 <= month <= 12 and 1 <= day <= length):
        return None
    years = range(1403, year) if year >= 1403 else range(year, 1403)
    days = sum(366 if _is_leap(one) else 365 for one in years) * (1 if year >= 1403 else -1)
    before = 31 * min(month - 1, 6) + 30 * max(month - 7, 0)
    return _NEW_YEAR_1403 + timedelta(days=days + before + day - 1)


def _is_leap(year: int) -> bool:
    return year % 33 in _LEAP_YEARS
