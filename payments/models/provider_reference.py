"""Which object of ours a provider means."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gateway.core.tenancy import Identified
from payments.models.provider_account import ProviderAccount


class ProviderReference(Identified):
    """A provider's id of a payment, capture or refund, and our object: one per reference and account, for ever."""

    ID_PREFIX: ClassVar[str] = "pvr"

    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=255)
    object_type = models.CharField(max_length=20)
    object_id = models.UUIDField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("provider_account", "reference"), name="provider_reference_once"),
            models.CheckConstraint(
                condition=models.Q(object_type__in=("payment", "operation", "refund")), name="provider_reference_type"
            ),
        )

    def __str__(self) -> str:
        return self.reference
