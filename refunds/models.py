"""Refunds. Not partitioned: a refund's reference at the provider is unique for ever."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from gateway.core.tenancy import MerchantOwned
from refunds import states


class Refund(MerchantOwned):
    """Captured money on its way back to the customer. `external` ones were first seen at the provider."""

    ID_PREFIX = "rfd"

    # No database constraint: payments are partitioned. The orphan invariant watches it.
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    order = models.ForeignKey("payments.Order", on_delete=models.PROTECT, related_name="+")
    provider_account = models.ForeignKey("payments.ProviderAccount", on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.TextField(default=states.PENDING)
    reason = models.TextField(blank=True, default="")
    external = models.BooleanField(default=False)
    failure = models.JSONField(null=True, blank=True)
    provider_reference = models.TextField(blank=True, default="")
    legs = models.JSONField(default=list)  # [{capture, account, amount}]: where the money comes from and returns to
    # Our fee, where the merchant's policy at the refund's opening returns it: posted when the refund succeeds.
    returns_fee = models.BooleanField(default=False)
    fee_returned = models.BigIntegerField(default=0)
    fee_legs = models.JSONField(default=list)  # [{capture, account, amount}]: of which capture, and where it went
    metadata = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    # Real time. `sends` counts requests that may have reached the provider: 0 means it certainly has none.
    sends = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    look_again_at = models.DateTimeField(null=True, blank=True)  # succeeded: whether the bank returned it meanwhile

    class Meta(MerchantOwned.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refunds_refund_amount_positive"),
            models.CheckConstraint(condition=Q(fee_returned__gte=0), name="refunds_refund_fee_not_negative"),
            models.CheckConstraint(condition=Q(status__in=states.REFUND.states), name="refunds_refund_status_known"),
            models.UniqueConstraint(
                fields=["provider_account", "provider_reference"],
                condition=~Q(provider_reference=""),
                name="refunds_refund_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "livemode", "-id"], name="refunds_refund_of_merchant"),
            models.Index(fields=["payment", "id"], name="refunds_refund_of_payment"),
            models.Index(
                fields=["id"],
                condition=Q(status__in=states.UNFINISHED),
                name="refunds_refund_unfinished",
            ),
            models.Index(
                fields=["look_again_at"],
                condition=Q(look_again_at__isnull=False),
                name="refunds_refund_look_again",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
