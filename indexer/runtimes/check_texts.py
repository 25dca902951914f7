"""The sentences on which a converted model must agree with the reference: short and long, in several scripts."""

from __future__ import annotations

from typing import Final

_REPORT = (
    "The harbour authority said on Monday that the ferry had left port with more passengers than it was allowed to carry. "
    "Survivors described a sudden list to the left, followed by a scramble for the few life jackets that could be found. "
    "Divers went on searching the lower deck until dusk, when the current became too strong to work in safely. "
)

CHECK_TEXTS: Final = (
    "ferry",
    "Why did the ferry capsize?",
    "Central bank cuts its rate by a quarter of a point",
    "Storm closes schools along the coast\nWinds of 120 km/h are expected before midnight, the weather office said.",
    "The minister resigned; nobody had asked her to.",
    "Prices rose 3.4% in October, after 3.1% in September, and economists had expected 3.2%.",
    "  Leading spaces, “curly quotes”, a dash – and an ellipsis…  ",
    "COVID-19 and H5N1: what the W.H.O. knows, and what it doesn't",
    "Das Parlament stimmte am Donnerstag über den Haushalt ab.",
    "Le gouvernement a présenté mardi son plan pour l'énergie.",
    "زلزله‌ای شدید شمال کشور را لرزاند.",
    "وقف إطلاق النار يدخل حيز التنفيذ",
    "台风登陆，数千人撤离。",
    "Выборы мэра прошли в воскресенье.",
    _REPORT,
    _REPORT * 2,
    _REPORT * 12,
)
"""The last one is longer than a model's input, so that both must cut it alike."""
