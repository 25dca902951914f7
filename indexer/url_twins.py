"""The other addresses of one page: its AMP and mobile twins, its print version. Pure; on parts of canonical addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

_FIRST_LABELS = re.compile(
    r"^(?:(?:www\d?|m|mobile|mobil|amp)\.)+(?=[^.]+\.[^.])(?!(?:com?|org|net|edu|gov|ac)\.[a-z]{2}(?::\d+)?$)"
)
"""With two labels after them, and more than the `co.uk` of a country: `m.example`, `amp.dev` and `m.co.uk` are sites' names."""

_AMP_ENDING = re.compile(r"/amp(?:\.html?)?/?$|\.amp/?$", re.IGNORECASE)
_PRINT_ENDING = re.compile(r"/(?:print|printable)(?:\.html?)?/?$", re.IGNORECASE)
_TWIN_BEGINNING = re.compile(r"^/(?:amp|print)(?=/)", re.IGNORECASE)
_AMP_DOCUMENT = re.compile(r"(?<=[^/])\.amp(?=\.html?$)", re.IGNORECASE)
_DATE = re.compile(r"\d{1,2}|(?:19|20)\d\d(?:-?\d\d){0,2}")

_DEFAULT_DOCUMENT = re.compile(r"/(?:index|default)\.(?:s?html?|php|aspx?|jsp)$", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_NEEDLESS_ESCAPE = re.compile("%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])")
_DEFAULT_PORT = re.compile(r":(?:80|443)$")

_AMP_CACHE = re.compile(r"^(?:[^.]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)$")
_CACHED = re.compile(r"^/(?:c|v|wp)/(?:s/)?(?P<host>[^/]+)(?P<path>/.*)?$")
_VIEWER = re.compile(r"^(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}$")
_VIEWED = re.compile(r"^/amp/(?:s/)?(?P<host>[^/]+)(?P<path>/.*)?$")
_HOST = re.compile(r"[^\s/?#@\\\[\]:.]+(?:\.[^\s/?#@\\\[\]:.]+)+(?::\d+)?")

_ON = frozenset({"", "1", "true", "yes", "y", "on"})
_FORMS = frozenset({"amp", "print"})
_TWIN_PARAMETERS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("amp", "isamp", "mobile"), lambda value: value in _ON),
    **dict.fromkeys(("print", "printable", "printview", "print_view"), lambda value: value in _ON or value == "print"),
    **dict.fromkeys(("outputtype", "output", "format", "mode", "pagewanted"), lambda value: value in _FORMS),
    "view": lambda value: value in _FORMS or value == "mobile",
    "m": lambda value: value == "1",
    "noamp": lambda value: value in _ON or value in ("mobile", "available"),
}
"""Parameters, by lower-case name, and the values with which they only ask for another form of the same page."""


@dataclass(frozen=True, slots=True)
class PageAddress:
    """What of a canonical address names the page: `host` with its port, `path` from its first slash, and the parameters."""

    host: str
    path: str
    parameters: tuple[str, ...]


def served_page(address: PageAddress) -> str | None:
    """The host and path of the page that an AMP cache or viewer serves at this address; None for any other address."""
    form = _CACHED if _AMP_CACHE.match(address.host) else _VIEWED if _VIEWER.match(address.host) else None
    found = form.match(address.path) if form else None
    host = unquote(found["host"]) if found else ""
    return f"{host}{found['path'] or '/'}" if found and _HOST.fullmatch(host) else None


def untwinned(address: PageAddress) -> PageAddress:
    """The address of the page itself; the same for an address that is no twin."""
    return PageAddress(
        _FIRST_LABELS.sub(lambda labels: "".join(re.findall(r"www\d?\.", labels[0])), address.host),
        _own_path(address.path),
        tuple(parameter for parameter in address.parameters if not _asks_for_twin(parameter)),
    )


def folded(address: PageAddress) -> PageAddress:
    """The same without what servers write in several ways: `www.`, default ports and documents, doubled and last slashes,
    escapes of plain characters, the order of parameters of different names.
    """
    path = _NEEDLESS_ESCAPE.sub(lambda escape: unquote(escape[0]), address.path)
    path = _DEFAULT_DOCUMENT.sub("/", _SLASHES.sub("/", _SESSION.sub("", path)))
    parameters = [stripped for parameter in address.parameters if (stripped := parameter.removeprefix("amp;"))]
    return PageAddress(
        _FIRST_LABELS.sub("", _DEFAULT_PORT.sub("", address.host)),
        path.rstrip("/") or "/",
        tuple(sorted(parameters, key=lambda parameter: parameter.partition("=")[0])),
    )


def _own_path(path: str) -> str:
    """Without the parts that ask for another form of the page, where what is left of the path names an article.

    A section may well have an article on print; its `amp` is an AMP page, whatever the section.
    """
    path = _AMP_DOCUMENT.sub("", path)
    left = _AMP_ENDING.sub("", path)
    if _is_page(left):
        path = left
    for part in (_PRINT_ENDING, _TWIN_BEGINNING):
        left = part.sub("", path)
        if left != path and _names_article(left):
            path = left
    return path


def _names_article(path: str) -> bool:
    """Whether a path ends in a slug or an id, rather than in a section's name or the folder of a day.

    A single word counts as a slug after a date or an id: `/2026/10/strike`, but not `/tag/strike`.
    """
    *folders, last = path.strip("/").split("/")
    return _is_page(path) and (not last.isalpha() or (bool(folders) and folders[-1].isdigit()))


def _is_page(path: str) -> bool:
    """Whether a path is neither that of the whole site nor the folder of a day, a month or a year."""
    last = path.strip("/").rpartition("/")[2]
    return bool(last) and not _DATE.fullmatch(last)


def _asks_for_twin(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    asks = _TWIN_PARAMETERS.get(name.lower())
    return asks is not None and asks(value.lower())
