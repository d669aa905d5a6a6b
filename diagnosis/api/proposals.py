"""/proposals/: making a model the active one, which takes two administrators."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.permissions import AdministratorsChange
from clinic.api.resources import Resource
from diagnosis.api.model_entries import DeciderSerializer, KnownModel, ReasonSerializer
from diagnosis.api.refusals import refusals_as_conflicts
from diagnosis.models import ActivationProposal, ModelVersion, ProposalState
from diagnosis.services.model_activation import agree_to_activation, propose_activation, withdraw_proposal
from diagnosis.services.model_states import lock_assay


class ProposalSerializer(serializers.ModelSerializer[ActivationProposal]):
    url = serializers.HyperlinkedIdentityField(view_name="api:proposal-detail")
    model_url = serializers.HyperlinkedRelatedField[Any](source="model", view_name="api:model-detail", read_only=True)
    evaluation_url = serializers.HyperlinkedRelatedField[Any](
        source="evaluation", view_name="api:evaluation-detail", read_only=True
    )
    proposed_by = DeciderSerializer()
    decided_by = DeciderSerializer(allow_null=True)

    class Meta:
        model = ActivationProposal
        fields = [
            "id",
            "url",
            "model",
            "model_url",
            "evaluation",
            "evaluation_url",
            "why",
            "reason",
            "state",
            "proposed_by",
            "created_at",
            "decided_by",
            "decided_at",
        ]


class NewProposalSerializer(ReasonSerializer):
    model = KnownModel(queryset=ModelVersion.objects.all(), pk_field=serializers.UUIDField())


class ProposalFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    model = filters.UUIDFilter(help_text="Only of this model.")
    state = filters.ChoiceFilter(choices=ProposalState.choices, help_text="Only in this state.")


class ProposalViewSet(Resource[ActivationProposal]):
    """Proposals to activate a model. They hold no patient's data."""

    queryset = ActivationProposal.objects.select_related("model", "proposed_by", "decided_by")
    without_body = ("agree", "withdraw")
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter
    permission_classes = [IsAuthenticated, AdministratorsChange]

    def hold(self, item: ActivationProposal) -> None:
        lock_assay(item.model.assay)

    @extend_schema(request=NewProposalSerializer, responses={201: ProposalSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Propose a model that was measured on its assay's current test set. 409 says what is missing."""
        body = NewProposalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with refusals_as_conflicts():
            proposal = propose_activation(proposed_by=self.person, **body.validated_data)
        return self.answer_with(proposal, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Agree, as the second administrator: the model is active, new images are read with it from now on.

        409 for whoever proposed it, with whichever token.
        """
        with refusals_as_conflicts():
            agree_to_activation(proposal=self.get_object(), agreed_by=self.person)
        return self.answer_with(self.get_object())

    @extend_schema(request=None, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take it back, or refuse it: any administrator can."""
        with refusals_as_conflicts():
            withdraw_proposal(proposal=self.get_object(), withdrawn_by=self.person)
        return self.answer_with(self.get_object())
