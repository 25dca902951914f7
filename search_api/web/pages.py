"""Pages as they are sent: a template, and headers that let it load only what it needs."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from search_api.web.reader import preferred_language

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: http:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No page has code or style of its own in it, so what an article smuggled in would not run."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


def page(
    templates: Jinja2Templates,
    request: Request,
    name: str,
    context: dict[str, Any],
    status_code: int = 200,
    policy: str = POLICY,
) -> Response:
    """The page, with dates as the reader's browser asks for them (`reader`)."""
    reader = preferred_language(request.headers.get("accept-language", ""))
    return templates.TemplateResponse(
        request, name, context | {"reader": reader}, status_code, {**HEADERS, "Content-Security-Policy": policy}
    )
