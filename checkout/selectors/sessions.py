"""Reading sessions and their attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from checkout.models import Attempt, CheckoutSession
from checkout.rules.judgement import Facts
from checkout.states import SessionStatus
from gateway.core.errors import NotFound
from gateway.core.ids import from_public
from gateway.core.tenancy import Tenant
from payments.models import Order, Payment

_BY_ADDRESS = "whoever has the page's address has the session"


@dataclass(frozen=True, slots=True)
class Visit:
    """A session with everything that its page depends on. `attempt` is the current one, once it was made."""

    session: CheckoutSession
    order: Order
    attempt: Attempt | None
    payment: Payment | None

    def facts(self, now: datetime) -> Facts:
        """What its state follows from; `now` is the merchant's clock."""
        attempt = self.attempt
        is_open = attempt is not None and attempt.ended_at is None
        return Facts(
            session_status=self.session.status,
            attempt_is_open=is_open,
            attempt_age_s=(timezone.now() - attempt.started_at).total_seconds() if attempt and is_open else 0,
            payment_status=self.payment.status if self.payment and is_open else "",
            order_status=self.order.status,
            is_past_expiry=self.session.expires_at <= now,
        )


def session_by_address(public_id: str) -> CheckoutSession:
    """The session of a page. Raises `NotFound`."""
    session_id = from_public(CheckoutSession.ID_PREFIX, public_id)
    found = CheckoutSession.objects.unscoped(_BY_ADDRESS).select_related("merchant", "order").filter(pk=session_id)
    session = found.first()
    if session is None:
        raise NotFound
    return session


def sessions_of_merchant(tenant: Tenant) -> QuerySet[CheckoutSession]:
    """The merchant's sessions in this mode, unordered."""
    return CheckoutSession.objects.for_merchant(tenant).select_related("order")


def list_sessions_with_attempts(tenant: Tenant) -> QuerySet[CheckoutSession]:
    """The same, each with `attempts_made`: how many attempts it has."""
    attempts = Attempt.objects.for_merchant(tenant).filter(session=OuterRef("pk")).order_by().values("session")
    made = Coalesce(Subquery(attempts.values(made=Count("pk"))), 0)
    return sessions_of_merchant(tenant).annotate(attempts_made=made)


def session_of_merchant(tenant: Tenant, session_id: UUID) -> CheckoutSession:
    """The merchant's session. Raises `NotFound`."""
    session = sessions_of_merchant(tenant).select_related("merchant").filter(pk=session_id).first()
    if session is None:
        raise NotFound
    return session


def session_for_update(session_id: UUID) -> CheckoutSession:
    """The session, locked. It is the first lock of everything in checkout, before the order's. Raises `NotFound`."""
    rows = CheckoutSession.objects.unscoped("locking by id").select_for_update(of=("self",)).select_related("order")
    session = rows.filter(pk=session_id).first()
    if session is None:
        raise NotFound
    return session


def visit_of(session: CheckoutSession) -> Visit:
    """The session with its order, current attempt and that attempt's payment, as they are now."""
    tenant = session.tenant
    order = Order.objects.for_merchant(tenant).get(pk=session.order_id)
    attempt = Attempt.objects.for_merchant(tenant).filter(session=session, number=session.attempt).first()
    return Visit(session, order, attempt, payment_of(attempt))


def attempt_of(session: CheckoutSession, number: int) -> Attempt | None:
    """One attempt of the session, or None before it was made."""
    return Attempt.objects.for_merchant(session.tenant).filter(session=session, number=number).first()


def attempts_made(session: CheckoutSession) -> int:
    """How many attempts the session has."""
    return Attempt.objects.for_merchant(session.tenant).filter(session=session).count()


def last_ended_attempt(session: CheckoutSession) -> Attempt | None:
    """The attempt that ended last: the page says how."""
    ended = Attempt.objects.for_merchant(session.tenant).filter(session=session, ended_at__isnull=False)
    return ended.order_by("-number").first()


def payment_of(attempt: Attempt | None) -> Payment | None:
    """The payment that the attempt became."""
    if attempt is None or attempt.payment_id is None:
        return None
    rows = Payment.objects.for_merchant(attempt.tenant).select_related("payment_method")
    return rows.filter(pk=attempt.payment_id).first()


def paid_payment(order: Order) -> Payment | None:
    """The payment that paid the order, for its receipt."""
    if order.latest_payment_id is None:
        return None
    rows = Payment.objects.for_merchant(order.tenant).select_related("payment_method").filter(order=order)
    return rows.filter(status__in=("succeeded", "requires_capture")).order_by("-id").first()


def reusable_session(order: Order, now: datetime) -> CheckoutSession | None:
    """The newest session of the order that its link should lead to; None when it takes a fresh one."""
    newest = CheckoutSession.objects.for_merchant(order.tenant).filter(order=order).order_by("-id").first()
    if newest is None or newest.status == SessionStatus.EXPIRED:
        return None
    if newest.status == SessionStatus.OPEN and newest.expires_at <= now:
        return None
    return newest


def unfinished_sessions(order_id: UUID) -> QuerySet[CheckoutSession]:
    """The order's sessions whose state may still change."""
    rows = CheckoutSession.objects.unscoped("the order belongs to one merchant").filter(order_id=order_id)
    return rows.filter(status__in=(SessionStatus.OPEN, SessionStatus.PROCESSING)).order_by("id")
