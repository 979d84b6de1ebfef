"""`POST /webhooks/{provider}/{account}`: where providers tell us that something changed."""

from __future__ import annotations

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gateway.api.problems import problem_response
from gateway.core import context
from gateway.core.database_errors import is_passing
from gateway.core.errors import DomainError, Unavailable
from webhooks.services.receive_provider_event import receive_provider_event


@csrf_exempt
@require_POST
def receive(request: HttpRequest, provider: str, account: str) -> HttpResponse:
    """Verify, keep, answer: 200 (a duplicate too), 400 for a bad signature, 404 for no such account, 503 while we
    cannot keep it.
    """
    try:
        with context.bound(actor=context.Actor("provider", account)):
            is_new = receive_provider_event(
                provider=provider,
                account_id=account,
                headers=request.headers,
                body=request.body,
            )
    except Error as error:
        if not is_passing(error):
            raise
        return problem_response(Unavailable())
    except DomainError as refusal:
        return problem_response(refusal)
    return HttpResponse(
        b'{"received":true,"duplicate":%s}' % (b"false" if is_new else b"true"), content_type="application/json"
    )
