"""One address for one page: canonical URLs and the key that its other addresses share. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from indexer.errors import ArticleError
from indexer.url_twins import PageAddress, folded, served_page, untwinned

_TRACKING = {
    "Google": "gclid dclid gbraid wbraid gclsrc gad_source gad_campaignid srsltid _ga _gl",
    "Google's AMP viewer": "usqp amp_js_v amp_gsa __amp_source_origin",
    "Facebook and Instagram": "fbclid fb_action_ids fb_action_types fb_source fb_ref igshid igsh",
    "X, once Twitter": "twclid __twitter_impression ref_src ref_url",
    "Bing, Yandex, TikTok, LinkedIn, Pinterest": "msclkid yclid _openstat ttclid li_fat_id epik",
    "Outbrain and Taboola": "dicbo oborigurl tblci",
    "Matomo": "pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid",
    "Mailchimp, Marketo, HubSpot": "mc_cid mc_eid mkt_tok _hsenc _hsmi",
    "Omeda, Vero, Wicked Reports": "oly_anon_id oly_enc_id vero_id wickedid",
    "Salesforce, Klaviyo, dotdigital, ActiveCampaign": "sfmc_id sfmc_sub et_cid et_rid _kx dm_i vgo_ee",
    "AT Internet and Piano": "xtor xtref at_medium at_campaign at_campaign_type at_custom1 at_custom2 at_custom3 at_custom4 "
    "at_link_id at_link_type at_link_origin at_ptr_name at_format at_bbc_team piano_id",
    "Comscore": "ns_mchannel ns_source ns_campaign ns_linkname ns_fee",
    "Adobe Analytics and Webtrends": "s_cid s_kwcid intcmp wt.mc_id wt_mc wt_zmc",
    "AOL, MSN, Yahoo": "ncid icid ocid guccounter guce_referrer guce_referrer_sig soc_src soc_trk tsrc",
    "Bloomberg, CNBC, CBS": "cmpid srnd sref leadsource __source ftag",
    "New York Times, Washington Post, Wall Street Journal": "smid smtyp itid wpisrc wpmm reflink",
    "Condé Nast, Daily Mail, share buttons": "mbid intcid ito share_source share_medium",
    "PHP sessions": "phpsessid",
}
"""By the system that adds them, in lower case."""

TRACKING_PARAMETERS = frozenset(name for names in _TRACKING.values() for name in names.split())
"""Query parameters that only say how the reader came. Anything else may be an article's id and is kept."""

TRACKING_PREFIXES = ("utm_", "mtm_", "matomo_", "piwik_", "hsa_", "hmb_")

_ESCAPE = re.compile("%[0-9a-fA-F]{2}")
_AMPERSANDS = re.compile("^(?:amp;)+")
"""What is left before a parameter's name where a link's `&amp;` was not read as `&`."""


def canonical_url(url: str) -> str:
    """The address without what does not tell articles apart; raises ArticleError when it is no web address.

    Drops the fragment (but one that names a page, `#!...`), default ports and the listed tracking parameters; lower-cases
    scheme and host; escapes what is not ASCII. The other parameters keep their order and spelling, and none is dropped.
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
    fragment = _escaped(parts.fragment) if len(parts.fragment) > 1 and parts.fragment.startswith("!") else ""
    return urlunsplit((scheme, netloc, _escaped(parts.path or "/"), _escaped("&".join(parameters)), fragment))


def url_key(url: str) -> str:
    """What the addresses of one article share, whatever the scheme, the device or the printer they are for.

    The canonical URL of the page itself (`url_twins`) without scheme, its parameters sorted by name. Raises ArticleError when
    the address is no web address.
    """
    parts = _page_parts(url)
    address = _address(parts)
    while (shorter := folded(untwinned(address))) != address:
        address = shorter
    return _spelled(address, parts.fragment)


def id_key(url: str) -> str:
    """What the id of an article without one is derived from: the address of the page itself, otherwise as it came.

    It folds less than `url_key`, so that ids stay what they were when that learns another way of writing an address.
    """
    parts = _page_parts(url)
    address = untwinned(_address(parts))
    if not address.parameters and not parts.fragment:
        address = replace(address, path=address.path.removesuffix("/"))
    return _spelled(address, parts.fragment)


def is_twin(url: str) -> bool:
    """Whether an address is of a page's AMP or mobile twin, or of its print version."""
    own = _address(urlsplit(canonical_url(url)))
    return served_page(own) is not None or untwinned(own) != own


def shown_url(new: str, earlier: str) -> str:
    """Which of two canonical addresses to show: of one article, the page's own before a twin's, then https, then the earlier."""
    if url_key(new) != url_key(earlier):
        return new
    return max(earlier, new, key=lambda url: (not is_twin(url), url.startswith("https:")))


def _escaped(text: str) -> str:
    """Non-ASCII characters and spaces escaped, with escapes in upper case; everything else as it stands."""
    return _ESCAPE.sub(lambda found: found[0].upper(), quote(text, safe="/%:@!$&'()*+,;=~-._?[]", errors="replace"))


def _is_tracking(name: str) -> bool:
    lowered = _AMPERSANDS.sub("", name.lower())
    return lowered in TRACKING_PARAMETERS or lowered.startswith(TRACKING_PREFIXES)


def _page_parts(url: str) -> SplitResult:
    """The parts of the canonical address, of the page itself where it is that of an AMP cache."""
    parts = urlsplit(canonical_url(url))
    while served := served_page(_address(parts)):
        query, fragment = f"?{parts.query}" if parts.query else "", f"#{parts.fragment}" if parts.fragment else ""
        try:
            parts = urlsplit(canonical_url(f"https://{served}{query}{fragment}"))
        except ArticleError:
            break
    return parts


def _address(parts: SplitResult) -> PageAddress:
    return PageAddress(parts.netloc, parts.path, tuple(parts.query.split("&")) if parts.query else ())


def _spelled(address: PageAddress, fragment: str) -> str:
    query = f"?{'&'.join(address.parameters)}" if address.parameters else ""
    return f"{address.host}{address.path}{query}{f'#{fragment}' if fragment else ''}"
