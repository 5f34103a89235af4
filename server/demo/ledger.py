"""The problem ledger: what was found, and how far each problem came by the campaign's end.

About two and a half a village with a heavy tail, half of them a household's; 52 % closed, some through a "no" at a gate; by tiers as in
DOMAIN section 10. Promises: three people for fixed, verified and asked; whoever signs for the township or the county writes there.
Leaves to others: when a step can be taken (`chain`), which of them were legal (`shared.rules.ledger`): a few are not, as in the field.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from server.demo import words
from server.demo.chain import Chain, OutOfTime
from server.demo.chance import Chance
from server.demo.diary import Diary
from server.demo.names import Names
from server.demo.people import Clerk, Phone
from server.demo.season import DAY, HOUR, MINUTE
from server.demo.village import Village
from server.demo.visits import Visit
from shared.moments import iso
from shared.rules.policy import Policy

_MEAN = 2.5
_TAIL = 1.4  # the smaller, the heavier: the shape of the gamma behind the Poisson
_TIERS = {"household": 15, "village": 45, "township": 30, "county": 10}
_OUTCOMES = {
    "closed": 56, "reopened": 1, "explained": 4, "duplicate": 2, "rejected": 2, "reported": 3, "accepted": 3,
    "assigned": 9, "in_progress": 10, "fixed": 5, "verified": 5,
}  # fmt: skip
_OVER = ("closed", "reopened", "explained")
_OVERDUE = 0.6
"""Of what is assigned or under way, how much is past its day at the end: about 12 % of all problems."""
_HIGH = ("township", "county")
_DAYS = {"household": 7, "village": 12, "township": 18, "county": 25}


@dataclass(slots=True)
class Office:
    """Who writes in the township's own name, and where else problems go."""

    clerks: list[Clerk]
    county: Clerk
    names: Names


class Ledger:
    """One township's problems, handled by one policy."""

    def __init__(self, chance: Chance, diary: Diary, office: Office, policy: Policy) -> None:
        self._chance = chance
        self._diary = diary
        self._office = office
        self._policy = policy
        self._earlier: dict[str, list[str]] = {}

    def save(self, village: Village, visits: list[Visit]) -> None:
        """Find a village's problems and enter them and their steps in the diary. Visits still to be saved learn of theirs."""
        chance = self._chance
        met = [visit for visit in visits if visit.met and not visit.home.leaving]
        for _ in range(chance.poisson(chance.gammavariate(_TAIL, _MEAN / _TAIL))):
            outcome = chance.weighted(_OUTCOMES)
            _Problem(self._chance, self._diary, self._office, village, outcome, self._policy).save(met, self._earlier)


