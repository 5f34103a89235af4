"""How a problem stands, and who took the steps that brought it there. What the fold over the ledger's steps (`ledger`) comes to."""

from dataclasses import dataclass, field

from shared.fields import Label
from shared.hlc import LATEST_MS, device_of
from shared.merge import DESK
from shared.moments import end_of, milliseconds
from shared.rules.entry import Entry

STATES = {
    "draft": Label("草稿", "Draft"),
    "reported": Label("已上报", "Reported"),
    "accepted": Label("已受理", "Accepted"),
    "assigned": Label("已交办", "Assigned"),
    "in_progress": Label("整改中", "In progress"),
    "fixed": Label("待核验", "Fixed, to be verified"),
    "verified": Label("待群众评价", "Verified, household to be asked"),
    "closed": Label("已销号", "Closed"),
    "explained": Label("已解释答复", "Explained"),
    "duplicate": Label("重复", "Duplicate"),
    "rejected": Label("不予受理", "Rejected"),
    "reopened": Label("重新打开", "Reopened"),
}
OVER = frozenset({"closed", "explained", "duplicate", "rejected"})
"""States in which nobody owes anything."""
UNSOLVED = frozenset({"accepted", "assigned", "in_progress", "fixed", "reopened"})
"""Before the second gate: here a deadline can pass."""
BY_TIER = "village"
"""Who does not say is of the village."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who takes a step: the name signed, the device it was written on, and the tier."""

    name: str
    device: str
    tier: str = BY_TIER

    def same_as(self, other: "Signer | None") -> bool:
        """Whether two steps are one person's: by name, or by the phone. The desk's device is shared, so there the name tells."""
        if other is None:
            return False
        shared_device = self.device.startswith(DESK) or not self.device
        return self.name == other.name or (self.device == other.device and not shared_device)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step in its place: `why` is empty when it was effective, else a code of REASONS."""

    entry: Entry
    at: int
    why: str
    state: str

    @property
    def effective(self) -> bool:
        return not self.why


@dataclass(slots=True)
class Standing:
    """How a problem stands. Times in ms since 1970, days as text; `due` is the day whose end is the deadline."""

    state: str = "draft"
    tier: str = BY_TIER
    tier_named: bool = False
    """Whether anybody ever said the tier; else it is the village's, and no tier loses it to a lower one."""
    unit: str | None = None
    person: str | None = None
    due: str | None = None
    original_due: str | None = None
    extensions: int = 0
    sent_back: int = 0
    """How often a gate said no."""
    unreachable: int = 0
    reopened: int = 0
    reported_at: int | None = None
    fixed_at: int | None = None
    fixer: Signer | None = None
    verifier: Signer | None = None
    over_at: int | None = None
    over_written: int | None = None
    """When it was written down that it is over: from then run the days in which it may be reopened, whatever day the step names."""
    duplicate_of: str | None = None
    """The problem this one is a duplicate of, as long as it is one."""
    closed_by: str = ""
    """How the third gate was passed: household, witness or representatives."""
    steps: list[Taken] = field(default_factory=list)

    @property
    def solved(self) -> bool:
        """Through all three gates. An explained problem is not solved."""
        return self.state == "closed"

    @property
    def open(self) -> bool:
        return self.state not in OVER

    def overdue(self, now: int) -> bool:
        """Whether the deadline's day is over and the second gate not passed."""
        return self.state in UNSOLVED and self.due is not None and now > end_of(self.due)


def time_of(step: Entry) -> int:
    """When a step was taken: as written, but not later than it was written down."""
    at, written = step.values.get("at"), step.written_at
    if not at:
        return written
    return min(milliseconds(at), written) if written else milliseconds(at)


def written_of(step: Entry) -> int:
    """When a step was written down, whatever time it names. What is only tried out, under the last stamp there is, is of its own time."""
    return step.written_at if 0 < step.written_at < LATEST_MS else time_of(step)


def signer_of(step: Entry) -> Signer:
    """Who took a step."""
    values = step.values
    device = device_of(step.first) if step.first else ""
    return Signer((values.get("by_name") or "").strip(), device, values.get("by_tier") or BY_TIER)
