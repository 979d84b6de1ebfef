"""One attempt to pay an order."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from gateway.core.tenancy import MerchantOwned
from payments.models.customer import Customer
from payments.models.order import Order
from payments.models.payment_method import PaymentMethod
from payments.models.provider_account import ProviderAccount
from payments.states import CaptureMethod, PaymentStatus

_AMOUNTS = (
    "amount_authorized",
    "amount_capture_pending",
    "amount_captured",
    "amount_refund_pending",
    "amount_refunded",
    "amount_disputed",
)


class Payment(MerchantOwned):
    """Partitioned by month. Amounts: opening an operation reserves (`*_pending`), settling it moves.

    `failure` is what the customer may be told: code, decline_code, message, advice. `counts_toward_order` is false
    for a late success that the order no longer needed, whose money goes back by itself (`late_reason` says why).
    """

    ID_PREFIX: ClassVar[str] = "pay"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=30, choices=PaymentStatus.choices)
    capture_method = models.CharField(max_length=10, choices=CaptureMethod.choices, default=CaptureMethod.AUTOMATIC)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    payment_method = models.ForeignKey(PaymentMethod, null=True, on_delete=models.PROTECT, related_name="+")
    provider_account = models.ForeignKey(ProviderAccount, null=True, on_delete=models.PROTECT, related_name="+")
    provider_reference = models.CharField(max_length=255, blank=True)
    amount_authorized = models.BigIntegerField(default=0)
    amount_capture_pending = models.BigIntegerField(default=0)
    amount_captured = models.BigIntegerField(default=0)
    amount_refund_pending = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    amount_disputed = models.BigIntegerField(default=0)
    next_action = models.JSONField(null=True)
    failure = models.JSONField(null=True)
    risk = models.JSONField(null=True)
    three_d_secure = models.JSONField(null=True)
    return_url = models.CharField(max_length=2000, blank=True)
    statement_descriptor = models.CharField(max_length=22, blank=True)
    setup_future_usage = models.CharField(max_length=20, blank=True)
    metadata = models.JSONField(default=dict)
    late_success = models.BooleanField(default=False)
    late_reason = models.CharField(max_length=20, blank=True)
    counts_toward_order = models.BooleanField(default=True)
    data_key_id = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    captured_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="payment_by_merchant"),
            models.Index(fields=("merchant", "livemode", "status", "-id"), name="payment_by_status"),
            models.Index(fields=("order", "-id"), name="payment_by_order"),
            models.Index(fields=("customer", "-id"), name="payment_by_customer"),
            models.Index(
                fields=("id",),
                condition=Q(status="requires_action") | Q(status="requires_capture", counts_toward_order=False),
                name="payment_to_be_called_off",
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(**{f"{name}__gte": 0 for name in _AMOUNTS}), name="payment_amounts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(amount_authorized__gte=F("amount_captured") + F("amount_capture_pending")),
                name="payment_captured_at_most_authorized",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_captured__gte=F("amount_refunded") + F("amount_refund_pending") + F("amount_disputed")
                ),
                name="payment_refunded_at_most_captured",
            ),
            models.CheckConstraint(condition=Q(status__in=PaymentStatus.values), name="payment_status_known"),
            models.CheckConstraint(
                condition=Q(capture_method__in=CaptureMethod.values), name="payment_capture_method_known"
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount_capturable(self) -> int:
        """What may still be captured."""
        if self.status != PaymentStatus.REQUIRES_CAPTURE or not self.counts_toward_order:
            return 0
        return self.amount_authorized - self.amount_captured - self.amount_capture_pending

    @property
    def amount_refundable(self) -> int:
        """What may still be sent back."""
        return self.amount_captured - self.amount_refunded - self.amount_refund_pending - self.amount_disputed
