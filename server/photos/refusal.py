"""Why a photo, or a piece of one, is not taken: each refusal with its status, our word for it and the sentence that a person reads.

Those of `shared.photos.REFUSED` are for good: an upload keeps its refusal and gives it again to whoever asks later. Leaves to others: finding
out (`look`, `reencode`, `uploads`), answering (`api.photos`).
"""

from shared.sync.wire import RequestError

WRONG_HASH, NOT_A_PICTURE, UNSAFE, TOO_MANY_PIXELS = "wrong_hash", "not_a_picture", "unsafe_picture", "too_many_pixels"
_STATUS = {WRONG_HASH: 460, NOT_A_PICTURE: 415, UNSAFE: 422, TOO_MANY_PIXELS: 422}


class PhotoRefused(RequestError):
    """These bytes will never be taken. `code` is one of WRONG_HASH, NOT_A_PICTURE, UNSAFE, TOO_MANY_PIXELS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = _STATUS[code], code


class NotNamed(RequestError):
    """No record that the sender may write to names the photo; one that is none of his answers in the same words."""

    status, code = 404, "not_named"


class NoUpload(RequestError):
    """There is no such upload, or it is another phone's."""

    status, code = 404, "not_found"


class WrongOffset(RequestError):
    """The bytes do not begin where the last ones ended; `Upload-Offset` of a HEAD says where that is."""

    status, code = 409, "wrong_offset"


class Busy(RequestError):
    """Somebody else is at it, or too many are: come back in a moment."""

    status, code = 503, "busy"


def busy() -> Busy:
    """What to say to whoever must come back."""
    return Busy("服务器正忙，请稍后自动重试。 / The server is busy; try again in a moment.")
