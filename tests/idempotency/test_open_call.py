"""One key, one effect, one answer: GUARANTEES.md, section 3."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from gateway.core.personal import erase, new_data_key
from gateway.core.tenancy import Tenant
from gateway.idempotency.errors import KeyInUse, KeyReused, Replay, Resume
from gateway.idempotency.models import IdempotencyKey
from gateway.idempotency.rules import Answer, Rendered
from gateway.idempotency.services.open_call import IdempotentCall
from gateway.idempotency.services.purge_keys import purge_keys
from tests.idempotency.conftest import Thing, a_tenant, opened


def serve(call: IdempotentCall, **shown: object) -> Thing:
    """A service: opens, does its work, remembers."""
    with transaction.atomic():
        call.begin()
        thing = Thing(**shown)
        call.remember(thing)
    return thing


def replayed(call: IdempotentCall) -> Answer:
    with pytest.raises(Replay) as caught, transaction.atomic():
        call.begin()
    return caught.value.answer


def row(tenant: Tenant) -> IdempotencyKey:
    return IdempotencyKey.objects.for_merchant(tenant).get()


def let_the_lease_run_out(tenant: Tenant) -> None:
    IdempotencyKey.objects.for_merchant(tenant).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_the_first_call_sends_what_it_stores_and_a_repetition_gets_the_same_bytes(tenant: Tenant) -> None:
    first = opened(tenant)
    serve(first, amount=100)

    again = replayed(opened(tenant))

    assert first.answer == Answer(201, b'{"amount": 100}', "application/json", replayed=False)
    assert again == Answer(201, b'{"amount": 100}', "application/json", replayed=True)


@pytest.mark.parametrize("change", [{"body": {"amount": 101}}, {"path": "/api/v1/other"}, {"method": "PUT"}])
def test_the_same_key_for_another_request_is_refused(tenant: Tenant, change: dict[str, Any]) -> None:
    serve(opened(tenant))

    with pytest.raises(KeyReused), transaction.atomic():
        opened(tenant, **change).begin()


def test_the_order_of_the_body_and_fields_left_out_make_no_other_request(tenant: Tenant) -> None:
    body = {"a": 1, "card": {"number": "4242424242424242", "name": "x"}}
    serve(opened(tenant, body=body, exclude=("card.number",)))

    again = opened(tenant, body={"card": {"name": "x", "number": "typed again"}, "a": 1}, exclude=("card.number",))

    assert replayed(again).status == 201


def test_another_caller_class_mode_or_merchant_has_keys_of_its_own(tenant: Tenant) -> None:
    serve(opened(tenant), of="secret")

    for other in (
        opened(tenant, caller_class="checkout"),
        opened(Tenant(tenant.merchant_id, livemode=True)),
        opened(a_tenant()),
    ):
        serve(other, of="another")
        assert other.answer is not None and not other.answer.replayed


def test_a_refused_request_leaves_the_key_free(tenant: Tenant) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        opened(tenant).begin()
        raise RuntimeError

    second = opened(tenant, body={"amount": 7})
    serve(second, amount=7)

    assert second.answer is not None and second.answer.body == b'{"amount": 7}'


def test_a_decided_refusal_is_stored_and_replayed(tenant: Tenant) -> None:
    call = opened(tenant)
    with pytest.raises(RuntimeError), transaction.atomic():
        call.begin()
        raise RuntimeError
    refusal = Rendered(409, b'{"code": "invalid_state"}', content_type="application/problem+json")

    sent = call.store(refusal)

    assert sent == Answer(409, refusal.body, "application/problem+json", replayed=False)
    assert replayed(opened(tenant)) == Answer(409, refusal.body, "application/problem+json", replayed=True)


def test_a_refusal_that_comes_after_somebodys_success_sends_the_success(tenant: Tenant) -> None:
    late = opened(tenant)
    serve(opened(tenant), amount=100)

    assert late.store((409, b"{}")) == Answer(201, b'{"amount": 100}', "application/json", replayed=True)


def test_while_a_call_waits_its_key_is_in_use(tenant: Tenant) -> None:
    serve(opened(tenant, wait=True), amount=100)

    with pytest.raises(KeyInUse) as caught, transaction.atomic():
        opened(tenant, wait=True).begin()

    assert caught.value.retry_after_s == 1 and caught.value.transient


def test_the_answer_after_a_wait_is_what_is_replayed(tenant: Tenant) -> None:
    call = opened(tenant, wait=True)
    serve(call, status="processing")
    assert call.answer is None

    sent = call.store((201, b'{"status": "succeeded"}'))

    assert sent.body == b'{"status": "succeeded"}' and not sent.replayed
    assert replayed(opened(tenant)).body == b'{"status": "succeeded"}'


def test_a_call_that_died_waiting_is_resumed_from_its_result_after_the_lease(tenant: Tenant) -> None:
    thing = serve(opened(tenant, wait=True), status="processing")
    let_the_lease_run_out(tenant)
    retry = opened(tenant, wait=True)
    with pytest.raises(Resume) as caught, transaction.atomic():
        retry.begin()
    assert caught.value.result_id == thing.id

    sent = retry.resume(lambda result_id: Rendered(201, str(result_id).encode()))

    assert sent.body == str(thing.id).encode()
    assert replayed(opened(tenant)).body == str(thing.id).encode()


def test_who_wakes_up_after_somebody_resumed_sends_what_is_stored(tenant: Tenant) -> None:
    sleeper = opened(tenant, wait=True)
    serve(sleeper, status="processing")
    let_the_lease_run_out(tenant)
    opened(tenant).resume(lambda _: Rendered(201, b'{"by": "the retry"}'))

    sent = sleeper.store((201, b'{"by": "the sleeper"}'))

    assert sent == Answer(201, b'{"by": "the retry"}', "application/json", replayed=True)


def test_a_call_that_still_runs_is_not_resumed(tenant: Tenant) -> None:
    serve(opened(tenant, wait=True))

    with pytest.raises(KeyInUse):
        opened(tenant).resume(lambda _: Rendered(201, b"{}"))


def test_a_claim_is_continued_by_the_service_and_a_second_click_waits(tenant: Tenant) -> None:
    call = opened(tenant, caller_class="checkout")
    call.claim()
    with pytest.raises(KeyInUse):
        opened(tenant, caller_class="checkout").claim()

    serve(call, amount=100)

    assert replayed(opened(tenant, caller_class="checkout")).body == b'{"amount": 100}'


def test_a_released_claim_frees_the_key(tenant: Tenant) -> None:
    call = opened(tenant)
    call.claim()

    call.release()

    assert not IdempotencyKey.objects.for_merchant(tenant).exists()


def test_a_claim_that_was_given_up_is_taken_over_at_once_by_the_same_request_only(tenant: Tenant) -> None:
    broken = opened(tenant)
    broken.claim()

    broken.give_up()

    with pytest.raises(KeyReused):
        opened(tenant, body={"amount": 1}).claim()
    heir = opened(tenant)
    heir.claim()
    broken.give_up()
    with pytest.raises(KeyInUse):
        opened(tenant).claim()
    serve(heir, by="the heir")
    assert replayed(opened(tenant)).body == b'{"by": "the heir"}'


def test_a_claim_that_died_is_taken_over_and_its_owner_can_no_longer_store(tenant: Tenant) -> None:
    sleeper = opened(tenant)
    sleeper.claim()
    let_the_lease_run_out(tenant)
    heir = opened(tenant)
    heir.claim()

    with pytest.raises(KeyInUse):
        serve(sleeper, by="the sleeper")
    serve(heir, by="the heir")

    assert replayed(opened(tenant)).body == b'{"by": "the heir"}'


def test_a_secret_is_sent_once_and_never_stored(tenant: Tenant) -> None:
    call = opened(tenant, render=lambda _: Rendered(201, b'{"secret": "s3cr3t"}', stored_body=b'{"secret": null}'))

    serve(call)

    assert call.answer is not None and call.answer.body == b'{"secret": "s3cr3t"}'
    assert replayed(opened(tenant)).body == b'{"secret": null}'
    assert b"s3cr3t" not in bytes(row(tenant).body or b"")


def test_personal_data_is_stored_sealed_and_erased_with_its_key(tenant: Tenant) -> None:
    data_key_id = new_data_key()
    body = b'{"id": "cus_1", "email": "ada@example.test"}'
    call = opened(tenant, render=lambda _: Rendered(201, body, data_key_id=data_key_id))

    serve(call)

    stored = row(tenant)
    assert b"ada" not in bytes(stored.body or b"") + bytes(stored.sealed_body or b"")
    assert replayed(opened(tenant)).body == body
    erase(data_key_id)
    assert json.loads(replayed(opened(tenant)).body) == {"id": "cus_1", "email": None, "erased": True}


def test_rotating_the_fingerprint_key_breaks_no_replay(tenant: Tenant) -> None:
    serve(opened(tenant), amount=100)
    old = {"test1": b"f" * 32}

    with override_settings(FINGERPRINT_KEYS={"test2": b"n" * 32, **old}):
        assert replayed(opened(tenant)).status == 201


def test_finished_keys_are_kept_for_30_days_and_unfinished_ones_for_ever(tenant: Tenant) -> None:
    serve(opened(tenant, key="old"))
    serve(opened(tenant, key="young"))
    opened(tenant, key="unfinished").claim()
    rows = IdempotencyKey.objects.for_merchant(tenant)
    rows.filter(key="old").update(finished_at=timezone.now() - timedelta(days=30, seconds=1))
    rows.filter(key="young").update(finished_at=timezone.now() - timedelta(days=29))
    rows.filter(key="unfinished").update(lease_until=timezone.now() - timedelta(days=400))

    assert purge_keys() == 1
    assert set(rows.values_list("key", flat=True)) == {"young", "unfinished"}


def test_one_purge_forgets_everything_that_is_old_however_much(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.idempotency.services.purge_keys.BATCH", 2)
    for number in range(5):
        serve(opened(tenant, key=f"old-{number}"))
    rows = IdempotencyKey.objects.for_merchant(tenant)
    rows.update(finished_at=timezone.now() - timedelta(days=31))

    assert purge_keys() == 5
    assert not rows.exists()
