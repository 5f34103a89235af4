"""Made-up households: the categories by which they must be visited, the help they get, the house and the water.

Shares follow DOMAIN section 10. Promises: whoever is "disabled" has a member with a certificate, whoever is "low allowance" a member who
draws it; no household is both poor and removed from the register. Leaves to others: writing them (`register`), what changes later.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from server.demo.chance import Chance
from server.demo.families import ADULT, Person, Registrar, disable, fall_ill, relatives
from server.demo.names import Names

MUST_VISIT = ("registered_poor", "removed", "key", "low_allowance", "disabled", "borderline")
LIST_VERSION = "2018-08"
SOURCE = "虚构演示数据 / made up"


@dataclass(slots=True)
class Home:
    """A household to be written. `stamp` is the import's, once it is written; `hamlet` is a number within the village."""

    id: str
    village: str
    hamlet: int
    categories: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    members: list[Person] = field(default_factory=list)
    stamp: str = ""
    leaving: bool = False
    """It leaves, or is taken off the list, during the campaign: nobody is linked to it."""
    gains: str = ""
    """The must-visit category it is found to belong to during the campaign."""

    @property
    def must_visit(self) -> bool:
        """Whether it stands on the roster frozen at the campaign's start."""
        return not set(MUST_VISIT).isdisjoint(self.categories)

    @property
    def adults(self) -> list[Person]:
        return [person for person in self.members if person.age >= ADULT]


def how_many(chance: Chance, median: int) -> int:
    """The households of one village: log-normal about the median, from a quarter of it to three times as many."""
    drawn = median * math.exp(chance.gauss(0, 0.42))
    return round(min(3 * median, max(median / 4, drawn)))


class HomeMaker:
    """Draws households, one after the other, for one county."""

    def __init__(self, chance: Chance, names: Names, registrar: Registrar, imported_on: str) -> None:
        self._chance = chance
        self._names = names
        self._registrar = registrar
        self._told = f"{imported_on}T09:00:00+08:00"

    def make(self, village: str, number: int, hamlets: list[str], ms: int) -> Home:
        """The `number`-th household of a village, counted from 1; `ms` is the moment its records' ids name."""
        chance = self._chance
        categories = _categories(chance)
        poor = "registered_poor" in categories
        hamlet = chance.randrange(len(hamlets))
        members = self._registrar.write_down(relatives(chance, poor), ms)
        home = Home(chance.new_id(ms), village, hamlet, categories, members=members)
        home.values = {
            "household_no": f"{number:04d}",
            "hamlet": hamlets[hamlet],
            "door_no": f"{chance.randrange(1, 200)}号",
            "head_name": members[0].name,
            "head_member": members[0].id,
            "categories": categories,
            "category_list_version": LIST_VERSION,
            "notice_at": self._told,
            "source": SOURCE,
        }
        if chance.happens(0.88):
            home.values["phone"] = self._names.telephone()
        else:
            home.values["no_phone_reason"] = chance.choice(["家中无人使用手机", "号码更换，待补", "本人不愿提供"])
        self._agree_with_members(home)
        if poor:
            home.values |= _poverty(chance, home)
            if "illness" in home.values["poverty_causes"] and "disabled" not in categories:
                fall_ill(chance, members)
        if home.must_visit or chance.happens(0.3):
            home.values |= _house(chance, poor)
        return home

    def _agree_with_members(self, home: Home) -> None:
        """What a category says of a household stands on somebody's line too."""
        chance = self._chance
        if "disabled" in home.categories:
            disable(chance, home.members)
        if "low_allowance" in home.categories:
            given = chance.weighted({"A": 20, "B": 45, "C": 35})
            for person in chance.sample(home.members, chance.between(1, min(3, len(home.members)))):
                person.values["low_allowance_class"] = given
        if "key" in home.categories:
            home.values["category_basis"] = chance.choice(["县级名单", "突发变故", "独居老人", "危房待改造"])


def _categories(chance: Chance) -> list[str]:
    """The categories of one household, in the form's order; they overlap as in the field."""
    poor = chance.happens(0.20)
    removed = not poor and chance.happens(0.07 / 0.80)
    found = {
        "registered_poor": poor,
        "removed": removed,
        "key": chance.happens(0.07 if poor else 0.014),
        "low_allowance": chance.happens(0.315 if poor else 0.034),  # 9 % of all, seven in ten of them poor
        "disabled": chance.happens(0.27 if poor else 0.058),
        "borderline": not poor and not removed and chance.happens(0.01 / 0.73),
    }
    return [category for category in MUST_VISIT if found[category]] or ["general"]


_CAUSES = {
    "illness": 40,
    "skill": 20,
    "capital": 15,
    "labour": 8,
    "disability": 8,
    "schooling": 5,
    "land": 2,
    "other": 2,
}
_HELP = ("industry", "job", "skill", "loan", "schooling", "medical", "house", "relief")


def _poverty(chance: Chance, home: Home) -> dict[str, Any]:
    causes = dict(_CAUSES)
    if "disabled" in home.categories:
        causes |= {"disability": 90, "illness": 0}  # the member's line names one of the two
    else:
        causes["disability"] = 0
    main, second = chance.weighted(causes), chance.weighted(causes)
    exit_status = chance.weighted({"exited": 46, "not": 32, "planned": 20, "returned": 2})
    values: dict[str, Any] = {
        "poor_type": "low_allowance" if "low_allowance" in home.categories else "general",
        "exit_status": exit_status,
        "main_poverty_cause": main,
        "poverty_causes": list(dict.fromkeys([main, second]))[: chance.between(1, 2)],
        "needs": chance.sample(_HELP, chance.between(0, 3)),
        "help_measures": chance.sample(_HELP, chance.between(1, 3)),
    }
    if len(home.members) == 1 and home.members[0].age >= 60 and chance.happens(0.5):
        values["poor_type"] = "five_guarantee"
    if exit_status in ("exited", "returned"):
        values["exit_year"] = chance.choice((2015, 2016, 2016, 2017, 2017, 2017))
    if chance.happens(0.06):
        values |= {"relocated": True, "resettlement_type": chance.weighted({"central": 7, "scattered": 3})}
    return values


def _house(chance: Chance, poor: bool) -> dict[str, Any]:
    water = chance.weighted({"piped": 55, "spring": 22, "well": 12, "tank": 9, "cellar": 2})
    return {
        "house_status": chance.weighted({"existing": 78, "new": 21, "none": 1}),
        "house_structure": chance.weighted({"brick_concrete": 62, "steel_concrete": 14, "brick_wood": 17, "earth_wood": 7}),
        "house_safety": chance.weighted({"A": 55, "B": 40, "C": 4, "D": 1} if not poor else {"A": 40, "B": 51, "C": 7, "D": 2}),
        "house_area_m2": chance.between(45, 180),
        "water_source": water,
        "water_safe": chance.happens(0.97),
        "water_litres_ok": chance.happens(0.98),
        "water_fetch_minutes": 0 if water == "piped" else chance.between(1, 22),
        "electricity": "mains",
        "tv_or_net": chance.weighted({"both": 48, "tv": 42, "net": 9, "none": 1}),
        "road_type": chance.weighted({"paved": 66, "gravel": 26, "dirt": 7, "path": 1}),
        "toilet_type": chance.weighted({"flush": 60, "sanitary_dry": 21, "pit": 15, "shared": 3, "none": 1}),
        "paddy_mu": round(chance.uniform(0, 6), 1),
        "dry_mu": round(chance.uniform(0, 9), 1),
    }  # fmt: skip
