"""Made-up families: who lives together, how old they are, and each person's line of the family sheet.

Promises: one head a family; ages that fit the relations; identity numbers of the right form whose birth date and sex agree with the line.
Shares follow DOMAIN section 10 (sizes 1 to 9, about 18 % over sixty and 20 % under fourteen). Leaves to others: the household's own sheet.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from server.demo.chance import Chance
from server.demo.names import Names
from shared.rules.identity import check_character

_COUNTY = "451422"
_SIZES = {1: 8, 2: 16, 3: 20, 4: 25, 5: 15, 6: 9, 7: 4.5, 8: 1.5, 9: 1}
_SIZES_POOR = {1: 8, 2: 11, 3: 16, 4: 22, 5: 20, 6: 13, 7: 6, 8: 3, 9: 1}
_OTHER = {"male": "female", "female": "male"}
ADULT = 16


class Relative(NamedTuple):
    """A place in a family: relation to the head, sex, age in whole years."""

    relation: str
    sex: str
    age: int


@dataclass(slots=True)
class Person:
    """A member to be written: `values` are the kind's own."""

    id: str
    age: int
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.values["name"])


def relatives(chance: Chance, poor: bool) -> list[Relative]:
    """A family, its head first."""
    size = chance.weighted(_SIZES_POOR if poor else _SIZES)
    sex = "male" if chance.happens(0.86) else "female"
    if size == 1:
        return [Relative("head", sex, chance.between(60, 86) if chance.happens(0.6) else chance.between(24, 59))]
    if size == 2:
        return _two(chance, sex)
    if chance.happens(0.24 if size < 5 else 0.42):
        return _under_an_elder(chance, sex, size)
    return _under_parents(chance, sex, size)


def _two(chance: Chance, sex: str) -> list[Relative]:
    if chance.happens(0.25):
        age = chance.between(30, 64)
        return [Relative("head", sex, age), _child(chance, age, sex)]
    age = chance.between(60, 80) if chance.happens(0.42) else chance.between(25, 59)
    return [Relative("head", sex, age), _spouse(chance, "spouse", sex, age)]


def _under_parents(chance: Chance, sex: str, size: int) -> list[Relative]:
    """Husband and wife with their children, often with his parents."""
    age = min(57, max(25, round(chance.gauss(40, 7.5))))
    family = [Relative("head", sex, age)]
    if chance.happens(0.93):
        family.append(_spouse(chance, "spouse", sex, age))
    room = size - len(family)
    parents = min(2, room - 1) if room > 3 or (room > 1 and chance.happens(0.3)) else 0
    family += [_child(chance, age, sex) for _ in range(min(room - parents, 4))]
    for relation in ("mother", "father")[:parents]:
        family.append(
            Relative(relation, "female" if relation == "mother" else "male", min(94, age + chance.between(20, 31)))
        )
    while len(family) < size:
        family.append(Relative("other", chance.choice(("male", "female")), max(18, age - chance.between(-8, 12))))
    return family


def _under_an_elder(chance: Chance, sex: str, size: int) -> list[Relative]:
    """An elder who still is head, with a grown child's family under one roof."""
    age = chance.between(52, 76)
    family = [Relative("head", sex, age)]
    if chance.happens(0.8):
        family.append(_spouse(chance, "spouse", sex, age))
    heir = "male" if chance.happens(0.85) else "female"
    heir_age = max(22, age - chance.between(21, 30))
    family.append(Relative("son" if heir == "male" else "daughter", heir, heir_age))
    if len(family) < size and chance.happens(0.85):
        family.append(_spouse(chance, "daughter_in_law" if heir == "male" else "son_in_law", heir, heir_age))
    for _ in range(min(3, size - len(family))):
        child = chance.choice(("male", "female"))
        relation = "grandson" if child == "male" else "granddaughter"
        relation = relation if heir == "male" else f"maternal_{relation}"
        family.append(Relative(relation, child, max(0, heir_age - chance.between(21, 32))))
    while len(family) < size:
        family.append(_child(chance, age, sex))
    return family


def _spouse(chance: Chance, relation: str, of: str, age: int) -> Relative:
    older = chance.between(-1, 5) if of == "male" else chance.between(-5, 1)
    return Relative(relation, _OTHER[of], max(21, age - older))


def _child(chance: Chance, parent_age: int, parent_sex: str) -> Relative:
    """A child still of the household: grown ones have mostly gone."""
    sex = "male" if chance.happens(0.54) else "female"
    born_at = chance.between(21, 38)
    age = max(0, parent_age - born_at)
    if age > 34:
        age = chance.between(16, 34)
    return Relative("son" if sex == "male" else "daughter", sex, age)


