"""Addresses of the pages about cases, images and models. Ids only: names never stand in an address."""

from django.urls import path

from diagnosis.views.analysis_retry import analysis_retry
from diagnosis.views.case import case, case_new
from diagnosis.views.case_images import case_images
from diagnosis.views.image import image, image_state
from diagnosis.views.image_file import image_file
from diagnosis.views.models import model, models
from diagnosis.views.patient import patient

app_name = "diagnosis"
urlpatterns = [
    path("patients/<uuid:pk>/", patient, name="patient"),
    path("patients/<uuid:pk>/cases/new/", case_new, name="case_new"),
    path("cases/<uuid:pk>/", case, name="case"),
    path("cases/<uuid:pk>/images/", case_images, name="case_images"),
    path("images/<uuid:pk>/", image, name="image"),
    path("images/<uuid:pk>/state/", image_state, name="image_state"),
    path("images/<uuid:pk>/<slug:kind>", image_file, name="image_file"),
    path("analyses/<uuid:pk>/retry/", analysis_retry, name="analysis_retry"),
    path("models/", models, name="models"),
    path("models/<uuid:pk>/", model, name="model"),
]
