"""Who may write what: the part of the gate that looks at a change's writer, his roles and grants, and where the record belongs.

Promises: a new record is filed where it belongs and an old one judged by where it lies; what is refused is told why, in words. Leaves to
others: numbers and stamps (`gate`), the bytes (`wire`).
"""

from shared.grants import LATE_DAYS, Grant
from shared.hlc import device_of
from shared.kind import DESK_ROLES, REMOVED, Kind
from shared.moments import DAY_MS
from shared.ports import Logged
from shared.record import Record, stamps_of
from shared.sync.conflicts import CONFLICT
from shared.sync.unit import Unit, Writer
from shared.sync.wire import Refusal, invalid


class Permission(Unit):
    """A unit of work that judges each change by its writer."""

    def _judge(self, row: Logged, writer: Writer) -> Refusal | None:
        """Whether this person may make this change; files it under the record's own place."""
        kind = self._kinds[row.kind]
        record = self._records.get(row.key)
        if record is not None:
            row.village, row.household = record.village, record.household
        else:
            refusal = self._place(kind, row)
            if refusal:
                return refusal
        if not writer.roles & kind.writers and row.kind != CONFLICT:
            return _forbidden("您的角色不能填写这种记录。 / Your role may not write this kind of record.")
        reserved = _reserved(kind, row, writer, known=record is not None)
        if reserved:
            return reserved
        if kind.write_once and record is not None and self._rewrites(row, record, writer):
            return _forbidden(
                "写下的办理环节不能再改，请另写一步。 / A step once written is not changed; take another step."
            )
        scope = row.id if kind.is_household else row.household
        covering = [grant for grant in writer.grants if grant.covers(row.village, scope)]
        if not covering:
            covering = self._late(row, writer, scope)
            row.late = bool(covering)
        if not covering:
            return _forbidden(
                "这条记录不在您的范围内，请联系乡镇办公室。 / This record is not in your charge; ask the township desk."
            )
        if not any(grant.whole for grant in covering) and not kind.secrets.isdisjoint(row.set):
            names = sorted(kind.secrets.intersection(row.set))
            why = {name: ["您无权填写此项 / not yours to set"] for name in names}
            return Refusal(
                "forbidden", "含有您无权填写的敏感信息。 / Holds sensitive fields that are not yours to set.", why
            )
        return None

    def _rewrites(self, row: Logged, record: Record, writer: Writer) -> bool:
        """Whether a change would alter what was written once: only its writer may still add to it, and the desk mend it."""
        if writer.roles & DESK_ROLES:
            return False
        counted = self._restamped.get((row.id, row.stamp), row.stamp)
        if all(record.stamps.get(name) == counted for name in row.set):
            return False  # the same write again
        author = device_of(min(stamps_of(record.stamps)))
        is_author = author == writer.device or self._town.owners([author]).get(author) == writer.person
        return not is_author or any(name == REMOVED or record.values.get(name) is not None for name in row.set)

    def _place(self, kind: Kind, row: Logged) -> Refusal | None:
        """Where a new record belongs: a known household brings its own village."""
        if kind.is_household and row.household not in (None, row.id):
            return invalid({"household": ["一户不能属于另一户 / a household does not lie in another"]})
        home = self._records.get(self._household_key(row.household)) if row.household else None
        if home is not None:
            row.village = home.village
        if kind.made_by_server:
            return _forbidden("没有这条记录。 / There is no such record.")
        if row.village is None:
            if kind.shared:
                return None
            return invalid({"village": ["缺少行政村 / the village is missing"]})
        if row.village not in self._town.villages():
            return invalid({"village": ["本乡镇没有这个行政村 / no such village in this township"]})
        return None

    def _late(self, row: Logged, writer: Writer, scope: str | None) -> list[Grant]:
        """Grants that covered the change within the last days: held until lately, or the record or its household lay there."""
        held = [grant for grant in writer.ended if grant.covers(row.village, scope)]
        # A record known here is judged by where it lay itself; a new one by where its household lay.
        key = row.key if row.key in self._records else self._household_key(row.household)
        if held or key not in self._records:
            return held
        everything = (*writer.grants, *writer.ended)
        places = self._town.places(key, self._now - LATE_DAYS * DAY_MS)
        return [grant for place in places for grant in everything if grant.covers(*place)]


def _reserved(kind: Kind, row: Logged, writer: Writer, known: bool) -> Refusal | None:
    """A step or word that is for other roles to set, or another number for a record that was given one."""
    if known and kind.numbered in row.set and not writer.roles & DESK_ROLES:
        why = {kind.numbered: ["编号由乡镇给出 / the township gives the number"]}
        return Refusal("forbidden", "编号由乡镇给出。 / The township gives the number.", why)
    names = [name for name in kind.reserved if name in row.set and not writer.roles & kind.may_set(name, row.set[name])]
    if not names:
        return None
    why = {name: ["由乡镇或县办理 / for the township or the county to set"] for name in names}
    return Refusal("forbidden", "这一项由乡镇或县办理。 / This is for the township or the county to take.", why)


def _forbidden(message: str) -> Refusal:
    return Refusal("forbidden", message)
