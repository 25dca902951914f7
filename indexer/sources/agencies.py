"""The news agencies that a byline or a dateline credits. Pure."""

from __future__ import annotations

import re

_NAMES = {
    "reuters": "Reuters",
    "رويترز": "Reuters",
    "رویترز": "Reuters",
    "afp": "AFP",
    "فرانس برس": "AFP",
    "ap": "AP",
    "associated press": "AP",
    "dpa": "dpa",
    "efe": "EFE",
    "ansa": "ANSA",
    "apa": "APA",
    "sda": "SDA",
    "pa media": "PA Media",
    "upi": "UPI",
    "pti": "PTI",
    "xinhua": "Xinhua",
    "新华社": "Xinhua",
    "新華社": "Xinhua",
    "kyodo": "Kyodo",
    "共同社": "Kyodo",
    "jiji": "Jiji",
    "yonhap": "Yonhap",
    "tass": "TASS",
    "тасс": "TASS",
    "interfax": "Interfax",
    "интерфакс": "Interfax",
    "ria novosti": "RIA Novosti",
    "риа новости": "RIA Novosti",
    "anadolu": "Anadolu",
    "anadolu agency": "Anadolu",
    "الأناضول": "Anadolu",
    "irna": "IRNA",
    "ایرنا": "IRNA",
    "isna": "ISNA",
    "ایسنا": "ISNA",
    "mehr": "Mehr",
    "tasnim": "Tasnim",
    "fars": "Fars",
    "wafa": "WAFA",
    "وفا": "WAFA",
    "sana": "SANA",
    "سانا": "SANA",
    "wam": "WAM",
    "kuna": "KUNA",
    "antara": "ANTARA",
    "bernama": "Bernama",
    "ians": "IANS",
    "europa press": "Europa Press",
    "lusa": "Lusa",
    "belga": "Belga",
}
_SEPARATOR = re.compile(r"\s*(?:[,;/|&+،؛、]|\band\b|\bet\b|\bund\b|\by\b|\s[-–—]\s)\s*")
_LEAD = re.compile(r"^(?:by|par|por|von|with|mit|the)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s+(?:news )?agency$|^وكالة\s+|^خبرگزاری\s+", re.IGNORECASE)
_DATELINE_CHARS = 80
_IN_DATELINE = re.compile(r"^[^.!?]{0,50}?[(（]([^()（）]{2,30})[)）]\s*[-–—:：]?|^【?(\w{2,6})[^，。]{0,20}?[电電]】?")


def is_agency(name: str) -> bool:
    """Whether a name is a news agency's and nothing else."""
    return _agency(name) is not None


def credited_agencies(byline: str, text: str) -> list[str]:
    """The agencies in a printed byline, then the one in the dateline that a text begins with ("TEHRAN (Reuters) - ...")."""
    dateline = _IN_DATELINE.match(text[:_DATELINE_CHARS])
    names = [
        *_SEPARATOR.split(_LEAD.sub("", byline)),
        *_SEPARATOR.split((dateline[1] or dateline[2]) if dateline else ""),
    ]
    return list(dict.fromkeys(agency for name in names if (agency := _agency(name))))


def _agency(name: str) -> str | None:
    return _NAMES.get(_TAIL.sub("", _LEAD.sub("", name.strip(" .").casefold())))
