"""Who may write: whoever sends a key that is for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from indexer.errors import AccessDenied
from search_api.keys import Key, Keys, Scope
from search_api.request_notes import note_key

_bearer = HTTPBearer(auto_error=False, description="A key that `dateline keys --new NAME --scope write` made.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _holder_of(scope: Scope) -> Callable[[Request, Credentials], Key]:
    def holder(request: Request, credentials: Credentials) -> Key:
        keys: Keys = request.app.state.keys
        if credentials is None:
            raise AccessDenied(
                "this needs a key: send Authorization: Bearer KEY (dateline keys --new NAME --scope write makes one)",
                known=False,
            )
        key = keys.holder(credentials.credentials)
        if key is None:
            raise AccessDenied(
                "the key is not known here, or was revoked; dateline keys lists those that are", known=False
            )
        if not key.scope.covers(scope):
            raise AccessDenied(f"key {key.name!r} is for {key.scope}, and this needs {scope}", known=True)
        note_key(key.name)
        return key

    return holder


WriterDep = Annotated[Key, Depends(_holder_of(Scope.WRITE))]
AdminDep = Annotated[Key, Depends(_holder_of(Scope.ADMIN))]
