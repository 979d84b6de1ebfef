"""Rows of work, the heartbeats of workers, and when each periodic job last ran."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from gateway.core.ids import new_id
from gateway.work import states


class Work(models.Model):
    """Something that remains to be done. Written in the transaction of what it follows from, deleted when done.

    Ground knows no merchants, so `merchant_id` is a plain id. `strikes` counts the claims that ended in an unexpected
    exception or without any report: it is raised when a row is claimed and taken back when the run reports in order.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.TextField()
    subject_id = models.UUIDField()
    queue = models.TextField()
    merchant_id = models.UUIDField(null=True)
    livemode = models.BooleanField(null=True)
    request_id = models.TextField(default="", blank=True)
    state = models.TextField(default=states.WAITING)
    run_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    strikes = models.PositiveIntegerField(default=0)
    again = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True)
    lease_epoch = models.BigIntegerField(null=True)
    error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Work]] = models.Manager()

    class Meta:
        db_table = "work_work"
        verbose_name_plural = "work"
        constraints = (
            models.UniqueConstraint(name="work_one_row_per_subject", fields=["kind", "subject_id"]),
            models.CheckConstraint(name="work_state_known", condition=models.Q(state__in=states.WORK.states)),
            models.CheckConstraint(
                name="work_running_has_lease",
                condition=~models.Q(state=states.RUNNING)
                | models.Q(lease_until__isnull=False, lease_epoch__isnull=False),
            ),
        )
        indexes = (
            models.Index(name="work_due", fields=["queue", "run_at"], condition=models.Q(state=states.WAITING)),
            # In the order of time over all queues: without it pollers and the sweep would sort the whole backlog.
            models.Index(name="work_waiting", fields=["run_at"], condition=models.Q(state=states.WAITING)),
            models.Index(name="work_leased", fields=["lease_until"], condition=models.Q(state=states.RUNNING)),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class WorkerHeartbeat(models.Model):
    """A living worker process: in PostgreSQL, so that it is true while the broker and the cache are down."""

    name = models.TextField(primary_key=True)
    queues = models.JSONField(default=list)
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[WorkerHeartbeat]] = models.Manager()

    class Meta:
        db_table = "work_heartbeat"

    def __str__(self) -> str:
        return self.name


class PeriodicRun(models.Model):
    """When a periodic job was last started: whoever updates the row runs it, so any number of beats may ring."""

    name = models.TextField(primary_key=True)
    started_at = models.DateTimeField()

    objects: ClassVar[models.Manager[PeriodicRun]] = models.Manager()

    class Meta:
        db_table = "work_periodic"

    def __str__(self) -> str:
        return self.name
