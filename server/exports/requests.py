"""The two-person rule: a list of many persons, or one with photographs, leaves only when a second person agreed to it.

Whoever wants it says why; another one who may export agrees or declines; it is taken once, within a day, as it was asked for. Promises: nobody
decides on their own request and none is taken twice, whatever happens at once (the database decides, in one statement); each step has its
row in the trail in the same transaction; what could not be made spends nothing. Leaves to others: who may export, and when it takes two (`console`), the file (`files`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from uuid6 import uuid7

from server import audit
from server.access import AccessError
from server.audit import Actor
from server.exports.about import filters_for_the_trail
from server.lists.listing import Listing
from server.store import TownshipStore

GOOD_MS = 24 * 3_600_000
"""How long an approval is good."""
GROWTH = 10
"""A list with more persons or photographs than so many percent beyond what was approved is another list."""
SHOWN = 100
ALONE_MS = 24 * 3_600_000
"""How long what somebody took out alone counts towards what takes two: slices of a list are the list."""

NO_APPROVAL = "没有可领取的批准。 / There is no approval to take."
NOT_MADE = (
    "文件没有做成，什么也没有导出；请稍后再试，仍不行请告诉管理员。"
    " / The file could not be made and nothing left; try again later, and tell the administrator if it stays."
)
NOT_MADE_APPROVED = (
    "文件没有做成，什么也没有导出，批准没有用掉；请稍后再领取，仍不行请告诉管理员。"
    " / The file could not be made, nothing left and the approval is not spent; take it later, and tell the administrator if it stays."
)

WAITING, APPROVED, DECLINED, TAKEN, ENDED = "waiting", "approved", "declined", "taken", "ended"

_COLUMNS = "id, listing, filters, whole, pictures, persons, reason, person, asked_by, asked_at, decision, decided_by, decided_at, taken_at"


class NeedsTwoError(Exception):
    """A list leaves only when a second person agrees."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. Moments in ms since 1970; `filters` by name, as the list takes them; `pictures`: how many photographs, 0 for without."""

    id: str
    listing: str
    filters: Mapping[str, str]
    whole: bool
    pictures: int
    persons: int
    reason: str
    person: str
    asked_by: str
    asked_at: int
    decision: str | None
    decided_by: str | None
    decided_at: int | None
    taken_at: int | None

    def state(self, now: int) -> str:
        """Where it stands: waiting, approved, declined, taken, or ended (approved, and nobody came for it)."""
        if self.taken_at is not None:
            return TAKEN
        if self.decision is None or self.decided_at is None:
            return WAITING
        if self.decision == APPROVED and now - self.decided_at > GOOD_MS:
            return ENDED
        return self.decision


def ask(
    store: TownshipStore,
    actor: Actor,
    listing: Listing,
    given: Mapping[str, str],
    *,
    whole: bool,
    persons: int,
    reason: str,
    now: int,
    pictures: int = 0,
) -> str:
    """Ask for a list, with so many photographs; returns the request's id. AccessError when the person waits for the same one already."""
    filters = _text(given)
    if store.sql(
        "SELECT 1 FROM export_request WHERE township = ? AND person = ? AND listing = ? AND filters = ? AND whole = ?"
        f" AND pictures {'>' if pictures else '='} 0 AND decision IS NULL",
        store.code, actor.person, listing.name, filters, int(whole),
    ):  # fmt: skip
        raise AccessError(
            "同一份名单已经申请过，正在等另一人同意。 / You asked for this list already; it waits for the second person."
        )
    id_ = str(uuid7())
    store.sql(
        "INSERT INTO export_request (township, id, listing, filters, whole, pictures, persons, reason, person, asked_by, asked_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        store.code, id_, listing.name, filters, int(whole), pictures, persons, reason, actor.person, actor.name, now,
    )  # fmt: skip
    details = {
        "list": listing.name, "filters": filters_for_the_trail(listing, given), "persons": persons,
        "whole": whole, "reason": reason, **({"pictures": pictures} if pictures else {}),
    }  # fmt: skip
    audit.write(store, actor, "export_ask", now, kind="export", record=id_, details=details)
    return id_


def decide(store: TownshipStore, actor: Actor, id_: str, approve: bool, now: int) -> None:
    """A second person's word. Until it is taken an approval can still be declined. AccessError when it cannot be."""
    may = "decision IS NULL" if approve else "(decision IS NULL OR decision = 'approved')"
    done = store.sql(
        "UPDATE export_request SET decision = ?, decider = ?, decided_by = ?, decided_at = ?"
        f" WHERE township = ? AND id = ? AND person <> ? AND taken_at IS NULL AND {may} RETURNING listing, persons, pictures",
        APPROVED if approve else DECLINED, actor.person, actor.name, now, store.code, id_, actor.person,
    )  # fmt: skip
    if not done:
        own = store.sql(
            "SELECT 1 FROM export_request WHERE township = ? AND id = ? AND person = ?", store.code, id_, actor.person
        )
        raise AccessError(
            "自己的申请须由另一人决定。 / Another person decides on your request."
            if own
            else "这份申请已经办过了。 / This request was dealt with already."
        )
    action = "export_approved" if approve else "export_declined"
    details = {"list": done[0][0], "persons": done[0][1], **({"pictures": done[0][2]} if done[0][2] else {})}
    audit.write(store, actor, action, now, kind="export", record=id_, details=details)


