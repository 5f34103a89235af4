"""One disagreement: what was replaced, what stands, who wrote each and when, and what the township decided.

Promises: opening it marks it as looked at; secret fields stay hidden from those who may not see them; one touch asks the township to look
again. Leaves to others: deciding (the township's desk).
"""

from typing import Any

from mobile.notebook import Disagreement, NoSuchRecord
from mobile.pages.blocks import Block, Button, Compare, Facts, Item, Paragraph, View
from mobile.pages.conflicts import place_of, status_of, title_of
from mobile.pages.form import may_see_secrets, told
from mobile.pages.page import Page
from shared.fields import SECRET, Label
from shared.kinds.conflict import DECISIONS

STANDS = {"losing": 0, "standing": 1}


class ConflictPage(Page):
    """`where`: id."""

    SAYS = {
        "losing": Label("被替换的", "Replaced"),
        "mine_losing": Label("我写的，被替换了", "What I wrote, replaced"),
        "standing": Label("现在的", "Stands now"),
        "mine_standing": Label("我写的，现在用的", "What I wrote, stands now"),
        "unknown": Label("不知道是谁", "not known"),
        "secret": Label("（保密，不显示）", "(secret, not shown)"),
        "quiet": Label("后写的先用着，两句话都留着。", "The later word stands for now; both are kept."),
        "open": Label("已请乡镇办公室看，等它裁定。", "The township desk was asked and has yet to decide."),
        "seen": Label("后写的人看过前一句，所以用后写的。", "The later writer had seen the earlier word, so the later one stands."),
        "decided": Label("乡镇办公室已经裁定。", "The township desk has decided."),
        "decision": Label("裁定", "Decision"),
        "value": Label("裁定的值", "Value decided"),
        "by": Label("裁定人", "Decided by"),
        "reopen": Label("请乡镇再看一看", "Ask the township to look again"),
        "asked": Label("已请乡镇再看一看，同步后送到", "The township is asked; it is sent with the next sync"),
        "record": Label("看这条记录", "See the record"),
    }  # fmt: skip

    @property
    def one(self) -> Disagreement:
        id_ = self.where["id"]
        found = next((one for one in self.session.conflicts() if one.shown.record.id == id_), None)
        if found is None:
            raise NoSuchRecord(f"conflict {id_}")
        return found

    def entered(self) -> None:
        held = [one for one in self.session.conflicts() if one.shown.record.id == self.where["id"]]
        for one in held:
            self.session.saw(one)

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        one = self.one
        values = one.shown.record.values
        sides = (
            (self._caption(one, "losing"), self._told(one, one.losing), self._who(one, "losing")),
            (self._caption(one, "standing"), self._told(one, one.standing), self._who(one, "standing")),
        )
        decision = str(values.get("decision") or "")
        stands = STANDS.get(decision) if one.status == "decided" else 1
        blocks: list[Block] = [Compare(sides, stands), *self._status(one), *self._decision(one, values, decision)]
        blocks.append(Item(place_of(self, one), (self.say("record"),), on_tap=self._open_record, name="record"))
        can_ask = one.status != "open" and bool(one.mine)
        reopen = Button(self.say("reopen"), self.reopen, name="reopen")
        return View(title_of(self, one), place_of(self, one), tuple(blocks), bottom=(reopen,) if can_ask else ())

    def _caption(self, one: Disagreement, side: str) -> str:
        return self.say(f"mine_{side}" if side in one.mine else side)

    def _who(self, one: Disagreement, side: str) -> str:
        by, ms = (one.losing_by, one.losing_ms) if side == "losing" else (one.standing_by, one.standing_ms)
        who = self.say("me") if side in one.mine else by or self.say("unknown")
        return self.joined(who, self.moment(ms) if ms else "")

    def _told(self, one: Disagreement, value: Any) -> str:
        """A value in words; not those of a secret field to somebody whose grants hide it."""
        kind, record = self.session.kinds.get(one.about), one.shown.record
        field = kind.fields.get(one.field) if kind else None
        if field and field.sensitivity == SECRET and not may_see_secrets(self, record.village, record.household):
            return self.say("secret")
        return told(self, field, value)

    def _status(self, one: Disagreement) -> list[Block]:
        known = one.status in ("quiet", "open", "seen", "decided")
        return [Paragraph(self.say(one.status) if known else status_of(self, one), "quiet")]

    def _decision(self, one: Disagreement, values: dict[str, Any], decision: str) -> list[Block]:
        if one.status != "decided":
            return []
        label = DECISIONS.get(decision)
        rows = [
            (self.say("decision"), self.word(label) if label else decision),
            (self.say("value"), self._told(one, values.get("value"))),
            (
                self.say("by"),
                self.joined(str(values.get("decided_by") or ""), str(values.get("decided_at") or "")[:10]),
            ),
        ]
        return [Facts(tuple(rows))]

    # --- what one can do -------------------------------------------------------------------------------------------

    def reopen(self) -> None:
        """Ask the township to look again; it can be asked as often as one likes, so there is nothing to take back."""
        if self.app.attempt(lambda: self.session.notebook.reopen(self.where["id"])):
            self.entered()
            self.app.screen.toast(self.say("asked"))
            self.session.syncing.nudge()
        self.redraw()

    def _open_record(self) -> None:
        one = self.one
        if one.about == "problem":
            self.app.go("problem", id=one.record)
        elif one.about == self.session.kinds.household:
            self.app.go("household", id=one.record)
        else:
            self.app.go("record", kind=one.about, id=one.record, household=one.shown.record.household or "")


PAGE = ConflictPage
