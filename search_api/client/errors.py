"""What can go wrong between a program and the service, as one tree.

    DatelineClientError
    ├── Unreachable            no whole answer came: refused, broken off, too late
    ├── BadAnswer              an answer came that is not what the API says
    └── ProblemError           the service answered with a problem document
        ├── NotAllowed         401, 403: a key is missing, unknown, or not for this
        ├── NotFound           404
        ├── Conflict           409: a later version is stored
        ├── Gone               410: taken down, or a cursor whose results are no longer held
        ├── Invalid            422: `errors` says which parameter and why
        ├── TooManyRequests    429
        └── Unavailable        503

No message holds a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


class DatelineClientError(Exception):
    """Everything that a call can raise, but for ValueError and TypeError where it was made with what cannot be sent."""


class Unreachable(DatelineClientError):
    """No whole answer came. `sent` tells whether the service may have got the request, and done what it asks."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class BadAnswer(DatelineClientError):
    """An answer came that is not what the API says: no JSON, a field missing, another type."""


class ProblemError(DatelineClientError):
    """The service's problem document (RFC 9457); what came without one has the status and its name only.

    `errors` says what is wrong with which parameter. `request_id` finds the request in the service's log. `retry_after_s`
    is how many seconds the service asks to be left alone.
    """

    def __init__(
        self,
        asked: str,
        *,
        status: int,
        title: str,
        detail: str = "",
        errors: tuple[Mapping[str, Any], ...] = (),
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        told = f"{status} {title}" + (f": {detail}" if detail and detail != title else "")
        again = f"; to be asked again in {retry_after_s:g} s" if retry_after_s is not None else ""
        named = f" (request {request_id})" if request_id else ""
        super().__init__(f"{asked}: {told}{again}{named}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class NotAllowed(ProblemError):
    """401 or 403: a key is missing, unknown, or not for this."""


class NotFound(ProblemError):
    """404: no such article, story or generation."""


class Conflict(ProblemError):
    """409: the write does not follow the stored version."""


class Gone(ProblemError):
    """410: the article was taken down, or the results of a cursor are no longer held."""


class Invalid(ProblemError):
    """422: the request cannot be answered as asked."""


class TooManyRequests(ProblemError):
    """429: a limit was reached."""


class Unavailable(ProblemError):
    """503: the service cannot do this now."""


_BY_STATUS: Mapping[int, type[ProblemError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
}


def problem_error(asked: str, status: int, phrase: str, headers: Mapping[str, str], body: bytes) -> ProblemError:
    """The error that an answer stands for. A body that is no problem document is not quoted: nobody knows what it holds."""
    told = _json_object(body)
    title, detail, request_id = (value if isinstance(value := told.get(name), str) else "" for name in _TEXTS)
    errors = told.get("errors")
    return _BY_STATUS.get(status, ProblemError)(
        asked,
        status=status,
        title=title or phrase or "Problem",
        detail=detail,
        errors=tuple(one for one in errors if isinstance(one, dict)) if isinstance(errors, list) else (),
        request_id=request_id or headers.get("x-request-id") or None,
        retry_after_s=retry_after_s(headers.get("retry-after")),
    )


_TEXTS = ("title", "detail", "request_id")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def retry_after_s(header: str | None) -> float | None:
    """The seconds that a Retry-After asks for, as seconds or a date (RFC 9110, 10.2.3); None for none that can be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
