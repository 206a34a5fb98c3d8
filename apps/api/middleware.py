"""The gate of the API: what is refused before any view, and answers that others have made put into the API's words."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

from apps.api import limits, problems

Answer = Callable[[HttpRequest], HttpResponseBase]
ROOT = "/api/"


class ApiGate:
    """Looks at bodies before they are read, and turns Django's own pages of errors under `/api/` into problems."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Answer) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The next one's answer, unless the request is refused here."""
        if not request.path.startswith(ROOT):
            return self._next(request)
        try:
            limits.check_body(request)
        except problems.ProblemError as error:
            return problems.answer(request, error)
        answer = self._headers_of(request) if request.method == "HEAD" else self._next(request)
        if answer.status_code >= 400 and answer.get("Content-Type") != problems.MEDIA_TYPE:
            _retell(request, answer)
        if "HEAD" not in (allowed := answer.get("Allow", "HEAD")):
            answer.headers["Allow"] = allowed.replace("GET", "GET, HEAD")
        patch_vary_headers(answer, ["Authorization"])  # what a token is told is not for everybody
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def _headers_of(self, request: HttpRequest) -> HttpResponseBase:
        """What GET would be answered, without a body: ninja knows no HEAD. The server sends none of what is left of one."""
        request.method = "GET"
        answer = self._next(request)
        request.method = "HEAD"
        if not isinstance(answer, StreamingHttpResponse):
            return answer
        answer.close()
        return HttpResponse(status=answer.status_code, headers=dict(answer.items()))


def _retell(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Keep status and headers, replace what it says."""
    if isinstance(answer, StreamingHttpResponse):
        return
    kind = problems.of_status(answer.status_code)
    answer.status_code = kind.status
    answer.content = json.dumps(problems.body(kind, kind.meaning, request.path), ensure_ascii=False).encode()  # type: ignore[attr-defined]
    answer.headers["Content-Type"] = problems.MEDIA_TYPE
    if "Content-Length" in answer.headers:
        answer.headers["Content-Length"] = str(len(answer.content))  # type: ignore[attr-defined]
