"""People, phones and party links as lists: by name and by village, never by what anybody did."""

from collections.abc import Mapping
from typing import Any

from server.lists.calls import names_of
from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, page_of
from server.people import Person, read_people
from server.sight import ROLE_LABELS, Right, Sight
from server.store import TownshipStore
from shared.fields import Choice, Label
from shared.grants import HOUSEHOLD
from shared.kinds import KINDS
from shared.moments import day_of, iso
from shared.pinyin import Matcher
from shared.rules.contact import runs_on

ROLE = Choice("角色", "Role", ROLE_LABELS)
UNSEEN = Filter(
    "unseen",
    Label("多久没来", "Not seen for"),
    "choice",
    {str(days): Label(f"{days} 天以上", f"{days} days or more") for days in (3, 7, 14, 30, 60)},
)
NAME = Filter("q", Label("姓名", "Name"), hint=Label("姓名或拼音首字母", "name or first letters"))

# --- people --------------------------------------------------------------------------------------------------------

PERSON_STATES = {
    "holds": Label("在用", "In use"),
    "none": Label("现在没有授权", "Holds nothing now"),
    "disabled": Label("已停用", "Disabled"),
}
PERSON_STATE = Choice("状态", "State", PERSON_STATES)


def person_state(person: Person, now: int) -> str:
    if person.disabled is not None:
        return "disabled"
    return "holds" if person.holds(now) or person.live else "none"


def chosen_people(query: Query) -> list[Person]:
    """The people that the filters let through, by name; without a state asked for, those who hold something or have a phone."""
    found = read_people(query.store, query.sight, query.now)
    state = query["state"]
    found = [
        person
        for person in found
        if (person_state(person, query.now) == state if state else _matters(person, query.now))
        and (not query["role"] or query["role"] in person.roles)
        and (not query["village"] or any(one.village == query["village"] for one in person.holds(query.now)))
        and (not query["unseen"] or _unseen(person, query.now, int(query["unseen"])))
    ]
    if not query["q"]:
        return found
    return [found[place] for place in sorted(Matcher([person.name for person in found]).search(query["q"]))]


def _matters(person: Person, now: int) -> bool:
    return bool(person.holds(now) or person.live)


def _unseen(person: Person, now: int, days: int) -> bool:
    """Whether one of the person's phones was not here for so long."""
    return any(phone.unseen(now) >= days for phone in person.live)


def _people(query: Query) -> Found:
    return page_of([_person_row(person, query.now) for person in chosen_people(query)], query)


def _person_row(person: Person, now: int) -> dict[str, Any]:
    holds, live = person.holds(now), person.live
    seen = max((phone.seen for phone in live if phone.seen), default=None)
    return {
        "_person": person,
        "id": person.id,
        "name": person.name,
        "roles": [role for role in ROLE_LABELS if role in person.roles],
        "places": list(dict.fromkeys(one.name for one in holds if one.grant.scope != HOUSEHOLD)),
        "homes": sum(one.grant.scope == HOUSEHOLD for one in holds),
        "phones": len(live),
        "seen": iso(seen) if seen else None,
        "waiting": sum(phone.waiting for phone in live),
        "state": person_state(person, now),
    }


# --- phones --------------------------------------------------------------------------------------------------------

PHONE_STATES = {
    "live": Label("在用", "In use"),
    "off": Label("本人已停用", "Its person is disabled"),
    "revoked": Label("已停用", "Revoked"),
}
PHONE_STATE = Choice("状态", "State", PHONE_STATES)


def _phones(query: Query) -> Found:
    people = read_people(query.store, query.sight, query.now)
    if query["q"]:
        people = [people[place] for place in sorted(Matcher([person.name for person in people]).search(query["q"]))]
    rows: list[dict[str, Any]] = [
        {
            "_person": person.id,
            "person": person.name,
            "name": phone.name,
            "app": phone.app,
            "platform": phone.platform,
            "enrolled": iso(phone.enrolled),
            "seen": iso(phone.seen) if phone.seen else None,
            "unseen": phone.unseen(query.now),
            "taken": phone.taken,
            "waiting": phone.waiting,
            "state": "revoked" if phone.revoked is not None else "off" if person.disabled is not None else "live",
            "id": phone.id,
        }
        for person in people
        if not query["village"] or any(one.village == query["village"] for one in person.holds(query.now))
        for phone in person.phones
    ]
    state = query["state"] or "live"
    days = int(query["unseen"] or 0)
    kept = [row for row in rows if row["state"] == state and row["unseen"] >= days]
    return page_of(kept, query, persons=len({row["_person"] for row in kept}))


# --- party links ---------------------------------------------------------------------------------------------------

_LINK = KINDS["party_link"].fields
LINK_STATES = {
    "running": Label("在联", "Running"),
    "exempt": Label("免访中", "Exempt now"),
    "coming": Label("尚未开始", "Not begun"),
    "ended": Label("已结束", "Ended"),
}
LINK_STATE = Choice("状态", "State", LINK_STATES)
_COLUMNS = "party_member, from_date, to_date, exempt_from, exempt_to, exempt_reason"


def link_state(link: Mapping[str, Any], today: str) -> str:
    """Where a party link stands on a day."""
    if (link["from_date"] or "") > today:
        return "coming"
    if not runs_on(link, today):
        return "ended"
    dates = link["exempt_from"] or link["exempt_to"] or link["exempt_reason"]
    exempt = dates and (link["exempt_from"] or "") <= today <= (link["exempt_to"] or "9999-12-31")
    return "exempt" if exempt else "running"


