"""/models/: the model registry, for everybody who may sign in."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from clinic.api.resources import Resource
from diagnosis.models import ModelState, ModelVersion
from diagnosis.models.case import assay_choices


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    url = serializers.HyperlinkedIdentityField(view_name="api:model-detail")
    manifest = serializers.DictField(help_text="The model's card, as its bundle has it.")

    class Meta:
        model = ModelVersion
        fields = ["id", "url", "assay", "name", "version", "sha256", "state", "created_at", "activated_at", "manifest"]


class ModelFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    assay = filters.ChoiceFilter(choices=assay_choices, help_text="Only of this assay.")
    state = filters.ChoiceFilter(choices=ModelState.choices, help_text="Only in this state.")


class ModelViewSet(Resource[ModelVersion]):
    """Models. They hold no patient's data."""

    queryset = ModelVersion.objects.all()
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
