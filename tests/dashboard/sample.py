"""A merchant with a believable fortnight, for pages that are looked at by browsers and people."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from gateway.core.tenancy import Tenant
from gateway.work.services.enqueue import enqueue
from merchants.models import User
from payments.models import Anomaly, Payment, ProviderAccount
from payments.providers.base import SettledMovement, SettlementFileRef, SettlementTotals
from payments.providers.base import SettlementFile as FetchedFile
from payments.selectors.operations import operations_of
from payments.services.create_order import create_order
from payments.services.post_suspense import post_suspense
from reconciliation.models import SettlementFile
from reconciliation.selectors.settlements import get_file
from reconciliation.services.keep_settlement_file import keep_settlement_file
from reconciliation.states import IMPORT_FILE
from refunds.services.create_refund import create_refund
from tests.payments.factories import CHALLENGED, DECLINED, VISA, make_tenant, pay
from tests.support.merchants import make_key, make_person
from tests.support.receiver import Receiver, answer
from tests.support.work import run_due_work
from webhooks.services.create_endpoint import create_endpoint

_THINGS = ("Brass desk lamp", "Walnut shelf", "Linen shade", "Oak stool", "Bulb, warm white")


@dataclass(frozen=True)
class Sample:
    """What a test needs to know of it."""

    tenant: Tenant
    owner: User
    succeeded: Payment
    authorized: Payment
    declined: Payment
    file: SettlementFile
    anomaly: Anomaly


def make_sample(receiver: Receiver, *, payments: int = 30) -> Sample:
    """Payments of every kind over two weeks, an endpoint that answers (once with an error), a key, an anomaly."""
    chance = random.Random(7)
    tenant = make_tenant()
    owner = make_person(tenant)
    key, _secret = make_key(tenant, name="Web shop")
    make_key(tenant, ["orders:read", "payments:read", "refunds:read", "events:read"], name="Accounting")
    type(key).objects.for_merchant(tenant).filter(id=key.id).update(last_used_at=timezone.now())
    create_endpoint(tenant=tenant, url=receiver.url, description="Shop backend", now=timezone.now())
    made = [_one(tenant, chance, index) for index in range(payments)]
    succeeded = [payment for payment in made if payment.status == "succeeded"]
    for payment, share in zip(succeeded[::5], (1, 2, 3, 2, 1, 2), strict=False):
        create_refund(
            tenant=tenant, payment_id=payment.id, amount=payment.amount // share, reason="requested_by_customer",
            now=timezone.now(),
        )  # fmt: skip
    authorized = _one(tenant, chance, 0, capture_method="manual")
    _one(tenant, chance, 0, card=CHALLENGED)
    declined = _one(tenant, chance, 0, card=DECLINED)
    receiver.behaviours = [answer(500, b"Internal error: no such table orders_webhook")]
    last = _one(tenant, chance, 0, card=VISA, amount=12900)
    create_refund(tenant=tenant, payment_id=last.id, amount=1250, reason="requested_by_customer", now=timezone.now())
    run_due_work()
    anomaly = post_suspense(
        payment=last, provider_object="bcap_of_somebody", kind="external_capture", cumulative=4900, direction="in",
        detail="The provider captured 4900 more than we asked for.", now=timezone.now(),
    )  # fmt: skip
    assert anomaly is not None
    return Sample(tenant, owner, last, authorized, declined, make_settlement(tenant, last), anomaly)


def make_settlement(tenant: Tenant, payment: Payment) -> SettlementFile:
    """A settlement file of three lines, imported: one fits this payment, one differs, one is nobody's."""
    account = ProviderAccount.objects.for_merchant(tenant).get()
    operation = operations_of(payment).get(captured_amount__gt=0)
    now, ref = timezone.now(), SettlementFileRef("2026-11-20-001", timezone.now().date())
    movements = (
        ("capture", "fcap_1", operation.public_id, operation.captured_amount, 155),
        ("capture", "fcap_1", operation.public_id, operation.captured_amount, 155),
        ("capture", "fcap_3", "opn_of_somebody", 7700, 92),
    )
    lines = tuple(
        SettledMovement(number, kind, reference, our_id, "", "", "EUR", gross, fee, now)
        for number, (kind, reference, our_id, gross, fee) in enumerate(movements, start=1)
    )
    gross, fee = sum(line.gross for line in lines), sum(line.fee for line in lines)
    totals = {"EUR": SettlementTotals(len(lines), gross, fee, gross - fee)}
    file = SettlementFile(
        merchant_id=tenant.merchant_id, livemode=tenant.livemode, provider_account=account, external_id=ref.id,
        date=ref.date, listed_at=now,
    )  # fmt: skip
    file.save(force_insert=True)
    keep_settlement_file(file_id=file.id, fetched=FetchedFile(ref, "5" * 64, lines, totals))
    enqueue(kind=IMPORT_FILE, subject_id=file.id, tenant=tenant)
    run_due_work()
    return get_file(tenant, file.id)


def _one(
    tenant: Tenant, chance: random.Random, days_back: int, *, card: str = "", amount: int = 0, **fields: str
) -> Payment:
    amount = amount or chance.choice((1290, 4999, 8600, 12900, 24950, 3875))
    order = create_order(
        tenant=tenant,
        amount=amount,
        currency="EUR",
        reference=f"LS-{10400 + chance.randrange(99)}",
        description=chance.choice(_THINGS),
        line_items=[{"name": chance.choice(_THINGS), "quantity": 1, "amount": amount}],
        now=timezone.now(),
    )
    number = card or chance.choices((VISA, DECLINED), (9, 1))[0]
    made = pay(tenant, order, card=number, **fields)
    moment = timezone.now() - timedelta(days=days_back % 14, hours=chance.randrange(9) if days_back else 0)
    changed = {"created_at": moment} | ({"captured_at": moment} if made.captured_at else {})
    Payment.objects.for_merchant(tenant).filter(id=made.id).update(**changed)
    return made
