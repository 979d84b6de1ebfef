"""People sign in over the API, stay signed in, and sign out."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api import ratelimit
from gateway.api.client_address import client_address
from gateway.api.views import OpenView
from gateway.core import ids
from merchants.api.serializers import RefreshInput, SignInInput, TokensShown
from merchants.api.tokens import AccessToken, RefreshToken, read_refresh_token
from merchants.errors import TooManyLogins
from merchants.models import LoginSession, Merchant, User
from merchants.services.end_session import end_session
from merchants.services.refresh_session import refresh_session
from merchants.services.sign_in import sign_in


class TokenPair(OpenView):
    """The first pair of a session."""

    @extend_schema(operation_id="sign_in", request=SignInInput, responses={201: TokensShown})
    def post(self, request: Request) -> Response:
        """Sign in with email and password, for one merchant and mode."""
        asked = self.body(SignInInput)
        ratelimit.require("login_ip", client_address(request._request), error=TooManyLogins)
        account = User.objects.normalized(asked["email"])
        ratelimit.require("login_account", account, error=TooManyLogins)
        refresh = RefreshToken()
        session = sign_in(
            email=account,
            password=asked["password"],
            merchant_id=asked.get("merchant"),
            livemode=asked["livemode"],
            refresh_jti=refresh.jti,
            expires_at=timezone.now() + _lifetime(refresh),
        )
        return Response(_pair(session, refresh), status=201)


class TokenRefresh(OpenView):
    """The next pair."""

    @extend_schema(operation_id="refresh_token", request=RefreshInput, responses={200: TokensShown})
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, once. Using one twice ends the whole session."""
        presented = read_refresh_token(self.body(RefreshInput)["refresh"])
        following = RefreshToken()
        session = refresh_session(
            session_id=presented.session_id,
            presented_jti=presented.jti,
            next_jti=following.jti,
            expires_at=timezone.now() + _lifetime(following),
        )
        return Response(_pair(session, following))


class TokenRevocation(OpenView):
    """Signing out."""

    @extend_schema(operation_id="sign_out", request=RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session of this refresh token; its access tokens stop working at once."""
        presented = read_refresh_token(self.body(RefreshInput)["refresh"])
        end_session(session_id=presented.session_id)
        return Response(status=204)


def _lifetime(token: RefreshToken) -> timedelta:
    return token.lifetime


def _pair(session: LoginSession, refresh: RefreshToken) -> dict[str, Any]:
    access = AccessToken()
    access.name_session(session)
    refresh.name_session(session)
    return {
        "object": "token_pair",
        "access": str(access),
        "refresh": str(refresh),
        "token_type": "Bearer",
        "expires_in": int(AccessToken.lifetime.total_seconds()),
        "refresh_expires_in": int(RefreshToken.lifetime.total_seconds()),
        "session": session.public_id,
        "merchant": ids.to_public(Merchant.ID_PREFIX, session.merchant_id),
        "livemode": session.livemode,
    }
