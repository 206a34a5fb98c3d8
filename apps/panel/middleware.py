"""The content security policy of every answer.

Written here because Django 5.2 has none, and a package for one constant header would be a dependency for six lines.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

#: Nothing inline, nothing from elsewhere: what a model wrote can never become a script, even where escaping failed.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
#: The admin's sheet draws its icons from data addresses.
_ADMIN_POLICY = POLICY.replace("img-src 'self'", "img-src 'self' data:")
#: No page needs any of these, so nothing that gets into one may ask for them.
_PERMISSIONS = ", ".join(
    f"{name}=()" for name in ("camera", "microphone", "geolocation", "payment", "usb", "browsing-topics")
)
Answer = Callable[[HttpRequest], HttpResponseBase]


class ContentSecurityPolicy:
    """Sets the header unless a view has set its own."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Answer) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The next one's answer, with the header."""
        answer = self._next(request)
        answer.headers.setdefault(
            "Content-Security-Policy", _ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
        )
        answer.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        return answer
