"""Who may do what: reading the stock, and how often someone may try to log in.

Attempts are counted in Django's cache, not by a package: django-axes brings tables, a back end and a middleware for what
are two counters here. With several worker processes and the default cache, each of them counts for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

View = Callable[..., HttpResponseBase]
#: Failures allowed in a window: of one name from one address, and of one address whatever the name.
_BY_NAME, _BY_ADDRESS, _WINDOW = 5, 30, 15 * 60


def reading_stock(view: View) -> View:
    """A page of the stock: everybody's, or with `FLOTIA_STOCK_PUBLICO` off only of those who have logged in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.FLOTIA_STOCK_PUBLICO or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path())

    return guarded


class Login(views.LoginView):
    """The login, which stops listening for a while to whoever fails again and again."""

    template_name = "panel/entrar.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try, unless there were too many failures: then the password is not even looked at."""
        if any(cache.get(key, 0) >= most for key, most in _counters(request)):
            form = self.get_form_class()(request)
            late = _("Demasiados intentos: espere un cuarto de hora y vuelva a probar.")
            return self.render_to_response(self.get_context_data(form=form, too_many=late), status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let in, and forget the failures of that name."""
        cache.delete(_counters(self.request)[0][0])
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Count the failure."""
        for key, _most in _counters(self.request):
            cache.add(key, 0, _WINDOW)
            cache.incr(key)
        return super().form_invalid(form)


def _counters(request: HttpRequest) -> list[tuple[str, int]]:
    address = request.META.get("REMOTE_ADDR", "")
    name = sha256(request.POST.get("username", "").casefold().encode()).hexdigest()
    return [(f"login:{address}:{name}", _BY_NAME), (f"login:{address}", _BY_ADDRESS)]
