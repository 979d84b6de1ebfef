"""Something that should not be, waiting for a person."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from gateway.core.tenancy import MerchantOwned


class Anomaly(MerchantOwned):
    """What a provider did beyond our books. `amount` is what stands in suspense: negative where money went out."""

    ID_PREFIX: ClassVar[str] = "anm"

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    detail = models.CharField(max_length=1000)
    amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    provider_account_id = models.UUIDField(null=True)
    provider_object = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=500, blank=True)
    # What became of the money in suspense (a rule of `anomaly_postings`), and who decided: "staff usr_...".
    posting = models.CharField(max_length=20, blank=True)
    resolved_by = models.CharField(max_length=80, blank=True)

    class Meta(MerchantOwned.Meta):
        verbose_name_plural = "anomalies"
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="anomaly_by_merchant"),
            models.Index(fields=("subject_type", "subject_id"), name="anomaly_by_subject"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount=0) | ~Q(currency=""), name="anomaly_amount_has_currency"),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | ~Q(resolution=""),
                name="anomaly_resolved_with_its_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def status(self) -> str:
        """`open` or `resolved`."""
        return "resolved" if self.resolved_at else "open"

    @property
    def version(self) -> int:
        """1 while it is open, 2 once it is resolved: it changes once."""
        return 2 if self.resolved_at else 1
