"""The API's pages for people: its document to try out, and what each kind of problem means."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.api.problems import KINDS

#: As strict as the panel's, but that Swagger UI draws its icons from data addresses.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI as ninja carries it. Its own page is for an app that is installed, and knows no language."""
    answer = render(request, "api/docs.html")
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """Where `type` of a problem leads."""
    return render(request, "api/problemas.html", {"kinds": KINDS})


def nothing(request: HttpRequest) -> HttpResponse:
    """Any other address."""
    raise Http404(request.path)
