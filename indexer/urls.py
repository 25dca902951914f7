"""One address for one page: canonical URLs and the key that its variants share. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from indexer.errors import ArticleError

TRACKING_PARAMETERS = frozenset(
    [
        "fbclid",
        "gclid",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "mc_cid",
        "mc_eid",
        "_ga",
        "_gl",
        "mkt_tok",
        "oly_anon_id",
        "oly_enc_id",
        "vero_id",
        "wickedid",
        "ref_src",
        "ref_url",
        "cmpid",
        "ncid",
        "ocid",
        "xtor",
        "at_medium",
        "at_campaign",
        "at_custom1",
        "at_custom2",
        "at_custom3",
        "at_custom4",
        "guccounter",
        "guce_referrer",
        "guce_referrer_sig",
        "__twitter_impression",
        "s_cid",
        "share_source",
        "share_medium",
    ]
)
"""Query parameters that only say how the reader came. Anything else may be an article's id and is kept."""

TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "hmb_")

_ESCAPE = re.compile("%[0-9a-fA-F]{2}")


def canonical_url(url: str) -> str:
    """The address without what does not tell articles apart; raises ArticleError when it is no web address.

    Drops the fragment, default ports and the listed tracking parameters; lower-cases scheme and host; escapes what is
    not ASCII. The other parameters keep their order and spelling, and none is dropped.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise ArticleError(
            f"url {url!r} is not a valid address; give an absolute http(s) URL or leave it out"
        ) from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise ArticleError(f"url {url!r} is not an absolute http(s) URL; correct it or leave it out")
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None or (scheme, port) in (("http", 80), ("https", 443)) else f"{host}:{port}"
    parameters = [one for one in parts.query.split("&") if not _is_tracking(unquote(one.partition("=")[0]))]
    return urlunsplit((scheme, netloc, _escaped(parts.path or "/"), _escaped("&".join(parameters)), ""))


def _escaped(text: str) -> str:
    """Non-ASCII characters and spaces escaped, with escapes in upper case; everything else as it stands."""
    return _ESCAPE.sub(lambda found: found[0].upper(), quote(text, safe="/%:@!$&'()*+,;=~-._?[]", errors="replace"))


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in TRACKING_PARAMETERS or lowered.startswith(TRACKING_PREFIXES)


def url_key(url: str) -> str:
    """What two addresses of one article share: the canonical URL without scheme and trailing slash."""
    return canonical_url(url).partition("://")[2].removesuffix("/")
