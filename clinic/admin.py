"""Django's own admin: for administrators, reached by the same sign-in as every page, to read."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property

from clinic.models import User, WorkerProcess
from clinic.views.sign_in import SignOut

UNUSED = {"autocomplete", "view_on_site"}
MOST_LISTED = 10_000


class ClinicAdminSite(AdminSite):
    """Signing in and out, and the password, are our own pages' business."""

    site_header = site_title = "Second Read"
    index_title = "Administration"
    final_catch_all_view = False
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [entry for entry in super().get_urls() if getattr(entry, "name", None) not in UNUSED]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001  Django's signature
        """Refuse who is signed in and no administrator, instead of asking for another sign-in."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def for_administrators(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            answer: HttpResponse = inner(request, *args, **kwargs)
            return answer

        return for_administrators

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Only somebody who is signed in as an administrator comes this far; everybody else is refused."""
        return redirect(get_next_redirect_url(request) or "admin:index")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signing out is that of our pages, by POST only and recorded."""
        return SignOut.as_view()(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The password is changed on the account's page, where it is recorded."""
        return redirect("clinic:account")

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """See above."""
        return redirect("clinic:account")


if TYPE_CHECKING:
    AnyAdmin = ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    AnyAdmin = ModelAdmin  # these know their model only to the type checker
    AnyPaginator = Paginator


class BriefCount(AnyPaginator):
    """Counts no further than anybody leafs: a million rows are not counted for a list's first page."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST_LISTED].count())


class ReadOnlyAdmin(AnyAdmin):
    """Rows to read, by the fields that are named and no others. What changes them is on our own pages, and recorded.

    Administrators see no patient's data. So a row has ids, states, times and versions, leads to no record, and cannot
    be found by anything but what is shown: a filter over a relation would tell what stands there.
    """

    actions = None
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BriefCount

    def get_urls(self) -> list[URLPattern]:
        """The list and one row: nothing is added, changed or deleted here, so there is no history of it either."""
        return [entry for entry in super().get_urls() if str(entry.name).endswith(("changelist", "change"))]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.fields or ()]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup.removesuffix("__exact") in self.list_filter

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_administrator", False))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class PersonAdmin(ReadOnlyAdmin):
    """People. Changes are made on the People pages, which record them."""

    list_display = ("full_name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    fields = ("full_name", "email", "role", "is_active", "created_at", "last_login")


class WorkerProcessAdmin(ReadOnlyAdmin):
    """The processes that do the work, and when each last got something done."""

    list_display = ("name", "doing", "doing_since", "progress_at", "seen_at")
    fields = ("name", "started_at", "seen_at", "progress_at", "doing", "doing_since")


site = ClinicAdminSite(name="admin")
site.register(User, PersonAdmin)
site.register(WorkerProcess, WorkerProcessAdmin)
