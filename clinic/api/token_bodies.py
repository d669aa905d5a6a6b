"""What is sent for a token, and what is told about one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from rest_framework import serializers

from clinic.api.serializers import KnownFields
from clinic.models import ApiToken, TokenScope
from clinic.services.tokens import IssuedToken
from mlcore.assays import ASSAYS

HOUR = timedelta(hours=1)


def assays_field() -> serializers.ListField:
    """Some of the assays; left out or null: all of them."""
    return serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(ASSAYS)),
        required=False,
        allow_null=True,
        min_length=1,
        max_length=len(ASSAYS),
        help_text="Only these assays: nothing of any other is seen or changed. Left out, or null: all.",
    )


def lifetime_field(longest: timedelta, *, default: timedelta | None = None) -> serializers.IntegerField:
    """Whole hours; without a default it must be said."""
    options: dict[str, Any] = {"default": default // HOUR} if default else {}
    return serializers.IntegerField(
        min_value=1, max_value=longest // HOUR, help_text="How many hours it is good for.", **options
    )


def lifetime_of(entries: Mapping[str, Any]) -> timedelta:
    """What was asked for."""
    hours: int = entries["lifetime_hours"]
    return hours * HOUR


class CredentialsSerializer(KnownFields):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=settings.LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"}
    )
    code = serializers.CharField(
        max_length=50, required=False, help_text="The second step, for people who have set one up."
    )
    name = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Which program it is for."
    )
    scope = serializers.ChoiceField(
        choices=TokenScope.choices, default=TokenScope.WRITE, help_text="A `read` token changes nothing."
    )
    assays = assays_field()
    lifetime_hours = lifetime_field(settings.API_TOKEN_LONGEST, default=settings.API_TOKEN_USUAL)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    id = serializers.UUIDField(source="public_id")
    assays = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="null: all assays.")
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute. null: never.")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scope", "assays", "created_at", "expires_at", "last_used_at"]


class IssuedTokenSerializer(TokenSerializer):
    """A new token, with its text."""

    token = serializers.SerializerMethodField(help_text="Send it as `Authorization: Token ...`. It is told once.")

    class Meta(TokenSerializer.Meta):
        fields = ["token", *TokenSerializer.Meta.fields]

    def get_token(self, _: ApiToken) -> str:
        text: str = self.context["text"]
        return text


def told_once(issued: IssuedToken) -> dict[str, Any]:
    """What the answer says that gives a token."""
    return dict(IssuedTokenSerializer(issued.token, context={"text": issued.text}).data)
