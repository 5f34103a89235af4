"""A township in which everything that is odd happens: written over the API by desk, cadres and county, as fast as a die is thrown.

The made-up county is what a campaign looks like; this is what the rules have edges for: clocks in other zones, visits of 29:59 and 30:00,
pauses within pauses, links begun on the fifteenth, checks by another rubric, steps nobody may take, households that come, leave, move and
are taken off. The same seed writes the same township. Knows no rule: what comes of it is for the reports to say.
"""

import random
import uuid
from typing import Any

from tests.sync.world import DAY, MINUTE, START, V1, V2, V3, Client, World, make_stamp

VILLAGES = (V1, V2, V3)
PEOPLE = ("韦一鸣", "农二妹", "黄三强", "陆四海", "覃五福")
MUST_VISIT = ["registered_poor", "removed", "key", "low_allowance", "disabled", "borderline"]
OLD_AND_NEW = [*MUST_VISIT, "general", "exited_poor", "borderline_at_risk", "sudden_hardship", "a_word_of_2030"]
CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
HOUSE = {"e1_house": 20, "e2_yard": 20, "e3_weeds": 15, "e4_rubbish": 20, "e5_kitchen": 10, "e6_toilet": 10, "e7_animals": 5}  # fmt: skip
VILLAGE = {"w1_rules": 9, "w2_cleaners": 8, "w3_bins": 18, "w4_stacks": 15, "w5_roads": 10, "w6_ditches": 15, "w7_toilets": 15, "w8_yards": 10}  # fmt: skip
TIERS = ("household", "village", "township", "county")
END = START + 100 * DAY
"""12 December 2018: when the last word has come in."""


