"""The bank's tables. Amounts are integers in the currency's ISO 4217 minor unit; all times are real."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import F, Q


def new_id(prefix: str) -> str:
    """An unguessable id."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Account(models.Model):
    """A merchant account at this bank, with its one API key and the place its webhooks go to."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=120, blank=True)
    api_key_hash = models.CharField(max_length=64, unique=True)
    webhook_url = models.TextField(blank=True)
    webhook_secret = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_account"

    def __str__(self) -> str:
        return self.id


class VaultEntry(models.Model):
    """A tokenised card or UPI address: the scenario's name, last four, keyed hash, the CVC's result; never a number."""

    id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    type = models.CharField(max_length=8)
    scenario = models.CharField(max_length=64)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    fingerprint = models.CharField(max_length=64)
    cvc_check = models.CharField(max_length=16, blank=True)
    forced_decline = models.CharField(max_length=64, blank=True)
    set_up = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "bank_vault"
        constraints = [models.CheckConstraint(condition=Q(type__in=["card", "upi"]), name="vault_type_known")]

    def __str__(self) -> str:
        return self.id


class Payment(models.Model):
    """One authorisation and what became of it. Changed only under its row lock, with its journal line beside it."""

    class Status(models.TextChoices):
        REQUIRES_ACTION = "requires_action"
        AUTHORIZED = "authorized"
        PARTIALLY_CAPTURED = "partially_captured"
        CAPTURED = "captured"
        VOIDED = "voided"
        DECLINED = "declined"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    key = models.CharField(max_length=255)
    reference = models.CharField(max_length=255)
    payment_reference = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=24, choices=Status)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    capture_at_once = models.BooleanField()
    amount_authorized = models.BigIntegerField(default=0)
    amount_captured = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    capture_closed = models.BooleanField(default=False)
    method_type = models.CharField(max_length=8)
    scenario = models.CharField(max_length=64)
    method_details = models.JSONField(default=dict)
    vault_reference = models.CharField(max_length=64)
    decline_code = models.CharField(max_length=64, blank=True)
    checks = models.JSONField(default=dict)
    risk = models.JSONField(default=dict)
    three_d_secure = models.JSONField(default=dict)
    setup_future_usage = models.BooleanField(default=False)
    challenge_kind = models.CharField(max_length=16, blank=True)
    challenge_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    return_url = models.TextField(blank=True)
    statement_descriptor = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict)
    webhook_faults = models.JSONField(default=list)
    void_reference = models.CharField(max_length=255, blank=True)
    late_success_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_payment"
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="payment_one_per_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "requires_action",
                        "authorized",
                        "partially_captured",
                        "captured",
                        "voided",
                        "declined",
                        "failed",
                    ]
                ),
                name="payment_status_known",
            ),
            models.CheckConstraint(
                condition=Q(amount_authorized=0) | Q(amount_authorized=F("amount")),
                name="payment_authorized_in_full_or_not",
            ),
            models.CheckConstraint(
                condition=Q(amount_captured__gte=0, amount_captured__lte=F("amount_authorized")),
                name="payment_captured_within_authorized",
            ),
            models.CheckConstraint(
                condition=Q(amount_refunded__gte=0, amount_refunded__lte=F("amount_captured")),
                name="payment_refunded_within_captured",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "reference"], name="payment_by_reference"),
            models.Index(fields=["account", "payment_reference"], name="payment_by_payment_reference"),
            models.Index(
                fields=["late_success_at"], condition=Q(late_success_at__isnull=False), name="payment_late_success"
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def amount_capturable(self) -> int:
        """What a capture may still take."""
        if self.status not in (self.Status.AUTHORIZED, self.Status.PARTIALLY_CAPTURED) or self.capture_closed:
            return 0
        return self.amount_authorized - self.amount_captured


class Capture(models.Model):
    """Money taken from an authorisation. `reference` is the merchant's id of that operation."""

    id = models.CharField(primary_key=True, max_length=64)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="captures")
    reference = models.CharField(max_length=255, db_index=True)
    amount = models.BigIntegerField()
    final = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_capture"
        ordering = ["created_at", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="capture_amount_positive")]

    def __str__(self) -> str:
        return self.id


