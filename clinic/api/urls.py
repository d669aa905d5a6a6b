"""The addresses of people, patients and the schema."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from clinic.api.care_team import CareTeamViewSet, DoctorViewSet
from clinic.api.docs import ApiDocs
from clinic.api.patients import PatientViewSet
from clinic.api.tokens import CurrentTokenView, TokenViewSet

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")

urlpatterns = [
    path("tokens/", TokenViewSet.as_view({"get": "list", "post": "create"}), name="tokens"),
    path("tokens/<uuid:pk>/", TokenViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="token"),
    path("tokens/current/", CurrentTokenView.as_view(), name="current-token"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", ApiDocs.as_view(url_name="api:schema"), name="docs"),
    path(
        "patients/<uuid:pk>/care-team/",
        CareTeamViewSet.as_view({"get": "retrieve", "post": "share"}),
        name="care-team",
    ),
    path("patients/<uuid:pk>/care-team/leave/", CareTeamViewSet.as_view({"post": "leave"}), name="care-team-leave"),
    path(
        "patients/<uuid:pk>/care-team/hand-over/",
        CareTeamViewSet.as_view({"post": "hand_over"}),
        name="care-team-hand-over",
    ),
    path("doctors/search/", DoctorViewSet.as_view({"post": "search"}), name="doctor-search"),
    *router.urls,
]
