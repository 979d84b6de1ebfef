"""One request to a provider about a payment."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from gateway.core.tenancy import MerchantOwned
from payments.models.payment import Payment
from payments.models.provider_account import ProviderAccount
from payments.states import OperationKind, OperationStatus, VoidPurpose


class Operation(MerchantOwned):
    """An authorize, capture or void. Its id is the provider's idempotency key, written before the first byte is sent.

    Partitioned by month. `captured_amount` and `fee_amount` are what this operation's capture brought and cost (the
    authorize's, where it captures at once); refunds draw on them. `only_if_waiting` marks a void that calls off a
    challenge: a customer who approved first has paid, and it must never undo that.
    """

    ID_PREFIX: ClassVar[str] = "opn"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=12, choices=OperationKind.choices)
    status = models.CharField(max_length=20, choices=OperationStatus.choices, default=OperationStatus.CREATED)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    provider_reference = models.CharField(max_length=255, blank=True)
    purpose = models.CharField(max_length=20, choices=VoidPurpose.choices, blank=True)
    is_final = models.BooleanField(default=False)
    only_if_waiting = models.BooleanField(default=False)
    captured_amount = models.BigIntegerField(default=0)
    fee_amount = models.BigIntegerField(default=0)
    code = models.CharField(max_length=60, blank=True)
    decline_code = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(MerchantOwned.Meta):
        indexes = (models.Index(fields=("payment", "-id"), name="operation_by_payment"),)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=OperationKind.values), name="operation_kind_known"),
            models.CheckConstraint(condition=Q(status__in=OperationStatus.values), name="operation_status_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, captured_amount__gte=0, fee_amount__gte=0), name="operation_amounts"
            ),
        )

    def __str__(self) -> str:
        return self.public_id
