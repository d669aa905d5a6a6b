"""Links by which people choose their first password, or a new one."""

from django.db import models

from clinic.models.user import User


class Invitation(models.Model):
    """A person's one open link. The database holds its digest; it goes when it is used, and a new one replaces it."""

    person = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="invitation")
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    # Empty when it was made on the server itself, for the first administrator.
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="invitation_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"for {self.person_id}"
