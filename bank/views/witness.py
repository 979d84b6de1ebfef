"""The journal, and the faults."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse

from bank import journal as journal_lines
from bank.errors import invalid
from bank.faults import Faults, release_held
from bank.models import Account, FaultPlan, JournalEntry
from bank.parsing import Body
from bank.views.frame import after_of, json_response, limit_of, resource

OPERATIONS = ("authorize", "capture", "void", "refund")


def _journal(request: HttpRequest, account: Account) -> HttpResponse:
    filters = {
        name: request.GET[name] for name in ("kind", "reference", "payment_reference", "key") if name in request.GET
    }
    if "payment" in request.GET:
        filters["payment_id"] = request.GET["payment"]
    if filters.get("kind", JournalEntry.Kind.AUTHORIZE) not in JournalEntry.Kind.values:
        raise invalid("kind", "invalid", f"kind must be one of {', '.join(JournalEntry.Kind.values)}.")
    page = journal_lines.page(
        account, filters, after=after_of(request), limit=limit_of(request, default=500, most=1000)
    )
    return json_response({"object": "journal", **page})


def _plan_faults(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    faults, operations = body.texts("faults"), body.texts("operations")
    total, seed = body.integer("next", default=1), body.integer("seed", default=0)
    probability = body.number("probability", default=1.0)
    body.finish()
    if not faults or not all(Faults.parse(fault).seconds for fault in faults):
        raise invalid("faults", "unknown_fault", "faults must name at least one fault.")
    if not set(operations) <= set(OPERATIONS):
        raise invalid("operations", "invalid", f"operations are {', '.join(OPERATIONS)}.")
    if not 1 <= total <= 1_000_000 or not 0 <= probability <= 1 or abs(seed) >= 2**63:
        raise invalid("next", "invalid", "next is 1 to 1000000, probability 0 to 1, seed a 64-bit integer.")
    plan = FaultPlan.objects.create(
        account=account, faults=faults, operations=operations, probability=probability, seed=seed, total=total
    )
    return json_response(_plan_body(plan), status=201)


def _show_plans(request: HttpRequest, account: Account) -> HttpResponse:
    plans = FaultPlan.objects.filter(account=account, drawn__lt=F("total")).order_by("id")[:100]
    return json_response({"object": "list", "data": [_plan_body(plan) for plan in plans]})


def _drop_plans(request: HttpRequest, account: Account) -> HttpResponse:
    ended = FaultPlan.objects.filter(account=account, drawn__lt=F("total")).update(total=F("drawn"))
    return json_response({"object": "faults", "ended": ended})


def _release(request: HttpRequest, account: Account) -> HttpResponse:
    return json_response({"object": "faults", "released": release_held(account)})


def _plan_body(plan: FaultPlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "object": "fault_plan",
        "faults": plan.faults,
        "operations": plan.operations,
        "probability": plan.probability,
        "seed": plan.seed,
        "next": plan.total - plan.drawn,
    }


journal = resource({"GET": _journal})
faults = resource({"POST": _plan_faults, "GET": _show_plans, "DELETE": _drop_plans})
released = resource({"POST": _release})