class Awkward:
    """Writes one awkward township into a world whose clock stands at START."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dice = random.Random(seed)
        world.person("县里覃", "township:451422103", role="county")
        self.county = world.phone("县里覃", "451422103")
        grants = [f"village:{village}" for village in VILLAGES]
        self.phones = [world.cadre(name, *grants) for name in PEOPLE]
        self.homes: list[tuple[str, str]] = []
        self.links: list[tuple[str, str, str, str]] = []
        self.visits: list[tuple[str, str, str]] = []
        self.problems: list[tuple[str, str, str | None]] = []
        self.campaigns: list[str] = []
        self.outbox: dict[str, list[dict[str, Any]]] = {}
        self.near = START
        self.next_step: dict[str, int] = {}

    # --- small things ---------------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def odds(self, share: float) -> bool:
        return self.dice.random() < share

    def some(self, words: Any, most: int) -> list[str]:
        return self.dice.sample(list(words), self.dice.randint(0, most))

    def moment(self, ms: int) -> str:
        """The same moment as different phones may write it."""
        from datetime import UTC, datetime, timedelta, timezone

        hours = self.dice.choice((8, 8, 8, 8, 0, 7, -5))
        zone = timezone(timedelta(hours=hours))
        parts = "milliseconds" if self.odds(0.2) else "seconds"
        text = datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec=parts)
        return text.replace("+00:00", "Z") if zone.utcoffset(None) == UTC.utcoffset(None) and self.odds(0.5) else text

    def day(self, ms: int) -> str:
        from datetime import datetime, timedelta, timezone

        return datetime.fromtimestamp(ms / 1000, timezone(timedelta(hours=8))).date().isoformat()

    def around(self, ms: int, days: int) -> int:
        return ms + self.dice.randint(-days * DAY, days * DAY)

    def by_phone(self, phone: Client, kind: str, id_: str, values: dict[str, Any], village: str, household: str | None = None,
                 written: int | None = None) -> None:  # fmt: skip
        """Saved on a phone, which knows nothing of what others wrote; handed in with the rest of its outbox some events later."""
        stamp = make_stamp(self.world.now if written is None else written, phone.device, self.dice.randint(0, 0xFFF))
        change = phone.change(kind, id_, values, village=village, household=household, stamp=stamp)
        self.outbox.setdefault(phone.device, []).append(change)

    def by_desk(
        self, kind: str, id_: str, values: dict[str, Any], village: str | None, household: str | None = None
    ) -> None:
        """Written at the console, on what stands."""
        row = self.world.at_the_gate(
            lambda gate, writer: gate.write(writer, kind, id_, values, village=village, household=household)
        )
        assert row.refusal is None, (kind, values, row.refusal)

    def hand_in(self) -> None:
        """One phone finds signal."""
        phone = self.dice.choice([*self.phones, self.county])
        waiting = self.outbox.pop(phone.device, [])
        if waiting:
            assert phone.sync(*waiting)["refused"] == []

    # --- what happens ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The register, the policy, the campaign; the roster is frozen two days later."""
        self.policy("2018.1", "2018-09-01", {})
        for _ in range(36):
            self.new_home()
        self.campaign("2018-09-01", "2018-10-31", MUST_VISIT, frozen=START + 2 * DAY)
        self.world.now = START + 3 * DAY

    def go_on(self, events: int) -> None:
        """So many things, evenly from the third day to the hundredth."""
        doings = {
            self.visit: 34, self.again: 14, self.contact: 30, self.link: 8, self.end_link: 4, self.home_changes: 14, self.new_home: 2,
            self.check: 24, self.problem: 8, self.step: 60,
        }  # fmt: skip
        start = self.world.now
        for number in range(events):
            self.world.now = max(self.world.now, start + (END - start) * number // events)
            if number == events // 3:
                self.policy("2018.2", "2018-10-10", {"minimum_minutes": 20, "contact_visits_a_month": 3})
            if number == events // 2:
                self.campaign("2018-11-01", None, ["key", "low_allowance", "disabled"], strict=True, minimum_minutes=25)
            self.dice.choices(list(doings), list(doings.values()))[0]()
            if self.odds(0.25):
                self.hand_in()
        for phone in (*self.phones, self.county):
            if phone.device in self.outbox:
                phone.sync(*self.outbox.pop(phone.device))

    def policy(self, version: str, day: str, more: dict[str, Any]) -> None:
        values = {"name": "规则", "version": version, "preset": "five_campaigns_2018", "effective_from": day, **more}
        self.by_desk("policy", self.new_id(), values, None)

    def campaign(
        self, starts: str, ends: str | None, must_visit: list[str], frozen: int | None = None, **more: Any
    ) -> None:
        self.campaigns.append(self.new_id())
        values = {"name": f"活动{len(self.campaigns)}", "starts_on": starts, "must_visit": must_visit, **more}
        values |= {"frozen_at": self.moment((frozen or self.world.now + MINUTE) // 1000 * 1000)}
        self.by_desk("campaign", self.campaigns[-1], values | ({"ends_on": ends} if ends else {}), None)
        self.world.later(minutes=2)

    def new_home(self) -> None:
        id_, village = self.new_id(), self.dice.choice(VILLAGES)
        self.homes.append((id_, village))
        values = {"head_name": "某某", "categories": self.some(OLD_AND_NEW, 3)}
        self.by_desk("household", id_, values, village)

    def home_changes(self) -> None:
        dice, now = self.dice, self.world.now
        place = dice.randrange(len(self.homes))
        id_, village = self.homes[place]
        what = dice.choices(["categories", "left", "removed", "back", "move"], [10, 3, 2, 1, 1])[0]
        if what == "move":
            self.homes[place] = id_, dice.choice(VILLAGES)
            self.world.move(id_, self.homes[place][1])
            return
        values: dict[str, Any] = {"removed": what == "removed"}
        if what == "categories":
            values = {"categories": None if self.odds(0.05) else self.some(OLD_AND_NEW, 3)}
        elif what == "left":
            values = {"left_reason": dice.choice(["moved", "died_out", "merged", None])}
            if self.odds(0.7):
                values["left_on"] = self.day(self.around(now, 20))
        if self.odds(0.4):
            self.by_desk("household", id_, values, village)
        else:
            self.by_phone(
                dice.choice(self.phones), "household", id_, values, village, None, now - dice.randint(0, 6 * DAY)
            )

    def visit(self) -> None:
        dice, now = self.dice, self.world.now
        home, village = dice.choice(self.homes if self.odds(0.8) else self.homes[:5])
        id_, started = self.new_id(), now - dice.choice((0, 1, 5, 20)) * DAY - dice.randint(40, 600) * MINUTE
        started = started // 1000 * 1000
        if self.visits and self.odds(0.2):  # near another one, so that they may lie over each other
            started = self.near + dice.choice((0, 29, 30, 31, 45)) * MINUTE
        self.near = started
        if self.odds(0.06):
            started = now + dice.choice((9, 10, 11, 60)) * MINUTE
        usual, odd = (1800, 2400, 3000), (1799, 1801, 1199, 1200, 1500, 600, 5400, 0, -60, 43200, 43201, 50000)
        seconds = dice.choice(usual if self.odds(0.55) else odd)
        values: dict[str, Any] = {
            "mode": dice.choices(["home", "field", "phone", "not_home", "by_boat"], [56, 10, 8, 24, 2])[0],
            "started_at": self.moment(started), "participants": self.some(PEOPLE, 2) or [PEOPLE[0]],
            "purposes": self.some(["campaign", "party_link", "help_contact"], 2) or ["campaign"],
        }  # fmt: skip
        if home in (self.homes[0][0], self.homes[1][0]) and self.odds(0.9):
            values["mode"] = "not_home"  # these two are hardly ever in
        values |= {f"{check}_status": "ok" for check in CHECKS if self.odds(0.97)}
        if self.odds(0.75):
            values["campaign"] = dice.choice(self.campaigns)
        if self.odds(0.3):
            values["policy_version"] = dice.choice(["2018.1", "2018.2", "of another county"])
        if self.odds(0.95):
            values["ended_at"] = self.moment(started + seconds * 1000)
            self.clocks(values, started, seconds)
        if self.odds(0.5):
            values["short_reason"] = dice.choice(["下雨", "  ", ""])
        self.visits.append((id_, village, home))
        phone = dice.choice(self.phones)
        self.by_phone(phone, "visit", id_, values, village, home, min(now, started + max(seconds, 0) * 1000))

    def clocks(self, values: dict[str, Any], started: int, seconds: int) -> None:
        dice = self.dice
        mono = round(dice.random() * 10_000, 3)
        if self.odds(0.6):
            timer = seconds + dice.choice((0, 0, 0, 1, -1, 300, -300))
            values |= {"started_mono": mono, "boot_id": "b"}
            if self.odds(0.9):
                values["ended_mono"] = max(0, round(mono + timer, 3))
        if self.odds(0.08):
            values["clock_flag"] = dice.choice(["drift", "reboot", "auto_closed", "a_new_flag"])
        if self.odds(0.3):
            values["pauses"] = [
                self.pause(started, mono, seconds, "ended_mono" in values) for _ in range(dice.randint(1, 3))
            ]

    def pause(self, started: int, mono: float, seconds: int, timed: bool) -> dict[str, Any]:
        begun = self.dice.randint(-60, max(0, seconds))
        over = begun + self.dice.choice((1, 60, 300, 1200))
        pause: dict[str, Any] = {"from": self.moment(started + begun * 1000)}
        if self.odds(0.9):
            pause["to"] = self.moment(started + over * 1000)
        if timed and self.odds(0.7):
            pause["from_mono"] = round(mono + begun, 3)
            if "to" in pause:
                pause["to_mono"] = round(mono + over, 3)
        return pause

    def again(self) -> None:
        """Something is said later of a visit."""
        if not self.visits:
            return
        id_, village, home = self.dice.choice(self.visits)
        what = self.dice.choice(["review", "review", "answers", "mode", "removed", "participants", "purposes"])
        values: dict[str, Any] = {"removed": self.odds(0.6)}
        if what == "review":
            values = {"short_review": self.dice.choice(["accepted", "declined", None])}
        elif what == "answers":
            values = {f"{check}_status": "issue" for check in CHECKS}
        elif what == "mode":
            values = {"mode": self.dice.choice(["home", "field", "phone"])}
        elif what == "participants":
            values = {"participants": self.some(PEOPLE, 3)}
        elif what == "purposes":
            values = {"purposes": self.some(["campaign", "party_link"], 2)}
        if what == "review":
            self.by_desk("visit", id_, values, village, home)
        else:
            self.by_phone(self.dice.choice(self.phones), "visit", id_, values, village, home)

    def link(self) -> None:
        dice, now = self.dice, self.world.now
        home, village = dice.choice(self.homes)
        member, id_ = dice.choice(PEOPLE), self.new_id()
        values: dict[str, Any] = {"party_member": member, "from_date": self.day(self.around(now, 60))}
        if self.odds(0.2):
            values["from_date"] = f"2018-{dice.choice(('09', '10', '11'))}-{dice.choice((14, 15, 16))}"
        values |= self.ends(now)
        self.links.append((id_, village, home, member))
        self.by_desk("party_link", id_, values, village, home)

    def ends(self, now: int) -> dict[str, Any]:
        dice = self.dice
        found: dict[str, Any] = {}
        if self.odds(0.3):
            found["to_date"] = dice.choice([self.day(self.around(now, 40)), "2018-10-14", "2018-10-15", "2018-11-16"])
        if self.odds(0.3):
            found["exempt_reason"] = dice.choice(["ill", "away", "age", "other", "a_new_reason"])
        if self.odds(0.3):
            found["exempt_from"] = dice.choice(
                [self.day(self.around(now, 40)), "2018-10-01", "2018-10-15", "2018-11-16"]
            )
        if self.odds(0.3):
            found["exempt_to"] = dice.choice([self.day(self.around(now, 40)), "2018-10-31", "2018-10-14", "2018-10-15"])
        return found

    def end_link(self) -> None:
        if self.links:
            id_, village, home, _ = self.dice.choice(self.links)
            self.by_desk("party_link", id_, self.ends(self.world.now) or {"removed": True}, village, home)

    def contact(self) -> None:
        if not self.links:
            return
        dice, now = self.dice, self.world.now
        link, village, home, member = dice.choice(self.links)
        started = now - dice.choice((0, 0, 1, 4, 12, 40)) * DAY - dice.randint(0, DAY)
        values: dict[str, Any] = {
            "mode": dice.choices(["home", "field", "phone"], [80, 10, 10])[0], "started_at": self.moment(started),
            "participants": [member] if self.odds(0.5) else self.some(PEOPLE, 2),
        }  # fmt: skip
        if self.odds(0.7):
            values["link"] = link
        if self.odds(0.05):
            home = dice.choice(self.homes)[0]
        self.by_phone(
            dice.choice(self.phones), "contact_visit", self.new_id(), values, village, home, min(now, started)
        )

    def check(self) -> None:
        dice, now = self.dice, self.world.now
        target = dice.choice(["household", "hamlet", "village"])
        home, village = dice.choice(self.homes[:6])
        sheet = HOUSE if target == "household" else VILLAGE
        level = dice.choice((0.75, 0.8, 0.8, 0.85, 0.9, 0.9, 1.0, 1.3))
        values: dict[str, Any] = {
            name: min(100, round(full * level * 4) / 4) for name, full in sheet.items() if self.odds(0.99)
        }
        values |= {
            "target": target,
            "checked_at": self.moment(now - dice.choice((0, 1, 30)) * DAY - dice.randint(0, DAY)),
        }
        if self.odds(0.8):
            values["rubric_version"] = dice.choice(
                ["household-2018.1" if target == "household" else "village-2018.1"] * 4 + ["county-2019"]
            )
        if target == "hamlet":
            values["hamlet"] = dice.choice(["那丁屯", " 那丁屯 ", "百马屯", ""])
        if self.odds(0.2):
            values["red_lines"] = self.some(["open_dump", "burning", "sewage", "a_new_line"], 2)
        phone = dice.choice(self.phones)
        self.by_phone(phone, "cleanup_check", self.new_id(), values, village, home if target == "household" else None)

    def problem(self) -> None:
        dice, now = self.dice, self.world.now
        home, village = dice.choice(self.homes)
        id_, household = self.new_id(), home if self.odds(0.6) else None
        values: dict[str, Any] = {"source": "visit", "description": "……"}
        if self.odds(0.95):
            values["found_at"] = self.moment(now - dice.randint(-2, 10) * DAY)
        if self.odds(0.9):
            values["category"] = dice.choice(["house", "water", "env", "infra", "a_new_sort", "other"])
        if self.odds(0.5):
            values["tier"] = dice.choice([*TIERS, "moon"])
        self.problems.append((id_, village, household))
        self.by_phone(dice.choice(self.phones), "problem", id_, values, village, household)

    def step(self) -> None:
        """A step of a problem: mostly the one that comes next, by somebody who might take it; now and then with a flaw."""
        if not self.problems:
            return
        dice, now = self.dice, self.world.now
        id_, village, household = dice.choice(self.problems[-7:])
        step = self.choose_step(id_)
        who = dice.choice([*self.phones, None, None, self.county])  # None: the desk
        if step in ("accepted", "assigned", "explained", "extended", "duplicate", "rejected"):
            who = dice.choice([None, None, self.county])
        tiers = ["household", "village", "village"] if who in self.phones else ["township"]
        values: dict[str, Any] = {
            "problem": id_,
            "step": step,
            "by_tier": dice.choice(["county"] if who is self.county else tiers),
        }
        values["at"] = self.moment(self.around(now, 2))
        if self.odds(0.95):
            values["by_name"] = dice.choice([*PEOPLE, "陈", " 陈 "])
        if step == "escalated" or self.odds(0.1):
            values["tier"] = dice.choice([*TIERS, "moon"])
        values |= {"unit": "村委会", "person": dice.choice(PEOPLE)} if self.odds(0.95) else {"unit": " "}
        values |= {"due_date": self.day(now + dice.randint(-3, 25) * DAY)} if self.odds(0.95) else {}
        values |= {"reason": "有原因"} if self.odds(0.95) else {"reason": " "}
        values |= {"proof_note": "已修好"} if self.odds(0.95) else {}
        values |= (
            {"answer": dice.choice(["yes", "yes", "yes", "no", "unreachable", "perhaps"])} if self.odds(0.95) else {}
        )
        values["method"] = dice.choice(
            ["home" if household else "representatives"] * 6 + ["phone", "witness", "representatives"]
        )
        values["witnesses"] = (
            self.some(["甲", "乙", "丙", " 甲 ", *PEOPLE[:2]], 4) if self.odds(0.3) else ["甲", "乙", "丙"]
        )
        values |= {"duplicate_of": dice.choice(self.problems)[0]} if self.odds(0.9) else {}
        if step in ("fixed", "verified", "satisfied") and self.odds(0.7):  # as it should be
            place = ("fixed", "verified", "satisfied").index(step)
            who = self.phones[place]
            values |= {"by_name": PEOPLE[place], "by_tier": "village", "answer": "yes", "witnesses": ["甲", "乙", "丙"]}
            values |= {"method": "home" if household else "representatives"}
        step_id = self.new_id()
        if who is None:
            self.by_desk("problem_step", step_id, values, village, household)
        else:
            self.by_phone(
                who, "problem_step", step_id, values, village, household, now - (DAY if self.odds(0.15) else 0)
            )
        if who is None and self.odds(0.04):
            self.by_desk("problem_step", step_id, {"removed": True}, village, household)

    def choose_step(self, problem: str) -> str:
        way = (
            "reported",
            "accepted",
            "assigned",
            "started",
            "fixed",
            "verified",
            "satisfied",
            "satisfied",
            "reopened",
            "assigned",
        )
        if self.odds(0.75):
            place = self.next_step.get(problem, 0)
            self.next_step[problem] = (place + 1) % len(way)
            return way[place]
        return self.dice.choice(
            ("gate_failed", "gate_failed", "explained", "escalated", "escalated", "extended", "extended", "duplicate", "rejected",
             "reopened", "fixed", "verified", "satisfied", "satisfied", "sung")
        )  # fmt: skip


def make_awkward(world: World, seed: int, events: int = 700) -> Awkward:
    """Write an awkward township; the world's clock stands at its end afterwards."""
    town = Awkward(world, seed)
    town.begin()
    town.go_on(events)
    world.now = END
    return town
