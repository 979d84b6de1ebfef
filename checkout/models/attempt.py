"""One press of the Pay button."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from checkout.models.session import CheckoutSession
from checkout.states import AttemptOutcome
from gateway.core.tenancy import MerchantOwned


class Attempt(MerchantOwned):
    """Made before anything is tokenised, so that a second press finds it. `started_at` and `ended_at` are real time.

    `failure` is a copy of the payment's (code, decline_code, message, advice): what the customer is told.
    """

    ID_PREFIX: ClassVar[str] = "att"

    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    method_type = models.CharField(max_length=20)
    payment_id = models.UUIDField(null=True)
    outcome = models.CharField(max_length=12, choices=AttemptOutcome.choices, blank=True)
    failure = models.JSONField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (models.Index(fields=("payment_id",), name="checkout_attempt_by_payment"),)
        constraints = (
            models.UniqueConstraint(fields=("session", "number"), name="checkout_attempt_once"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | ~Q(outcome="") & Q(ended_at__isnull=False),
                name="checkout_attempt_ended_with_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_id}.{self.number}"
