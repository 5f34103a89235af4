"""Whether a picture that is known is here as well: every byte of it and of its small one, as they were put.

One that is damaged here is not, in whatever way, so that the phone that has it still may send it again. Leaves to others: naming what is
damaged (`upkeep.photos`), putting it right (`uploads`, and `put` of the store).
"""

import msgspec

from server.photos.store import PhotoStore
from shared.photos import name_of


def is_whole(photos: PhotoStore, township: str, name: str) -> bool:
    """Whether nobody needs to send this picture: it is here as it was put, or its time was over."""
    try:
        known = photos.held(township, name)
        if known is None or known.name != name:
            return False
        if known.retired_at is not None:
            return True
        picture, small = photos.read(township, name), photos.read(township, name, small=True)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):  # what is known, or a file of it, cannot be read
        return False
    return (
        picture is not None
        and small is not None
        and (
            (len(picture), name_of(picture), len(small), name_of(small))
            == (known.bytes, known.sha256, known.small_bytes, known.small_sha256)
        )
    )
