"""Make one request safe to repeat: claim its key, store its answer, replay it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import Error, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from gateway.core import context, crashpoints
from gateway.core.ids import new_id
from gateway.core.personal import has_personal, new_data_key, seal_personal, without_personal
from gateway.core.secrets import keyed_digest, keyed_digest_matches
from gateway.core.tenancy import Tenant
from gateway.idempotency import states
from gateway.idempotency.errors import KeyInUse, KeyReused, Replay, Resume
from gateway.idempotency.models import IdempotencyKey
from gateway.idempotency.rules import FINGERPRINT_PURPOSE, LEASE, Answer, CallerClass, Rendered, canonical
from gateway.idempotency.selectors import stored_answer

Render = Callable[[Any], Rendered | tuple[int, bytes]]
LOCK_TIMEOUT = "2s"


def open_call(
    *,
    tenant: Tenant,
    caller_class: CallerClass,
    key: str,
    method: str,
    path: str,
    body: object,
    render: Render,
    wait: bool = False,
    exclude: Iterable[str] = (),
) -> IdempotentCall:
    """Describe a request with a key; nothing is written until `begin` or `claim`.

    `exclude` names dotted body fields that the fingerprint leaves out (card fields). `render(result)` makes the answer from
    what the service returned. With `wait` the service's commit keeps only the result's id, and the view stores the answer
    that it sends in the end with `store`.
    """
    return IdempotentCall(
        tenant=tenant,
        caller_class=caller_class,
        key=key,
        canonical=canonical(method, path, body, exclude=exclude),
        render=render,
        wait=wait,
    )


@dataclass(frozen=True, slots=True)
class _Hold:
    """Our claim of the key: only who still has this epoch may store."""

    row_id: UUID
    epoch: int


class IdempotentCall:
    """One request with its key. `answer` is set once there are bytes to send."""

    def __init__(
        self, *, tenant: Tenant, caller_class: CallerClass, key: str, canonical: bytes, render: Render, wait: bool
    ) -> None:
        self.tenant, self.caller_class, self.key = tenant, caller_class, key
        self.wait = wait
        self.answer: Answer | None = None
        self._canonical, self._render = canonical, render
        self._hold: _Hold | None = None
        self._claimed = False

    def begin(self) -> None:
        """Claim the key, as the first statement of the service's transaction.

        Waits at most 2 s for a first request that has not committed. Raises `Replay`, `KeyInUse`, `KeyReused` or `Resume`,
        each of which must leave the transaction.
        """
        assert connection.in_atomic_block, "begin() belongs into the transaction that opens the verb"
        with _bounded_lock_wait():
            if self._claimed:
                self._keep_claim()
            else:
                self._hold = self._insert() or self._take_over()

    def remember(self, result: object) -> None:
        """Store the answer of the service's `result`, as the last statement of its transaction."""
        assert self._hold is not None, "remember() without begin()"
        if self.wait:
            IdempotencyKey.objects.for_merchant(self.tenant).filter(
                id=self._hold.row_id, epoch=self._hold.epoch
            ).update(result_id=_id_of(result))
            crashpoints.reach("opening_before_commit")
            return
        rendered = Rendered(*self._render(result))
        if not self._finish(rendered):
            raise KeyInUse  # somebody took the key over meanwhile: their transaction decides, ours is undone
        self.answer = _first(rendered)
        crashpoints.reach("opening_before_commit")

    def claim(self) -> None:
        """Claim and commit the key before something that must happen once outside of a transaction (tokenising a card).

        Raises like `begin`. The service's `begin` then continues this claim.
        """
        with transaction.atomic():
            self.begin()
        self._claimed = True

    def release(self) -> None:
        """Forget a claim whose request was refused and changed nothing: the key may be used again."""
        if self._hold is not None:
            self._started().delete()
        self._hold, self._claimed = None, False

    def give_up(self) -> None:
        """End a claim whose request broke off: the same request may be begun again at once. Nothing without a claim."""
        if self._claimed:
            # What broke the request off may be in our way too: then the lease runs out by itself.
            with suppress(Error, KeyInUse), transaction.atomic(), _bounded_lock_wait():
                self._started().update(lease_until=timezone.now())

    def store(self, rendered: Rendered | tuple[int, bytes]) -> Answer:
        """Store an answer after the service's transaction has ended, and return the one that is to be sent.

        For the end of a wait and for a decided refusal. When another call with this key was faster, the answer is theirs.
        Raises `KeyReused` or `KeyInUse` when there is none of this request.
        """
        rendered = Rendered(*rendered)
        with transaction.atomic(), _bounded_lock_wait():
            if (self._hold is not None and self._finish(rendered)) or self._insert_finished(rendered):
                self.answer = _first(rendered)
                crashpoints.reach("answer_before_store_commit")
                return self.answer
            row = self._row(for_update=True)
            if row is None or row.state != states.FINISHED:
                raise KeyInUse
            self._require_same_request(row)
            self.answer = stored_answer(row)
            return self.answer

    def resume(self, render_present: Callable[[UUID], Rendered | tuple[int, bytes]]) -> Answer:
        """Answer for a call that died while it waited: render its result's present state, store that and return it.

        Raises `KeyInUse` when somebody else is at it.
        """
        with transaction.atomic(), _bounded_lock_wait():
            row = self._row(for_update=True)
            if row is None:
                raise KeyInUse
            self._require_same_request(row)
            if row.state == states.FINISHED:
                self.answer = stored_answer(row)
                return self.answer
            if row.lease_until > timezone.now() or row.result_id is None:
                raise KeyInUse
            self._hold = self._renew(row)
            rendered = Rendered(*render_present(row.result_id))
            self._finish(rendered)
            self.answer = _first(rendered)
            return self.answer

    @cached_property
    def _fingerprint(self) -> str:
        return keyed_digest(FINGERPRINT_PURPOSE, self._canonical)

    def _insert(self) -> _Hold | None:
        """The key as ours, or None when it exists. A concurrent first request makes this wait for its commit."""
        row = self._new_row()
        return _Hold(row.id, row.epoch) if self._is_inserted(row) else None

    def _insert_finished(self, rendered: Rendered) -> bool:
        """A key that is born with its answer: the transaction that held it was rolled back with the refusal."""
        row = self._new_row()
        for name, value in self._answer_fields(rendered).items():
            setattr(row, name, value)
        return self._is_inserted(row)

    def _new_row(self) -> IdempotencyKey:
        return IdempotencyKey(
            id=new_id(),
            merchant_id=self.tenant.merchant_id,
            livemode=self.tenant.livemode,
            caller_class=self.caller_class,
            key=self.key,
            fingerprint=self._fingerprint,
            epoch=1,
            lease_until=timezone.now() + LEASE,
            request_id=context.current().request_id,
        )

    def _is_inserted(self, row: IdempotencyKey) -> bool:
        rows = IdempotencyKey.objects.for_merchant(self.tenant)
        rows.bulk_create([row], ignore_conflicts=True)
        return rows.filter(id=row.id).exists()

    def _take_over(self) -> _Hold:
        """A key that exists: only one whose call died before it had a result can be ours."""
        row = self._row(for_update=False)
        if row is None:
            raise KeyInUse  # released or reaped between our two statements: the next try finds it free
        self._require_same_request(row)
        if row.state == states.FINISHED:
            raise Replay(stored_answer(row))
        if row.lease_until > timezone.now():
            raise KeyInUse
        if row.result_id is not None:
            raise Resume(row.result_id)
        return self._renew(row)

    def _keep_claim(self) -> None:
        assert self._hold is not None
        if not self._started().update(lease_until=timezone.now() + LEASE):
            raise KeyInUse

    def _renew(self, row: IdempotencyKey) -> _Hold:
        hold = _Hold(row.id, row.epoch + 1)
        renewed = IdempotencyKey.objects.for_merchant(self.tenant).filter(
            id=row.id, epoch=row.epoch, state=states.STARTED
        )
        if not renewed.update(epoch=hold.epoch, lease_until=timezone.now() + LEASE):
            raise KeyInUse
        return hold

    def _finish(self, rendered: Rendered) -> bool:
        """Store the answer if the key is still ours."""
        return bool(self._started().update(**self._answer_fields(rendered)))

    def _started(self) -> Any:
        assert self._hold is not None
        return IdempotencyKey.objects.for_merchant(self.tenant).filter(
            id=self._hold.row_id, epoch=self._hold.epoch, state=states.STARTED
        )

    def _row(self, *, for_update: bool) -> IdempotencyKey | None:
        rows = IdempotencyKey.objects.for_merchant(self.tenant).filter(caller_class=self.caller_class, key=self.key)
        return (rows.select_for_update() if for_update else rows).first()

    def _require_same_request(self, row: IdempotencyKey) -> None:
        if not keyed_digest_matches(row.fingerprint, FINGERPRINT_PURPOSE, self._canonical):
            raise KeyReused

    @staticmethod
    def _answer_fields(rendered: Rendered) -> dict[str, Any]:
        stored = rendered.body if rendered.stored_body is None else rendered.stored_body
        fields: dict[str, Any] = {
            "state": states.FINISHED,
            "status": rendered.status,
            "content_type": rendered.content_type,
            "body": stored,
            "finished_at": timezone.now(),
        }
        document = _document(stored)
        if document is not None and has_personal(document):
            data_key_id = rendered.data_key_id or new_data_key()
            clean = without_personal(document)
            if isinstance(clean, dict):
                clean = {**clean, "erased": True}
            fields["body"] = json.dumps(clean, separators=(",", ":"), ensure_ascii=False).encode()
            fields["sealed_body"] = seal_personal(data_key_id, stored)
            fields["data_key_id"] = data_key_id
        return fields


@contextmanager
def _bounded_lock_wait() -> Iterator[None]:
    """Wait at most 2 s for locks in this block; the rest of the transaction keeps its own limit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise KeyInUse from error
        raise
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


def _first(rendered: Rendered) -> Answer:
    return Answer(status=rendered.status, body=rendered.body, content_type=rendered.content_type, replayed=False)


def _document(body: bytes) -> Any:
    """The JSON in a body, or None for a body of another kind (a redirect of the checkout)."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def _id_of(result: object) -> UUID:
    """The recovery point. A service whose result is a tuple puts the object first."""
    first = result[0] if isinstance(result, tuple) else result
    result_id = getattr(first, "id", None)
    assert isinstance(result_id, UUID), "a call that waits needs a result with an id"
    return result_id
