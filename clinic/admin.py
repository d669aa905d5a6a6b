"""Django's own admin: for administrators, reached by the same sign-in as every page, to read."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator

from clinic.models import User
from clinic.views.sign_in import SignOut

UNUSED = {"autocomplete", "view_on_site"}


class ClinicAdminSite(AdminSite):
    """Signing in and out, and the password, are our own pages' business."""

    site_header = site_title = "Second Read"
    index_title = "Administration"
    final_catch_all_view = False

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
    PeopleAdmin = ModelAdmin[User]
else:
    PeopleAdmin = ModelAdmin  # knows its model only to the type checker


class PersonAdmin(PeopleAdmin):
    """People, to read. Changes are made on the People pages, which record them."""

    list_display = ("full_name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    fields = ("full_name", "email", "role", "is_active", "created_at", "last_login")

    def get_urls(self) -> list[URLPattern]:
        """The list, one person, and what Django's admin itself did to them, which is nothing."""
        return [entry for entry in super().get_urls() if str(entry.name).endswith(("changelist", "change", "history"))]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


site = ClinicAdminSite(name="admin")
site.register(User, PersonAdmin)
