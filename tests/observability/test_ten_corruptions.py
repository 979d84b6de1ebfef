"""Somebody with the owner's rights spoils one row anywhere in the house: the audit names it, and so does the watch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from gateway.audit.services.seal import seal_batch
from gateway.ledger.services.make_checkpoints import make_checkpoints
from gateway.observability.models import InvariantRun
from gateway.work.services.run_periodic import run_periodic
from payments.services.capture_payment import capture_payment
from payments.services.post_suspense import post_suspense
from refunds.services.create_refund import create_refund
from tests.payments.factories import make_order, make_tenant, pay
from tests.support.database import Cluster, TestDatabase
from tests.support.fake_provider import PROVIDER
from tests.support.work import run_due_work
from webhooks.services.create_endpoint import create_endpoint

ONE = "(SELECT id FROM {} ORDER BY id LIMIT 1)"
NOBODY = "'0192aaaa-0000-7000-8000-000000000000'::uuid"


def invented(source_type: str, source_id: str, event: str, debit: str, credit: str) -> str:
    """A transaction that balances, and was never posted by anybody: 77 from one account of the merchant to another."""
    return f"""
        WITH posted AS (
            INSERT INTO ledger_transaction (id, source_type, source_id, event, merchant_id, livemode, description, created_at)
            SELECT gen_random_uuid(), '{source_type}', {source_id}, '{event}', merchant_id, livemode, '', now()
            FROM ledger_transaction ORDER BY id LIMIT 1
            RETURNING id
        ), accounts AS (
            INSERT INTO ledger_account (id, type, currency, merchant_id, provider_account_id, livemode)
            SELECT gen_random_uuid(), type, 'EUR', NULL, NULL, false FROM unnest(ARRAY['{debit}', '{credit}']) AS type
            ON CONFLICT ON CONSTRAINT ledger_account_unique DO UPDATE SET currency = excluded.currency
            RETURNING id, type
        )
        INSERT INTO ledger_entry (id, transaction_id, account_id, currency, direction, amount)
        SELECT overlay((SELECT max(id::text) FROM ledger_entry) PLACING substr(md5(random()::text), 1, 12) FROM 25)::uuid,
               posted.id, accounts.id, 'EUR', CASE type WHEN '{debit}' THEN 'debit' ELSE 'credit' END, 77
        FROM posted, accounts
    """


# What is done to which table, and which truths must no longer hold.
CORRUPTIONS = {
    "an entry is raised on both sides": (
        "UPDATE ledger_entry SET amount = amount + 7 WHERE transaction_id ="
        " (SELECT id FROM ledger_transaction WHERE event = 'captured' ORDER BY id LIMIT 1)",
        {"payments.amounts_match_ledger", "ledger.true_checkpoints"},
    ),
    "an entry is in the other mode": (
        "UPDATE ledger_transaction SET livemode = true WHERE event = 'fee'",
        {"ledger.consistent_references", "payments.postings_have_sources"},
    ),
    "an entry is deleted": (
        "DELETE FROM ledger_entry WHERE id = " + ONE.format("ledger_entry"),
        {"ledger.trial_balance", "ledger.balanced_transactions"},
    ),
    "a checkpoint lies": (
        "UPDATE ledger_checkpoint SET debits_less_credits = debits_less_credits + 1 WHERE id = "
        + ONE.format("ledger_checkpoint"),
        {"ledger.true_checkpoints"},
    ),
    "a payment says more was captured": (
        "UPDATE payments_payment SET amount_captured = amount_captured + 1, amount_authorized = amount_authorized + 1"
        " WHERE status = 'succeeded'",
        {"payments.amounts_match_ledger", "payments.orders_match_payments"},
    ),
    "a refund is hidden on its payment and its order": (
        "WITH payments AS (UPDATE payments_payment SET amount_refunded = 0)"
        " UPDATE payments_order SET amount_refunded = 0",
        {"refunds.payments_match_refunds"},
    ),
    "a refund's row tells another amount": (
        "UPDATE refunds_refund SET amount = amount - 1",
        {"refunds.rows_match_ledger", "refunds.payments_match_refunds"},
    ),
    "a refund is gone": (
        "DELETE FROM refunds_refund",
        {"refunds.postings_have_sources", "refunds.payments_match_refunds"},
    ),
    "an anomaly is closed and its suspense stays": (
        "UPDATE payments_anomaly SET resolved_at = now(), resolution = 'It is fine.'",
        {"payments.suspense_is_explained"},
    ),
    "a delivery is gone": (
        "DELETE FROM webhooks_delivery WHERE sequence = 2",
        {"webhooks.gapless_sequences", "webhooks.one_delivery_per_event"},
    ),
    "a delivery goes to another mode": (
        "UPDATE webhooks_delivery SET livemode = true WHERE sequence = 1",
        {"webhooks.no_orphans"},
    ),
    "an audit row is rewritten": (
        "UPDATE audit_entry SET action = 'nothing.happened' WHERE action = 'refund.created'",
        {"audit.intact_chain"},
    ),
    "work is gone": (
        "DELETE FROM work_work WHERE kind = 'webhooks.deliver'",
        {"webhooks.unfinished_deliveries_have_work"},
    ),
    "a payment belongs to another order": (
        "UPDATE payments_payment SET order_id = '0192aaaa-0000-7000-8000-000000000000' WHERE status = 'succeeded'",
        {"payments.no_orphans", "refunds.no_orphans"},
    ),
    "fees are given to the merchant for a reason of no kind": (
        invented("gift", NOBODY, "given", "gateway_fees", "merchant_pending"),
        {"ledger.known_facts"},
    ),
    "an operation is captured a second time, out of our fees": (
        invented("operation", ONE.format("payments_operation"), "captured:2", "gateway_fees", "merchant_pending"),
        {"ledger.known_facts", "payments.amounts_match_ledger"},
    ),
    "an operation that took nothing is captured": (
        invented(
            "operation",
            "(SELECT id FROM payments_operation WHERE captured_amount = 0 LIMIT 1)",
            "captured",
            "provider_clearing",
            "merchant_pending",
        ),
        {"payments.amounts_match_ledger"},
    ),
    "a fee is given back under the name of an authorisation": (
        invented(
            "operation",
            ONE.format("payments_operation"),
            "authorization_reversed:2",
            "gateway_fees",
            "merchant_pending",
        ),
        {"ledger.known_facts", "payments.amounts_match_ledger"},
    ),
    "a refund is opened a second time": (
        invented("refund", ONE.format("refunds_refund"), "opened:2", "gateway_fees", "merchant_pending"),
        {"ledger.known_facts", "refunds.rows_match_ledger"},
    ),
    "a provider's object moves money that no anomaly tells of": (
        invented("provider_object", NOBODY, "external_capture:77", "provider_clearing", "suspense"),
        {"payments.postings_have_sources"},
    ),
    "a provider's object credits the merchant at once": (
        invented("provider_object", NOBODY, "external_capture:77", "provider_clearing", "merchant_pending"),
        {"ledger.known_facts"},
    ),
    "suspense is paid out for an anomaly that does not exist": (
        invented("anomaly", NOBODY, "resolved", "suspense", "merchant_pending"),
        {"payments.postings_have_sources"},
    ),
    "suspense is paid out while its anomaly is open": (
        invented("anomaly", ONE.format("payments_anomaly"), "resolved", "suspense", "merchant_pending"),
        {"payments.suspense_is_explained"},
    ),
    "a movement is settled that is in no file": (
        invented("settlement", NOBODY, "settled", "cash", "provider_clearing"),
        {"reconciliation.lines_match_ledger"},
    ),
    "a difference is suspended that no line has": (
        invented("settlement_difference", NOBODY, "settlement_amount_differs", "provider_clearing", "suspense"),
        {"reconciliation.lines_match_ledger"},
    ),
}


@pytest.fixture(scope="module")
def business(cluster: Cluster, database_template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[TestDatabase]:
    """A database in which a merchant took payments, gave money back and was told; everything holds."""
    database = cluster.clone(database_template)
    providers = {**settings.PROVIDERS, "fake": "tests.support.fake_provider.fake_provider"}
    with django_db_blocker.unblock(), cluster.pointed_at(database), override_settings(PROVIDERS=providers):
        PROVIDER.reset()
        tenant = make_tenant()
        create_endpoint(tenant=tenant, url="https://example.com/hooks", now=timezone.now())
        # The business is old enough for checkpoints and for the filter of the endpoint.
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            payment = pay(tenant, make_order(tenant, 5000))
            held = pay(tenant, make_order(tenant, 3000), capture_method="manual")
            capture_payment(tenant=tenant, payment_id=held.id, amount=1000, now=timezone.now())
            create_refund(tenant=tenant, payment_id=payment.id, amount=1200, now=timezone.now())
            post_suspense(
                payment=payment, provider_object="ch_1", kind="external_capture", cumulative=300, direction="in",
                detail="The provider captured more than we asked for.", now=timezone.now(),
            )  # fmt: skip
            run_due_work()
        with time_machine.travel(timezone.now() + timedelta(hours=3)):
            assert make_checkpoints()
        seal_batch()
        assert audit() == (0, set())
        PROVIDER.reset()
    yield database
    cluster.drop(database)


@pytest.fixture
def spoiled(business: TestDatabase, cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> Iterator[TestDatabase]:
    """A copy of it, to be spoiled."""
    database = cluster.clone(business.name)
    with django_db_blocker.unblock(), cluster.pointed_at(database):
        yield database
    cluster.drop(database)


def audit() -> tuple[int, set[str]]:
    """The exit status of the command, and what it says is broken."""
    out, status = StringIO(), 0
    try:
        call_command("ledger_audit", "--json", stdout=out)
    except SystemExit as end:
        status = int(end.code or 0)
    report = json.loads(out.getvalue())
    return status, {found["name"] for found in report["invariants"] if not found["holds"]}


def spoil(name: str) -> None:
    """As the owner, with every trigger and foreign key out of the way."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint c"
            " WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement.replace('""', ""))
        cursor.execute(
            "SELECT format('ALTER TABLE %I DISABLE TRIGGER USER', relname) FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relowner = current_user::regrole"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute(CORRUPTIONS[name][0])
        assert cursor.rowcount > 0


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_audit_ends_with_status_1_and_names_what_is_broken(spoiled: TestDatabase, name: str) -> None:
    spoil(name)

    status, broken = audit()

    assert status == 1
    assert broken >= CORRUPTIONS[name][1]


def test_while_the_gateway_runs_a_corruption_is_known_within_a_minute(
    spoiled: TestDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """What beat rings for every 30 seconds, as a worker runs it."""
    assert settings.PERIODIC["observability.watch"]["every_s"] == 30
    start = timezone.now()
    with time_machine.travel(start + timedelta(hours=1)):
        assert run_periodic("observability.watch")
        assert not InvariantRun.objects.exclude(violations=0).exists()
    spoil("a payment says more was captured")
    connections["default"].cursor().execute("UPDATE work_periodic SET started_at = started_at - interval '30 seconds'")
    InvariantRun.objects.update(elapsed_ms=10)  # on a slow machine a dear truth would rest for longer
    with time_machine.travel(start + timedelta(hours=1, seconds=30)):
        assert run_periodic("observability.watch")
    assert InvariantRun.objects.get(name="payments.amounts_match_ledger").violations == 1
    assert "invariant payments.amounts_match_ledger does not hold" in caplog.text
