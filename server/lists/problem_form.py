"""The ledger in the form that offices keep, print and pass on: numbered rows, what is done, whether it is struck off.

Promises: the same filters, rows and order as the desk's queue. Leaves to others: which rows those are (`problems`), paper (`console`).
"""

from collections.abc import Iterable
from typing import Any

from server.lists import problems
from server.lists.listing import Column, Listing, Query
from server.lists.problems import FILTERS, SYSTEM, Queue, category_of, choose, homes_of, words_of
from server.reading.standings import Ledger, Problem, ledger_of
from server.words import EN, ZH, word
from shared.fields import Label
from shared.moments import day_of
from shared.rules.ledger import STATES

_CLOSED_BY = {
    "household": Label("群众满意", "the household is satisfied"),
    "witness": Label("村级见证", "with a village witness"),
    "representatives": Label("村民代表评议", "by villagers' representatives"),
}


def find(query: Query) -> Queue:
    ledger = ledger_of(query.database, query.store)
    chosen, queue = choose(query, ledger)
    return Queue(list(_rows(query, ledger, chosen)), **queue)


def _rows(query: Query, ledger: Ledger, chosen: list[Problem]) -> Iterable[dict[str, Any]]:
    words, homes, villages = words_of(query.store, chosen), homes_of(query, chosen), query.store.villages()
    for place, one in enumerate(chosen, query.offset + 1):
        values = words[one.id].values if one.id in words else {}
        home = homes.get(one.entry.household or "")
        village = villages.get(one.entry.village or "", one.entry.village or "")
        yield {
            "place": place,
            "number": one.number,
            "village": village + str(home.values.get("hamlet") or "") if home else village,
            "household": home.values.get("head_name") if home else None,
            "category": category_of(one),
            "description": values.get("description"),
            "unit": one.standing.unit or values.get("responsible_unit"),
            "person": one.standing.person or values.get("responsible_person"),
            "measures": values.get("measures"),
            "due": one.standing.due or values.get("due_date"),
            "progress": _progress(one, query.now),
            "struck": _struck(one, ledger, query),
            "_id": one.id,
            "_late": one.overdue(query.now),
        }


def _progress(one: Problem, now: int) -> Label:
    """The state and since when, what was done, or why it stands there."""
    done = [taken for taken in one.standing.steps if taken.effective]
    state = STATES[one.standing.state]
    if not done:
        return state
    zh, en = f"{state.zh}（{day_of(done[-1].at)}）", f"{state.en} ({day_of(done[-1].at)})"
    if one.overdue(now):
        zh, en = f"{zh}，逾期 {one.days_overdue(now)} 天", f"{en}, {one.days_overdue(now)} days overdue"
    proof = next((t.entry.values.get("proof_note") for t in reversed(done) if t.entry.values.get("proof_note")), None)
    text = proof if one.standing.state in ("fixed", "verified", "closed") else done[-1].entry.values.get("reason")
    if not text:
        return Label(zh, en)
    by_system = done[-1].entry.values.get("by_name") == SYSTEM
    return Label(f"{zh}：{word(text, ZH) if by_system else text}", f"{en}: {word(text, EN) if by_system else text}")


def _struck(one: Problem, ledger: Ledger, query: Query) -> Label:
    """Whether it is struck off the list, when and how."""
    standing = one.standing
    if standing.over_at is None:
        return Label("未销号", "Not struck off")
    day = day_of(standing.over_at)
    if standing.state == "closed":
        how = _CLOSED_BY[standing.closed_by]
        return Label(f"{day} 销号，{how.zh}", f"{day} struck off, {how.en}")
    if standing.state == "explained":
        return Label(f"{day} 解释答复，不算解决", f"{day} explained, which is not solved")
    if standing.state == "duplicate":
        twin = ledger.problems.get(standing.duplicate_of or "")
        number = twin.number if twin and query.sight.sees(query.store.code, twin.entry.village) else ""
        return Label(f"{day} 重复于 {number}", f"{day} repeats {number}")
    return Label(f"{day} {STATES[standing.state].zh}", f"{day} {STATES[standing.state].en}")


LISTINGS = [
    Listing(
        "problem_form",
        Label("问题台账（报表格式）", "Problem ledger (office form)"),
        [
            Column("place", Label("序号", "No."), "number"),
            problems.NUMBER,
            Column("village", Label("村/屯", "Village, hamlet")),
            problems.HOUSEHOLD, problems.CATEGORY, problems.DESCRIPTION, problems.UNIT, problems.PERSON,
            Column("measures", Label("整改措施", "Measures"), narrow=False),
            problems.DUE,
            Column("progress", Label("办理情况", "Progress"), narrow=False),
            Column("struck", Label("销号情况", "Struck off"), narrow=False),
        ],
        FILTERS,
        find,
        empty=Label("没有这样的问题", "No such problem"),
    ),
]  # fmt: skip
