"""The addresses of people, patients and the schema."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from clinic.api.docs import ApiDocs
from clinic.api.patients import PatientViewSet
from clinic.api.tokens import CurrentTokenView, TokensView

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")

urlpatterns = [
    path("tokens/", TokensView.as_view(), name="tokens"),
    path("tokens/current/", CurrentTokenView.as_view(), name="current-token"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", ApiDocs.as_view(url_name="api:schema"), name="docs"),
    *router.urls,
]