def read_links(
    store: TownshipStore, sight: Sight, today: str, household: str = "", only: str = ""
) -> list[dict[str, Any]]:
    """Party links of the reader's villages, or of one of them or of one household alone, by village, household and member.

    A household that moved out of the reader's villages is not named: its links stay where they were made.
    """
    villages = sight.places(store, only)
    theirs, seen = ("", []) if sight.is_whole(store.code) else (" AND h.village IN ??", [list(sight.places(store))])
    own, given = (" AND l.household = ?", [household]) if household else ("", [])
    rows = store.sql(
        "SELECT l.id, l.village, l.household, h.household_no, h.head_name, l." + _COLUMNS.replace(", ", ", l.") +
        f" FROM kind_party_link l LEFT JOIN kind_household h ON h.township = l.township AND h.id = l.household{theirs}"
        f" WHERE l.township = ? AND l.village IN ?? AND (l.removed IS NULL OR l.removed = ?){own}"
        " ORDER BY l.village, h.household_no, l.household, l.party_member, l.from_date, l.id",
        *seen, store.code, list(villages), False, *given,
    )  # fmt: skip
    names = _COLUMNS.split(", ")
    found = []
    for id_, village, home, number, head, *values in rows:
        link = dict(zip(names, values, strict=True))
        link |= {"id": id_, "village": villages[village], "_village": village, "_household": home}
        link |= {"household_no": number, "head_name": head, "state": link_state(link, today)}
        found.append(link)
    _name_members(store, found)
    return found


def _name_members(store: TownshipStore, links: list[dict[str, Any]]) -> None:
    """A link may name its member by account instead of by name."""
    names = names_of(store, [str(link["party_member"]) for link in links])
    for link in links:
        link["party_member"] = names.get(link["party_member"], link["party_member"])


def _links(query: Query) -> Found:
    links = read_links(query.store, query.sight, day_of(query.now), only=query["village"])
    if query["state"]:
        links = [link for link in links if link["state"] == query["state"]]
    if query["q"]:
        names = [
            f"{link['party_member'] or ''} {link['head_name'] or ''} {link['household_no'] or ''}" for link in links
        ]
        links = [links[place] for place in sorted(Matcher(names).search(query["q"]))]
    return page_of(links, query)


LISTINGS: list[Listing] = [
    Listing(
        "people",
        Label("人员", "People"),
        [
            Column("name", Label("姓名", "Name")),
            Column("roles", ROLE.label, field=ROLE),
            Column("places", Label("负责的村", "Villages held")),
            Column("homes", Label("按户授权", "Single households"), "number", narrow=False),
            Column("phones", Label("手机", "Phones"), "number", narrow=False),
            Column("seen", Label("最近同步", "Last here"), "moment", narrow=False),
            Column("waiting", Label("未上传", "Unsent"), "number", narrow=False),
            Column("state", PERSON_STATE.label, field=PERSON_STATE, narrow=False),
        ],
        [
            NAME,
            Filter("role", ROLE.label, "choice", ROLE_LABELS),
            VILLAGE,
            UNSEEN,
            Filter("state", PERSON_STATE.label, "choice", PERSON_STATES),
        ],
        _people,
        right=Right.PEOPLE,
        empty=Label("没有符合条件的人员", "Nobody fits"),
    ),
    Listing(
        "phones",
        Label("手机", "Phones"),
        [
            Column("person", Label("人员", "Person")),
            Column("name", Label("手机", "Phone"), narrow=False),
            Column("platform", Label("系统", "System"), narrow=False),
            Column("app", Label("应用版本", "App"), narrow=False),
            Column("enrolled", Label("注册", "Enrolled"), "moment", narrow=False),
            Column("seen", Label("最近同步", "Last here"), "moment"),
            Column("unseen", Label("几天没来", "Days unseen"), "number"),
            Column("taken", Label("已收", "Taken"), "number", narrow=False),
            Column("waiting", Label("未上传", "Unsent"), "number"),
            Column("state", PHONE_STATE.label, field=PHONE_STATE, narrow=False),
            Column("id", Label("编号", "Id"), "code", narrow=False),
        ],
        [NAME, VILLAGE, UNSEEN, Filter("state", PHONE_STATE.label, "choice", PHONE_STATES)],
        _phones,
        right=Right.PEOPLE,
        empty=Label("没有符合条件的手机", "No such phone"),
    ),
    Listing(
        "party_links",
        Label("党员联户", "Party links"),
        [
            Column("head_name", Label("户主", "Head of household")),
            Column("household_no", Label("户编号", "Household number"), "code", narrow=False),
            Column("village", VILLAGE.label),
            Column("party_member", _LINK["party_member"].label),
            Column("from_date", Label("开始", "From"), "day", narrow=False),
            Column("to_date", Label("结束", "To"), "day", narrow=False),
            Column("exempt_from", _LINK["exempt_from"].label, "day", narrow=False),
            Column("exempt_to", _LINK["exempt_to"].label, "day", narrow=False),
            Column("exempt_reason", _LINK["exempt_reason"].label, field=_LINK["exempt_reason"], narrow=False),
            Column("state", LINK_STATE.label, field=LINK_STATE),
        ],
        [
            Filter("q", Label("党员或户主", "Member or head"), hint=Label("姓名或拼音首字母", "name or first letters")),
            VILLAGE,
            Filter("state", LINK_STATE.label, "choice", LINK_STATES),
        ],
        _links,
        empty=Label("没有符合条件的联户", "No such link"),
    ),
]
