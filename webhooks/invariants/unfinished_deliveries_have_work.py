"""A delivery without an end has a row of work."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from gateway.core.invariants import Violation
from gateway.work.models import Work
from webhooks import states
from webhooks.models import Delivery

NAME = "webhooks.unfinished_deliveries_have_work"
DESCRIPTION = "Every delivery that is pending or under way has a row of work that will carry it on."


def violations() -> Iterator[Violation]:
    """Deliveries that nobody would ever make."""
    rows = Delivery.objects.unscoped("an invariant looks at everybody's rows").filter(status__in=states.UNFINISHED)
    work = Work.objects.filter(kind="webhooks.deliver", subject_id=OuterRef("id"))
    for delivery in rows.filter(~Exists(work)).order_by("id"):
        yield Violation(delivery.public_id, f"{delivery.status} without work")
