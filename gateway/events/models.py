"""Events, and what became of them at each consumer."""

from __future__ import annotations

from django.db import models

from gateway.core.ids import new_id
from gateway.core.tenancy import MerchantOwned


class Event(MerchantOwned):
    """A public fact. Partitioned by month, append-only, kept 90 days.

    `body` holds the exact bytes that are signed and sent. Where the fact carries personal data, the full bytes are
    `sealed_body` under the customer's data key, and `body` is the form without them.
    """

    ID_PREFIX = "evt"

    type = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    timestamp = models.DateTimeField(help_text="When it happened, on the merchant's clock.")
    api_version = models.CharField(max_length=10)
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=32, blank=True)
    body = models.TextField()
    sealed_body = models.BinaryField(null=True)
    data_key_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=128, blank=True)

    class Meta(MerchantOwned.Meta):
        indexes = [
            models.Index(fields=["merchant", "livemode", "id"], name="events_event_merchant"),
            models.Index(fields=["subject_id", "id"], name="events_event_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class Consumption(models.Model):
    """One event for one consumer, made by the fan-out and consumed exactly once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    consumer = models.CharField(max_length=64)
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    consumed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "consumer"], name="events_consumption_unique")]

    def __str__(self) -> str:
        return f"{self.consumer} {self.event_id}"
