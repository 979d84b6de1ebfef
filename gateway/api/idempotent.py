"""Writes that happen once however often they are asked for: the HTTP side of `gateway.idempotency`."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api import waiting
from gateway.api.errors import IdempotencyKeyNotAccepted
from gateway.api.problems import problem_body
from gateway.api.renderers import CONTENT_TYPE, PROBLEM_CONTENT_TYPE, to_bytes
from gateway.api.views import GatewayView
from gateway.core import crashpoints
from gateway.core.errors import DomainError
from gateway.core.opening import NO_CALL, SteppedCall
from gateway.idempotency.errors import Replay, Resume
from gateway.idempotency.rules import Answer, Rendered, is_decided, parse_key
from gateway.idempotency.services.open_call import IdempotentCall, open_call

_R = TypeVar("_R")


class IdempotentMixin(GatewayView):
    """For views whose POST takes an `Idempotency-Key`. The key's rules are those of GUARANTEES.md, section 3."""

    # Whether the header must be there, may be there, or must not.
    idempotency_key: ClassVar[Literal["required", "accepted"]] = "required"
    # Whether `Prefer: wait` means something here (for the description of the API; `settled` does it).
    can_wait: ClassVar[bool] = False

    def idempotent(
        self,
        request: Request,
        *,
        run: Callable[[SteppedCall], _R],
        render: Callable[[_R], dict[str, Any]],
        status: int = 201,
        settled: Callable[[_R], _R | None] | None = None,
        reload: Callable[[UUID], _R] | None = None,
        reveal: Callable[[_R], dict[str, Any]] | None = None,
        data_key: Callable[[_R], UUID | None] | None = None,
        exclude: Iterable[str] = (),
    ) -> Response:
        """Run the service once per key and answer with the same bytes ever after.

        `run` hands the call to the service, which begins and remembers it in its own transaction. `render` makes the
        answer; `reveal` the one that is sent the first time only, where a secret is shown once. `settled` gives the
        object once its state has settled (None before that), for `Prefer: wait`; `reload` finds the result by its id
        when a request died while it waited. `data_key` names the data key of an answer with personal fields.
        """
        self.refuse_unknown_parameters(())
        seconds = waiting.asked_seconds(request.headers.get("Prefer")) if settled is not None else 0

        def rendered(result: _R) -> Rendered:
            shown = to_bytes(render(result))
            key_id = data_key(result) if data_key is not None else getattr(result, "data_key_id", None)
            request._request.log_data_key_id = key_id  # type: ignore[attr-defined]  # read by the request log
            if reveal is None:
                return Rendered(status, shown, data_key_id=key_id)
            return Rendered(status, to_bytes(reveal(result)), data_key_id=key_id, stored_body=shown)

        with waiting.place(seconds > 0) as may_wait:
            call = self._opened(request, rendered, wait=may_wait, exclude=exclude)
            if call is None:
                result = run(NO_CALL)
                if may_wait and settled is not None:
                    result = waiting.until_settled(result, settled, seconds=seconds)
                made = rendered(result)
                return _response(made.status, made.body, CONTENT_TYPE, waited=seconds if may_wait else 0)
            try:
                result = run(call)
            except Replay as replay:
                return _sent(replay.answer)
            except Resume:
                if reload is None:
                    raise
                return _sent(call.resume(lambda result_id: rendered(reload(result_id))))
            except DomainError as error:
                if not is_decided(error):
                    call.give_up()
                    raise
                return _sent(call.store(_rendered_problem(error)))
            except Exception:
                call.give_up()
                raise
            crashpoints.reach("opening_after_commit")
            if not (may_wait and settled is not None):
                assert call.answer is not None, "a service must say call.remember(result) last"
                return _sent(call.answer)
            result = waiting.until_settled(result, settled, seconds=seconds)
            answer = call.store(rendered(result))
            crashpoints.reach("answer_after_store_commit")
            return _sent(answer, waited=seconds)

    def _opened(
        self, request: Request, rendered: Callable[[Any], Rendered], *, wait: bool, exclude: Iterable[str]
    ) -> IdempotentCall | None:
        header = request.headers.get("Idempotency-Key")
        if header is None and self.idempotency_key == "accepted":
            return None
        return open_call(
            tenant=self.tenant,
            caller_class=self.principal.caller_class,
            key=parse_key(header),
            method=str(request.method),
            path=request.path,
            body=self.json,
            render=rendered,
            wait=wait,
            exclude=tuple(exclude),
        )


def refuse_idempotency_key(request: Request) -> None:
    """For the endpoints that take no key (`/tokens`): sending one is a misunderstanding that must not pass silently."""
    if request.headers.get("Idempotency-Key") is not None:
        raise IdempotencyKeyNotAccepted


def _rendered_problem(error: DomainError) -> Rendered:
    body = problem_body(error)
    return Rendered(body["status"], to_bytes(body), content_type=PROBLEM_CONTENT_TYPE)


def _sent(answer: Answer, *, waited: int = 0) -> Response:
    return _response(answer.status, answer.body, answer.content_type, replayed=answer.replayed, waited=waited)


def _response(status: int, body: bytes, content_type: str, *, replayed: bool = False, waited: int = 0) -> Response:
    headers = {}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if waited:
        headers["Preference-Applied"] = f"wait={waited}"
    return Response(body, status=status, headers=headers, content_type=content_type)
