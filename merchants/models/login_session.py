"""One sign-in of a person over the API: the family of tokens that came of one password."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from gateway.core.tenancy import MerchantOwned


class LoginSession(MerchantOwned):
    """Looked up on every request that brings an access token, so that ending it is immediate.

    Only the refresh token named by `refresh_jti` is good; any other of the family that comes back was stolen or
    replayed, and ends the session.
    """

    ID_PREFIX: ClassVar[str] = "ses"

    user = models.ForeignKey("merchants.User", on_delete=models.CASCADE, related_name="login_sessions")
    refresh_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    class Meta(MerchantOwned.Meta):
        ordering = ("-id",)
        indexes = (models.Index(fields=("user", "-id"), name="login_session_by_user"),)

    def __str__(self) -> str:
        return f"session {self.id} of {self.user_id}"
