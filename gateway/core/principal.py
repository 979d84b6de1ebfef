"""Who is calling, once it has been established: what authentication hands to everything above it."""

from dataclasses import dataclass
from typing import Literal

from gateway.core.context import Actor
from gateway.core.tenancy import Tenant

CallerClass = Literal["secret", "publishable", "checkout", "dashboard"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A credential that was checked: for whom it acts, in which mode, and what it may do.

    `credential_id` names the credential (a key, a session), never contains a secret, and is what limits are counted on.
    `sees_all_tenants` is true for this installation's staff only, and only operational pages ask for it.
    """

    tenant: Tenant
    caller_class: CallerClass
    permissions: frozenset[str]
    actor: Actor
    credential_id: str
    sees_all_tenants: bool = False

    def may(self, permission: str) -> bool:
        """Whether this caller holds the permission."""
        return permission in self.permissions
