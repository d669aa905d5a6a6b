"""/agreement/: how readers and models agree; all of them for administrators, one's own for doctors."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.api.errors import InvalidParameters
from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Endpoint
from clinic.models import User
from clinic.services import audit
from diagnosis.agreement_forms import AgreementForm
from diagnosis.api.record_entries import DoctorsOnly
from diagnosis.models.case import assay_choices
from diagnosis.selectors.agreement import agreement_of
from diagnosis.selectors.agreement_counts import Counts, Sight
from diagnosis.services.agreement import counts_of_all
from diagnosis.views.agreement import form_for, own_counts


class EstimateSerializer(serializers.Serializer[object]):
    """A figure with its 95 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class RatesSerializer(serializers.Serializer[object]):
    name = serializers.CharField()
    count = serializers.IntegerField()
    agreed = serializers.IntegerField()
    other = serializers.IntegerField(help_text="Another class than suggested.")
    agreement = EstimateSerializer(allow_null=True, help_text="null: too few to say.")
    override = EstimateSerializer(allow_null=True)
    kappa = EstimateSerializer(allow_null=True)


class MatrixSerializer(serializers.Serializer[object]):
    columns = serializers.ListField(child=serializers.CharField(), help_text="What was read.")
    rows = serializers.ListField(
        child=serializers.ListField(), help_text="What was suggested, and how often each column was read."
    )


class TurnSerializer(serializers.Serializer[object]):
    name = serializers.CharField()
    count = serializers.IntegerField()
    share = EstimateSerializer(allow_null=True)


class ChangesSerializer(serializers.Serializer[object]):
    turns = TurnSerializer(many=True)
    measured = serializers.IntegerField()
    without_reference = serializers.IntegerField()
    changed_without_reference = serializers.IntegerField()


class QuartilesSerializer(serializers.Serializer[object]):
    median = serializers.IntegerField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    count = serializers.IntegerField()


class DurationSerializer(serializers.Serializer[object]):
    name = serializers.CharField(allow_blank=True, help_text="Empty: all.")
    count = serializers.IntegerField()
    seconds = QuartilesSerializer(allow_null=True)


class AgreementSerializer(serializers.Serializer[object]):
    assay = serializers.CharField()
    counted_at = serializers.DateTimeField(allow_null=True)
    sight = serializers.ChoiceField(choices=[(one.value, one.value) for one in Sight])
    overall = RatesSerializer(many=True)
    by_month = RatesSerializer(many=True)
    by_class = RatesSerializer(many=True)
    by_model = RatesSerializer(many=True)
    matrix = MatrixSerializer()
    changes = ChangesSerializer()
    durations = DurationSerializer(many=True)


PARAMETERS = [
    OpenApiParameter(
        "assay", str, enum=[slug for slug, _ in assay_choices()], description="The one with most, unless told."
    ),
    OpenApiParameter("model", {"type": "string", "format": "uuid"}, description="Only beside this model."),
    OpenApiParameter("since", str, description="From this month on: `2026-03`."),
    OpenApiParameter("until", str, description="Until this month."),
    OpenApiParameter("sight", str, enum=[one.value for one in Sight], description="Whether the suggestion was seen."),
]
KNOWN = {one.name for one in PARAMETERS}


class AgreementView(Endpoint):
    """All doctors together."""

    permission_classes = [IsAuthenticated, AdministratorsOnly]
    parameters = KNOWN
    is_own = False

    @extend_schema(parameters=PARAMETERS, responses=AgreementSerializer, operation_id="agreement_retrieve")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The figures of all doctors together. For administrators."""
        return self.answer(request)

    def counts(self, person: User) -> Counts:
        """The sums that the figures are made of."""
        return counts_of_all()

    def answer(self, request: Request) -> Response:
        """The figures asked for."""
        assert isinstance(request.user, User)  # noqa: S101  the permissions let no one else through
        counts = self.counts(request.user)
        form = form_for(request.query_params, counts)
        if form.errors:
            raise InvalidParameters({name: [str(one) for one in errors] for name, errors in form.errors.items()})
        audit.record(actor=request.user, action="agreement.viewed", subject=request.user, own=self.is_own)
        return Response(AgreementSerializer(_figures(form, counts)).data)


class OwnAgreementView(AgreementView):
    """The doctor who asks."""

    permission_classes = [IsAuthenticated, DoctorsOnly]
    is_own = True

    @extend_schema(parameters=PARAMETERS, responses=AgreementSerializer, operation_id="agreement_mine_retrieve")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your own figures, over what you may see. For doctors."""
        return self.answer(request)

    def counts(self, person: User) -> Counts:
        return own_counts(person)


def _figures(form: AgreementForm, counts: Counts) -> dict[str, Any]:
    figures = agreement_of(counts, wanted=form.wanted, sight=form.chosen_sight)
    return {
        "assay": form.wanted.assay.slug,
        "counted_at": counts.counted_at,
        **asdict(figures),
        "sight": figures.sight.value,
    }
