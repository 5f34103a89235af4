"""Today: what is due and why, most urgent first; the visit that is running; how syncing goes.

Promises: no list for a village whose first download is not complete, it is said instead; what waits for somebody else is not urged on
this person. Leaves to others: what is due (`shared.rules.due`), counting (`session`).
"""

from functools import partial

from mobile.pages.blocks import Banner, Block, Button, Buttons, Heading, Item, Paragraph, View
from mobile.pages.drafts import begun_blocks
from mobile.pages.page import Page
from mobile.pages.tabs import day_badge, sync_blocks, sync_line, tabs
from mobile.pages.timer import clock_of
from shared.fields import Label
from shared.rules.due import Place

SHOWN = 40
"""Places that are listed; the rest is under the households tab."""


class TodayPage(Page):
    SAYS = {
        "title": Label("{name}，今天", "{name}, today"),
        "start": Label("开始走访", "Start a visit"),
        "contacts": Label("联户走访", "Contact visits"),
        "contacts_due": Label("联户走访 还差{n}次", "Contact visits: {n} due"),
        "cleanup": Label("环境检查", "Clean-up check"),
        "going_on": Label("正在走访 {name} · {clock}", "Visiting {name} · {clock}"),
        "go_on": Label("继续", "Go on"),
        "still_there": Label(
            "{name}的走访从 {since} 开着，人还在那里吗？", "The visit to {name} is open since {since}: still there?"
        ),
        "due": Label("该办的事", "What is due"),
        "nothing_due": Label("没有到期要办的事。", "Nothing is due."),
        "filling": Label(
            "正在下载 {places}，下载完才显示该办的事。",
            "{places} is being downloaded; what is due shows when it is complete.",
        ),
        "more": Label("还有 {n} 处，看全部", "{n} more places, see all"),
        "conflicts": Label("{n} 处与别人写的不一样", "{n} differ from what others wrote"),
        "look": Label("去看看", "Look"),
    }

    def view(self) -> View:
        session = self.session
        name = str(session.user().get("name") or "")
        running = session.open_visits()
        self.every_second = bool(running)
        blocks: list[Block] = [*self._running(), *begun_blocks(self), *sync_blocks(self)]
        unseen = session.unseen_conflicts()
        if unseen:
            words = self.say("conflicts", n=len(unseen))
            blocks.append(Banner(words, "warn", self.say("look"), lambda: self._open("conflicts"), name="conflicts"))
        blocks += [self._ways(), *self._due()]
        return View(
            self.say("title", name=name),
            sync_line(self),
            tuple(blocks),
            bottom=(Button(self.say("start"), lambda: self._open("households", due="yes"), "primary", name="start"),),
            tab="today",
            tabs=tabs(self),
            back=False,
        )

    def _running(self) -> list[Block]:
        blocks: list[Block] = []
        asking = {entry.id for entry in self.session.lying_open()}
        for entry in self.session.open_visits():
            name = self.session.name_of(entry.household) or self.say("unnamed")
            if entry.id in asking:
                words = self.say("still_there", name=name, since=str(entry.values["started_at"])[11:16])
            else:
                words = self.say("going_on", name=name, clock=clock_of(self.session, entry.id))
            go_on = self.say("go_on")
            blocks.append(Banner(words, "brand", go_on, partial(self._visit, entry.id), name=f"visit/{entry.id}"))
        return blocks

    def _ways(self) -> Block:
        ways = [Button(self.say("cleanup"), lambda: self._open("cleanups"), name="cleanup")]
        if self.session.links():
            missing = sum(self.session.month_of(link).missing for link in self.session.links())
            label = self.say("contacts_due", n=missing) if missing else self.say("contacts")
            ways.insert(0, Button(label, lambda: self._open("contacts"), name="contacts"))
        return Buttons(tuple(ways))

    def _due(self) -> list[Block]:
        due = self.session.due()
        blocks: list[Block] = []
        if due.filling:
            places = "、".join(self.session.village_named(grant.partition(":")[2]) for grant in due.filling)
            blocks.append(Paragraph(self.say("filling", places=places), "quiet"))
        if due.places:
            blocks.append(Heading(f"{self.say('due')} {len(due.places)}"))
            blocks += [self._place(place) for place in due.places[:SHOWN]]
            left = len(due.places) - SHOWN
            if left > 0:
                blocks.append(
                    Button(self.say("more", n=left), lambda: self._open("households", due="yes"), name="more")
                )
        elif not due.filling:
            blocks.append(Paragraph(self.say("nothing_due"), "good"))
        return blocks

    def _place(self, place: Place) -> Item:
        entry = self.session.households().get(place.household or "")
        village = self.joined(self.say("village"), self.session.village_named(place.village))
        title = str(entry.values.get("head_name") or self.say("unnamed")) if entry else village
        where = str(entry.values.get("hamlet") or "") if entry else ""
        first = next((one for one in place.due if one.mine), place.due[0])
        others = len(place.due) - 1
        return Item(
            title,
            (self.joined(where, self.word(first.why)), *([f"+{others}"] if others else [])),
            day_badge(self, first.until),
            "bad" if first.overdue else "plain",
            lambda: self._place_opened(place),
            name=f"place/{place.household or place.village}",
        )

    def _place_opened(self, place: Place) -> None:
        if place.household:
            self.app.go("household", id=place.household)
        else:
            first = place.due[0]
            self.app.go("problem", id=first.record) if first.sort == "problem" else self.app.go(
                "cleanup", like=first.record
            )

    def _visit(self, id_: str) -> None:
        self.app.go("visit", id=id_)

    def _open(self, name: str, **where: str) -> None:
        self.app.go(name, **where)


PAGE = TodayPage
