"""The terminal phone's commands that ask the rules: what is due, what looks odd, how problems stand and the steps to be taken on them.

Leaves to others: the rules (`duties`), and how a command answers (`terminal`).
"""

from collections.abc import Callable
from typing import Any

from mobile.duties import Duties, Problem
from mobile.words import read_values
from shared.moments import day_of
from shared.rules.ledger import REASONS, STATES


def add_duties(command: Callable[..., Any]) -> None:
    """Hang these commands on the parser; `command` is the terminal's own way to add one."""
    command("due", _due, "该办的事：原因和期限 / what is due, why, until when")
    sub = command("check", _check, "看一户有哪里不对（只提醒） / what looks odd in a household; it only warns")
    sub.add_argument("household", metavar="HOUSEHOLD", help="户的编号 / the household's id")
    sub = command("problems", _problems, "问题台账 / the problems on this phone and how they stand")
    sub.add_argument("id", metavar="ID", nargs="?", help="只看这个问题，连同各步 / this one, with its steps")
    sub = command("step", _step, "办理问题的一步：started fixed verified satisfied … / take a step on a problem")
    sub.add_argument("id", metavar="PROBLEM", help="问题的编号 / the problem's id")
    sub.add_argument(
        "step", metavar="STEP", help="环节 / reported accepted assigned started fixed verified satisfied …"
    )
    sub.add_argument("rest", metavar="field=value", nargs="*", help="各字段的值 / values by field")


def _due(desk: Any) -> None:
    duties = Duties(desk.notebook)
    asking = duties.lying_open()
    found = duties.due()
    names = {e.id: e.values.get("head_name") for e in desk.notebook.entries("household")}
    lines = [
        f"走访还开着，人还在那里吗？ / Still there? visit finish {entry.id}（{entry.values['started_at']}）"
        for entry in asking
    ]
    bodies = []
    for place in found.places:
        lines.append(f"{names.get(place.household) or '村里 / the village'}  {place.village}  {place.household or ''}")
        for due in place.due:
            late = "已逾期 / overdue " if due.overdue else ""
            until = f"{due.until} 前 / until" if due.until else "无期限 / no deadline"
            other = "" if due.mine else "（等别人 / waits for somebody else）"
            lines.append(f"   {due.why.zh} / {due.why.en}  {late}{until}{other}")
        due_bodies = [
            {
                "sort": d.sort, "why": d.why._asdict(), "until": d.until, "overdue": d.overdue, "record": d.record,
                "mine": d.mine,
            }
            for d in place.due
        ]  # fmt: skip
        bodies.append({"village": place.village, "household": place.household, "due": due_bodies})
    if found.filling:
        lines.append(
            "还没有下载完的不列 / not listed until their first download is complete: " + " ".join(found.filling)
        )
    lines.append(f"共 {len(found.places)} 处 / {len(found.places)} places")
    open_visits = [entry.id for entry in asking]
    desk.answer({"due": bodies, "filling": found.filling, "open_visits": open_visits}, "\n".join(lines))


def _check(desk: Any) -> None:
    found = Duties(desk.notebook).oddities(desk.given.household)
    bodies = [
        {"code": f.code, "kind": e.kind, "id": e.id, "fields": list(f.fields), "says": f.says._asdict()}
        for e, f in found
    ]
    lines = [f"{entry.kind} {entry.id}  {finding.says.zh} / {finding.says.en}" for entry, finding in found]
    lines.append(
        "没有发现不对的地方 / nothing odd" if not found else f"提醒 {len(found)} 条，不影响保存 / only reminders"
    )
    desk.answer({"findings": bodies}, "\n".join(lines))


def _problems(desk: Any) -> None:
    duties = Duties(desk.notebook)
    if desk.given.id:
        one = duties.problem(desk.given.id)
        lines = [_line(one)]
        for taken in one.standing.steps:
            values = taken.entry.values
            why = (
                "" if taken.effective else f"  未生效：{REASONS[taken.why].zh} / not effective: {REASONS[taken.why].en}"
            )
            lines.append(f"   {day_of(taken.at)} {values.get('step')} {values.get('by_name') or ''}{why}")
        desk.answer(_body(one), "\n".join(lines))
        return
    found = duties.problems()
    desk.answer(
        {"problems": [_body(one) for one in found]}, "\n".join([*map(_line, found), f"共 {len(found)} 个 / in all"])
    )


def _step(desk: Any) -> None:
    kind = desk.notebook.kind("problem_step")
    values = read_values(kind, desk.given.rest)
    written, now = Duties(desk.notebook).take_step(desk.given.id, desk.given.step, values)
    desk.answer({"step": written.id, "number": written.number, **_body(now)}, f"已存好。 / Saved. {_line(now)}")


def _line(one: Problem) -> str:
    standing, state = one.standing, STATES[one.standing.state]
    due = f"  期限 / due {standing.due}" if standing.due and standing.open else ""
    return f"{one.number}  {state.zh} / {state.en}  {standing.person or ''}{due}  {one.entry.id}"


def _body(one: Problem) -> dict[str, Any]:
    standing = one.standing
    return {
        "id": one.entry.id, "problem_number": one.number, "state": standing.state, "tier": standing.tier,
        "unit": standing.unit, "person": standing.person, "due": standing.due, "original_due": standing.original_due,
        "extensions": standing.extensions, "sent_back": standing.sent_back, "reopened": standing.reopened,
        "steps": [
            {"id": t.entry.id, "step": t.entry.values.get("step"), "effective": t.effective, "why": t.why}
            for t in standing.steps
        ],
    }  # fmt: skip
