"""A merchant's account at a payment provider."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gateway.core.tenancy import MerchantOwned


class ProviderAccount(MerchantOwned):
    """Where this merchant's money goes in one mode. Secrets are sealed, bound to this row."""

    ID_PREFIX: ClassVar[str] = "pva"

    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    config = models.JSONField(default=dict)
    secrets_sealed = models.TextField()
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta(MerchantOwned.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "livemode"),
                condition=models.Q(is_default=True),
                name="provider_account_one_default_per_mode",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.provider})"

    @property
    def secrets_binding(self) -> str:
        """What the sealed secrets are bound to."""
        return f"payments.ProviderAccount:{self.id}"
