"""A secret API key: an id that may be seen, and a secret that is kept as a hash only."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from gateway.core.tenancy import MerchantOwned


class ApiKey(MerchantOwned):
    """Acts for its merchant in its mode, within its scopes. `key_id` is what callers send as the user name."""

    ID_PREFIX: ClassVar[str] = "key"

    name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=40, unique=True)
    secret_hash = models.CharField(max_length=128)
    secret_last4 = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta(MerchantOwned.Meta):
        verbose_name = "API key"
        ordering = ("-id",)
        indexes = (models.Index(fields=("merchant", "livemode", "-id"), name="api_key_by_merchant"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(livemode=False, key_id__startswith="key_test_")
                | models.Q(livemode=True, key_id__startswith="key_live_"),
                name="api_key_id_names_its_mode",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    def is_usable(self, at: datetime) -> bool:
        """Whether the key may act at this (real) moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def status(self, at: datetime) -> str:
        """One word for people: active, expiring, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is None:
            return "active"
        return "expiring" if at < self.expires_at else "expired"
