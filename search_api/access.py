"""Who may write: whoever sends a key that is for it. Who may read, `read_access` decides for all addresses at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from search_api.admission import admitted
from search_api.keys import Key, Keys, Scope

_bearer = HTTPBearer(auto_error=False, description="A key that `dateline keys --new NAME --scope write` made.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _holder_of(scope: Scope) -> Callable[[Request, Credentials], Key]:
    def holder(request: Request, credentials: Credentials) -> Key:
        keys: Keys = request.app.state.keys
        return admitted(keys, credentials.credentials if credentials else None, scope)

    return holder


WriterDep = Annotated[Key, Depends(_holder_of(Scope.WRITE))]
AdminDep = Annotated[Key, Depends(_holder_of(Scope.ADMIN))]
