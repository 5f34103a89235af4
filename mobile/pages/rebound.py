"""After a rebound: a problem is offered where the ledger has none about the place yet, else the one it has.

Promises: a target has one problem however often it slips, the same one that the township would open by itself. Leaves to others: what a
rebound is (`shared.rules.cleanup`), writing the problem (`new_problem`).
"""

from functools import partial

from mobile.pages.blocks import Button
from mobile.pages.cleanups import target_title
from mobile.pages.page import Page
from mobile.pages.problems import number_of
from shared.fields import Label
from shared.moments import day_of, days_between
from shared.rules.cleanup import REBOUNDS, Checked, Target, rebound_problem

SAYS = {
    "title": Label("反弹了", "It slipped back"),
    "none": Label("{place}还没有记问题，现在记一个吗？", "Nothing is in the ledger about {place}. Note a problem now?"),
    "known": Label("{place}已有问题 {number}。", "There is a problem already about {place}: {number}."),
    "note": Label("记一个问题", "Note a problem"),
    "look": Label("看一看", "Look"),
    "later": Label("以后再说", "Later"),
    "text": Label(
        "环境反弹（{why}）：{day}检查{now:g}分，上次{before:g}分",
        "Slipped back ({why}): {now:g} points on {day}, {before:g} before",
    ),
}


def reasons(page: Page, checked: Checked) -> str:
    """Why a check shows a rebound, in words."""
    return "、".join(page.word(REBOUNDS[code]) for code in checked.rebound)


def offer_problem(page: Page, target: Target, village: str, checked: Checked) -> None:
    """Ask whether to note a problem about a target that slipped back, or to look at the one there is."""
    say = {key: page.word(label) for key, label in SAYS.items()}
    id_, place = _problem_of(page, target), target_title(page, target)
    known = next((one for one in page.session.problems() if one.entry.id == id_), None)
    if known:
        text = say["known"].format(place=place, number=number_of(page, known))
        act = Button(say["look"], lambda: _go(page, "problem", id=id_), "primary", name="note")
    else:
        text = say["none"].format(place=place)
        act = Button(say["note"], partial(_note, page, id_, target, village, checked), "primary", name="note")
    page.app.screen.ask(say["title"], text, (act, Button(say["later"], name="later")))


def _problem_of(page: Page, target: Target) -> str:
    """The target's problem that is open or may be opened again, else a new one's id (`server.acts.ledger` counts the same way)."""
    held = {one.entry.id: one for one in page.session.problems()}
    earlier = 0
    while (known := held.get(rebound_problem(target, earlier))) and not known.standing.open:
        over, today = day_of(known.standing.over_at or 0), page.session.notebook.today()
        if days_between(over, today) <= page.session.duties.rules_of(known).reopen_days:
            break
        earlier += 1
    return rebound_problem(target, earlier)


def _note(page: Page, id_: str, target: Target, village: str, checked: Checked) -> None:
    before = checked.prior.score.total if checked.prior else 0.0
    said = page.word(SAYS["text"])
    text = said.format(why=reasons(page, checked), day=checked.day, now=checked.score.total, before=before)
    if target[0] == "hamlet":
        text = f"{target[2]}：{text}"
    household = target[1] if target[0] == "household" else ""
    where = {"village": village, "household": household, "source": "cleanup_check", "category": "env", "text": text}
    _go(page, "new_problem", id=id_, **where)


def _go(page: Page, name: str, **where: str) -> None:
    page.app.go(name, **where)
