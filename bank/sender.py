"""Everything the bank does by itself, driven from its tables: webhooks, late successes, later outcomes of refunds.

Any number of senders may run: each claims a row under `SKIP LOCKED` and leases it before it goes to the network.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bank import payments, refunds, settlements, vault, webhooks
from bank.models import Payment, Webhook

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (1, 2, 5, 10, 20, 30, 60, 300)
GIVE_UP_AFTER = timedelta(days=3)
LEASE = timedelta(seconds=30)
THREADS = 3
IDLE_SECONDS = 0.25
HOUSEKEEPING_SECONDS = 3600.0


def start_sender_threads() -> None:
    """Run senders inside this process, for as long as the process lives; several, so that one that is slow blocks none."""
    for number in range(THREADS):
        threading.Thread(target=run_forever, name=f"bank-sender-{number}", daemon=True).start()


def run_forever() -> None:
    """Work until the process ends. A database that is away is waited for."""
    tidy_at = time.monotonic()
    while True:
        webhooks.doorbell.clear()
        try:
            while deliver_one() or apply_one_late_success() or refunds.apply_one_outcome():
                pass
            if time.monotonic() >= tidy_at:
                vault.forget_expired_references()
                settlements.close_finished_days()
                tidy_at = time.monotonic() + HOUSEKEEPING_SECONDS
        except Exception:
            # The rows stay due, so nothing is lost; the loop must survive whatever one row or the database does.
            logger.exception("the sender failed and goes on")
            time.sleep(1)
        finally:
            connection.close()
        webhooks.doorbell.wait(IDLE_SECONDS)


def deliver_one() -> bool:
    """Deliver the webhook that is due longest. False when none is due."""
    row = _claim()
    if row is None:
        return False
    connection.close()  # the network may be slow; the pool is small
    result, delivered = _post(row)
    now = timezone.now()
    if delivered:
        changes = {"delivered_at": now}
    elif now - row.created_at > GIVE_UP_AFTER:
        changes = {"abandoned_at": now}
    else:
        wait_s = RETRY_AFTER_SECONDS[min(row.attempts, len(RETRY_AFTER_SECONDS)) - 1]
        changes = {"next_attempt_at": now + timedelta(seconds=wait_s)}
    Webhook.objects.filter(id=row.id).update(last_result=result[:255], **changes)
    return True


def apply_one_late_success() -> bool:
    """Turn one declined payment whose `late_success` is due into a success. False when none is due."""
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("account")
            .filter(late_success_at__lte=timezone.now(), status=Payment.Status.DECLINED)
            .first()
        )
        if payment is None:
            return False
        payments.approve(payment)
        return True


def _claim() -> Webhook | None:
    with transaction.atomic():
        row = (
            Webhook.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("account")
            .filter(delivered_at__isnull=True, abandoned_at__isnull=True, next_attempt_at__lte=timezone.now())
            .order_by("next_attempt_at", "id")
            .first()
        )
        if row is None:
            return None
        row.attempts += 1
        row.next_attempt_at = timezone.now() + LEASE
        row.save(update_fields=["attempts", "next_attempt_at"])
        return row


def _post(row: Webhook) -> tuple[str, bool]:
    """Send the stored bytes, signed with this attempt's time. Redirects are answers like any other: not success."""
    target = urlsplit(row.account.webhook_url)
    body = row.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "simulated-bank/1",
        "Bank-Signature": webhooks.signature(row.account.webhook_secret, int(time.time()), body),
    }
    timeout_s = settings.BANK_WEBHOOK_TIMEOUT_SECONDS
    client: http.client.HTTPConnection
    if target.scheme == "https":
        client = http.client.HTTPSConnection(target.netloc, timeout=timeout_s, context=ssl.create_default_context())
    else:
        client = http.client.HTTPConnection(target.netloc, timeout=timeout_s)
    try:
        client.request("POST", target.path + (f"?{target.query}" if target.query else ""), body=body, headers=headers)
        status = client.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__, False
    finally:
        client.close()
    return str(status), 200 <= status < 300
