"""Contact visits: the households linked to this person, each with this month's count. A fact about the month, no score of anybody."""

from functools import partial

from mobile.pages.blocks import Badge, Block, Item, Paragraph, View
from mobile.pages.page import Page
from shared.fields import Label
from shared.rules.contact import STATES


class ContactsPage(Page):
    SAYS = {
        "title": Label("联户走访", "Contact visits"),
        "month": Label("{month} · 还差 {n} 次", "{month} · {n} still due"),
        "done": Label("{month} · 都走到了", "{month} · all done"),
        "none": Label(
            "您没有联系的农户。联户名单由村里或乡镇登记。",
            "No household is linked to you; the village or township keeps that list.",
        ),
        "not_yet": Label("本月还没有走访", "Not visited yet this month"),
    }

    def view(self) -> View:
        links, today = self.session.links(), self.session.notebook.today()
        months = [self.session.month_of(link) for link in links]
        missing = sum(month.missing for month in months)
        blocks: list[Block] = []
        for link, month in zip(links, months, strict=True):
            entry = self.session.households().get(link.household or "")
            days = "、".join(f"{int(day[8:])}日" if self.language == "zh" else day[5:] for day in month.days)
            blocks.append(
                Item(
                    self.session.name_of(link.household) or self.say("unnamed"),
                    (
                        self.joined(
                            str(entry.values.get("hamlet") or "") if entry else "",
                            self.word(STATES[month.state]),
                            days or self.say("not_yet"),
                        ),
                    ),
                    Badge(f"{month.made}/{month.owed}", "warn" if month.missing else "good"),
                    on_tap=partial(self._open, link.id),
                    name=f"link/{link.id}",
                )
            )
        if not blocks:
            blocks.append(Paragraph(self.say("none"), "quiet"))
        head = self.say("month", month=today[:7], n=missing) if missing else self.say("done", month=today[:7])
        return View(self.say("title"), head if links else "", tuple(blocks))

    def _open(self, link: str) -> None:
        self.app.go("contact", link=link, id=self.app.doors.new_id())


PAGE = ContactsPage
