"""Every address of the site."""

from django.urls import include, path

urlpatterns = [
    path("", include("clinic.views.urls")),
    path("", include("diagnosis.views.urls")),
    path("api/v1/", include("diagnosis.api.urls")),
]

handler500 = "clinic.views.errors.server_error"
