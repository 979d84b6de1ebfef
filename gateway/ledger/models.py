"""Accounts, transactions, entries, checkpoints. Transactions and entries are append-only in the database itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from gateway.core.ids import new_id
from gateway.ledger.states import AccountType, Direction


class Account(models.Model):
    """Where money is, or whose it is. Never locked by a posting: a balance is a sum of entries."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey("merchants.Merchant", null=True, on_delete=models.PROTECT, related_name="+")
    provider_account_id = models.UUIDField(null=True)
    type = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    livemode = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "provider_account_id", "type", "currency", "livemode"],
                nulls_distinct=False,
                name="ledger_account_unique",
            ),
            models.CheckConstraint(
                condition=Q(type__in=[item.value for item in AccountType]), name="ledger_account_type"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.currency}"


class Transaction(models.Model):
    """One fact, posted once: its source (what happened to which object) is unique."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source_type = models.CharField(max_length=32)
    source_id = models.UUIDField()
    event = models.CharField(max_length=100)
    merchant = models.ForeignKey("merchants.Merchant", null=True, on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(help_text="When it happened, on the merchant's clock.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_type", "source_id", "event"], name="ledger_transaction_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source_type} {self.event}"


class Entry(models.Model):
    """One side of a transaction. Partitioned by month on its id.

    The account is no enforced foreign key: its check would lock the account's row in every posting. The check at commit
    looks instead (migration 0002).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    direction = models.CharField(max_length=6)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_account")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_entry_amount"),
            models.CheckConstraint(
                condition=Q(direction__in=[item.value for item in Direction]), name="ledger_entry_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.amount} {self.currency}"


class Checkpoint(models.Model):
    """An account's balance over all entries with an id below `through_id`, so that they need not be summed again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="checkpoints", db_index=False)
    through_id = models.UUIDField()
    debits_less_credits = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "through_id"], name="ledger_checkpoint_unique")]

    def __str__(self) -> str:
        return f"{self.account_id} through {self.through_id}"
