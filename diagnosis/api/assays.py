"""/assays/: how each assay is read at this site, for administrators."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.api.permissions import AdministratorsOnly
from clinic.api.resources import Endpoint
from clinic.api.serializers import KnownFields
from clinic.models import User
from diagnosis.api.model_entries import DeciderSerializer
from diagnosis.models import AssayPolicy
from diagnosis.services.assay_policies import set_blinded_first_read
from mlcore.assays import ASSAYS


class SiteAssaySerializer(serializers.Serializer[object]):
    slug = serializers.CharField()
    url = serializers.URLField()
    name = serializers.CharField()
    classes = serializers.ListField(child=serializers.CharField())
    blinded_first_read = serializers.BooleanField(
        help_text="True: doctors see the suggestion once their own reading is recorded."
    )
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = DeciderSerializer(allow_null=True, help_text="null: nobody has decided; it is not blinded.")


class SiteAssaysSerializer(serializers.Serializer[object]):
    results = SiteAssaySerializer(many=True)


class AssayPolicySerializer(KnownFields):
    """What of an assay can be changed."""

    blinded_first_read = serializers.BooleanField()


class AssayEndpoint(Endpoint):
    """What both addresses have in common."""

    permission_classes = [IsAuthenticated, AdministratorsOnly]

    def tell(self, slug: str, policy: AssayPolicy | None) -> dict[str, Any]:
        """An assay as the API has it."""
        return {
            "slug": slug,
            "url": reverse("api:assay", kwargs={"slug": slug}, request=self.request),
            "name": ASSAYS[slug].name,
            "classes": ASSAYS[slug].classes,
            "blinded_first_read": bool(policy and policy.blinded_first_read),
            "changed_at": policy.changed_at if policy else None,
            "changed_by": policy.changed_by if policy else None,
        }


class AssaysView(AssayEndpoint):
    """All assays."""

    @extend_schema(responses=SiteAssaysSerializer, operation_id="assays_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every assay, and whether it is read blinded. There are few: all stand on one page."""
        policies = {policy.assay: policy for policy in AssayPolicy.objects.select_related("changed_by")}
        rows = [self.tell(slug, policies.get(slug)) for slug in ASSAYS]
        return Response(SiteAssaysSerializer({"results": rows}).data)


class AssayView(AssayEndpoint):
    """One assay."""

    @extend_schema(responses=SiteAssaySerializer, operation_id="assays_retrieve")
    def get(self, request: Request, slug: str) -> Response:
        """One assay, and whether it is read blinded."""
        policy = AssayPolicy.objects.select_related("changed_by").filter(assay=_known(slug)).first()
        return Response(SiteAssaySerializer(self.tell(slug, policy)).data)

    @extend_schema(request=AssayPolicySerializer, responses=SiteAssaySerializer, operation_id="assays_partial_update")
    def patch(self, request: Request, slug: str) -> Response:
        """Have it read blinded first, or with the suggestion in view, from now on."""
        assert isinstance(request.user, User)  # noqa: S101  the permissions let no one else through
        _known(slug)
        body = AssayPolicySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        is_blinded = body.validated_data["blinded_first_read"]
        policy = set_blinded_first_read(assay=slug, is_blinded=is_blinded, changed_by=request.user)
        return Response(SiteAssaySerializer(self.tell(slug, policy)).data)


def _known(slug: str) -> str:
    if slug not in ASSAYS:
        raise Http404
    return slug