class Registrar:
    """Fills in a family's lines. `today` is the day on which ages are reckoned; no identity number is given twice."""

    def __init__(self, chance: Chance, names: Names, today: str) -> None:
        self._chance = chance
        self._names = names
        self._today = date.fromisoformat(today)
        self._given: set[str] = set()

    def write_down(self, family: list[Relative], ms: int) -> list[Person]:
        """The family's lines; `ms` is the moment their records' ids name."""
        surname, other = self._names.surname(), self._names.surname()
        people = []
        for place, one in enumerate(family):
            married_in = one.relation in ("spouse", "daughter_in_law", "son_in_law", "mother")
            family_name = self._names.surname() if married_in and place > 1 else other if married_in else surname
            people.append(self._person(one, family_name, ms))
        return people

    def _person(self, one: Relative, surname: str, ms: int) -> Person:
        chance, age = self._chance, one.age
        born = self._today - timedelta(days=round(age * 365.25) + chance.between(1, 364))
        values: dict[str, Any] = {
            "name": self._names.person(one.sex, surname),
            "sex": one.sex,
            "birth_date": born.isoformat(),
            "ethnicity": chance.weighted({"壮族": 88, "汉族": 9, "瑶族": 2, "苗族": 1}),
            "relation": one.relation,
        }
        if age == 0 and chance.happens(0.4):
            values |= {"id_type": "none", "no_identity_reason": "新生儿，户口待办理"}
        else:
            values |= {"id_type": "resident", "identity": self._identity(born, one.sex)}
        values |= _schooling(chance, age)
        values |= _work(chance, age, values["school_stage"])
        values |= {
            "health": _health(chance, age, values["labour"]),
            "medical_ins": chance.weighted({"resident": 985, "employee": 12, "none": 3}),
            "status": "active",
        }
        if age >= ADULT:
            values["pension_ins"] = chance.weighted({"resident": 88, "employee": 3, "none": 9})
            values["politics"] = _politics(chance, age)
        return Person(chance.new_id(ms), age, values)

    def _identity(self, born: date, sex: str) -> str:
        while True:
            order = self._chance.randrange(0, 1000, 2) + (sex == "male")
            first17 = f"{_COUNTY}{born:%Y%m%d}{order:03d}"
            if first17 not in self._given:
                self._given.add(first17)
                return first17 + check_character(first17)


def fall_ill(chance: Chance, people: list[Person]) -> None:
    """One of them at least is ill: the eldest, unless somebody is already."""
    if not any({"chronic", "serious"} & set(person.values["health"]) for person in people):
        max(people, key=lambda person: person.age).values["health"] = [chance.choice(("chronic", "serious"))]


def disable(chance: Chance, people: list[Person]) -> None:
    """Enter a disability certificate on the line of one of them, who has the identity number it begins with."""
    person = chance.choice([person for person in people if "identity" in person.values] or people)
    values = person.values
    kinds = ("sight", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
    kind, level = chance.choice(kinds), chance.choice("1234")
    values |= {"health": ["disabled"], "disability_type": kind, "disability_level": level}
    if "identity" in values:
        values["disability_cert"] = f"{values['identity']}{kinds.index(kind) + 1}{level}"
    if person.age >= ADULT:
        values |= {"labour": "lost" if level in "12" else "weak", "work_place": "none", "work_months": 0}


_STAGES = {12: "grade_7", 13: "grade_8", 14: "grade_9"}


def _schooling(chance: Chance, age: int) -> dict[str, str]:
    if age < 3:
        return {"education": "preschool", "school_stage": "not_enrolled"}
    if age < 6:
        return {"education": "preschool", "school_stage": "preschool"}
    if age < 15:
        return {
            "education": "primary" if age < 12 else "junior",
            "school_stage": _STAGES.get(age, "primary") if chance.happens(0.995) else "not_enrolled",
        }
    if age < 18 and chance.happens(0.97 if age == 15 else 0.68):
        track = "senior" if chance.happens(0.6) else "vocational"
        return {"education": "senior", "school_stage": f"{track}_{age - 14}"}
    if age < 22 and chance.happens(0.25):
        return {"education": "college", "school_stage": "college"}
    learnt = {"junior": 62, "senior": 20, "primary": 12, "college": 6} if age < 45 else {"primary": 55, "junior": 30}
    if age >= 60:
        learnt = {"primary": 58, "illiterate": 30, "junior": 12}
    return {"education": chance.weighted(learnt), "school_stage": "not_enrolled"}


def _health(chance: Chance, age: int, labour: str) -> list[str]:
    if labour == "lost":
        return [chance.choice(("serious", "chronic"))]
    return ["chronic"] if chance.happens(max(0.0, age - 45) / 130) else ["healthy"]


def _work(chance: Chance, age: int, stage: str) -> dict[str, Any]:
    if age < ADULT:
        return {"labour": "none"}
    if age >= 60:
        return {"labour": "weak" if age < 70 and chance.happens(0.7) else "none", "work_place": "none"}
    labour = chance.weighted({"ordinary": 94, "weak": 5, "lost": 1})
    if stage != "not_enrolled" or labour == "lost" or not chance.happens(0.46):
        return {"labour": labour, "work_place": "none", "work_months": 0}
    if chance.happens(0.15):
        labour = "skilled"
    place = chance.weighted({"other_province": 58, "region": 22, "county": 13, "township": 7})
    return {"labour": labour, "work_place": place, "work_months": chance.between(5, 11)}


def _politics(chance: Chance, age: int) -> str:
    if age <= 28 and chance.happens(0.12):
        return "league"
    return chance.weighted({"none": 950, "party": 40, "applicant": 7, "probationary": 3})
