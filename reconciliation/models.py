"""Settlement files and their lines, as a provider gave them to us. Kept for ever: they are the proof behind postings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from gateway.core.tenancy import MerchantOwned
from payments.models import ProviderAccount
from reconciliation import states


class SettlementFile(MerchantOwned):
    """One file of a provider account, imported once. `totals` are per currency: count, gross, fee, net."""

    ID_PREFIX: ClassVar[str] = "stl"

    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=255)
    date = models.DateField()
    state = models.CharField(max_length=12, default=states.LISTED)
    sha256 = models.CharField(max_length=64, blank=True)
    line_count = models.PositiveIntegerField(default=0)
    difference_count = models.PositiveIntegerField(default=0)
    totals: models.JSONField[dict[str, dict[str, int]], dict[str, dict[str, int]]] = models.JSONField(default=dict)
    error = models.CharField(max_length=500, blank=True)
    # Real time, as everything of a provider.
    listed_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)
    imported_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        constraints = (
            models.UniqueConstraint(fields=("provider_account", "external_id"), name="settlement_file_once"),
            models.CheckConstraint(condition=Q(state__in=states.FILE.states), name="settlement_file_state"),
        )
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="settlement_file_of_merchant"),
            models.Index(
                fields=("provider_account", "id"),
                condition=Q(state__in=states.UNFINISHED),
                name="settlement_file_unfinished",
            ),
        )

    def __str__(self) -> str:
        return self.external_id


class SettlementLine(MerchantOwned):
    """One movement of money as the provider tells it; what leaves the merchant is negative.

    `expected` is what our ledger had of that movement when the line was posted. A movement (its type and the provider's
    id of it) is settled by one line for ever; a further line about it is a duplicate, whose money goes to suspense.
    """

    ID_PREFIX: ClassVar[str] = "stn"

    file = models.ForeignKey(SettlementFile, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    type = models.CharField(max_length=64)
    provider_object = models.CharField(max_length=255)
    our_id = models.CharField(max_length=255, blank=True)
    provider_payment = models.CharField(max_length=255, blank=True)
    payment_public_id = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3)
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    net = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=states.PENDING)
    is_duplicate = models.BooleanField(default=False)
    expected = models.BigIntegerField(default=0)
    posted_at = models.DateTimeField(null=True)
    subject_type = models.CharField(max_length=20, blank=True)  # operation | refund
    subject_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    transaction_id = models.UUIDField(null=True)  # the ledger's, of *provider settles*
    anomaly_id = models.UUIDField(null=True)

    class Meta(MerchantOwned.Meta):
        constraints = (
            models.UniqueConstraint(fields=("file", "number"), name="settlement_line_once"),
            models.UniqueConstraint(
                fields=("provider_account", "type", "provider_object"),
                condition=Q(is_duplicate=False) & ~Q(state=states.PENDING),
                name="settlement_movement_once",
            ),
            models.CheckConstraint(condition=Q(state__in=states.LINE.states), name="settlement_line_state"),
            models.CheckConstraint(condition=Q(net=F("gross") - F("fee")), name="settlement_line_net"),
            models.CheckConstraint(
                condition=Q(state=states.PENDING) | Q(transaction_id__isnull=False, posted_at__isnull=False),
                name="settlement_line_posted",
            ),
        )
        indexes = (
            models.Index(fields=("file", "number"), condition=Q(state=states.PENDING), name="settlement_line_pending"),
            models.Index(
                fields=("subject_id",), condition=Q(subject_id__isnull=False), name="settlement_line_of_subject"
            ),
            models.Index(
                fields=("payment_id",), condition=Q(payment_id__isnull=False), name="settlement_line_of_payment"
            ),
            models.Index(
                fields=("anomaly_id",), condition=Q(anomaly_id__isnull=False), name="settlement_line_of_anomaly"
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_id} line {self.number}"

    @property
    def difference(self) -> int:
        """What was settled beyond what we expected; all of it for a duplicate."""
        return self.gross if self.is_duplicate else self.gross - self.expected
