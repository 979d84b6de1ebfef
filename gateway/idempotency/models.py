"""One row per idempotency key: what it was used for, and the answer that every repetition gets."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from gateway.core.tenancy import MerchantOwned
from gateway.idempotency import states
from gateway.idempotency.rules import CALLER_CLASSES, JSON_CONTENT_TYPE, MAX_KEY_LENGTH


class IdempotencyKey(MerchantOwned):
    """A key in its scope. The answer is kept in two forms when it shows personal data: `sealed_body` and `body` without."""

    ID_PREFIX = "idk"

    caller_class = models.CharField(max_length=20)
    key = models.CharField(max_length=MAX_KEY_LENGTH)
    fingerprint = models.CharField(max_length=200)
    state = models.CharField(max_length=20, default=states.STARTED)
    epoch = models.BigIntegerField()
    lease_until = models.DateTimeField()
    result_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, default=JSON_CONTENT_TYPE)
    body = models.BinaryField(null=True)
    sealed_body = models.BinaryField(null=True)
    data_key_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=128, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        db_table = "idempotency_key"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "livemode", "caller_class", "key"], name="idempotency_key_scope"
            ),
            models.CheckConstraint(condition=models.Q(state__in=states.KEY.states), name="idempotency_key_state"),
            models.CheckConstraint(
                condition=models.Q(caller_class__in=CALLER_CLASSES), name="idempotency_key_caller_class"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=states.FINISHED)
                | models.Q(status__isnull=False, body__isnull=False, finished_at__isnull=False),
                name="idempotency_key_finished_has_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(sealed_body__isnull=True) | models.Q(data_key_id__isnull=False),
                name="idempotency_key_sealed_names_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["finished_at"], condition=models.Q(state=states.FINISHED), name="idempotency_key_finished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.caller_class} key {self.public_id} ({self.state})"
