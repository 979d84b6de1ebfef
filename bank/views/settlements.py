"""Settlement files: the list, a file, and closing one now."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from bank import settlements as closing
from bank.errors import Problem
from bank.models import Account, Settlement
from bank.parsing import Body
from bank.views.frame import json_response, limit_of, resource


def _list(request: HttpRequest, account: Account) -> HttpResponse:
    found = closing.files(account, limit=limit_of(request, default=400, most=1000))
    return json_response({"object": "list", "data": [_body(settlement) for settlement in found]})


def _close(request: HttpRequest, account: Account) -> HttpResponse:
    body = Body.of(request)
    faults = closing.parse_faults(body.texts("faults"))
    body.finish()
    settlement = closing.close(account, faults=faults)
    if settlement is None:
        raise Problem(409, "nothing_to_settle", "Every movement is in a file already.")
    return json_response(_body(settlement), status=201)


def _read(request: HttpRequest, account: Account, name: str) -> HttpResponse:
    response = HttpResponse(closing.read(account, name), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="settlement-{name}.csv"'
    return response


def _body(settlement: Settlement) -> dict[str, Any]:
    return {
        "id": settlement.name,
        "object": "settlement",
        "date": settlement.date.isoformat(),
        "lines": settlement.lines,
        "totals": settlement.totals,
        "created_at": settlement.created_at.isoformat(),
    }


settlements = resource({"GET": _list, "POST": _close})
settlement = resource({"GET": _read})
