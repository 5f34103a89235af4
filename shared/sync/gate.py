"""The gate: every change by anyone passes here, phone, desk, importer and timed job alike.

Promises: a device's changes apply in number order, none skipped, none twice; a change is refused by itself and uses up its
number; a stamp that cannot be believed is replaced, never trusted; whoever was overwritten unseen has a conflict before the
transaction ends. Works on one township inside the writing transaction its caller opened; a raised RequestError means that nothing
is to be kept. Leaves to others: reading the bytes (`wire`), who may write what (`permission`), joining the words (`merge`), keeping what it
came to (`unit`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.hlc import FAST_LIMIT_MS, device_of, milliseconds_of
from shared.kind import DESK_ROLES, REMOVED, Kind
from shared.merge import DESK, fold, same
from shared.ports import Logged
from shared.record import Change, Key, Record, rebase
from shared.sync.conflicts import CONFLICT, Decision, read_decision, standing_side
from shared.sync.permission import Permission
from shared.sync.unit import Writer, desk_device
from shared.sync.wire import Gap, Refusal, Renumber, Sent, invalid

__all__ = ["Admitted", "Gate", "Writer", "desk_device"]


@dataclass(slots=True)
class Admitted:
    """What became of a batch: the number wanted next, new stamps, refusals, and how many changes were taken."""

    next: int
    restamped: dict[int, str] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)
    taken: int = 0


class Gate(Permission):
    """A unit of work that judges: admit a device's changes or write the desk's, then `close`."""

    # --- a batch from a device -------------------------------------------------------------------------------------

    def admit(self, batch: Sequence[Sent], writer: Writer) -> Admitted:
        """Take a device's batch in order. Gap or Renumber when its numbers do not fit; then nothing was applied."""
        wanted = self._town.numbers([writer.device])[writer.device]
        _check_order(batch, wanted)
        admitted = Admitted(next=wanted)
        old = [sent for sent in batch if sent.number < wanted]
        if old:
            self._repeat(old, writer, wanted, admitted)
        new = batch[len(old) :]
        if new:
            self._load(new)
            owners = self._owners(new, writer)
            newest = self._town.newest_stamps({device_of(sent.stamp) for sent in new if sent.stamp})
            for sent in new:
                self._take(sent, writer, owners, newest, admitted)
            admitted.next = new[-1].number + 1
        return admitted

    def _repeat(self, old: Sequence[Sent], writer: Writer, wanted: int, admitted: Admitted) -> None:
        """Say again what was decided about numbers used before: a lost reply hides nothing."""
        logged = self._town.logged(writer.device, old[0].number, old[-1].number)
        for sent in old:
            row = logged.get(sent.number)
            if row is None or sent.stamp not in (row.sent_stamp, row.stamp):
                raise Renumber(
                    "编号已用于别的变更，请从 next 重新编号。 / This number was used for another change; number anew from next.",
                    next=wanted,
                )
            if row.refusal:
                self._refused.append(row)
            _tell(row, admitted)

    def _load(self, new: Sequence[Sent]) -> None:
        keys = {Key(sent.kind, sent.id) for sent in new if not sent.refusal}
        keys |= {self._household_key(sent.household) for sent in new if sent.household and not sent.refusal}
        self._fetch(keys)
        unknown: set[str] = set()
        for sent in new:
            record = self._records.get(Key(sent.kind, sent.id))
            if sent.refusal or record is None:
                continue
            unknown.add(sent.stamp)  # it may come again, long after it was re-stamped
            if any(record.stamps.get(name) != seen for name, seen in sent.base.items()):
                unknown.update(Change(sent.stamp, {}, sent.base).base_stamps())
        if unknown:
            self._restamped |= self._town.restamped(unknown)

    def _owners(self, new: Sequence[Sent], writer: Writer) -> dict[str, str]:
        """Whose each stamp's device is. A phone enrolled anew after a restore still writes with its old stamps."""
        others = {device_of(sent.stamp) for sent in new if sent.stamp} - {writer.device}
        return {writer.device: writer.person} | (self._town.owners(others) if others else {})

    # --- one change ------------------------------------------------------------------------------------------------

    def _take(
        self, sent: Sent, writer: Writer, owners: dict[str, str], newest: dict[str, str], admitted: Admitted
    ) -> None:
        row = self._row(sent, writer)
        self._rows.append(row)  # before what it brings about, so that numbers stand in the log in order
        row.refusal = sent.refusal or self._stranger(sent, writer, owners) or self._judge(row, writer)
        if row.refusal is None and not self._repeats(row, newest):
            if row.kind == CONFLICT:
                row.refusal = self._decide(row, writer)
            else:
                is_new = row.key not in self._records
                self._apply(row)
                if is_new and sent.village != row.village:
                    self._tell_where_it_went(row, sent, writer)
        if row.refusal:
            self._refused.append(row)
        elif row.stamp > newest.get(device_of(row.stamp), ""):
            newest[device_of(row.stamp)] = row.stamp
        admitted.taken += row.refusal is None
        _tell(row, admitted)

    def _tell_where_it_went(self, row: Logged, sent: Sent, writer: Writer) -> None:
        """A new record filed elsewhere than its writer said must leave that village's phones, the writer's own among them."""
        if sent.village in self._town.villages():
            self._rows.append(self._notice(self._records[row.key], sent.village, writer, "move"))

    def _row(self, sent: Sent, writer: Writer) -> Logged:
        return Logged(
            writer.device,
            sent.number,
            sent.kind,
            sent.id,
            sent.village,
            sent.household,
            sent.stamp,
            sent.stamp,
            writer.person,
            writer.name,
            writer.via,
            self._now,
            sent.set,
            sent.base,
        )

    def _stranger(self, sent: Sent, writer: Writer, owners: dict[str, str]) -> Refusal | None:
        """A stamp may name only a device of the writer's own."""
        device = device_of(sent.stamp)
        owner = owners.get(device)
        if owner == writer.person:
            return None
        if owner is None and not device.startswith(DESK):
            self._town.adopt_device(device, writer.person)
            owners[device] = writer.person
            return None
        return invalid({"stamp": ["时间戳属于别人的设备 / the stamp names somebody else's device"]})

    def _repeats(self, row: Logged, newest: dict[str, str]) -> bool:
        """Whether this write was taken before, under another number; if not, give it a stamp that can be believed."""
        self._mend_base(row)
        above = row.change.base_stamps()
        last = newest.get(device_of(row.stamp), "")
        suspect = self._too_fast(row.stamp) or row.stamp <= last or (row.id, row.stamp) in self._restamped
        if suspect and row.key in self._records:
            history = self._history(row.key)
            twin = next((other for other in history if _is_same_write(row, other)), None)
            if twin is not None:
                self._repeat_write(row, twin)
                return True
            above += _own_line(row, history)
        self._restamp(row, above, last)
        return False

    def _mend_base(self, row: Logged) -> None:
        """Read the base as its writer would have written it, had the replies to his earlier changes reached him."""
        for refused in self._refused:
            if refused.key == row.key and refused.set.keys() & (row.set.keys() | row.base.keys()):
                row.base = rebase(row.change, refused.change)
        if self._restamped:
            row.base = _renamed(row.base, row.id, self._restamped)

    def _too_fast(self, stamp: str) -> bool:
        return milliseconds_of(stamp) > self._now + FAST_LIMIT_MS

    def _restamp(self, row: Logged, above: list[str], last: str) -> None:
        """Replace a stamp that is too far ahead, or not above what its writer was looking at.

        The new one lies above `last` too, the device's newest, so that it never is one that the device has used itself.
        """
        if self._too_fast(row.stamp) or any(stamp >= row.stamp for stamp in above):
            # A base may name a stamp that never was, from the end of time: it must not carry the township's clock away.
            believable = [stamp for stamp in [*above, last] if stamp and not self._too_fast(stamp)]
            row.stamp = self._clock.tick(believable, device_of(row.stamp))
            self._restamped[row.id, row.sent_stamp] = row.stamp

    def _repeat_write(self, row: Logged, twin: Logged) -> None:
        """The same stamp again is the same write: it uses up its number and changes nothing."""
        if not same(row.set, twin.set):
            row.refusal = invalid({"stamp": ["时间戳已用于另一次填写 / the stamp was used for another write"]})
            return
        row.repeats, row.stamp = True, twin.stamp

    # --- the desk --------------------------------------------------------------------------------------------------

    def write(self, writer: Writer, kind: str, id: str, values: dict[str, Any], **place: Any) -> Logged:
        """A change by the desk itself: `values` on what stands now, or on `base` where given.

        `place`: village, household (new records), base, decides. Judged like any other; the row tells a refusal.
        """
        self._fetch([Key(kind, id), self._household_key(place.get("household"))])
        record = self._records.get(Key(kind, id))
        self._settle(Key(kind, id))
        stamps = dict(record.stamps) if record else {}
        base = place.get("base")
        if base is None:
            base = stamps if values.get(REMOVED) is True else {n: stamps[n] for n in values if n in stamps}
        row = Logged(
            self._clock.device, self._next_desk_number(), kind, id, place.get("village"), place.get("household"),
            "", "", writer.person, writer.name, writer.via, self._now, values, base, place.get("decides") or {},
        )  # fmt: skip
        errors = self._kinds[kind].errors(values)
        row.refusal = invalid(errors) if errors else self._judge(row, writer)
        above = row.change.base_stamps() + [s for n in values if isinstance(s := stamps.get(n), str)]
        row.stamp = row.sent_stamp = self._clock.tick(above)
        self._rows.append(row)
        if row.refusal is None:
            self._apply(row)
        return row

    def decide(self, writer: Writer, conflict_id: str, values: dict[str, Any]) -> Refusal | None:
        """The desk's decision on a conflict: `decision` and, for another word than either, `value`."""
        self._fetch([Key(CONFLICT, conflict_id)])
        row = Logged(
            self._clock.device, self._next_desk_number(), CONFLICT, conflict_id, None, None,
            "", "", writer.person, writer.name, writer.via, self._now, values,
        )  # fmt: skip
        row.stamp = row.sent_stamp = self._clock.tick()
        self._rows.append(row)
        row.refusal = self._judge(row, writer) or self._decide(row, writer, at_the_desk=True)
        return row.refusal

    def _decide(self, row: Logged, writer: Writer, at_the_desk: bool = False) -> Refusal | None:
        """A change to a conflict: the desk decides, either writer may ask for it to be looked at again.

        Who sits `at_the_desk` sees all that is here; who decides on a phone saw what was older than the decision.
        """
        conflict = self._records[row.key]
        about = Key(conflict.values["about"], conflict.values["record"])
        self._fetch([about])
        self._settle(about)
        record, kind = self._records[about], self._kinds[about.kind]
        history = self._history(about)
        seen = record if at_the_desk else self._as_seen(kind, record, history, row)
        may_decide = bool(writer.roles & DESK_ROLES) and any(
            g.whole and g.covers(conflict.village, conflict.household) for g in writer.grants
        )
        decision = read_decision(kind, conflict, seen, row, history, may_decide)
        if isinstance(decision, Refusal):
            return decision
        row.village, row.household = conflict.village, conflict.household
        told = decision.values(self._now, writer.name)
        if decision.chosen is not None:  # what was decided upon stays beside the decision
            told |= standing_side(seen, conflict.values["field"], {other.stamp: other.by for other in history})
        conflict.values |= told
        conflict.stamps |= dict.fromkeys(told, row.stamp)
        self._touched.add(conflict.key)
        if decision.chosen is not None:
            self._write_decision(decision, record, seen, conflict, writer)
        return None

    def _as_seen(self, kind: Kind, record: Record, history: Sequence[Logged], row: Logged) -> Record:
        """The record as whoever decides on a phone can have seen it.

        Without words stamped later than the decision, and without those that came here after the conflict told the standing side
        that the decision's base names.
        """
        told = row.base.get("decision")
        refreshed = [o.seq for o in self._history(row.key) if told and o.device.startswith(DESK) and o.stamp > told]
        until = min(refreshed, default=None)
        earlier = [o for o in history if o.stamp <= row.stamp and (until is None or o.seq < until)]
        if len(earlier) == len(history):
            return record
        folded = fold(kind, (other.change for other in earlier))
        return Record(record.kind, record.id, record.village, record.household, folded.values, folded.stamps)

    def _write_decision(
        self, decision: Decision, record: Record, seen: Record, conflict: Record, writer: Writer
    ) -> None:
        """The chosen value goes to the record as the township's own change, in the same transaction.

        Its base is what the desk had seen: a word written meanwhile loses to the decision as a conflict of its own.
        """
        name = conflict.values["field"]
        settled = [conflict.values["losing_stamp"]]
        if name in self._kinds[record.kind].evidence:
            settled = [row.stamp for row in self._history(record.key) if name in row.set]
        (value,) = decision.chosen or (None,)
        base = dict(seen.stamps) if name == REMOVED else {n: s for n, s in seen.stamps.items() if n == name}
        stamp = self._clock.tick([s for s in record.stamps.values() if isinstance(s, str)])
        row = Logged(
            self._clock.device, self._next_desk_number(), record.kind, record.id, record.village, record.household,
            stamp, stamp, writer.person, writer.name, "decision", self._now, {name: value}, base, {name: settled},
        )  # fmt: skip
        self._rows.append(row)
        self._apply(row)

    def move(self, writer: Writer, household: str, village: str) -> list[Key]:
        """Re-file a household, its members and their conflicts under another village, in both villages' feeds.

        Past visits stay where they happened. ValueError in words when it cannot be.
        """
        home = self._household_key(household)
        self._fetch([home])
        if home not in self._records:
            raise ValueError("没有这一户。 / There is no such household.")
        if village not in self._town.villages():
            raise ValueError("本乡镇没有这个行政村。 / No such village in this township.")
        moving = [self._records[home]]
        moving += [
            record for record in self._town.of_household(household) if self._kinds[record.kind].follows_household
        ]
        keys = [record.key for record in moving if record.village != village]
        moving += [row for rows in self._town.conflicts(keys).values() for row in rows]
        for record in moving:
            record = self._records.setdefault(record.key, record)
            if record.village == village:
                continue
            for place in (record.village, village):  # who loses sight reads it in the old village's feed
                self._rows.append(self._notice(record, place, writer, "move"))
            record.village = village
            self._touched.add(record.key)
        return keys

    def renew(self, writer: Writer, keys: Iterable[Key]) -> None:
        """Make records anew from their logs, by today's declarations, and bring them before everybody who holds them."""
        wanted = list(keys)
        self._fetch(wanted)
        for key in wanted:
            record = self._records[key]
            self._refold.add(key)
            self._touched.add(key)
            self._rows.append(self._notice(record, record.village, writer, "upgrade"))