class _Problem:
    """One problem from being found to where it stands."""

    def __init__(
        self, chance: Chance, diary: Diary, office: Office, village: Village, outcome: str, policy: Policy
    ) -> None:
        self._chance = chance
        self._diary = diary
        self._office = office
        self._village = village
        self._outcome = outcome
        self._policy = policy
        self._tier = chance.weighted(_TIERS)
        self._category = chance.weighted(words.PROBLEM_SHARES)
        self._overdue = outcome in ("assigned", "in_progress") and chance.happens(_OVERDUE)
        self._fixer, self._verifier, self._asker = chance.sample(village.cadres, 3)
        self._household: str | None = None
        self._chain: Chain

    def save(self, visits: list[Visit], earlier: dict[str, list[str]]) -> None:
        chance, season = self._chance, self._diary.season
        # What was closed was found early enough; what only came in, lately.
        share = 0.5 if self._outcome in _OVER else 0.97 if self._outcome in ("reported", "accepted") else 0.72
        early = 0.75 if self._outcome in ("reported", "accepted") else 0.0
        first, last = season.start + early * (season.end - season.start), season.start + share * season.days * DAY
        seen = [visit for visit in visits if first <= visit.saved_at <= last]
        visit = chance.choice(seen) if seen and chance.happens(0.5) else None
        finder: Phone | Clerk = visit.phone if visit else chance.choice(self._village.cadres)
        at = visit.saved_at if visit else chance.between(first, last) // DAY * DAY + chance.between(1 * HOUR, 9 * HOUR)
        at = max(at, season.start + 9 * HOUR)
        self._household = visit.home.id if visit else None
        source = "visit" if visit else chance.weighted({"cleanup_check": 30, "online": 30, "research": 15, "upper": 25})
        if source == "upper":
            finder = chance.choice(self._office.clerks)
            at = season.desk_after(at)
        id_ = chance.new_id(at)
        found = visit.ended - chance.between(1, 5) * MINUTE if visit else at - chance.between(5, 90) * MINUTE
        values: dict[str, Any] = {
            "source": source,
            "category": self._category,
            "description": chance.choice(words.PROBLEMS[self._category]),
            "found_at": iso(found),
            "found_by": finder.name,
            "policy_version": self._policy.version,
        }
        if isinstance(finder, Phone):
            at = self._diary.by_phone(finder, at + 2000, "problem", id_, self._household, values).at
        else:
            self._diary.by_desk(finder, at, "problem", id_, self._village.code, self._household, values)
        if visit:
            visit.values["found_problems"] = [*visit.values.get("found_problems", []), id_]
        self._chain = Chain(chance, self._diary, id_, self._village.code, self._household)
        self._chain.begin(finder, at)
        twins = earlier.setdefault(self._village.code, [])
        with suppress(OutOfTime):
            self._go(finder, chance.choice(twins) if twins else None)
        twins.append(id_)

    # --- the way through the ledger ----------------------------------------------------------------------------------

    def _go(self, finder: Phone | Clerk, twin: str | None) -> None:
        chance, chain, outcome = self._chance, self._chain, self._outcome
        if isinstance(finder, Clerk):
            chain.by_desk(finder, 0, "reported", by_tier="township")
        else:
            chain.by_phone(finder, 0, "reported", by_tier="village")
        if outcome == "reported":
            return
        if outcome == "duplicate" and twin:
            self._desk(0.5, "duplicate", duplicate_of=twin)
            return
        if outcome in ("duplicate", "rejected"):
            self._desk(0.5, "rejected", reason=chance.choice(words.REJECTED))
            return
        self._desk(chance.weighted({0.1: 6, 0.8: 3, 2.2: 1}), "accepted")
        if outcome == "accepted":
            return
        if chance.happens(0.06):  # somebody begins before it is anybody's: without effect too
            chain.by_phone(self._fixer, 0.2, "started", by_tier="village")
        self._assign()
        if outcome == "assigned":
            return
        self._do(chance.uniform(0.2, 2), "started")
        if outcome == "in_progress":
            if chance.happens(0.25) and not self._overdue:
                self._extend()
            return
        if chance.happens(0.05) and outcome in _OVER:
            self._extend()
        self._fix_and_verify()

    def _assign(self) -> None:
        """To the tier that will solve it, or first to the one below, which cannot.

        Whoever sends it up may name unit, person and day there as long as the tier's own days will do; else the tier hands it out itself.
        """
        chance, chain = self._chance, self._chain
        below = {"township": "village", "county": "township"}.get(self._tier)
        first = below if below and (self._tier == "county" or chance.happens(0.4)) else self._tier
        self._desk(0.1, "assigned", tier=first, due_date=self._due(first), **self._duty(first))
        if first == self._tier:
            return
        moved: dict[str, Any] = {"tier": self._tier, "reason": chance.choice(words.ESCALATED)}
        duty, days = self._duty(self._tier), chance.uniform(0.5, 2)
        duty["due_date"] = self._due(self._tier)
        in_its_days = duty["due_date"] <= chain.date(self._policy.problems.days[self._tier])
        if in_its_days:
            moved |= duty
        if first == "village":
            chain.by_phone(self._fixer, days, "escalated", by_tier="village", **moved)
        else:
            self._desk(days, "escalated", **moved)
        if in_its_days:
            return
        if self._tier == "county":
            chain.by_desk(self._office.county, 0.1, "assigned", by_tier="county", **duty)
        else:
            self._desk(0.1, "assigned", **duty)

    def _due(self, tier: str) -> str:
        """The day by which it is to be solved: past at the campaign's end where the problem is to be overdue then."""
        left = (self._diary.season.end - self._chain.at) / DAY
        if self._overdue:
            return self._chain.date(max(1, left * self._chance.uniform(0.3, 0.8)))
        days = _DAYS[tier] * self._chance.uniform(0.8, 1.5)
        if self._outcome not in _OVER or self._chance.happens(0.94):
            days = max(days, left + 2 if self._outcome not in _OVER else left * 0.8)
        return self._chain.date(days)

    def _duty(self, tier: str) -> dict[str, Any]:
        if tier not in _HIGH:
            return {"unit": f"{self._village.place.stem}村委会", "person": self._fixer.name}
        unit = words.UNITS[self._category]
        if tier == "county":
            unit = words.COUNTY_UNITS.get(self._category, "县扶贫开发指挥部")
        return {"unit": unit, "person": self._office.names.person("male")}

    def _extend(self) -> None:
        later = self._chain.date(_DAYS[self._tier] * 2 + self._diary.season.days)
        values: dict[str, Any] = {"due_date": later, "reason": self._chance.choice(words.EXTENDED)}
        if self._tier in _HIGH:
            self._chain.by_desk(self._office.county, 1, "extended", by_tier="county", **values)
        else:
            self._desk(1, "extended", **values)

    def _fix_and_verify(self) -> None:
        chance = self._chance
        self._do(self._work(), "fixed", proof_note=chance.choice(words.PROOFS))
        if chance.happens(0.06):
            self._look("gate_failed", reason=chance.choice(words.GATE_FAILED))
            self._do(self._work() / 2, "fixed", proof_note=chance.choice(words.PROOFS))
        if self._outcome == "fixed":
            return
        if chance.happens(0.08):  # the fixer finds his own work good: stays in the ledger, without effect
            self._do(0.1, "verified")
        self._look("verified")
        if self._outcome == "verified":
            return
        if self._outcome == "explained":
            self._desk(1, "explained", reason=chance.choice(words.EXPLAINED))
            return
        self._ask()
        if self._outcome == "reopened":
            self._chain.by_phone(
                self._asker, chance.uniform(1, 4), "reopened", by_tier="village", reason=chance.choice(words.REOPENED)
            )

    def _ask(self) -> None:
        """The third gate: the household, or three villagers where none is concerned."""
        chance = self._chance
        if chance.happens(0.09):
            self._answer("no", reason=chance.choice(words.NOT_SATISFIED))
            self._do(self._work() / 2, "fixed", proof_note=chance.choice(words.PROOFS))
            self._look("verified")
        elif self._household and chance.happens(0.04):
            for _ in range(3):
                self._answer("unreachable", method="phone")
            self._answer("yes", method="witness", witnesses=[self._office.names.person("male")])
            return
        self._answer("yes")

    def _answer(self, answer: str, **values: Any) -> None:
        chance = self._chance
        if self._household is None:
            people = [self._office.names.person(chance.choice(("male", "female"))) for _ in range(3)]
            values |= {"method": "representatives", "witnesses": people}
        values.setdefault("method", "home" if chance.happens(0.75) else "phone")
        self._chain.by_phone(
            self._asker, chance.uniform(0.3, 1.5), "satisfied", by_tier="village", answer=answer, **values
        )

    # --- who -----------------------------------------------------------------------------------------------------------

    def _work(self) -> float:
        """Days of work: as many as the season leaves room for."""
        return self._chance.uniform(0.02, 0.1) * self._diary.season.days

    def _do(self, days: float, step: str, **values: Any) -> None:
        """A step by whoever is responsible."""
        if self._tier == "county":
            self._chain.by_desk(self._office.county, days, step, by_tier="county", **values)
        elif self._tier == "township":
            self._desk(days, step, clerk=self._office.clerks[0], **values)
        else:
            self._chain.by_phone(self._fixer, days, step, by_tier=self._tier, **values)

    def _look(self, step: str, **values: Any) -> None:
        """A step by another person of the same or a higher tier."""
        days = self._chance.uniform(0.3, 2)
        if self._tier == "county":
            self._chain.by_desk(self._office.county, days, step, by_tier="county", **(values | self._signed()))
        elif self._tier == "township":
            self._desk(days, step, clerk=self._office.clerks[-1], **values)
        else:
            self._chain.by_phone(self._verifier, days, step, by_tier="village", **values)

    def _desk(self, days: float, step: str, clerk: Clerk | None = None, **values: Any) -> None:
        self._chain.by_desk(clerk or self._chance.choice(self._office.clerks), days, step, by_tier="township", **values)

    def _signed(self) -> dict[str, str]:
        """The county's officer enters what a colleague looked at: the step bears the colleague's name."""
        return {"by_name": f"{self._office.names.surname()}科长（县）"}
