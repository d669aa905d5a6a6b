"""How the images of an assay are read at this site."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.services import audit
from clinic.services.permissions import administrators_only
from diagnosis.models import AssayPolicy
from mlcore.assays import ASSAYS


@transaction.atomic
def set_blinded_first_read(*, assay: str, is_blinded: bool, changed_by: User) -> AssayPolicy:
    """Whether doctors see suggestions only after their own reading. Setting it as it is changes nothing."""
    administrators_only(changed_by)
    if assay not in ASSAYS:
        raise ValidationError(_("There is no such assay."))
    policy, created = AssayPolicy.objects.select_for_update(no_key=True).get_or_create(
        assay=assay, defaults={"blinded_first_read": False, "changed_by": changed_by}
    )
    if policy.blinded_first_read == is_blinded and not created:
        return policy
    policy.blinded_first_read, policy.changed_by = is_blinded, changed_by
    policy.save()
    audit.record(actor=changed_by, action="assay.policy_changed", subject=policy, blinded_first_read=is_blinded)
    return policy
