"""A customer's visit to the hosted page of one order."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from checkout.states import SessionStatus
from gateway.core.tenancy import MerchantOwned
from payments.models import Order


class CheckoutSession(MerchantOwned):
    """Its id, unguessable, is the address of the page. `attempt` numbers the form that the page shows now."""

    ID_PREFIX: ClassVar[str] = "cs"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=SessionStatus.choices, default=SessionStatus.OPEN)
    attempt = models.PositiveIntegerField(default=1)
    success_url = models.CharField(max_length=2000, blank=True)
    cancel_url = models.CharField(max_length=2000, blank=True)
    locale = models.CharField(max_length=20, blank=True)
    metadata = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="checkout_by_merchant"),
            models.Index(fields=("order", "-id"), name="checkout_by_order"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=SessionStatus.values), name="checkout_status_known"),
            models.CheckConstraint(condition=Q(attempt__gte=1), name="checkout_attempt_from_one"),
        )

    def __str__(self) -> str:
        return self.public_id
