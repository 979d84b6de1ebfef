"""Two weeks of the demo merchant's life: orders, cards, declines, refunds, on a clock that steps to the present.

Everything goes through the services and the bank, as it would have then: the oracle holds for it. The clock steps from
payment to payment, and before each day everything is quiet: no fact is dated before what caused it, or days after.
"""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from demo.bank_account import close_settlement
from gateway.core import clock
from gateway.core.tenancy import Tenant
from gateway.work.selectors import is_quiet
from merchants.errors import ClockOnlyForward
from merchants.models import Merchant
from merchants.services.advance_test_clock import advance_test_clock
from payments.models import Payment, ProviderAccount
from payments.services.capture_payment import capture_payment
from payments.services.create_customer import create_customer
from payments.services.create_order import create_order
from payments.services.create_payment import create_payment
from payments.states import PaymentStatus
from reconciliation.services.import_settlements import import_settlements
from refunds.services.create_refund import create_refund

SEED = 20_261_121
DAYS_PER_FILE = 4
PAYMENTS_PER_DAY = (3, 4, 5, 6)
PEOPLE = (
    ("Mira Novak", "mira@novak.test"),
    ("Jonas Weber", "jonas@weber.test"),
    ("Aisha Khan", "aisha@khan.test"),
    ("Léa Martin", "lea@martin.test"),
    ("Ravi Iyer", "ravi@iyer.test"),
    ("Sofia Rossi", "sofia@rossi.test"),
    ("Tom Becker", "tom@becker.test"),
    ("Elif Kaya", "elif@kaya.test"),
)
GOODS = (
    ("Reading lamp", 4_999),
    ("Dotted notebook", 1_450),
    ("Brass pen", 3_200),
    ("Desk mat, wool felt", 5_900),
    ("Chai for a month", 2_400),
    ("Letter tray, oak", 8_750),
)
METHODS = (
    *(["pm_card_visa"] * 9),
    *(["pm_card_mastercard"] * 5),
    *(["pm_card_amex"] * 2),
    "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedInsufficientFunds",
)
REFUND_SHARE = 0.12
MANUAL_SHARE = 0.1


@dataclass
class _Life:
    tenant: Tenant
    deadline: float
    dice: random.Random
    customers: dict[str, UUID] = field(default_factory=dict)
    yesterday: list[UUID] = field(default_factory=list)


def live_through_history(tenant: Tenant, *, timeout_s: float) -> int:
    """Step the clock from where it stands to the present, one day at a time; how many payments were taken.

    Raises TimeoutError when the worker does not keep up. A merchant whose clock shows the present is left alone.
    """
    life = _Life(tenant, time.monotonic() + timeout_s, random.Random(SEED))
    offset = Merchant.objects.get(id=tenant.merchant_id).test_clock_offset
    account = ProviderAccount.objects.for_merchant(tenant).get(provider="simulated_bank")
    taken, days = 0, 0
    while offset < timedelta():
        with clock.of_merchant(tenant.merchant_id, tenant.livemode):
            taken += _one_day(life, clock.now())
        _wait_quiet(life)
        days += 1
        if days % DAYS_PER_FILE == 0:
            close_settlement(account)
        offset = min(offset + timedelta(days=1), timedelta())
        advance_test_clock(merchant_id=tenant.merchant_id, to=timezone.now() + offset)
    if days:
        close_settlement(account, "wrong_amount")  # a cent, so that there is a difference to look at
        import_settlements(tenant=tenant)
        _wait_quiet(life)
    return taken


def _one_day(life: _Life, day: datetime) -> int:
    for payment in Payment.objects.for_merchant(life.tenant).filter(id__in=life.yesterday):
        _day_after(life, payment, day)
    count = life.dice.choice(PAYMENTS_PER_DAY)
    moments = sorted(timedelta(minutes=life.dice.randrange(1, 23 * 60)) for _ in range(count))
    life.yesterday = []
    for moment in moments:
        # The worker has to live then too: what it settles must not be dated before what it was asked for.
        with contextlib.suppress(ClockOnlyForward):
            advance_test_clock(merchant_id=life.tenant.merchant_id, to=day + moment)
        life.yesterday.append(_one_payment(life, day + moment))
    return count


def _one_payment(life: _Life, now: datetime) -> UUID:
    name, price = life.dice.choice(GOODS)
    quantity = life.dice.choice((1, 1, 1, 2, 3))
    order = create_order(
        tenant=life.tenant,
        amount=price * quantity,
        currency="EUR",
        description=name if quantity == 1 else f"{quantity} × {name}",
        reference=f"LS-{life.dice.randrange(10_000, 99_999)}",
        line_items=[{"name": name, "quantity": quantity, "amount": price * quantity}],
        customer_id=_customer(life, now),
        now=now,
    )
    manual = life.dice.random() < MANUAL_SHARE
    payment = create_payment(
        tenant=life.tenant,
        order_id=order.id,
        test_method=life.dice.choice(METHODS),
        capture_method="manual" if manual else "automatic",
        now=now,
    )
    return payment.id


def _customer(life: _Life, now: datetime) -> UUID:
    name, email = life.dice.choice(PEOPLE)
    if email not in life.customers:
        life.customers[email] = create_customer(tenant=life.tenant, name=name, email=email, now=now).id
    return life.customers[email]


def _day_after(life: _Life, payment: Payment, now: datetime) -> None:
    if payment.status == PaymentStatus.REQUIRES_CAPTURE:
        capture_payment(tenant=life.tenant, payment_id=payment.id, amount=None, final=True, now=now)
    elif payment.status == PaymentStatus.SUCCEEDED and life.dice.random() < REFUND_SHARE:
        amount = payment.amount_captured if life.dice.random() < 0.5 else payment.amount_captured // 2
        create_refund(tenant=life.tenant, payment_id=payment.id, amount=amount, reason="requested_by_customer", now=now)


def _wait_quiet(life: _Life) -> None:
    while not is_quiet():
        if time.monotonic() > life.deadline:
            raise TimeoutError("the worker did not finish the demo payments in time")
        time.sleep(0.05)
