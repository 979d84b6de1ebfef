"""Personal data in copies: sealed with a key that erasure destroys."""

from typing import Any

import pytest
from django.db import IntegrityError

from gateway.core.ids import new_id
from gateway.core.models import DataKey
from gateway.core.personal import (
    PERSONAL_FIELDS,
    attach,
    erase,
    erase_owner,
    has_personal,
    new_data_key,
    seal_personal,
    unseal_personal,
    without_personal,
)
from gateway.core.secrets import CannotUnseal

pytestmark = pytest.mark.django_db


def test_a_copy_opens_with_its_key_until_the_key_is_erased() -> None:
    key = new_data_key()
    sealed = seal_personal(key, b'{"email": "a@b.c"}')
    assert b"a@b.c" not in sealed
    assert unseal_personal(key, sealed) == b'{"email": "a@b.c"}'
    erase(key)
    assert unseal_personal(key, sealed) is None
    row = DataKey.objects.get(id=key)
    assert row.sealed_key == ""
    assert row.erased_at is not None


def test_what_comes_after_the_erasure_keeps_nothing_and_fails_nobody() -> None:
    key = new_data_key()
    erase(key)
    assert seal_personal(key, b"late") == b""
    assert unseal_personal(key, b"") is None


def test_erasing_a_customer_erases_every_key_that_was_joined_to_it_and_no_other() -> None:
    customer, other = new_id(), new_id()
    own, lone, foreign = new_data_key(owner_id=customer), new_data_key(), new_data_key(owner_id=other)
    attach(lone, owner_id=customer)
    sealed = {key: seal_personal(key, b"x") for key in (own, lone, foreign)}
    assert erase_owner(customer) == 2
    assert erase_owner(customer) == 0
    assert [unseal_personal(key, sealed[key]) for key in (own, lone, foreign)] == [None, None, b"x"]


def test_one_customers_copy_does_not_open_with_anothers_key() -> None:
    one, two = new_data_key(), new_data_key()
    with pytest.raises(CannotUnseal):
        unseal_personal(two, seal_personal(one, b"x"))


def test_an_erased_key_cannot_come_back() -> None:
    key = new_data_key()
    erase(key)
    with pytest.raises(IntegrityError):
        DataKey.objects.filter(id=key).update(sealed_key="k1.x")


def test_personal_fields_are_null_at_any_depth_and_the_rest_is_kept() -> None:
    order: dict[str, Any] = {
        "id": "ord_1",
        "amount": 100,
        "customer": {"id": "cus_1", "name": "Ada", "email": "a@b.c", "phone": None},
        "payment_method_details": {"card": {"last4": "4242", "holder_name": "ADA"}, "upi": {"vpa": "a@upi"}},
        "shipping_address": {"line1": "1 Street"},
        "line_items": [{"name": "Mug", "amount": 100}],
    }
    assert without_personal(order) == {
        "id": "ord_1",
        "amount": 100,
        "customer": {"id": "cus_1", "name": None, "email": None, "phone": None},
        "payment_method_details": {"card": {"last4": "4242", "holder_name": None}, "upi": {"vpa": None}},
        "shipping_address": None,
        "line_items": [{"name": "Mug", "amount": 100}],
    }
    assert has_personal(order)
    assert not has_personal(without_personal(order))


@pytest.mark.parametrize("field", sorted(PERSONAL_FIELDS))
def test_every_personal_field_is_seen_inside_lists_and_objects(field: str) -> None:
    assert has_personal([{"data": {"object": {field: "x"}}}])
