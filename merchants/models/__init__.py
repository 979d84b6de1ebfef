"""The tables of this app."""

from merchants.models.api_key import ApiKey
from merchants.models.login_session import LoginSession
from merchants.models.membership import Membership
from merchants.models.merchant import Merchant
from merchants.models.publishable_key import PublishableKey
from merchants.models.user import User, UserManager

__all__ = ["ApiKey", "LoginSession", "Membership", "Merchant", "PublishableKey", "User", "UserManager"]
