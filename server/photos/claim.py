"""Whether a photo may come in: it belongs to a record, and whoever may write to that record may send it.

As at the gate: a grant that ended within LATE_DAYS still counts, and so does one under which the record lay within that time. Leaves to others:
the record itself, which came by a sync (`shared.sync.gate`).
"""

from server.access import Caller
from server.photos.refusal import NotNamed
from server.store import TownshipStore
from shared.grants import LATE_DAYS
from shared.kind import Registry
from shared.moments import DAY_MS
from shared.photos import names_in
from shared.record import Key


def must_name(store: TownshipStore, kinds: Registry, caller: Caller, key: Key, name: str, now: int) -> None:
    """Pass when this record names this photo and is in the caller's charge; NotNamed otherwise, in the same words whatever is wrong.

    `now` in ms since 1970.
    """
    record = store.load([key]).get(key) if key.kind in kinds else None
    if record is not None and any(name == named for _, named in names_in(kinds[key.kind], record.values)):
        own = record.id if kinds[key.kind].is_household else record.household
        grants = (*caller.grants, *caller.ended)
        if any(grant.covers(record.village, own) for grant in grants):
            return
        lately = store.places(key, now - LATE_DAYS * DAY_MS)
        if any(grant.covers(*place) for place in lately for grant in grants):
            return
    raise NotNamed(
        "没有记录用到这张照片，请先同步记录，再传照片。 / No record names this photo; sync the record first."
    )
