"""Who works for which merchant, as what."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from gateway.core.tenancy import Identified
from merchants.rules.permissions import Role


class Membership(Identified):
    """One person's role at one merchant, in both modes."""

    ID_PREFIX: ClassVar[str] = "mbr"

    user = models.ForeignKey("merchants.User", on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=32, choices=[(role.value, role.label) for role in Role])
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("user", "merchant"), name="membership_once_per_merchant"),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="membership_role_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.merchant_id}"
