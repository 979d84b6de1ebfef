"""What a merchant wants to be paid for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from gateway.core.tenancy import MerchantOwned
from payments.models.customer import Customer
from payments.states import OrderStatus


class Order(MerchantOwned):
    """A demand for money. Its row is the first lock of everything that happens to its payments.

    `live_payment_id` is the attempt that may still bring money; `next_payment_id` one that starts when the live one,
    which waits for its customer, has been called off; `next_queued_at` is since when it waits, in real time.
    """

    ID_PREFIX: ClassVar[str] = "ord"

    amount = models.BigIntegerField()
    amount_paid = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=OrderStatus.choices, default=OrderStatus.CREATED)
    reference = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=500, blank=True)
    line_items = models.JSONField(default=list)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    return_url = models.CharField(max_length=2000, blank=True)
    cancel_url = models.CharField(max_length=2000, blank=True)
    live_payment_id = models.UUIDField(null=True)
    next_payment_id = models.UUIDField(null=True)
    next_queued_at = models.DateTimeField(null=True)
    latest_payment_id = models.UUIDField(null=True)
    metadata = models.JSONField(default=dict)
    data_key_id = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="order_by_merchant"),
            models.Index(fields=("merchant", "livemode", "reference"), name="order_by_reference"),
            models.Index(fields=("customer", "-id"), name="order_by_customer"),
            models.Index(fields=("id",), condition=Q(next_payment_id__isnull=False), name="order_with_a_queue"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(amount_paid__gte=0, amount_refunded__gte=0, amount_refunded__lte=F("amount_paid")),
                name="order_refunded_at_most_paid",
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=("expired", "canceled")) | Q(live_payment_id=None),
                name="order_closed_without_live_payment",
            ),
            models.CheckConstraint(
                condition=Q(next_payment_id=None, next_queued_at=None)
                | Q(next_payment_id__isnull=False, next_queued_at__isnull=False),
                name="order_queued_with_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(amount_paid__gte=F("amount")), name="order_paid_in_full"
            ),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount_due(self) -> int:
        """What is still to be paid. Refunds do not reopen an order."""
        return max(0, self.amount - self.amount_paid)
