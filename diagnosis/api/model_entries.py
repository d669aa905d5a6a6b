"""What the resources about models have in common: people by name, and the reason that each decision needs."""

from rest_framework import serializers

from clinic.api.serializers import KnownFields
from clinic.models import User
from diagnosis.model_forms import LONGEST_REASON
from diagnosis.models import ModelVersion, Why


class DeciderSerializer(serializers.ModelSerializer[User]):
    """Somebody who decided about a model: everybody who signs in reads the name on its page."""

    class Meta:
        model = User
        fields = ["id", "full_name"]


class ReasonSerializer(KnownFields):
    """Why: a code for the trail, and words that everybody who signs in can read."""

    why = serializers.ChoiceField(choices=Why.choices)
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="In a few words. Name no patient.")


class KnownModel(serializers.PrimaryKeyRelatedField[ModelVersion]):
    """A model by id."""

    default_error_messages = {"does_not_exist": "There is no such model."}
