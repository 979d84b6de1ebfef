"""Audit entries, the queue of those that no seal names yet, and the seals."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from gateway.core.ids import new_id
from gateway.core.tenancy import TenantManager


class AuditEntry(models.Model):
    """One change by a person, a key or a worker. Holds ids and keyed digests, never personal values; kept 7 years."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant_id = models.UUIDField(null=True)
    livemode = models.BooleanField(null=True)
    actor_kind = models.TextField()
    actor_id = models.TextField(blank=True)
    request_id = models.TextField(blank=True)
    action = models.TextField()
    subject_type = models.TextField()
    subject_id = models.TextField()
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    all_rows: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        db_table = "audit_entry"
        base_manager_name = "all_rows"
        default_manager_name = "all_rows"
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(name="audit_entry_of_merchant", fields=["merchant_id", "livemode", "-id"]),
            models.Index(name="audit_entry_of_subject", fields=["subject_type", "subject_id"]),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"


class Unsealed(models.Model):
    """A queue row beside each entry, deleted when a seal names it: so that no late commit is missed."""

    entry_id = models.UUIDField(primary_key=True)
    queued_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Unsealed]] = models.Manager()

    class Meta:
        db_table = "audit_unsealed"
        verbose_name_plural = "unsealed entries"

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(models.Model):
    """A link of the chain: it names its entries one by one, with their hashes, and the link before it.

    `previous` is unique, so the chain cannot fork; the first link's is empty.
    """

    number = models.BigIntegerField(primary_key=True)
    previous = models.CharField(max_length=64, unique=True, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    entries = models.JSONField()
    sealed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Seal]] = models.Manager()

    class Meta:
        db_table = "audit_seal"

    def __str__(self) -> str:
        return f"seal {self.number}"
