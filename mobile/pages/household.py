"""One household: its open problems first, what is due, its people and facts, and a timeline of visits by anyone.

Promises: nobody starts a visit without having passed what was promised here; a door that stayed shut is one touch. Leaves to others: the
visit (`visit`), the forms (`record`), what looks odd (`shared.rules.quality`).
"""

from functools import partial
from typing import Any

from mobile.notebook import Shown
from mobile.pages.blocks import Badge, Banner, Block, Button, Buttons, Facts, Heading, Item, Paragraph, Tone, View
from mobile.pages.drafts import begun_here
from mobile.pages.form import asked, may_see_secrets, told
from mobile.pages.page import Page
from mobile.pages.photo_block import photos_line
from mobile.pages.tabs import day_badge
from mobile.pages.timer import clock_of
from shared.fields import Label
from shared.moments import iso, milliseconds
from shared.record import Record
from shared.rules.contact import STATES as STATES_OF_MONTH
from shared.rules.ledger import STATES
from shared.rules.length import length_of

SHOWN = 12
"""Visits of the timeline before "see all"."""
NAMED = ("categories", "phone", "address", "poor_type", "exit_status", "house_safety", "help_contact", "remark")
"""The facts one wants at the door; the rest is one touch away."""


class HouseholdPage(Page):
    """`where`: id."""

    SAYS = {
        "start": Label("开始走访", "Start the visit"),
        "go_on": Label("继续走访 {clock}", "Go on with the visit {clock}"),
        "not_home": Label("家中无人", "Not home"),
        "not_home_kept": Label("已记一次家中无人", "Nobody home: noted"),
        "contact": Label("联户走访", "Contact visit"),
        "cleanup": Label("环境检查", "Clean-up"),
        "problem": Label("记问题", "Problem"),
        "problems": Label("未办结的问题 {n}", "Open problems {n}"),
        "mend": Label("去补", "Mend it"),
        "facts": Label("基本情况", "Facts"),
        "all_facts": Label("看全部、修改", "See all, change"),
        "members": Label("家庭成员 {n}", "Members {n}"),
        "new_member": Label("添加成员", "Add a member"),
        "visits": Label("走访记录", "Visits"),
        "no_visits": Label("还没有人来过。", "Nobody has been here yet."),
        "more": Label("看全部 {n} 次", "See all {n}"),
        "odd": Label("请留意", "Please look"),
        "minutes": Label("{n} 分钟", "{n} min"),
        "open": Label("还没有结束", "not ended"),
        "another": Label("另一户还在走访", "Another visit is running"),
        "another_text": Label(
            "{name} 的走访还没有结束。同时走访两户，两次的时长都要乡镇认定。",
            "The visit to {name} has not ended. Of two visits at once neither has a length of its own.",
        ),
        "to_it": Label("去结束那一次", "Go and end it"),
        "start_anyway": Label("照样开始", "Start anyway"),
        "left": Label("这一户已不归您管，只能查看。", "This household is no longer yours; you can only look."),
        "removed": Label("这一户已被移除，只能查看。", "This household was removed; you can only look."),
        "stale": Label(
            "乡镇的数据恢复过，这一户还没有核对，下次同步时核对。",
            "The township's data was restored; this household is checked with the next sync.",
        ),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.all_visits = False

    @property
    def id(self) -> str:
        return self.where["id"]

    @property
    def shown(self) -> Shown:
        return self.session.notebook.get(self.session.kinds.household, self.id)

    def view(self) -> View:
        shown = self.shown
        values = shown.record.values
        policy = self.session.policy()
        categories = policy.read_categories(values.get("categories"))
        labels = "、".join(self.word(policy.categories[c]) for c in policy.categories if c in categories)
        running = next((entry for entry in self.session.open_visits() if entry.household == self.id), None)
        self.every_second = running is not None
        start = (
            Button(self.say("start"), self.start, "primary", name="start")
            if running is None
            else Button(
                self.say("go_on", clock=clock_of(self.session, running.id)),
                lambda: self._visit(running.id),
                "primary",
                name="start",
            )
        )
        blocks = [
            *self._notes(shown),
            *begun_here(self, self.id),
            *self._problems(),
            *self._due(),
            *self._ways(),
            *self._facts(shown),
        ]
        blocks += [*self._members(), *self._timeline()]
        return View(
            str(values.get("head_name") or self.say("unnamed")),
            self.joined(str(values.get("hamlet") or ""), labels, str(values.get("household_no") or "")),
            tuple(blocks),
            bottom=() if _only_to_look(shown) else (start,),
        )

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def _notes(self, shown: Shown) -> list[Block]:
        blocks: list[Block] = []
        if shown.removed:
            blocks.append(Banner(self.say("removed"), "warn"))
        elif shown.left:
            blocks.append(Banner(self.say("left"), "quiet"))
        elif shown.stale:
            blocks.append(Banner(self.say("stale"), "quiet"))
        return blocks

    def _problems(self) -> list[Block]:
        found = [one for one in self.session.problems(self.id) if one.standing.open]
        if not found:
            return []
        blocks: list[Block] = [Heading(self.say("problems", n=len(found)))]
        for one in found:
            record = self.session.notebook.get("problem", one.entry.id).record
            state = self.word(STATES[one.standing.state])
            blocks.append(
                Item(
                    str(record.values.get("description") or one.number),
                    (self.joined(state, one.standing.person or "", one.number, self._photos(record)),),
                    day_badge(self, one.standing.due),
                    "bad" if one.standing.overdue(self.app.doors.now()) else "plain",
                    partial(self._go, "problem", id=one.entry.id),
                    name=f"problem/{one.entry.id}",
                )
            )
        return blocks

    def _due(self) -> list[Block]:
        due = [one for one in self.session.due_of(self.id) if one.sort != "problem" and one.mine]
        blocks: list[Block] = []
        for one in due:
            tone: Tone = "bad" if one.overdue else "warn"
            mend = self.say("mend") if one.sort == "visit" and one.record else ""
            blocks.append(
                Banner(
                    self.word(one.why), tone, mend, partial(self._visit, one.record),
                    name=f"due/{one.sort}/{one.record}",
                )
            )  # fmt: skip
        return blocks

    def _ways(self) -> list[Block]:
        """What else one can do here."""
        if _only_to_look(self.shown):
            return []
        link = self.session.link_of(self.id)
        ways = [
            Button(self.say("not_home"), self.not_home, name="not_home"),
            Button(self.say("problem"), self._new_problem, name="new_problem"),
            Button(self.say("cleanup"), lambda: self._go("cleanup", household=self.id, id=self._id()), name="cleanup"),
        ]
        blocks: list[Block] = [Buttons(tuple(ways))]
        if link:
            month = self.session.month_of(link)
            blocks.append(
                Item(
                    self.say("contact"),
                    (self.word(STATES_OF_MONTH[month.state]),),
                    Badge(f"{month.made}/{month.owed}", "good" if not month.missing else "warn"),
                    on_tap=lambda: self._go("contact", link=link.id, id=self._id()),
                    name="contact",
                )
            )
        return blocks

    def _facts(self, shown: Shown) -> list[Block]:
        kind = self.session.kinds[self.session.kinds.household]
        names = asked(self, kind, may_see_secrets(self, shown.record.village, self.id))
        values = shown.record.values
        rows = tuple(
            (self.word(kind.fields[name].label), told(self, kind.fields[name], values[name]))
            for name in NAMED
            if name in names and values.get(name) not in (None, "", [])
        )
        change = partial(self._go, "record", kind=kind.name, id=self.id, household=self.id)
        blocks: list[Block] = [Heading(self.say("facts")), Facts(rows)] if rows else [Heading(self.say("facts"))]
        blocks.append(Button(self.say("all_facts"), change, name="facts"))
        told_above = {self.word(one.why) for one in self.session.due_of(self.id)}
        odd = [self.word(finding.says) for _, finding in self.session.oddities(self.id)]
        odd = [text for text in odd if text not in told_above]
        if odd:
            blocks += [Heading(self.say("odd")), *(Paragraph(text, "warn") for text in dict.fromkeys(odd))]
        return blocks

    def _members(self) -> list[Block]:
        members = self.session.notebook.records("member", household=self.id)
        fields = self.session.kinds["member"].fields
        blocks: list[Block] = [Heading(self.say("members", n=len(members)))]
        for member in members:
            values = member.record.values
            line = self.joined(
                *(
                    told(self, fields[name], values[name])
                    for name in ("relation", "sex", "birth_date")
                    if values.get(name)
                )
            )
            blocks.append(
                Item(
                    str(values.get("name") or self.say("unnamed")),
                    (line,) if line else (),
                    on_tap=partial(self._go, "record", kind="member", id=member.record.id, household=self.id),
                    name=f"member/{member.record.id}",
                )
            )
        if not _only_to_look(self.shown):
            blocks.append(Button(self.say("new_member"), self._new_member, name="new_member"))
        return blocks

    def _timeline(self) -> list[Block]:
        """Visits, contact visits and checks by anyone, newest first."""
        found: list[tuple[int, Item]] = []
        for kind, moment in (("visit", "started_at"), ("contact_visit", "started_at"), ("cleanup_check", "checked_at")):
            for shown in self.session.notebook.records(kind, household=self.id):
                at = milliseconds(shown.record.values[moment]) if shown.record.values.get(moment) else 0
                found.append((at, self._event(kind, at, shown)))
        found.sort(key=lambda one: one[0], reverse=True)
        blocks: list[Block] = [Heading(self.say("visits"))]
        if not found:
            return [*blocks, Paragraph(self.say("no_visits"), "quiet")]
        listed = found if self.all_visits else found[:SHOWN]
        blocks += [item for _, item in listed]
        if len(listed) < len(found):
            blocks.append(Button(self.say("more", n=len(found)), self._see_all, name="more"))
        return blocks

    def _event(self, kind: str, at: int, shown: Shown) -> Item:
        values = shown.record.values
        who = "、".join(map(str, values.get("participants") or ())) or str(values.get("checker") or "")
        fields = self.session.kinds[kind].fields
        mode = told(self, fields["mode"], values["mode"]) if values.get("mode") else ""
        if kind == "visit" and not values.get("ended_at"):
            length = self.say("open")
        else:
            length = self.say("minutes", n=length_of(values).minutes) if kind == "visit" and at else ""
        what = self.word(self.session.kinds[kind].label)
        return Item(
            self.joined(iso(at)[:10] if at else "", what),
            (
                self.joined(who, mode, length, self._photos(shown.record)),
                *([str(values["summary"])] if values.get("summary") else []),
            ),
            Badge(self.say("unsent"), "quiet") if shown.unsent else None,
            on_tap=lambda: self._event_opened(kind, shown.record.id),
            name=f"{kind}/{shown.record.id}",
        )

    def _photos(self, record: Record) -> str:
        return photos_line(self, record.kind, record.id, record.values)

    # --- what one can do -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a visit; when another is running, ask first."""
        other = next(iter(self.session.open_visits()), None)
        if other is None:
            self._begin()
            return
        name = self.session.name_of(other.household) or self.say("unnamed")
        self.app.screen.ask(
            self.say("another"),
            self.say("another_text", name=name),
            (
                Button(self.say("to_it"), lambda: self._visit(other.id), "primary", name="to_it"),
                Button(self.say("start_anyway"), self._begin, name="start_anyway"),
                Button(self.say("cancel"), name="cancel"),
            ),
        )

    def _begin(self) -> None:
        written = self.app.attempt(lambda: self.session.begin_visit(self.id))
        if written:
            self._visit(written.id)

    def not_home(self) -> None:
        """Nobody opened: kept as such, with a way back."""

        def note() -> str:
            written = self.session.notebook.start_visit(self.id)
            self.session.notebook.finish_visit(written.id, {"mode": "not_home"})
            return written.id

        id_ = self.app.attempt(note)
        if not id_:
            return
        self.redraw()

        def undo() -> None:
            self.app.attempt(lambda: self.session.notebook.write("visit", id_, {"removed": True}))
            self.redraw()

        self.app.screen.toast(self.say("not_home_kept"), self.say("undo"), undo)

    def _new_problem(self) -> None:
        village = self.shown.record.village or ""
        self._go("new_problem", id=self._id(), village=village, household=self.id, source="visit")

    def _new_member(self) -> None:
        village = self.shown.record.village or ""
        self._go("record", kind="member", id=self._id(), village=village, household=self.id)

    def _event_opened(self, kind: str, id_: str) -> None:
        if kind == "visit" and any(entry.id == id_ for entry in self.session.open_visits()):
            self._visit(id_)
        else:
            self._go("record", kind=kind, id=id_, household=self.id)

    def _see_all(self) -> None:
        self.all_visits = True
        self.redraw()

    def _visit(self, id_: str) -> None:
        self._go("visit", id=id_)

    def _go(self, name: str, **where: str) -> None:
        self.app.go(name, **where)

    def _id(self) -> str:
        return self.app.doors.new_id()


def _only_to_look(shown: Shown) -> bool:
    """Whether nothing new belongs at this household: it is somebody else's now, or removed."""
    return shown.left or shown.removed


PAGE = HouseholdPage
