"""Consumptions go with their events, however many there are."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from gateway.core.ids import lowest_id_at, new_id
from gateway.events.models import Consumption
from gateway.events.services.purge_consumptions import KEPT, purge_consumptions

pytestmark = pytest.mark.django_db


def consumption(row_id: UUID, *, consumed: bool = True) -> Consumption:
    consumed_at = timezone.now() if consumed else None
    return Consumption.objects.create(id=row_id, consumer="tests", event_id=new_id(), consumed_at=consumed_at)


def test_one_purge_forgets_everything_that_is_old_and_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.events.services.purge_consumptions.BATCH", 2)
    long_ago = timezone.now() - KEPT - timedelta(days=1)
    for days in range(5):
        consumption(lowest_id_at(long_ago - timedelta(days=days)))
    young = consumption(new_id())
    unfinished = consumption(lowest_id_at(long_ago - timedelta(days=9)), consumed=False)

    assert purge_consumptions() == 5
    assert set(Consumption.objects.all()) == {young, unfinished}
