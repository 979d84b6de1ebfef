"""Payment details that a provider keeps for us, for one use."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gateway.core.tenancy import MerchantOwned
from payments.models.provider_account import ProviderAccount


class Token(MerchantOwned):
    """Stands for a card or an address that only the provider knows. 15 minutes (real time) until it is used, once."""

    ID_PREFIX: ClassVar[str] = "tok"

    type = models.CharField(max_length=20)
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    provider_reference = models.CharField(max_length=255)
    details = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=100, blank=True)
    payment_method_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(MerchantOwned.Meta):
        indexes = (models.Index(fields=("merchant", "livemode", "-id"), name="token_by_merchant"),)

    def __str__(self) -> str:
        return self.public_id
