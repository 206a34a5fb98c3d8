"""What the tables of the admin have in common: django-unfold's looks, and lists that stay quick over a million rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

#: Rows are counted up to here, and pages go no farther: who wants others searches.
COUNTED = 10_000
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


class Site(UnfoldAdminSite):  # type: ignore[misc]  # django-unfold says no types
    """The admin. Unfold's Alpine evaluates expressions out of the templates, and sets styles in line: its pages have a
    content security policy of their own, which still runs no script that stands in a page or comes from elsewhere.
    """

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """The view, whose answers carry that policy."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            answer: HttpResponseBase = inner(request, *args, **kwargs)
            answer.headers["Content-Security-Policy"] = _POLICY
            return answer

        return guarded


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no farther than `COUNTED`, and says so."""

    template_name = "ia/admin/paginas.html"

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count == COUNTED

    @cached_property
    def count(self) -> int:
        """So many rows, or `COUNTED` where there are more."""
        found: Any = self.object_list
        if not isinstance(found, QuerySet):
            return len(found)
        return min(found.order_by()[: COUNTED + 1].count(), COUNTED)


class Table(ModelAdmin):  # type: ignore[misc]
    """A table: no count of all rows, no row loaded for its relations alone."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    list_fullwidth = True


class ReadOnly(Table):
    """A record of what happened: to change it would be to lie."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody adds to the past."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes the past."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody removes the past."""
        return False
