"""The register: a village's households as the desk imports them, and what changes in it during the campaign.

About two households in a hundred are found to belong to a category (dated additions) or to belong to it no longer, one in a hundred leaves
for a reason, a few are taken off. Now and then two cadres write one field unseen, and the desk has a disagreement to settle.
"""

from collections.abc import Iterator
from typing import Any

from server.demo.chance import Chance
from server.demo.diary import Diary, Saved
from server.demo.homes import MUST_VISIT, Home
from server.demo.people import Clerk
from server.demo.season import DAY, MINUTE, Season
from server.demo.village import Village

_GAINS = {"borderline": 30, "key": 25, "disabled": 20, "low_allowance": 20, "registered_poor": 5}
_BASIS = ("入户核实后补录", "村民代表会议评议", "县级比对反馈")
_LEFT = {"moved": 55, "merged": 30, "died_out": 15}


def entries(homes: list[Home]) -> Iterator[tuple[str, str, str, str | None, dict[str, Any]]]:
    """The records of these households as an import writes them: each household, then its members."""
    for home in homes:
        yield "household", home.id, home.village, None, home.values
        for person in home.members:
            yield "member", person.id, home.village, home.id, person.values


def choose_changes(chance: Chance, homes: list[Home]) -> dict[str, list[Home]]:
    """Which households change how: ``gain``, ``lose``, ``leave``, ``remove``; each in at most one list."""
    chosen: dict[str, list[Home]] = {"gain": [], "lose": [], "leave": [], "remove": []}
    for home in homes:
        drawn = chance.random()
        if drawn < 0.016:
            home.gains = chance.weighted({gain: w for gain, w in _GAINS.items() if gain not in home.categories})
            chosen["gain"].append(home)
        elif drawn < 0.026:
            home.leaving = True
            chosen["leave"].append(home)
        elif drawn < 0.029:
            home.leaving = True
            chosen["remove"].append(home)
        elif len(home.categories) > 1 and drawn < 0.09:
            chosen["lose"].append(home)
    return chosen


def save_changes(
    chance: Chance, diary: Diary, clerks: list[Clerk], village: Village, chosen: dict[str, list[Home]]
) -> None:
    """Enter the changes in the diary. The households must have been imported."""
    season = diary.season
    for home in chosen["gain"]:
        _recategorise(chance, diary, clerks, village, home, _with(home, home.gains))
    for home in chosen["lose"]:
        _recategorise(chance, diary, clerks, village, home, home.categories[:-1])
    for home in chosen["leave"]:
        at = _sitting(chance, season)
        values: dict[str, Any] = {"left_reason": chance.weighted(_LEFT), "left_on": _date(season, at)}
        _by_desk(chance, diary, clerks, home, at, values)
    for home in chosen["remove"]:
        at = _sitting(chance, season)
        values = {"removed": True}
        if chance.happens(0.6):  # the others were entered twice, or by mistake: nobody said why
            values |= {"left_reason": "merged", "left_on": _date(season, at)}
        _by_desk(chance, diary, clerks, home, at, values)


def _with(home: Home, category: str) -> list[str]:
    """The household's categories and one more; who is poor after all was never rightly removed."""
    gone = {"removed"} if category == "registered_poor" else set()
    return [c for c in MUST_VISIT if (c in home.categories and c not in gone) or c == category]


def _date(season: Season, ms: int) -> str:
    return season.date((ms - season.start) // DAY)


def _sitting(chance: Chance, season: Season) -> int:
    return season.desk_after(season.on(chance.between(2, season.days - 3)))


def _by_desk(chance: Chance, diary: Diary, clerks: list[Clerk], home: Home, at: int, values: dict[str, Any]) -> Saved:
    return diary.by_desk(chance.choice(clerks), at, "household", home.id, home.village, None, values, known=True)


def _recategorise(
    chance: Chance, diary: Diary, clerks: list[Clerk], village: Village, home: Home, categories: list[str]
) -> None:
    """Mostly the desk enters it; else a cadre at the door, once in a while two who have not seen each other."""
    season = diary.season
    values: dict[str, Any] = {"categories": categories, "category_basis": chance.choice(_BASIS)}
    if chance.happens(0.6):
        _by_desk(chance, diary, clerks, home, _sitting(chance, season), values)
        return
    base = {name: home.stamp for name in values if name in home.values}
    at = season.on(chance.between(2, season.days - 4), 10) + chance.between(0, 300) * MINUTE
    first, second = chance.sample(village.cadres, 2)
    diary.by_phone(first, at, "household", home.id, None, values, base, known=True)
    if chance.happens(0.2):
        other = {"categories": _with(home, "key" if home.gains != "key" else "borderline")}
        later = at + chance.between(20, 90) * MINUTE
        diary.by_phone(second, later, "household", home.id, None, other, base, known=True)
