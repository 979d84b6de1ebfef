"""Refusals that only the border knows: they are about the request as such, not about money."""

from gateway.core.errors import DomainError, Invalid, NotFound, RateLimited


class MalformedBody(Invalid):
    """The body is not the JSON that this API reads (syntax, a duplicate key, not an object, too deep)."""

    code = "malformed_body"
    message = "The body is not valid JSON."


class CardNumberNotAllowed(Invalid):
    """A card number was found where none belongs; nothing of the request was kept."""

    code = "card_number_not_allowed"
    message = "A card number was found outside the card fields. Nothing was kept; send card numbers to /tokens only."


class IdempotencyKeyNotAccepted(Invalid):
    """This endpoint takes no `Idempotency-Key`."""

    code = "idempotency_key_not_accepted"
    message = "This endpoint takes no Idempotency-Key."


class PathNotFound(NotFound):
    """There is no such endpoint."""

    code = "path_not_found"
    message = "There is no such endpoint. The paths are listed in /api/docs."


class MethodNotAllowed(DomainError):
    """The endpoint exists, and does not answer to this HTTP method."""

    code = "method_not_allowed"
    message = "This endpoint does not answer to that method."


class NotAcceptable(DomainError):
    """The client's `Accept` header admits no format that we have."""

    code = "not_acceptable"
    message = "This API answers in application/json only."


class UnsupportedMediaType(DomainError):
    """The body is in a format that we do not read."""

    code = "unsupported_media_type"
    message = "Send the body as application/json."


class RequestTooLarge(DomainError):
    """The body is larger than this API reads."""

    code = "request_too_large"
    message = "The body is too large."


class InternalError(DomainError):
    """Something unexpected happened on our side; it has been recorded under the request id."""

    code = "internal_error"
    message = "Something went wrong on our side. Retry with the same Idempotency-Key; nothing happens twice."


class TooManyWrongKeys(RateLimited):
    """Too many wrong credentials came from this address."""

    code = "too_many_wrong_credentials"
    message = "Too many wrong credentials from this address. Wait before you try again."