class Refund(models.Model):
    """Money sent back, or on its way. `reference` is the merchant's id of that refund; `next_status` comes at `due_at`.

    Changed only under its payment's row lock.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=64)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    reference = models.CharField(max_length=255, db_index=True)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.SUCCEEDED)
    next_status = models.CharField(max_length=16, choices=Status, blank=True)
    due_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)  # stays when the money is returned later
    failure_code = models.CharField(max_length=64, blank=True)
    webhook_faults = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_refund"
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True, next_status="") | Q(due_at__isnull=False) & ~Q(next_status=""),
                name="refund_due_with_what_comes",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="refund_due")]

    def __str__(self) -> str:
        return self.id


class RequestKey(models.Model):
    """An idempotency key, never forgotten. Its row is the lock on which everything with this key queues.

    Without an outcome it has been seen and not carried out; a tombstone means that it never will be.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, blank=True)
    outcome_status = models.PositiveSmallIntegerField(null=True)
    outcome_body = models.TextField(blank=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True)
    tombstone_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_request_key"
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="request_key_unique"),
            models.CheckConstraint(
                condition=Q(tombstone_at__isnull=True) | Q(outcome_status__isnull=True),
                name="request_key_never_after_tombstone",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class JournalEntry(models.Model):
    """One line per fact about money; append-only (a trigger refuses anything else)."""

    class Kind(models.TextChoices):
        AUTHORIZE = "authorize"
        CAPTURE = "capture"
        VOID = "void"
        REFUND = "refund"
        REFUND_RETURNED = "refund_returned"
        DECLINE = "decline"
        TOMBSTONE = "tombstone"

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16, choices=Kind)
    payment_id = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=255, blank=True)
    payment_reference = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    detail = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_journal"
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="journal_amount_not_negative")]
        indexes = [
            models.Index(fields=["account", "id"], name="journal_by_account"),
            models.Index(fields=["account", "reference"], name="journal_by_reference"),
            models.Index(fields=["account", "payment_reference"], name="journal_by_payment_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Settlement(models.Model):
    """A closed settlement file: its text, byte for byte as it is served. `name` is the merchant's id of it."""

    id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    name = models.CharField(max_length=32)
    date = models.DateField()
    content = models.TextField()
    lines = models.PositiveIntegerField()
    totals: models.JSONField[dict[str, dict[str, int]], dict[str, dict[str, int]]] = models.JSONField()
    truncations_left = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_settlement"
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="settlement_name_once")]

    def __str__(self) -> str:
        return self.name


class SettledEntry(models.Model):
    """A movement of the journal is in one file, once; append-only (a trigger refuses anything else)."""

    entry = models.OneToOneField(JournalEntry, primary_key=True, on_delete=models.PROTECT, related_name="settled")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT)

    class Meta:
        db_table = "bank_settled_entry"

    def __str__(self) -> str:
        return f"{self.entry_id} in {self.settlement_id}"


class Webhook(models.Model):
    """One delivery that is owed (the outbox); a duplicate is a second row with the same `event_id`."""

    event_id = models.CharField(max_length=64)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    type = models.CharField(max_length=64)
    body = models.TextField()
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    abandoned_at = models.DateTimeField(null=True)
    last_result = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_webhook"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(delivered_at__isnull=True, abandoned_at__isnull=True),
                name="webhook_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class FaultPlan(models.Model):
    """Faults for the next `total` requests with new keys, drawn in an order that `seed` decides."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    faults: models.JSONField[list[str], list[str]] = models.JSONField()
    operations: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    probability = models.FloatField(default=1.0)
    seed = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField()
    drawn = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "bank_fault_plan"
        constraints = [models.CheckConstraint(condition=Q(drawn__lte=F("total")), name="fault_plan_within_total")]

    def __str__(self) -> str:
        return f"{self.drawn}/{self.total} {self.faults}"
