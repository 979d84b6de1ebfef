"""Tokens and payments: parse, one call, answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from bank import payments as money
from bank import refunds as refunding
from bank import vault
from bank.cards import HOLDER_NAMES
from bank.errors import Problem, invalid, not_found
from bank.faults import Faults, Instructions
from bank.keys import Call, Outcome, carry_out, void_if_absent
from bank.models import Account, VaultEntry
from bank.parsing import Body
from bank.representations import payment_body
from bank.views.frame import json_response, limit_of, resource


def _tokenize(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    if body.choice("type", ("card", "upi"), default="card") == "upi":
        upi = body.object("upi")
        address = upi.text("vpa")
        upi.finish()
        body.finish()
        return json_response(_token_body(vault.tokenize_upi(account, address)), status=201)
    card = body.object("card")
    name = card.text("name", default="")
    if name:
        card.finish()
        body.finish()
        return json_response(_token_body(vault.tokenize_named_card(account, name)), status=201)
    details = vault.CardDetails.read(card)
    body.finish()
    return json_response(_token_body(vault.tokenize_card(account, details)), status=201)


def _show_token(request: HttpRequest, account: Account, token_id: str) -> HttpResponse:
    entry = VaultEntry.objects.filter(account=account, id=token_id).first()
    if entry is None:
        raise not_found("token")
    return json_response(_token_body(entry))


def _authorize(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    metadata = body.metadata()
    instructions = Instructions.parse(metadata.get("simulate", ""))
    asked = money.Authorization(
        amount=body.amount(),
        currency=body.currency(),
        capture=body.boolean("capture", default=True),
        source=body.text("source"),
        reference=body.text("reference"),
        payment_reference=body.text("payment_reference", default=""),
        return_url=_return_url(body),
        statement_descriptor=body.text("statement_descriptor", default="", longest=64),
        forced_decline=instructions.decline or HOLDER_NAMES.get(body.text("holder_name", default="").strip(), ""),
        forced_challenge=instructions.challenge,
        three_d_secure=body.choice("three_d_secure", ("automatic", "always"), default="automatic"),
        off_session=body.boolean("off_session", default=False),
        setup_future_usage=body.boolean("setup_future_usage", default=False),
        metadata=metadata,
    )
    body.finish()
    call = Call.of(request, account, "authorize", metadata)

    def run(faults: Faults) -> Outcome:
        payment = money.authorize(account, call.key, asked, faults)
        return Outcome(402 if payment.decline_code else 201, payment_body(payment), payment)

    return carry_out(request, call, run)


def _capture(request: HttpRequest, account: Account, payment_id: str) -> HttpResponse:
    body = Body.of(request)
    amount, final = body.optional_amount(), body.boolean("final", default=True)
    reference, metadata = body.text("reference"), body.metadata()
    body.finish()
    call = Call.of(request, account, "capture", metadata)

    def run(faults: Faults) -> Outcome:
        payment = money.capture(
            account, payment_id, call.key, amount=amount, final=final, reference=reference, faults=faults
        )
        return Outcome(201, payment_body(payment), payment)

    return carry_out(request, call, run)


def _void(request: HttpRequest, account: Account, payment_id: str) -> HttpResponse:
    body = Body.of(request)
    reference, metadata = body.text("reference"), body.metadata()
    only_if_waiting = body.boolean("only_if_waiting", default=False)
    body.finish()
    call = Call.of(request, account, "void", metadata)

    def run(faults: Faults) -> Outcome:
        payment = money.void(
            account, payment_id, call.key, reference=reference, only_if_waiting=only_if_waiting, faults=faults
        )
        return Outcome(200, payment_body(payment), payment)

    return carry_out(request, call, run)


def _refund(request: HttpRequest, account: Account, payment_id: str) -> HttpResponse:
    body = Body.of(request)
    amount, reason = body.optional_amount(), body.text("reason", default="")
    reference, metadata = body.text("reference"), body.metadata()
    instructions = Instructions.parse(metadata.get("simulate", ""))
    body.finish()
    call = Call.of(request, account, "refund", metadata)

    def run(faults: Faults) -> Outcome:
        payment, sent = refunding.refund(
            account,
            payment_id,
            call.key,
            amount=amount,
            reference=reference,
            reason=reason,
            instructions=instructions,
            faults=faults,
        )
        return Outcome(201, {**payment_body(payment), "refund": sent.id}, payment)

    return carry_out(request, call, run)


def _void_if_absent(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    target_key, reference = body.text("target_key"), body.text("reference", default="")
    body.finish()
    return json_response(void_if_absent(account, target_key, reference))


def _show(request: HttpRequest, account: Account, payment_id: str) -> HttpResponse:
    return json_response(payment_body(money.find(account, payment_id)))


def _search(request: HttpRequest, account: Account) -> HttpResponse:
    reference, payment_reference = request.GET.get("reference", ""), request.GET.get("payment_reference", "")
    if not reference and not payment_reference:
        raise Problem(400, "invalid", "Ask by reference or by payment_reference.", field="reference")
    limit = limit_of(request, default=100, most=100)
    found = money.search(account, reference=reference, payment_reference=payment_reference, limit=limit)
    return json_response({"object": "list", "data": [payment_body(payment) for payment in found]})


def _return_url(body: Body) -> str:
    url = body.text("return_url", default="", longest=2000)
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise invalid("return_url", "invalid_url", "return_url must be an http or https URL.")
    return url


def _token_body(entry: VaultEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "object": "token",
        "livemode": False,
        "type": entry.type,
        entry.type: vault.method_details(entry),
        "created_at": entry.created_at.isoformat(),
        "expires_at": entry.expires_at.isoformat(),
    }


tokens = resource({"POST": _tokenize})
token = resource({"GET": _show_token})
payments = resource({"POST": _authorize, "GET": _search})
payment = resource({"GET": _show})
captures = resource({"POST": _capture})
voids = resource({"POST": _void})
refunds = resource({"POST": _refund})
void_by_key = resource({"POST": _void_if_absent})
