"""Every address of the site."""

from django.urls import include, path

from clinic.admin import site

urlpatterns = [
    path("", include("clinic.views.urls")),
    path("", include("diagnosis.views.urls")),
    path("api/v1/", include("diagnosis.api.urls")),
    path("", include("clinic.views.sign_in_urls")),
    path("admin/", site.urls),
]

handler500 = "clinic.views.errors.server_error"
