"""What is answered on a visit: the six checks, what the household knows and thinks, what it asks for.

Leaves to others: who came and when.
"""

from typing import Any

from server.demo import words
from server.demo.chance import Chance
from server.demo.homes import Home

CHECKS = ("guarantees", "policies", "documents", "morale", "awareness", "satisfaction")
_ALL_ANSWERED = 0.93
_WITH_AN_ISSUE = 0.10
_KNOWLEDGE = {"knows": 70, "partly": 22, "not": 8}
_OPINIONS = {"very": 46, "yes": 38, "fair": 10, "no": 2, "not_asked": 4}


def answers(chance: Chance, mode: str, home: Home) -> dict[str, Any]:
    """The answers that a call of this mode brings home."""
    if mode == "not_home":
        return {"remark": chance.choice(words.NOT_HOME)}
    values: dict[str, Any] = {}
    if home.adults:
        values["respondent"] = chance.choice(home.adults[:3]).id
    if mode == "phone":
        return values | {"summary": chance.choice(words.SUMMARIES)}
    values |= _checks(chance, home)
    if chance.happens(0.88):
        values |= _knows_and_thinks(chance)
    if chance.happens(0.3):
        values["income_changed"] = chance.happens(0.25)
    for name, share, said in (
        ("family_changes", 0.06, words.FAMILY_CHANGES),
        ("requests", 0.35, words.REQUESTS),
        ("money_views", 0.15, words.MONEY_VIEWS),
        ("register_clues", 0.02, words.REGISTER_CLUES),
        ("promises", 0.2, words.PROMISES),
        ("summary", 0.7, words.SUMMARIES),
    ):
        if chance.happens(share):
            values[name] = chance.choice(said)
    if chance.happens(0.3):
        values["signed"] = True
    if chance.happens(0.05):
        values["location"] = {
            "lat": round(22.0 + chance.random() * 0.2, 5),
            "lon": round(107.1 + chance.random() * 0.2, 5),
            "accuracy_m": chance.between(5, 60),
        }
    return values


def _checks(chance: Chance, home: Home) -> dict[str, str]:
    answered = list(CHECKS)
    if not chance.happens(_ALL_ANSWERED):
        for left_out in chance.sample(CHECKS, chance.between(1, 3)):
            answered.remove(left_out)
    issues = set(chance.sample(answered, chance.weighted({1: 8, 2: 2}))) if chance.happens(_WITH_AN_ISSUE) else set()
    values: dict[str, str] = {}
    for check in answered:
        if check in issues:
            values |= {f"{check}_status": "issue", f"{check}_note": chance.choice(words.CHECK_NOTES[check])}
        elif check == "documents" and "registered_poor" not in home.categories:
            values[f"{check}_status"] = "not_applicable" if chance.happens(0.5) else "ok"
        else:
            values[f"{check}_status"] = "ok"
    return values


def _knows_and_thinks(chance: Chance) -> dict[str, str]:
    questions = {"awareness": ("helper", "register", "policies", "income", "standard")}
    opinions = {"satisfaction": ("helper", "team", "committees", "policies", "environment")}
    values = {f"{about}_{one}": chance.weighted(_KNOWLEDGE) for about, asked in questions.items() for one in asked}
    return values | {f"{about}_{one}": chance.weighted(_OPINIONS) for about, asked in opinions.items() for one in asked}
