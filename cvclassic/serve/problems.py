"""Errors as RFC 9457 problems: JSON with a title, a status, and what to do."""

from __future__ import annotations

from http import HTTPStatus

from .responses import AsciiResponse


class ProblemError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status : int
        HTTP status code.
    detail : str
        What is wrong and what to do, in a sentence.
    retry_after : int, optional
        Seconds after which it may work.
    """

    def __init__(self, status: int, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


def problem_response(error: ProblemError, request_id: str = "") -> AsciiResponse:
    """The response that says so."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
    }
    if request_id:
        body["request_id"] = request_id
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return AsciiResponse(body, error.status, headers=headers, media_type="application/problem+json")
