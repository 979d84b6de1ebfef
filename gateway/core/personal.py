"""Personal data in append-only and stored copies: sealed with a key per customer, which erasure destroys.

Such a copy is kept in two forms made together: the full one sealed with the customer's data key, and one without the
personal fields in clear. Once the key is gone only the second can be read.

>>> without_personal({"id": "cus_1", "email": "a@b.c", "shipping": [{"city": "Pune", "by": "dhl"}]})
{'id': 'cus_1', 'email': None, 'shipping': [{'city': None, 'by': 'dhl'}]}
>>> has_personal({"email": None}), has_personal({"customer": {"phone": "+49"}})
(False, True)
>>> has_personal({"line_items": [{"name": "Mug", "quantity": 1}]})
False
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from django.utils import timezone

from gateway.core.models import DataKey
from gateway.core.secrets import seal, seal_with, unseal, unseal_with

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

PERSONAL_FIELDS = frozenset(
    {
        "address", "billing_address", "billing_details", "birth_date", "city", "customer_email", "customer_name",
        "customer_phone", "date_of_birth", "email", "first_name", "full_name", "holder_name", "ip", "ip_address",
        "last_name", "line1", "line2", "name", "phone", "postal_code", "receipt_email", "shipping_address", "state_code",
        "street", "user_agent", "vpa",
    }
)  # fmt: skip

# Things, not people: what is called `name` below these keys is a product's or a merchant's.
_THINGS = frozenset({"line_items", "merchant", "product", "webhook_endpoint"})


def new_data_key(*, owner_id: UUID | None = None) -> UUID:
    """Make a key, of a customer or (without an owner) of one payment; its id is what rows keep."""
    row = DataKey(owner_id=owner_id)
    row.sealed_key = seal(os.urandom(32), bound_to=_binding(row.id))
    row.save(force_insert=True)
    return row.id


def attach(data_key_id: UUID, *, owner_id: UUID) -> None:
    """Join a payment's own key to the customer who turned out to be its owner, so that erasing one erases the other."""
    DataKey.objects.filter(id=data_key_id).update(owner_id=owner_id)


def erase_owner(owner_id: UUID) -> int:
    """Destroy every key of this customer; how many there were. What they sealed is unreadable from the commit on."""
    return DataKey.objects.filter(owner_id=owner_id, erased_at=None).update(sealed_key="", erased_at=timezone.now())


def erase(data_key_id: UUID) -> None:
    """Destroy one key."""
    DataKey.objects.filter(id=data_key_id, erased_at=None).update(sealed_key="", erased_at=timezone.now())


def seal_personal(data_key_id: UUID, plaintext: bytes) -> bytes:
    """Seal with that data key. With an erased key the result is empty: nothing is kept, and nobody has to fail for it."""
    key = _key(data_key_id)
    return b"" if key is None else seal_with(key, plaintext, bound_to=_binding(data_key_id))


def unseal_personal(data_key_id: UUID, sealed: bytes) -> bytes | None:
    """The plaintext, or None once the key was erased (or nothing was kept)."""
    key = _key(data_key_id)
    return None if key is None or not sealed else unseal_with(key, bytes(sealed), bound_to=_binding(data_key_id))


def without_personal(value: Json) -> Json:
    """The same tree with every personal field null, at any depth."""
    return replace_personal(value, lambda _: None)


def replace_personal(value: Json, replacement: Callable[[Json], Json]) -> Json:
    """The same tree with every filled personal field, at any depth, replaced by what `replacement` makes of it."""
    return _replaced(value, replacement, thing=False)


def has_personal(value: Json) -> bool:
    """Whether any personal field, at any depth, is filled."""
    return without_personal(value) != value


def _replaced(value: Json, replacement: Callable[[Json], Json], *, thing: bool) -> Json:
    if isinstance(value, dict):
        return {key: _replaced_field(key, item, replacement, thing=thing) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, replacement, thing=thing) for item in value]
    return value


def _replaced_field(key: str, item: Json, replacement: Callable[[Json], Json], *, thing: bool) -> Json:
    if key in PERSONAL_FIELDS and not (thing and key == "name"):
        return item if item in (None, "", [], {}) else replacement(item)
    return _replaced(item, replacement, thing=key in _THINGS)


def _key(data_key_id: UUID) -> bytes | None:
    """Read each time: a cached key would outlive its erasure."""
    sealed = DataKey.objects.filter(id=data_key_id).values_list("sealed_key", flat=True).first()
    return unseal(sealed, bound_to=_binding(data_key_id)) if sealed else None


def _binding(data_key_id: UUID) -> str:
    return f"core.DataKey:{data_key_id}"
