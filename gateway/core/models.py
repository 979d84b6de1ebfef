"""The one table of the ground: the data keys that make erasure of append-only copies possible."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from gateway.core.ids import new_id


class DataKey(models.Model):
    """The key that seals one customer's (or one lone payment's) personal data in append-only and stored copies."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner_id = models.UUIDField(null=True, blank=True, db_index=True)
    sealed_key = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[DataKey]] = models.Manager()

    class Meta:
        db_table = "core_datakey"
        constraints = (
            models.CheckConstraint(
                name="core_datakey_erased_has_no_key",
                condition=models.Q(erased_at__isnull=True) | models.Q(sealed_key=""),
            ),
        )

    def __str__(self) -> str:
        return f"data key {self.id}"
