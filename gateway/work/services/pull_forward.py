"""A merchant's clock was moved: let its timers look at the date again."""

from __future__ import annotations

from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.work import states
from gateway.work.models import Work
from gateway.work.rules import timer_kinds


def pull_forward(tenant: Tenant) -> int:
    """Make every business timer of this merchant and mode due now; how many. A timer that is not due says so itself.

    One that runs has read the old date: `again` makes it run once more.
    """
    timers = Work.objects.filter(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        kind__in=timer_kinds(),
        state__in=(states.WAITING, states.RUNNING),
    )
    return timers.update(run_at=timezone.now(), again=True)
