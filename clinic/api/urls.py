"""The addresses of people, patients and the schema."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from clinic.api.care_team import CareTeamViewSet, DoctorViewSet
from clinic.api.docs import ApiDocs, ApiSchema
from clinic.api.patients import PatientViewSet
from clinic.api.people import PersonViewSet
from clinic.api.programs import ServiceAccountTokenViewSet, ServiceAccountViewSet
from clinic.api.tokens import CurrentTokenView, TokenViewSet
from clinic.api.trail import EventViewSet, FailedSignInViewSet

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")
router.register("people", PersonViewSet, basename="person")
router.register("service-accounts", ServiceAccountViewSet, basename="service-account")
router.register("trail", EventViewSet, basename="event")

urlpatterns = [
    path("tokens/", TokenViewSet.as_view({"get": "list", "post": "create"}), name="tokens"),
    path("tokens/<uuid:id>/", TokenViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="token"),
    path("tokens/current/", CurrentTokenView.as_view(), name="current-token"),
    path("schema/", ApiSchema.as_view(), name="schema"),
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
    path(
        "patients/<uuid:pk>/care-team/<uuid:member>/",
        CareTeamViewSet.as_view({"delete": "take_off"}),
        name="care-team-member",
    ),
    path("trail/failed-sign-ins/", FailedSignInViewSet.as_view({"get": "list"}), name="failed-sign-ins"),
    path(
        "service-accounts/<uuid:account>/tokens/",
        ServiceAccountTokenViewSet.as_view({"get": "list", "post": "create"}),
        name="service-account-tokens",
    ),
    path(
        "service-accounts/<uuid:account>/tokens/<uuid:token>/",
        ServiceAccountTokenViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="service-account-token",
    ),
    path("doctors/search/", DoctorViewSet.as_view({"post": "search"}), name="doctor-search"),
    *router.urls,
]