def _check_order(batch: Sequence[Sent], wanted: int) -> None:
    """A gap, at the start or inside, stops the whole request."""
    for place, sent in enumerate(batch):
        expected = batch[place - 1].number + 1 if place else min(sent.number, wanted)
        if sent.number != expected:
            raise Gap("编号不连续，请从 next 开始重发。 / Numbers are missing; send again from next.", next=wanted)


def _tell(row: Logged, admitted: Admitted) -> None:
    if row.refusal:
        admitted.refused[row.number] = row.refusal
    elif row.stamp != row.sent_stamp:
        admitted.restamped[row.number] = row.stamp


def _renamed(base: dict[str, Any], record: str, restamped: dict[tuple[str, str], str]) -> dict[str, Any]:
    """The base with every stamp of this record that was re-stamped under its new name."""
    return {
        name: {element: [restamped.get((record, s), s) for s in adds] for element, adds in seen.items()}
        if isinstance(seen, dict)
        else restamped.get((record, seen), seen)
        for name, seen in base.items()
    }


def _is_same_write(row: Logged, other: Logged) -> bool:
    """Whether the log's row is this write: by the stamp it was sent with, or by the one it was given and its words."""
    return row.sent_stamp == other.sent_stamp or (row.sent_stamp == other.stamp and same(row.set, other.set))


def _own_line(row: Logged, history: Iterable[Logged]) -> list[str]:
    """The stamps of the same device's earlier words on the same fields, and any stamp it was given that is this one by chance."""
    device = device_of(row.stamp)
    mine = (other for other in history if device_of(other.stamp) == device)
    return [o.stamp for o in mine if o.stamp == row.stamp or not row.set.keys().isdisjoint(o.set)]
