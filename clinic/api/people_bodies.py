"""What is sent and told about people."""

from typing import TYPE_CHECKING

from rest_framework import serializers

from clinic.api.serializers import KnownFields
from clinic.models import PEOPLES_ROLES, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def peoples_roles() -> "list[tuple[str, StrOrPromise]]":
    """The roles that people have; a program's is none of them."""
    return [(role.value, role.label) for role in PEOPLES_ROLES]


class PersonSerializer(serializers.ModelSerializer[User]):
    url = serializers.HyperlinkedIdentityField(view_name="api:person-detail")
    role = serializers.ChoiceField(choices=peoples_roles())
    has_password = serializers.BooleanField(
        source="has_usable_password", help_text="False: the person has not followed the invitation yet."
    )
    has_second_step = serializers.BooleanField()
    link_expires_at = serializers.DateTimeField(
        source="invitation.expires_at", default=None, allow_null=True, help_text="Until when a one-time link is good."
    )
    last_sign_in_at = serializers.DateTimeField(source="last_login", allow_null=True)

    class Meta:
        model = User
        fields = [
            "id",
            "url",
            "full_name",
            "email",
            "role",
            "is_active",
            "has_password",
            "has_second_step",
            "link_expires_at",
            "last_sign_in_at",
            "created_at",
        ]


class PersonSearchSerializer(KnownFields):
    search = serializers.CharField(max_length=200, help_text="Words that all occur in the person's name or address.")


class InvitationSerializer(KnownFields):
    email = serializers.EmailField(max_length=254)
    full_name = serializers.CharField(max_length=200, help_text="As colleagues see it.")
    role = serializers.ChoiceField(choices=peoples_roles())


class RoleSerializer(KnownFields):
    role = serializers.ChoiceField(choices=peoples_roles())


class LinkSerializer(serializers.Serializer[object]):
    """A one-time link was made."""

    person = PersonSerializer()
    mailed = serializers.BooleanField(help_text="Whether it is on its way to the person by mail.")
    link = serializers.CharField(
        allow_null=True, help_text="When no mail went out: the link, told once. Hand it over so that only they read it."
    )
