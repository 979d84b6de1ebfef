"""How each truth was found the last time anybody looked."""

from __future__ import annotations

from django.db import models


class InvariantRun(models.Model):
    """The last run of one invariant: a row per truth, written over. What was found before is in the log and the metrics.

    `finished_at` before `started_at` (or none) is a run that is under way, or died. `details` are the first violations,
    `violations` how many were counted; not all when not `complete`. `broken_since` is when the truth ceased to hold.
    """

    name = models.TextField(primary_key=True)
    description = models.TextField(default="")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    elapsed_ms = models.PositiveIntegerField(default=0)
    violations = models.PositiveIntegerField(default=0)
    complete = models.BooleanField(default=True)
    details = models.JSONField(default=list)  # [{subject, detail}], bounded
    broken_since = models.DateTimeField(null=True)

    class Meta:
        db_table = "observability_invariant_run"
        verbose_name = "system truth"

    def __str__(self) -> str:
        return self.name
