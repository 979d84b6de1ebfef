"""API requests as the merchant's developers may see them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from gateway.core.ids import new_id, to_public
from gateway.core.tenancy import TenantManager
from gateway.requestlog.rules import MAX_PATH


class ApiRequest(models.Model):
    """One answered request. Append-only, partitioned by month.

    Bodies are redacted and kept in two forms when they hold personal data of somebody we know: in full in `sealed_bodies`,
    sealed with that person's data key, and without personal fields in the clear. Requests that nobody signed belong to
    nobody: their merchant is null.
    """

    ID_PREFIX: ClassVar[str] = "log"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant_id = models.UUIDField(null=True)
    livemode = models.BooleanField(null=True)
    caller_class = models.CharField(max_length=20, blank=True)
    credential_id = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    idempotency_key = models.CharField(max_length=300, blank=True)
    replayed = models.BooleanField(default=False)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=MAX_PATH)
    query = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=100, blank=True)
    elapsed_ms = models.PositiveIntegerField()
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    sealed_bodies = models.BinaryField(null=True)
    data_key_id = models.UUIDField(null=True)
    received_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    all_rows: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        db_table = "requestlog_request"
        base_manager_name = "all_rows"
        default_manager_name = "all_rows"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sealed_bodies__isnull=True) | models.Q(data_key_id__isnull=False),
                name="requestlog_sealed_names_key",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "livemode", "-id"], name="requestlog_of_merchant"),
            models.Index(fields=["request_id"], name="requestlog_request_id"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @property
    def public_id(self) -> str:
        """The id as pages show it."""
        return to_public(self.ID_PREFIX, self.id)
