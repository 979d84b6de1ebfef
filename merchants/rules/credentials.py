"""How credentials look.

>>> base62(bytes([255] * 2)), len(base62(b"\\xff" * 16, 22)), base62(b"", 3)
('H31', 22, '000')
>>> mode_word(livemode=False)
'test'
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_ID_PREFIX = "key_"
PUBLISHABLE_PREFIX = "pk_"


def base62(data: bytes, width: int = 0) -> str:
    """`data` as a number in base 62, filled up with zeros to `width`: one word on a double click."""
    number, signs = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 62)
        signs = ALPHABET[digit] + signs
    return signs.rjust(width, "0")


def mode_word(*, livemode: bool) -> str:
    """`test` or `live`, as it stands in the middle of a key."""
    return "live" if livemode else "test"


def key_id(random: bytes, *, livemode: bool) -> str:
    """The part of an API key that may be seen, from 16 random bytes."""
    return f"{KEY_ID_PREFIX}{mode_word(livemode=livemode)}_{base62(random, 22)}"


def key_secret(random: bytes, *, livemode: bool) -> str:
    """The part that may not, from 32 random bytes. The prefix lets scanners recognise a leaked one."""
    return f"secret_{mode_word(livemode=livemode)}_{base62(random, 43)}"


def publishable_value(random: bytes, *, livemode: bool) -> str:
    """A publishable key, from 16 random bytes."""
    return f"{PUBLISHABLE_PREFIX}{mode_word(livemode=livemode)}_{base62(random, 22)}"
