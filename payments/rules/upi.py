"""UPI addresses.

>>> is_vpa("success@upi"), is_vpa("no-at-sign"), is_vpa("a@b@c")
(True, False, False)
"""

from __future__ import annotations

import re

_VPA = re.compile(r"[A-Za-z0-9._\-]{2,256}@[A-Za-z][A-Za-z0-9.\-]{1,63}")


def is_vpa(text: str) -> bool:
    """Whether this looks like a virtual payment address."""
    return _VPA.fullmatch(text) is not None
