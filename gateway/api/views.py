"""The base of every API view: who is calling, may they, how often, and in which words the answer goes out."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.api import card_scan, ratelimit
from gateway.api.fields import Expansion, allowed, expand, pick, read_names
from gateway.api.filters import ListFilters
from gateway.api.pagination import paginate, read_cursor, read_limit
from gateway.api.serializers import StrictSerializer, validated
from gateway.core import clock, context
from gateway.core.errors import FieldError, Forbidden, Invalid, RateLimited, Unauthenticated
from gateway.core.principal import Principal
from gateway.core.tenancy import Tenant

LIST_PARAMETERS = frozenset({"limit", "cursor", "fields", "expand"})
OBJECT_PARAMETERS = frozenset({"fields", "expand"})


class GatewayView(APIView):
    """One resource or one action of the API.

    A subclass says which permission each method needs (`required_permission`: one name, or method -> name), parses with
    `self.body(Serializer)`, makes one domain call in the name of `self.tenant`, and answers with `self.answer(...)`,
    `self.page(...)` or `self.idempotent(...)` (`gateway.api.idempotent.IdempotentMixin`).
    """

    required_permission: ClassVar[str | Mapping[str, str]]
    # Which kinds of caller may come here at all; publishable keys only where it is said.
    caller_classes: ClassVar[frozenset[str]] = frozenset({"secret", "dashboard"})
    # Dotted paths of the body in which a card number may stand: for `/tokens` only.
    card_fields: ClassVar[tuple[str, ...]] = ()
    # What `?expand=` can put in the place of an id, by the field's name.
    expandable: ClassVar[Mapping[str, Expansion]] = {}
    # What lists of this view can be filtered by.
    filters: ClassVar[type[ListFilters] | None] = None

    @property
    def principal(self) -> Principal:
        """Who is calling."""
        principal = self.request.auth
        if not isinstance(principal, Principal):
            raise Unauthenticated
        return principal

    @property
    def tenant(self) -> Tenant:
        """In whose name, and in which mode, this request acts."""
        return self.principal.tenant

    # --- before the handler ---------------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Run the handler with the caller bound to the context and on the merchant's clock."""
        self.limit_headers: dict[str, str] = {}
        with ExitStack() as self.bindings:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that may refuse a request before its handler sees it, cheapest first."""
        super().initial(request, *args, **kwargs)
        principal = self.principal
        _refuse_unstorable(request)
        self._limit(principal)
        self._authorize(principal, str(request.method))
        tenant = principal.tenant
        bound = context.bound(actor=principal.actor, merchant_id=tenant.merchant_id, livemode=tenant.livemode)
        self.bindings.enter_context(bound)
        self.bindings.enter_context(clock.of_merchant(tenant.merchant_id, tenant.livemode))
        if request.method in ("POST", "PUT", "PATCH", "DELETE"):
            card_scan.refuse_in_body(self.json, card_fields=self.card_fields)
            self._refuse_unanswerable(principal)

    def _refuse_unanswerable(self, principal: Principal) -> None:
        """A write whose answer could not be given as it is asked for is refused before it is carried out."""
        self.refuse_unknown_parameters(OBJECT_PARAMETERS)
        asked = self.request.query_params
        allowed(read_names(asked.get("expand"), "expand"), known=self.expandable, principal=principal)
        read_names(asked.get("fields"), "fields")

    def _limit(self, principal: Principal) -> None:
        verdict = ratelimit.allow("key", principal.credential_id)
        self.limit_headers = verdict.headers()
        if not verdict.allowed:
            raise RateLimited(retry_after_s=verdict.reset_s)

    def _authorize(self, principal: Principal, method: str) -> None:
        if principal.caller_class not in self.caller_classes:
            raise Forbidden("This kind of credential cannot be used here.")
        needed = self.permission_for(method)
        if needed is not None and not principal.may(needed):
            raise Forbidden(f"This credential lacks the permission {needed}.", required_permission=needed)

    @classmethod
    def permission_for(cls, method: str) -> str | None:
        """The permission that this method needs; None where any authenticated caller may."""
        if isinstance(cls.required_permission, str):
            return cls.required_permission
        return cls.required_permission.get("GET" if method == "HEAD" else method)

    # --- what came in -----------------------------------------------------------------------------------------------

    @property
    def json(self) -> dict[str, Any]:
        """The body as it was sent: an object, empty when there was none."""
        body = self.request.data
        return body if isinstance(body, dict) else {}

    def body(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        """The validated body. Every wrong or unknown field is named in a 400."""
        return validated(serializer, self.json)

    def refuse_unknown_parameters(self, known: Collection[str]) -> None:
        """Raise `Invalid` for a query parameter that nobody would read."""
        unknown = [name for name in self.request.query_params if name not in known]
        if unknown:
            errors = tuple(FieldError(name, "unknown_parameter", "There is no such parameter.") for name in unknown)
            raise Invalid(f"Unknown query parameter: {', '.join(unknown)}.", errors=errors)

    # --- what goes out ----------------------------------------------------------------------------------------------

    def answer(self, shown: dict[str, Any], *, status: int = 200) -> Response:
        """One object, expanded and cut down as the caller asked."""
        self.refuse_unknown_parameters(OBJECT_PARAMETERS)
        return Response(self._shaped([shown])[0], status=status)

    def page(self, rows: QuerySet[Any], render: Callable[[Any], dict[str, Any]]) -> Response:
        """One page of a list, newest first, filtered by `filters`. `rows` are the caller's own, and not ordered."""
        asked = self.request.query_params
        if self.filters is None:
            self.refuse_unknown_parameters(LIST_PARAMETERS)
        else:
            own = {name: str(value) for name, value in asked.items() if name not in LIST_PARAMETERS}
            rows = self.filters.apply(rows, own)
        page = paginate(rows, render, limit=read_limit(asked.get("limit")), after=read_cursor(asked.get("cursor")))
        return Response(page.body() | {"data": self._shaped(page.data)})

    def _shaped(self, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        asked = self.request.query_params
        if names := read_names(asked.get("expand"), "expand"):
            expand(objects, names, known=self.expandable, principal=self.principal)
        paths = read_names(asked.get("fields"), "fields")
        return [pick(shown, paths) for shown in objects] if paths else objects

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every answer carries."""
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.limit_headers.items():
            final.headers.setdefault(name, value)
        return final


class OpenView(GatewayView):
    """An endpoint that anybody may call: signing in, the description of the API."""

    required_permission: ClassVar[str | Mapping[str, str]] = {}
    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Content negotiation and the card guard; there is no caller to check."""
        APIView.initial(self, request, *args, **kwargs)
        if request.method == "POST":
            card_scan.refuse_in_body(self.json)


def _refuse_unstorable(request: Request) -> None:
    """Text that the database could not even be asked for: a NUL in the query string. Bodies are checked where they are read."""
    wrong = [name for name, value in request.query_params.items() if "\x00" in name or "\x00" in str(value)]
    if wrong:
        raise Invalid.field(wrong[0].replace("\x00", ""), "invalid", "NUL characters are not allowed.")
