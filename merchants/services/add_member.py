"""Let a person work for a merchant."""

from uuid import UUID

from django.db import transaction

from gateway.audit.services.record import record
from merchants.models import Membership
from merchants.rules.permissions import Role


def add_member(*, merchant_id: UUID, user_id: UUID, role: Role) -> Membership:
    """Give the person this role at the merchant; who is a member already keeps one membership, with the new role."""
    with transaction.atomic():
        membership, created = Membership.objects.select_for_update().get_or_create(
            merchant_id=merchant_id, user_id=user_id, defaults={"role": role.value}
        )
        before = None if created else membership.role
        if before == role.value:
            return membership
        if not created:
            membership.role = role.value
            membership.save(update_fields=["role"])
        record(
            action="member.added" if created else "member.role_changed",
            subject_type="membership",
            subject_id=membership.id,
            tenant=None,
            data={"merchant": str(merchant_id), "user": str(user_id), "role": role.value, "before": before},
        )
    return membership
