"""Where a signed-in person sits: for which merchant, in which mode, with which rights."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gateway.core.context import Actor
from gateway.core.tenancy import Tenant
from merchants.models import Membership, Merchant, User
from merchants.rules.permissions import Role, permissions_of
from merchants.selectors.members import memberships_of


@dataclass(frozen=True, slots=True)
class Seat:
    """A person at a merchant in a mode. `others` are the merchants that the same person may switch to."""

    person: User
    merchant: Merchant
    role: Role
    livemode: bool
    others: tuple[Merchant, ...]

    @property
    def tenant(self) -> Tenant:
        """Whose rows may be read and changed from here."""
        return Tenant(self.merchant.id, self.livemode)

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        return Actor("person", self.person.public_id)

    @property
    def mark(self) -> str:
        """The merchant and the mode in a word, which every form and every poll of a page brings back."""
        return f"{self.merchant.public_id}.{'live' if self.livemode else 'test'}"

    def may(self, permission: str) -> bool:
        """Whether the role holds this permission; every signed-in member may do what needs none."""
        return not permission or permission in permissions_of(self.role)


def seat_of(person: User, *, merchant_id: UUID | None, livemode: bool) -> Seat | None:
    """The seat at the chosen merchant, or at the first one when that is not theirs (any more); None without any."""
    memberships: list[Membership] = list(memberships_of(person.id))
    if not memberships:
        return None
    chosen = next((one for one in memberships if one.merchant_id == merchant_id), memberships[0])
    others = tuple(one.merchant for one in memberships if one is not chosen)
    return Seat(person, chosen.merchant, Role(chosen.role), livemode, others)