def take(store: TownshipStore, actor: Actor, id_: str, named: int, now: int, photos: int = 0) -> None:
    """Spend an approval, for a list that now names so many persons and takes so many photographs along. AccessError when it is none, is over, or the list has grown."""
    found = find(store, id_)
    if found is None or found.person != actor.person or found.state(now) != APPROVED:
        raise AccessError(NO_APPROVAL)
    if has_grown(found.persons, named):
        raise AccessError(
            f"名单现有 {named} 人，比批准时的 {found.persons} 人多出一成以上，请重新申请。"
            f" / The list now names {named} persons, over a tenth more than the {found.persons} approved; ask anew."
        )
    if has_grown(found.pictures, photos):
        raise AccessError(
            f"照片现有 {photos} 张，比批准时的 {found.pictures} 张多出一成以上，请重新申请。"
            f" / There are now {photos} photos, over a tenth more than the {found.pictures} approved; ask anew."
        )
    done = store.sql(
        "UPDATE export_request SET taken_at = ? WHERE township = ? AND id = ? AND person = ? AND decision = 'approved'"
        " AND taken_at IS NULL AND decided_at >= ? RETURNING id",
        now, store.code, id_, actor.person, now - GOOD_MS,
    )  # fmt: skip
    if not done:
        raise AccessError(NO_APPROVAL)


def not_made(
    store: TownshipStore, actor: Actor, id_: str, taken_at: int, details: Mapping[str, object], now: int
) -> None:
    """The file could not be made: nothing left, and the approval that was spent on it then is good again for as long as it was.
    `id_` is '' for a list that somebody took out alone."""
    store.sql(
        "UPDATE export_request SET taken_at = NULL WHERE township = ? AND id = ? AND person = ? AND taken_at = ?",
        store.code, id_, actor.person, taken_at,
    )  # fmt: skip
    audit.write(store, actor, "export_failed", now, kind="export", record=id_, details=details)


def taken_alone(store: TownshipStore, person: str, now: int) -> int:
    """How many persons the lists named that this person took out in the last day without a second person's word."""
    since = now - ALONE_MS
    before = (
        "SELECT seq FROM audit WHERE township = ? AND at <= ? ORDER BY seq DESC LIMIT 1"  # walks back a day, no more
    )
    rows = audit.read(
        store, f"seq > coalesce(({before}), 0) AND at > ? AND action IN ('export', 'export_failed') AND person = ? AND record = ''",
        (store.code, since, since, person),
    )  # fmt: skip
    signs = {"export": 1, "export_failed": -1}  # what could not be made did not leave
    return max(0, sum(signs[row.action] * int(row.details.get("persons") or 0) for row in rows))


def check_alone(store: TownshipStore, person: str, most: int, now: int) -> None:
    """NeedsTwoError when what a person took out alone, with what this transaction takes out, names more than `most`.

    Asked after the row is in the trail: whoever writes one waits for the other's, so that of two at once the second sees the first.
    """
    if taken_alone(store, person, now) > most:
        raise NeedsTwoError


def has_grown(approved: int, now: int) -> bool:
    return now * 100 > approved * (100 + GROWTH)


def find(store: TownshipStore, id_: str) -> Asked | None:
    found = store.sql(f"SELECT {_COLUMNS} FROM export_request WHERE township = ? AND id = ?", store.code, id_)
    return _asked(found[0]) if found else None


def of_person(store: TownshipStore, person: str) -> Sequence[Asked]:
    """The person's own requests, newest first."""
    return _read(store, "person = ?", person)


def waiting(store: TownshipStore, person: str, now: int) -> Sequence[Asked]:
    """The others' requests that wait for a second person, or that one may still take back, newest first."""
    still = "(decision IS NULL OR (decision = 'approved' AND decided_at >= ?))"
    return _read(store, f"person <> ? AND taken_at IS NULL AND {still}", person, now - GOOD_MS)


def _read(store: TownshipStore, where: str, *values: object) -> Sequence[Asked]:
    rows = store.sql(
        f"SELECT {_COLUMNS} FROM export_request WHERE township = ? AND {where} ORDER BY asked_at DESC, id DESC LIMIT {SHOWN}",
        store.code, *values,
    )  # fmt: skip
    return [_asked(row) for row in rows]


def _asked(row: Sequence[object]) -> Asked:
    id_, listing, filters, whole, *rest = row
    given = msgspec.json.decode(str(filters)) if filters else {}
    return Asked(id_, listing, given, bool(whole), *rest)  # type: ignore[arg-type]


def _text(given: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(sorted(given.items()))).decode()
