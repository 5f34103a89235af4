"""Suggestions and complaints, about the app or the work: one form, and below it what one wrote before with the township's answers.

Promises: it says who will read it before one writes; every answer is in the draft at once. Leaves to others: answering (the township's desk).
"""

from collections.abc import Mapping
from typing import Any

from mobile.pages.blocks import Badge, Block, Heading, Item, Paragraph
from mobile.pages.form import FormBlocks, told
from mobile.pages.given import KeptForm, unfinished
from mobile.pages.record import RecordPage
from shared.fields import Label
from shared.grants import HOUSEHOLD, Grant
from shared.hlc import device_of
from shared.moments import iso
from shared.record import stamps_of

KIND = "feedback"
ASKED = ("sort", "about", "text")


class FeedbackPage(RecordPage):
    """`where`: id, village, household; all of them made up when they are not given."""

    SAYS = {
        **RecordPage.SAYS,
        "who": Label(
            "乡镇办公室会看、会答复；负责同一个村的人也看得到。不是匿名的。不愿写在这里的，可以直接找乡镇或县里。",
            "The township desk reads and answers; those in charge of the same village see it too. It is not anonymous. "
            "What you would rather not write here you can take to the township or the county yourself.",
        ),
        "before": Label("以前写的", "Written before"),
        "answered": Label("已答复", "Answered"),
        "reply": Label("答复：{text}", "Answer: {text}"),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **{**where, "kind": KIND})
        begun = unfinished(self, KIND)
        self.where["id"] = begun[0].id if begun else where.get("id") or app.doors.new_id()
        if "village" not in where:
            self.where |= self._home()

    def _home(self) -> dict[str, str]:
        """Where it is filed: this person's village, or a household in charge, whose village then is known."""
        grants = [Grant.read(name) for name in self.session.store.grants()]
        for grant in grants:
            if grant.scope == HOUSEHOLD:
                home = self.session.households().get(grant.value)
                return {"village": (home.village or "") if home else "", "household": grant.value}
            seen = sorted(
                {e.village for e in self.session.households().values() if grant.gives(e.village, None) and e.village}
            )
            village = grant.value if grant.scope == "village" else next(iter(seen), "")
            if village:
                return {"village": village}
        return {"village": ""}

    def names(self) -> list[str]:
        return list(ASKED)

    def form(self) -> FormBlocks:
        return KeptForm(self, self.kind, self.id, self.values(), self.keep, errors=self.errors)

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep answers, the first ones with who and when."""
        known = (
            {}
            if self._drafted()
            else {"said_at": iso(self.app.doors.now()), "said_by": self.session.user().get("name")}
        )
        place = self.where.get("village") or None, self.where.get("household") or None
        self.session.notebook.answer(KIND, self.id, {**known, **values}, *place)

    def top(self) -> list[Block]:
        return [*super().top(), Paragraph(self.say("who"), "quiet")]

    def _others(self) -> list[Block]:
        """What this person wrote before, newest first, with the answers."""
        devices = set(self.session.notebook.enrolment().devices)
        mine = [s for s in self.session.notebook.records(KIND) if device_of(min(stamps_of(s.record.stamps))) in devices]
        mine.sort(key=lambda shown: (str(shown.record.values.get("said_at") or ""), shown.record.id), reverse=True)
        return [Heading(self.say("before")), *(self._said(s.record.id, s.record.values) for s in mine)] if mine else []

    def _said(self, id_: str, values: Mapping[str, Any]) -> Item:
        sort = told(self, self.kind.fields["sort"], values["sort"]) if values.get("sort") else ""
        reply = str(values.get("reply") or "")
        lines = [self.joined(sort, str(values.get("said_at") or "")[:10])]
        if reply:
            lines.append(self.say("reply", text=reply))
        badge = Badge(self.say("answered"), "good") if reply else None
        return Item(str(values.get("text") or ""), tuple(lines), badge, name=f"said/{id_}")


PAGE = FeedbackPage
