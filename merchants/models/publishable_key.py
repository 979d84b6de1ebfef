"""A key that may stand in a web page."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from gateway.core.tenancy import MerchantOwned


class PublishableKey(MerchantOwned):
    """Names the merchant and the mode to a browser; may only create tokens and read a checkout session."""

    ID_PREFIX: ClassVar[str] = "pk"

    name = models.CharField(max_length=80)
    value = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(MerchantOwned.Meta):
        ordering = ("-id",)
        indexes = (models.Index(fields=("merchant", "livemode", "-id"), name="publishable_key_by_merchant"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(livemode=False, value__startswith="pk_test_")
                | models.Q(livemode=True, value__startswith="pk_live_"),
                name="publishable_key_names_its_mode",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.value})"
