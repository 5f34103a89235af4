"""Clean-up checks: what is to be looked at again, what was begun, and every hamlet and village that can be checked.

Promises: rechecks that are due come first; a place shows what it scored last, and places stand in the order of their names, not of their
scores. Leaves to others: the sheet (`cleanup`), what a score means (`shared.rules.cleanup`); a household's yard is checked from its page.
"""

from mobile.drafts import Draft
from mobile.pages.blocks import Badge, Banner, Block, Item, LongList, View
from mobile.pages.given import unfinished
from mobile.pages.page import Page
from mobile.pages.place import village_title, villages_held
from mobile.pages.tabs import day_badge
from shared.fields import Label
from shared.rules.cleanup import Checked, Score, Target, lines
from shared.rules.due import Due


class CleanupsPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("环境检查", "Clean-up checks"),
        "hint": Label("农户的庭院在那一户的页面里检查", "A household's yard is checked from its own page"),
        "last": Label("上次 {total:g} 分，{verdict}，{day}", "Last time {total:g} points, {verdict}, {day}"),
        "never": Label("还没有检查过", "Not checked yet"),
        "empty": Label("手机里还没有可以检查的地方，请先同步。", "There is nothing to check on this phone yet; sync first."),
        "draft": Label("有一次检查没写完：{place}", "A check is not finished: {place}"),
        "go_on": Label("接着写", "Go on"),
        "good": Label("良好", "good"),
        "pass": Label("合格", "passed"),
        "fail": Label("不合格", "failed"),
        "open": Label("没有打完分", "not scored to the end"),
    }  # fmt: skip

    def view(self) -> View:
        checked = self.session.once("checked", self._checked)
        due = [one for place in self.session.due().places for one in place.due if one.sort == "cleanup"]
        rows = [*(self._recheck(one, checked) for one in due), *(self._target(one, checked) for one in self._targets())]
        blocks: tuple[Block, ...] = (
            *map(self._draft, unfinished(self, "cleanup_check")),
            LongList(tuple(rows), self.say("empty"), self._opened, name="targets"),
        )
        return View(self.say("title"), self.say("hint"), blocks)

    def _checked(self) -> dict[Target, list[Checked]]:
        notebook = self.session.notebook
        return lines(notebook.entries("cleanup_check"), notebook.policies(), self.app.doors.now())

    def _targets(self) -> list[Target]:
        """The villages, each with its hamlets."""
        hamlets: dict[str, set[str]] = {code: set() for code in villages_held(self)}
        for entry in self.session.households().values():
            if entry.village in hamlets and str(entry.values.get("hamlet") or "").strip():
                hamlets[entry.village].add(str(entry.values["hamlet"]).strip())
        found: list[Target] = []
        for code, names in hamlets.items():
            found += [("village", code), *(("hamlet", code, name) for name in sorted(names))]
        return found

    def _recheck(self, due: Due, checked: dict[Target, list[Checked]]) -> Item:
        target = next(target for target, line in checked.items() if line[-1].entry.id == due.record)
        title = target_title(self, target)
        return Item(title, (self.word(due.why),), day_badge(self, due.until), "warn", name=f"like/{due.record}")

    def _target(self, target: Target, checked: dict[Target, list[Checked]]) -> Item:
        line = checked.get(target)
        if not line:
            return Item(target_title(self, target), (self.say("never"),), name="/".join(target))
        last = line[-1]
        verdict = verdict_of(last.score)
        words = self.say("last", total=last.score.total, verdict=self.say(verdict), day=last.day)
        badge = Badge(self.say(verdict), "good" if last.score.passed else "warn")
        return Item(target_title(self, target), (words,), badge, name="/".join(target))

    def _draft(self, draft: Draft) -> Banner:
        title = target_title(self, target_of_draft(draft))
        go_on = self.say("go_on")
        return Banner(
            self.say("draft", place=title), "brand", go_on, lambda: self._go_on(draft), name=f"draft/{draft.id}"
        )

    # --- onward ----------------------------------------------------------------------------------------------------

    def _opened(self, name: str) -> None:
        sort, _, value = name.partition("/")
        if sort == "like":
            self.app.go("cleanup", like=value)
        elif sort == "village":
            self.app.go("cleanup", village=value)
        else:
            village, _, hamlet = value.partition("/")
            self.app.go("cleanup", village=village, hamlet=hamlet)

    def _go_on(self, draft: Draft) -> None:
        self.app.go("cleanup", id=draft.id, **where_of(target_of_draft(draft)))


def verdict_of(score: Score) -> str:
    """good, pass, fail, or open while nothing decides it."""
    return "open" if score.passed is None else "fail" if not score.passed else "good" if score.good else "pass"


def target_title(page: Page, target: Target) -> str:
    """What is checked, in words: a hamlet, the village, a household."""
    if target[0] == "household":
        return page.session.name_of(target[1]) or page.say("unnamed")
    return target[2] if target[0] == "hamlet" else village_title(page, target[1])


def target_of_draft(draft: Draft) -> Target:
    """What an unfinished check is about."""
    if draft.household:
        return ("household", draft.household)
    hamlet = str(draft.values.get("hamlet") or "")
    return ("hamlet", draft.village or "", hamlet) if hamlet else ("village", draft.village or "")


def where_of(target: Target) -> dict[str, str]:
    """The same as a page's place."""
    if target[0] == "household":
        return {"household": target[1]}
    return {"village": target[1], "hamlet": target[2]} if target[0] == "hamlet" else {"village": target[1]}


PAGE = CleanupsPage
