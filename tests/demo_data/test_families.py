"""Made-up families and households: the shares of the field, and people who could be."""

from collections import Counter
from datetime import date
from functools import cache

from server.demo.chance import Chance
from server.demo.families import Registrar
from server.demo.homes import Home, HomeMaker, how_many
from server.demo.names import TELEPHONE_MIDDLE, Names
from shared.rules import identity

TODAY = "2018-09-01"


@cache
def homes() -> list[Home]:
    """Three thousand households."""
    chance = Chance(5)
    names = Names(chance)
    maker = HomeMaker(chance, names, Registrar(chance, names, TODAY), TODAY)
    return [maker.make("451422103201", n, ["那怀屯", "板楼屯"], 1_535_000_000_000 + n) for n in range(3000)]


def share(category: str, among: list[Home] | None = None) -> float:
    looked_at = homes() if among is None else among
    return sum(category in home.categories for home in looked_at) / len(looked_at)


def test_families_have_one_head_and_one_to_nine_members_about_four_on_average() -> None:
    sizes = Counter(len(home.members) for home in homes())
    assert min(sizes) == 1
    assert max(sizes) == 9
    assert abs(sum(size * n for size, n in sizes.items()) / 3000 - 3.9) < 0.1
    for home in homes():
        heads = [person for person in home.members if person.values["relation"] == "head"]
        assert [head.id for head in heads] == [home.values["head_member"]]
        assert heads[0].name == home.values["head_name"]


def test_identity_numbers_are_of_the_right_form_agree_with_birth_and_sex_and_come_once() -> None:
    given = [person for home in homes() for person in home.members if "identity" in person.values]
    numbers = [person.values["identity"] for person in given]
    assert len(set(numbers)) == len(numbers)
    assert {number[:6] for number in numbers} == {"451422"}
    for person, number in zip(given, numbers, strict=True):
        assert identity.birth_date(number) == date.fromisoformat(person.values["birth_date"])
        assert identity.sex(number) == person.values["sex"]


def test_whoever_has_no_identity_number_says_why() -> None:
    without = [p.values for home in homes() for p in home.members if "identity" not in p.values]
    assert without
    assert all(values["no_identity_reason"] and values["id_type"] == "none" for values in without)


def test_ages_are_spread_as_in_the_villages_and_fit_the_relations() -> None:
    ages = [person.age for home in homes() for person in home.members]
    assert abs(sum(age >= 60 for age in ages) / len(ages) - 0.18) < 0.02
    assert abs(sum(age < 14 for age in ages) / len(ages) - 0.20) < 0.02
    for home in homes():
        head, *others = home.members
        assert head.age >= 18
        for person in others:
            relation = person.values["relation"]
            if relation in ("son", "daughter"):
                assert head.age - person.age >= 16
            elif relation in ("father", "mother"):
                assert person.age - head.age >= 16
            elif "grand" in relation:
                assert head.age - person.age >= 32


def test_households_have_the_categories_of_the_county() -> None:
    wanted = {
        "registered_poor": 0.20, "low_allowance": 0.09, "disabled": 0.10, "removed": 0.07, "key": 0.025, "borderline": 0.01,
    }  # fmt: skip
    for category, expected in wanted.items():
        assert abs(share(category) - expected) < 0.25 * expected + 0.003, category
    low = [home for home in homes() if "low_allowance" in home.categories]
    assert abs(share("registered_poor", low) - 0.70) < 0.08
    assert abs(sum(home.must_visit for home in homes()) / 3000 - 0.35) < 0.03
    assert not any({"registered_poor", "removed"} <= set(home.categories) for home in homes())


def test_a_category_stands_on_somebodys_line_too() -> None:
    for home in homes():
        disabled = [p.values for p in home.members if p.values["health"] == ["disabled"]]
        assert bool(disabled) == ("disabled" in home.categories)
        assert all(values["disability_cert"][:18] == values["identity"] for values in disabled if "identity" in values)
        drawing = any("low_allowance_class" in person.values for person in home.members)
        assert drawing == ("low_allowance" in home.categories)


def test_a_village_has_about_its_median_of_households_and_never_a_third_as_many() -> None:
    chance = Chance(3)
    drawn = sorted(how_many(chance, 480) for _ in range(2000))
    assert 440 < drawn[1000] < 520
    assert drawn[0] >= 120
    assert drawn[-1] <= 1440


def test_no_made_up_telephone_can_ring() -> None:
    numbers = [home.values["phone"] for home in homes() if "phone" in home.values]
    assert numbers
    assert all(number[3:7] == TELEPHONE_MIDDLE for number in numbers)


def test_user_names_come_once_with_the_place_in_brackets_where_the_name_is_taken() -> None:
    names = Names(Chance(1))
    drawn = [names.user("那怀") for _ in range(4000)]
    assert len(set(drawn)) == len(drawn)
    assert any(name.endswith("（那怀）") for name in drawn)
