"""Whether a key opens what is asked for."""

from __future__ import annotations

from indexer.errors import AccessDenied
from search_api.keys import Key, Keys, Scope
from search_api.request_notes import note_key


def admitted(keys: Keys, sent: str | None, needed: Scope) -> Key:
    """The key that was sent, as it is known; raises AccessDenied where there is none, it is not known, or not for this."""
    if sent is None:
        raise AccessDenied(
            f"this needs a key: send Authorization: Bearer KEY (dateline keys --new NAME --scope {needed} makes one)",
            known=False,
        )
    key = keys.holder(sent)
    if key is None:
        raise AccessDenied("the key is not known here, or was revoked; dateline keys lists those that are", known=False)
    if not key.scope.covers(needed):
        raise AccessDenied(f"key {key.name!r} is for {key.scope}, and this needs {needed}", known=True)
    note_key(key.name)
    return key
