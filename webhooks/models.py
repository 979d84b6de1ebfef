"""Endpoints and deliveries outbound; the inbox of provider events inbound.

An endpoint is four rows, so that nobody waits for another's lock: what it is (`Endpoint`), its secrets, the counter
that gives sequence numbers (locked by fan-out) and its health (written by attempts).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gateway.core.tenancy import Identified, MerchantOwned
from webhooks import states


def _one_of(field: str, values: tuple[str, ...], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)


class Endpoint(MerchantOwned):
    """Where a merchant wants to hear of events. Deleted endpoints stay for their deliveries' history."""

    ID_PREFIX = "we"

    url = models.TextField()
    description = models.TextField(blank=True, default="")
    enabled_events = ArrayField(models.TextField())
    # Every event made since then (and fanned out) was matched against the present `enabled_events`.
    filter_since = models.DateTimeField(default=timezone.now)
    status = models.TextField(default=states.ENABLED)
    # The last change to enabled (real time): what was made after it has no reason to be discarded.
    enabled_since = models.DateTimeField(default=timezone.now)
    disabled_reason = models.TextField(blank=True, default="")
    metadata = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta(MerchantOwned.Meta):
        constraints = [_one_of("status", states.ENDPOINT.states, "webhooks_endpoint_status_known")]
        indexes = [models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_endpoint_of_merchant")]

    def __str__(self) -> str:
        return self.public_id


class EndpointSecret(Identified):
    """A signing secret, sealed. It signs until `expires_at`; during a rotation two sign."""

    ID_PREFIX = "wes"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets", db_index=False)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["endpoint", "id"], name="webhooks_secret_of_endpoint")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def bound_to(self) -> str:
        """The row that the sealed text belongs to: moved to another row, it does not open."""
        return f"webhooks.EndpointSecret:{self.id}"


class EndpointCounter(models.Model):
    """The last sequence number given. Fan-out locks these rows in key order, so numbers have no gaps."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, primary_key=True, related_name="counter")
    last_sequence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.last_sequence}"


class EndpointHealth(models.Model):
    """How the endpoint has been answering (real time)."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, primary_key=True, related_name="health")
    consecutive_failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    slowed_until = models.DateTimeField(null=True, blank=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_elapsed_ms = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.consecutive_failures} failures in a row"


class Delivery(MerchantOwned):
    """One event on its way to one endpoint, under the endpoint's own sequence number."""

    ID_PREFIX = "whd"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    # No database constraint: events are partitioned. The orphan invariant watches it.
    event = models.ForeignKey("events.Event", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    event_type = models.TextField()
    sequence = models.BigIntegerField()
    status = models.TextField(default=states.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    # In this run of the schedule; a retry by a person or a replay starts another.
    round_attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    in_flight_since = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    delivered_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(MerchantOwned.Meta):
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhooks_delivery_once_per_event"),
            models.UniqueConstraint(fields=["endpoint", "sequence"], name="webhooks_delivery_sequence_once"),
            models.CheckConstraint(condition=Q(sequence__gt=0), name="webhooks_delivery_sequence_positive"),
            _one_of("status", states.DELIVERY.states, "webhooks_delivery_status_known"),
            models.CheckConstraint(
                condition=~Q(status=states.DELIVERED) | Q(delivered_at__isnull=False),
                name="webhooks_delivered_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="webhooks_delivery_newest"),
            models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_delivery_of_merchant"),
            models.Index(
                fields=["endpoint"], condition=Q(status__in=states.UNFINISHED), name="webhooks_delivery_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryAttempt(MerchantOwned):
    """What happened when a delivery was tried: append-only, one row for every time (real time)."""

    ID_PREFIX = "wda"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="tries", db_index=False)
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    elapsed_ms = models.PositiveIntegerField(null=True)
    url = models.TextField()
    request_headers = models.JSONField()
    response_status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True, default="")
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta(MerchantOwned.Meta):
        indexes = [models.Index(fields=["delivery", "id"], name="webhooks_attempt_of_delivery")]

    def __str__(self) -> str:
        return self.public_id


class InboxEvent(MerchantOwned):
    """A verified event of a provider: a hint that something changed there. Its payload is not kept, only what it
    points at.
    """

    ID_PREFIX = "ibx"

    provider = models.TextField()
    provider_account = models.ForeignKey("payments.ProviderAccount", on_delete=models.PROTECT, related_name="+")
    event_id = models.TextField()
    type = models.TextField()
    payment_reference = models.TextField(blank=True, default="")
    operation_id = models.TextField(blank=True, default="")  # ours, as echoed: an operation or a refund
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(default=states.RECEIVED)
    processed_at = models.DateTimeField(null=True, blank=True)
    payment_id = models.UUIDField(null=True, blank=True)

    class Meta(MerchantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_account", "event_id"], name="webhooks_inbox_event_once"
            ),
            _one_of("state", states.INBOX.states, "webhooks_inbox_state_known"),
        ]
        indexes = [
            models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_inbox_of_merchant"),
            models.Index(fields=["id"], condition=Q(state=states.RECEIVED), name="webhooks_inbox_unprocessed"),
        ]

    def __str__(self) -> str:
        return self.public_id
