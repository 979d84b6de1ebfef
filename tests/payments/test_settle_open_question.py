"""An import that closes what was asked, while a person does the same."""

from __future__ import annotations

import threading

from django.db import connection, transaction
from django.utils import timezone

from gateway.core.ids import new_id
from gateway.core.tenancy import Tenant
from payments.models import Anomaly
from payments.services.open_anomaly import open_anomaly
from payments.services.resolve_anomaly import resolve_anomaly
from payments.services.settle_open_question import settle_open_question
from tests.support.database import TestDatabase
from tests.support.merchants import make_merchant
from tests.support.system import wait_until

_WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid)"


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def test_what_a_person_decides_at_the_same_moment_stays_and_disturbs_no_import(committed_db: TestDatabase) -> None:
    tenant, subject, now = Tenant(make_merchant("Lumen").id, livemode=False), new_id(), timezone.now()
    anomaly = open_anomaly(
        tenant=tenant, kind="not_settled", subject_type="operation", subject_id=subject, detail="Missed.", now=now
    )
    failures: list[Exception] = []

    def imports() -> None:
        try:
            settle_open_question(tenant=tenant, kind="not_settled", subject_id=subject, note="Found.", now=now)
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    importer = threading.Thread(target=imports)
    with transaction.atomic():
        resolve_anomaly(tenant=tenant, anomaly_id=anomaly.id, note="Asked the bank.", now=now)
        importer.start()
        wait_until(somebody_waits_for_us, timeout_s=20, what="the import waits for the person")
    importer.join(20)

    assert failures == []
    assert Anomaly.objects.for_merchant(tenant).get().resolution == "Asked the bank."
