"""Accounts and the service's own state."""

from __future__ import annotations

import secrets

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bank.accounts import check_webhook_url, open_account, require_admin
from bank.errors import Problem
from bank.models import Account, Payment, Refund, RequestKey, Webhook
from bank.parsing import Body
from bank.views.frame import json_response, open_resource, resource


def _open(request: HttpRequest) -> HttpResponse:
    require_admin(request)
    body = Body.of(request)
    account_id = body.text("id", default=f"acct_{secrets.token_hex(8)}", longest=64)
    name = body.text("name", default="", longest=120)
    api_key = body.text("api_key", default=f"bk_test_{secrets.token_urlsafe(24)}")
    secret = body.text("webhook_secret", default=secrets.token_urlsafe(32))
    url = body.text("webhook_url", default="", longest=2000)
    body.finish()
    if Account.objects.filter(id=account_id).exists():
        raise Problem(409, "account_exists", "There is an account of that id.")
    account = open_account(account_id=account_id, name=name, api_key=api_key, webhook_url=url, webhook_secret=secret)
    return json_response({**_body(account), "api_key": api_key, "webhook_secret": secret}, status=201)


def _show(request: HttpRequest, account: Account) -> HttpResponse:
    return json_response(_body(account))


def _change(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    account.name = body.text("name", default=account.name, longest=120)
    account.webhook_url = body.text("webhook_url", default=account.webhook_url, longest=2000)
    account.webhook_secret = body.text("webhook_secret", default=account.webhook_secret)
    body.finish()
    check_webhook_url(account.webhook_url)
    account.save()
    return json_response(_body(account))


def _status(request: HttpRequest, account: Account) -> HttpResponse:
    waiting = Webhook.objects.filter(account=account, delivered_at__isnull=True, abandoned_at__isnull=True)
    late = Payment.objects.filter(account=account, late_success_at__isnull=False)
    refunds = Refund.objects.filter(payment__account=account, due_at__isnull=False)
    held = RequestKey.objects.filter(account=account, held_until__gt=timezone.now())
    return json_response(
        {
            "object": "status",
            "webhooks_waiting": waiting.count(),
            "late_successes_waiting": late.count(),
            "refunds_waiting": refunds.count(),
            "requests_held": held.count(),
        }
    )


def _health(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return json_response({"status": "ok", "service": "simulated-bank", "livemode": False})


def _body(account: Account) -> dict[str, str]:
    return {"id": account.id, "object": "account", "name": account.name, "webhook_url": account.webhook_url}


accounts = open_resource({"POST": _open})
account = resource({"GET": _show, "PATCH": _change})
status = resource({"GET": _status})
health = open_resource({"GET": _health})
