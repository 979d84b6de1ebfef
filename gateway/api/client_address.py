"""Where a request came from."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's IP address, for limits only; it is never stored. Of IPv6 the /64, which is one subscriber's.

    `X-Forwarded-For` is believed for exactly as many proxies as `TRUSTED_PROXIES` says stand in front of us.
    """
    return counted_as(_sender(request))


def counted_as(text: str) -> str:
    """The address that is counted.

    >>> counted_as("192.0.2.7"), counted_as("2001:db8:1:2:3:4:5:6"), counted_as("::ffff:192.0.2.7"), counted_as("local")
    ('192.0.2.7', '2001:db8:1:2::/64', '192.0.2.7', 'local')
    """
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _sender(request: HttpRequest) -> str:
    direct: str = request.META.get("REMOTE_ADDR", "") or "local"
    proxies: int = settings.TRUSTED_PROXIES
    if proxies <= 0:
        return direct
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return forwarded[-proxies] if len(forwarded) >= proxies else direct
