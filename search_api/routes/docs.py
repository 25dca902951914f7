"""The page that shows the API, with a policy that permits exactly what it loads."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

router = APIRouter(include_in_schema=False)

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_LOADED = re.compile(r'<script src="([^"]+)"')
_STYLES = re.compile(r'<link [^>]*rel="stylesheet" href="([^"]+)"')


@router.get("/docs")
def docs(request: Request) -> Response:
    """Swagger UI, whose script and style the browser loads from where FastAPI says."""
    answer = get_swagger_ui_html(
        openapi_url=request.app.openapi_url, title="Dateline API", swagger_favicon_url="/static/dateline.svg"
    )
    answer.headers["Content-Security-Policy"] = _policy(bytes(answer.body).decode())
    return answer


def _policy(html: str) -> str:
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for code in _INLINE.findall(html)
    ]
    scripts = " ".join(_LOADED.findall(html) + hashes)
    styles = " ".join(_STYLES.findall(html))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles} 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
