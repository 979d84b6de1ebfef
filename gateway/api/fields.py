"""`?fields=` (sparse, with dotted paths) and `?expand=` (objects in the place of their ids).

>>> pick({"id": "pay_1", "object": "payment", "card": {"brand": "visa", "last4": "4242"}}, ["card.brand"])
{'id': 'pay_1', 'object': 'payment', 'card': {'brand': 'visa'}}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.core.errors import Forbidden, Invalid
from gateway.core.principal import Principal
from gateway.core.tenancy import Tenant

MAX_NAMES = 50
ALWAYS = ("id", "object")

# (tenant, public ids) -> the objects found, by public id.
Loader = Callable[[Tenant, Sequence[str]], Mapping[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Expansion:
    """What may stand in the place of an id, and the permission that reading it by itself would need."""

    needs: str
    load: Loader


def read_names(text: str | None, parameter: str) -> list[str]:
    """The comma-separated names of a query parameter."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if len(names) > MAX_NAMES:
        raise Invalid.field(parameter, "too_many", f"At most {MAX_NAMES} names.")
    return names


def pick(shown: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Only these fields of the object, and always `id` and `object`. A path that names nothing is left out."""
    tree: dict[str, Any] = {name: {} for name in ALWAYS}
    for path in paths:
        node = tree
        for part in path.split("."):
            node = node.setdefault(part, {})
    picked: dict[str, Any] = _pick(shown, tree)
    return picked


def _pick(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_pick(part, tree) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(part, tree[name]) for name, part in value.items() if name in tree}


def expand(
    objects: Sequence[dict[str, Any]], names: Iterable[str], *, known: Mapping[str, Expansion], principal: Principal
) -> None:
    """Put the objects in the place of their ids, for all `objects` with one load per name. Raises as `allowed` does."""
    for name, expansion in allowed(names, known=known, principal=principal).items():
        wanted = {one for shown in objects for one in _ids(shown.get(name))}
        found = expansion.load(principal.tenant, sorted(wanted)) if wanted else {}
        for shown in objects:
            shown[name] = _replaced(shown.get(name), found)


def allowed(names: Iterable[str], *, known: Mapping[str, Expansion], principal: Principal) -> dict[str, Expansion]:
    """The expansions of these names.

    Raises `Invalid` for a name that this resource cannot expand, `Forbidden` for what the caller may not read.
    """
    chosen = {}
    for name in names:
        expansion = known.get(name)
        if expansion is None:
            can = ", ".join(sorted(known)) or "nothing"
            raise Invalid.field("expand", "not_expandable", f"{name} cannot be expanded here; what can: {can}.")
        if not principal.may(expansion.needs):
            message = f"This credential lacks the permission {expansion.needs}, which expanding {name} needs."
            raise Forbidden(message, required_permission=expansion.needs)
        chosen[name] = expansion
    return chosen


def _ids(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _replaced(value: Any, found: Mapping[str, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, found) for one in value]
    return found.get(value, value) if isinstance(value, str) else value
