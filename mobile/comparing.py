"""Whether this phone holds what the township thinks it holds; where not, that grant is filled anew, and the outbox is not touched.

Promises: a difference that only means that somebody wrote meanwhile is not taken for one: it counts when it stands after another sync.
Leaves to others: the hash (`shared.sync.digest`), when to look (`syncing`), the filling itself (the next sync).
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from mobile.store import Store
from shared.grants import Grant
from shared.kind import Registry
from shared.record import Record
from shared.sync.digest import digest_of, record_hash
from shared.sync.phone import Courier, NotOurServer

BEYOND = "differs_after_filling"

log = logging.getLogger(__name__)


def differing(store: Store, kinds: Registry, courier: Courier) -> list[str]:
    """The filled grants whose records are not the township's. SyncError when it cannot be asked."""
    reply = courier.digest()
    told = reply.get("grants")
    if not isinstance(told, dict):
        raise NotOurServer("digest")
    if reply.get("epoch") != store.fact("epoch"):
        return []  # another history: the next sync fills everything anew by itself
    mine = digests(store, kinds)
    return sorted(name for name, digest in mine.items() if name in told and _read(told[name]) != digest)


def _read(told: Any) -> Mapping[str, Any]:
    return {"count": told.get("count"), "hash": told.get("hash")} if isinstance(told, dict) else {}


def digests(store: Store, kinds: Registry) -> dict[str, dict[str, Any]]:
    """Grant to digest, of those whose first fill is complete."""
    grants = {name: Grant.read(name) for name in store.grants() if store.filled(name)}
    hashes: dict[str, list[int]] = {name: [] for name in grants}
    for kind in kinds.values():
        for copy in store.copies(kind.name):
            if copy.left or copy.stale:
                continue
            hashed = record_hash(copy.record)
            for name, grant in grants.items():
                if _gives(grant, copy.record, kind.is_household):
                    hashes[name].append(hashed)
    return {name: digest_of(found) for name, found in hashes.items()}


def _gives(grant: Grant, record: Record, is_household: bool) -> bool:
    return grant.gives(record.village, record.id if is_household else record.household)


def mend(store: Store, kinds: Registry, courier: Courier, sync: Callable[[], object]) -> list[str]:
    """Compare, and fill anew what differs twice with a sync between; the grants that were filled anew.

    What still differs after that is remembered and not filled again until it was right once: it would cost a download a day for nothing.
    """
    beyond = set(store.fact(BEYOND) or ())
    first = set(differing(store, kinds, courier))
    wanted = first - beyond
    filled: list[str] = []
    if wanted:
        sync()
        filled = sorted(wanted.intersection(differing(store, kinds, courier)))
    if filled:
        for name in filled:
            store.refill(name)
        sync()
        first = (first & beyond).union(differing(store, kinds, courier))
    left = sorted(first & (beyond | set(filled)))
    if left != sorted(beyond):
        log.warning("compare: %s grants differ after filling anew", len(left))
        store.together(lambda: store.set_fact(BEYOND, left))
    return filled
