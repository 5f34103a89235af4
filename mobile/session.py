"""One person's unlocked profile while the app is open: the notebook, what is due, and how syncing goes, in one place for every page.

Promises: what pages ask for again and again (the due list, names) is worked out once until something changes; what syncing says arrives in
the screen's own thread. Leaves to others: unlocking (`profiles`), words and pages (`pages`), the rules (`duties`).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mobile.duties import DueList, Duties, Problem
from mobile.notebook import Disagreement, Doors, Notebook
from mobile.photo_courier import PhotoCourier
from mobile.photos import Photos
from mobile.sending import Sending
from mobile.store import Store
from mobile.syncing import Outcome, Syncing
from shared.kind import Registry
from shared.moments import DAY_MS
from shared.rules.contact import PARTY_LINK, LinkMonth, link_month, runs_on
from shared.rules.due import Due, Place, runs
from shared.rules.entry import Entry
from shared.rules.finding import Finding
from shared.rules.policy import Policy
from shared.sync.converse import Summary
from shared.sync.phone import Courier, Enrolment, PhoneError, Written

LAST_SYNC = "last_sync_here"
SEEN = "seen_conflicts"
COMPARED = "compared_at"

log = logging.getLogger(__name__)


def _mark(one: Disagreement) -> str:
    return f"{one.shown.record.id} {one.status}"


@dataclass(frozen=True)
class SyncState:
    """How syncing goes. `summary` counts while it runs; `error` is what went wrong last, `last` when it last went well (ms, or None)."""

    running: bool = False
    paused: bool = False
    summary: Summary | None = None
    error: PhoneError | None = None
    last: int | None = None


class Session:
    """An open profile. `heard` is called, in the screen's thread, whenever syncing has news; `soon` takes work there from any thread."""

    def __init__(
        self,
        store: Store,
        kinds: Registry,
        doors: Doors,
        soon: Callable[[Callable[[], None]], None],
        heard: Callable[[], None],
        courier_for: Callable[[Enrolment], Courier] | None = None,
        carry: Callable[[], object] = lambda: None,
        photo_courier_for: Callable[[Enrolment], PhotoCourier] | None = None,
    ) -> None:
        """`carry` takes other people's unsent words along after a sync that worked; it is called in the sync's own thread.

        Photos go over HTTP, unless records do not and no courier for photos is given: then they wait.
        """
        self._carry = carry
        self.store = store
        self.kinds = kinds
        self.notebook = Notebook(store, kinds, doors)
        self.duties = Duties(self.notebook)
        self.syncing = Syncing(store, kinds, doors.now, courier_for, progress=self._progress)
        self.photos = Photos(self.notebook)
        self.sending = Sending(self.photos, self.syncing.idle, photo_courier_for)
        self._sends_photos = courier_for is None or photo_courier_for is not None
        self.state = SyncState(last=self.noted(LAST_SYNC))
        self._soon = soon
        self._heard = heard
        self._known: dict[str, Any] = {}
        self._known_at: tuple[Any, ...] = ()
        self.rounds = 0
        self.closed = False

    # --- syncing ---------------------------------------------------------------------------------------------------

    def start_syncing(self) -> None:
        """Sync now and from time to time, in the background."""
        self._put(SyncState(True, False, None, None, self.state.last))
        self.syncing.start(self._told)

    def sync_now(self) -> None:
        """The person wants it now: do not wait any longer; goes on after a pause."""
        if self.state.paused:
            self.syncing.resume()
            self.sending.resume()
        self.sending.hurry()
        self._put(SyncState(True, False, self.state.summary, None, self.state.last))
        self.syncing.start(self._told)
        self.syncing.nudge()

    def pause_syncing(self) -> None:
        """Stop after the page that is under way; nothing is lost, going on starts where it stopped."""
        self.syncing.pause()
        self.sending.pause()
        self._put(SyncState(False, True, self.state.summary, None, self.state.last))

    def close(self) -> None:
        """Stop syncing and close the store, without waiting for a request that hangs."""
        self.closed = True
        self.sending.stop(0)
        self.syncing.stop(0)
        self.store.close()

    def _progress(self, summary: Summary) -> None:
        counts = Summary(**{name: getattr(summary, name) for name in Summary.__slots__})  # it goes on counting
        self._soon(lambda: self._news(SyncState(True, False, counts, None, self.state.last)))

    def _told(self, outcome: Outcome) -> None:
        self._soon(lambda: self._ended(outcome))
        if outcome.summary:
            self._carry()
            self._compare()
            if self._sends_photos:
                self.sending.synced(lambda lane: self._soon(self._photo_news))

    def _compare(self) -> None:
        """Once a day: does this phone hold what the township thinks it holds?"""
        last, now = self.noted(COMPARED), self.notebook.doors.now()
        if isinstance(last, int) and 0 <= now - last < DAY_MS:
            return
        try:
            filled = self.syncing.compare()
        except PhoneError as error:
            log.info("compare: %s", error.code)  # the next sync that works tries again
            return
        self.note(COMPARED, now)
        if filled:
            self._soon(self.heard_of_sync)

    def _ended(self, outcome: Outcome) -> None:
        if self.closed:
            return
        last = self.state.last
        if outcome.summary:
            last = self.notebook.doors.now()
            self.note(LAST_SYNC, last)
        self._news(SyncState(False, self.state.paused, outcome.summary, outcome.error, last))

    def _news(self, state: SyncState) -> None:
        if self.closed:
            return
        self.rounds += 1
        self._put(state if not self.state.paused or not state.running else self.state)

    def _photo_news(self) -> None:
        """A photo arrived, or the lane rests. Nothing that pages work out depends on it."""
        if not self.closed:
            self._heard()

    def heard_of_sync(self) -> None:
        """A sync was made by hand: what is known is worked out anew."""
        self.rounds += 1
        self._heard()

    def _put(self, state: SyncState) -> None:
        self.state = state
        self._heard()

    # --- what the app notes for its own ease -----------------------------------------------------------------------

    def noted(self, name: str) -> Any:
        """What was noted under this name; None when nothing was, or it cannot be read any more: it is nobody's word."""
        try:
            return self.store.fact(name)
        except PhoneError as error:
            log.warning("noted %s: %s", name, error.code)
            return None

    def note(self, name: str, value: Any) -> None:
        """Note something for the next time. On a full disk it is not noted, which costs nobody a word and stops nobody."""
        try:
            self.store.together(lambda: self.store.set_fact(name, value))
        except PhoneError as error:
            log.warning("note %s: %s", name, error.code)

    # --- what pages ask for again and again --------------------------------------------------------------------------

    def due(self) -> DueList:
        """What is due today."""
        return self.once("due", self.duties.due)

    def due_of(self, household: str) -> list[Due]:
        """What is due at one household."""
        return self.once("due_by_household", self._due_by_household).get(household, [])

    def problems(self, household: str = "") -> list[Problem]:
        """Problems as `Duties.problems`."""
        found: list[Problem] = self.once("problems", self.duties.problems)
        return [one for one in found if household in ("", one.entry.household)]

    def households(self) -> dict[str, Entry]:
        """Every household of this phone in short form, by id."""
        return self.once("households", lambda: {entry.id: entry for entry in self.notebook.entries("household")})

    def policy(self) -> Policy:
        """The policy in force today."""
        return self.once("policy", lambda: self.notebook.policies().on(self.notebook.today()))

    def open_visits(self) -> list[Entry]:
        """This phone's own visits that have begun and not ended, oldest first."""
        return self.once("open_visits", self.duties.open_visits)

    # --- visits and links --------------------------------------------------------------------------------------------

    def begin_visit(self, household: str) -> Written:
        """Begin a visit; where this person is linked to the household it is a contact visit too, so that nothing is entered twice."""
        purposes = ["campaign", PARTY_LINK] if self.link_of(household) else ["campaign"]
        return self.notebook.start_visit(household, {"purposes": purposes})

    def links(self) -> list[Entry]:
        """The party links of this person that are in force today."""

        def find() -> list[Entry]:
            names, today = self.duties.person().names, self.notebook.today()
            mine = [e for e in self.notebook.entries("party_link") if e.values.get("party_member") in names]
            return sorted(
                (e for e in mine if runs_on(e.values, today)), key=lambda e: (self.name_of(e.household), e.id)
            )

        return self.once("links", find)

    def link_of(self, household: str) -> Entry | None:
        """This person's link to a household; None when there is none."""
        return next((link for link in self.links() if link.household == household), None)

    def month_of(self, link: Entry) -> LinkMonth:
        """What a link owes this month, and what was done."""

        def visits() -> list[Entry]:
            return [*self.notebook.entries("contact_visit"), *self.notebook.entries("visit")]

        here = [e for e in self.once("calls", visits) if e.household == link.household]
        today, now = self.notebook.today(), self.notebook.doors.now()
        return link_month(link, here, today[:7], self.policy().contact, now)

    def minimum_minutes(self) -> int:
        """How long a visit should take: the running campaign's word, else the policy's."""

        def find() -> int:
            today = self.notebook.today()
            said = [
                entry.values["minimum_minutes"]
                for entry in self.notebook.entries("campaign")
                if runs(entry.values, today) and entry.values.get("minimum_minutes") is not None
            ]
            return max(said, default=self.policy().visit.minimum_minutes)

        return self.once("minimum", find)

    def last_visit(self, household: str, besides: str = "") -> dict[str, Any]:
        """The values of the last visit to a household whose checks were answered, by anyone; empty when there was none."""
        statuses = self.policy().statuses
        found = [
            shown.record
            for shown in self.notebook.records("visit", household=household)
            if shown.record.id != besides and any(shown.record.values.get(name) for name in statuses)
        ]
        last = max(found, key=lambda record: str(record.values.get("started_at") or ""), default=None)
        return dict(last.values) if last else {}

    def oddities(self, household: str) -> list[tuple[Entry, Finding]]:
        """What looks odd in a household; it only reminds."""
        return self.once(f"oddities/{household}", lambda: self.duties.oddities(household))

    def lying_open(self) -> list[Entry]:
        """Visits open for so long that one must ask; those open for far too long are closed by this."""
        return self.duties.lying_open() if self.open_visits() else []

    def conflicts(self) -> list[Disagreement]:
        """Disagreements this person is part of, newest first."""
        return self.once("conflicts", self.notebook.conflicts)

    def unseen_conflicts(self) -> list[Disagreement]:
        """Those whose present state this person has not looked at on this phone."""
        seen = set(self.noted(SEEN) or ())
        return [one for one in self.conflicts() if _mark(one) not in seen]

    def saw(self, one: Disagreement) -> None:
        """This person has looked at a disagreement as it stands."""
        held = {_mark(other) for other in self.conflicts()}
        seen = [mark for mark in self.noted(SEEN) or () if mark in held]
        if _mark(one) not in seen:
            self.note(SEEN, [*seen, _mark(one)])

    def _due_by_household(self) -> dict[str, list[Due]]:
        places: list[Place] = self.due().places
        return {place.household: place.due for place in places if place.household}

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """The work's result, kept until something is written, synced, or a new day begins."""
        now = (self.store.appended, self.rounds, self.notebook.today())
        if now != self._known_at:
            self._known, self._known_at = {}, now
        if name not in self._known:
            self._known[name] = work()
        return self._known[name]

    def name_of(self, household: str | None) -> str:
        """The head's name of a household, empty where it is not known."""
        entry = self.households().get(household or "")
        return str(entry.values.get("head_name") or "") if entry else ""

    def village_named(self, code: str) -> str:
        """A village's name; its code where the township has not told it."""
        return str((self.noted("places") or {}).get(code) or code)

    def user(self) -> Mapping[str, Any]:
        """Whose profile this is: id, name, roles."""
        return self.notebook.enrolment().user
