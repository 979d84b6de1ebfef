"""Reading people and what they are at merchants."""

from uuid import UUID

from django.db.models import QuerySet

from merchants.models import Membership, User


def membership_of(user_id: UUID, merchant_id: UUID) -> Membership | None:
    """The person's membership at this merchant, if any."""
    return Membership.objects.filter(user_id=user_id, merchant_id=merchant_id).first()


def memberships_of(user_id: UUID) -> QuerySet[Membership]:
    """The merchants that a person works for, with the merchants loaded, oldest first."""
    return Membership.objects.filter(user_id=user_id).select_related("merchant").order_by("id")


def user_by_email(email: str) -> User | None:
    """The person with this address, in any spelling of upper and lower case."""
    return User.objects.filter(email=User.objects.normalized(email)).first()
