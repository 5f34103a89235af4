"""One step of a problem: what it asks, why it cannot be taken if it cannot, and the saving of it.

Promises: every answer is in the draft at once and found again whenever the same step of the same problem is opened; a step that would have
no effect is refused in words and nothing typed is lost. Leaves to others: whether a step can be taken (`duties`), how it reads (`problem`).
"""

from dataclasses import replace
from typing import Any

from mobile.duties import Problem, StepNotNow
from mobile.notebook import Invalid
from mobile.pages.blocks import Banner, Block, Button, Choice, Facts, Option, Paragraph, View
from mobile.pages.form import FormBlocks
from mobile.pages.page import Page
from mobile.pages.problem import problem_of
from mobile.pages.problems import category_of, number_of, place_of
from shared.fields import Label
from shared.kinds.problem_step import STEPS
from shared.sync.phone import PhoneError

KIND = "problem_step"
ASKS = {
    "accepted": ("tier", "reason"),
    "assigned": ("unit", "person", "due_date", "tier", "reason"),
    "fixed": ("proof_note",),
    "gate_failed": ("reason",),
    "satisfied": ("answer", "method", "witnesses"),
    "explained": ("reason",),
    "escalated": ("unit", "person", "reason"),
    "extended": ("due_date", "reason"),
    "duplicate": ("duplicate_of",),
    "rejected": ("reason",),
    "reopened": ("reason",),
}
"""What each step asks for; the others ask nothing."""
WITNESSED = ("witness", "representatives")
TWINS = 30
"""How many open problems are offered as the one that is repeated."""


class StepPage(Page):
    """`where`: problem (its id), step."""

    SAYS = {
        "reported": Label("交给乡镇办公室受理。", "Hand it to the township desk."),
        "accepted": Label("乡镇办公室已受理，接着交办。", "The desk takes it up; assign it next."),
        "assigned": Label("写明谁、在什么时候以前办好。", "Say who sees to it, and until when."),
        "started": Label("已经开始整改。", "Work on it has begun."),
        "fixed": Label("写明做了什么。接着由另一个人核验。", "Say what was done. Another person then verifies it."),
        "verified": Label("我看过了，确实已经解决。接着问群众是否满意。", "I have seen that it is solved. The household is asked next."),
        "gate_failed": Label("还没有解决，退回继续整改。", "It is not solved; it goes back."),
        "satisfied": Label("问一问群众：满意才算办结。", "Ask the household: it is done only when they are satisfied."),
        "explained": Label("政策以外的要求，写明怎样答复的。不算解决。", "Beyond policy: say what was answered. It does not count as solved."),
        "escalated": Label("这一层级解决不了，上交一级，写明原因。", "Beyond this tier: it goes one up. Say why."),
        "extended": Label("给更多时间，原定期限会保留。", "More time; the first deadline stays on record."),
        "duplicate": Label("同一个问题已经记过，选出那一个。", "It is in the ledger already: choose the other one."),
        "rejected": Label("不予受理，写明原因。", "Not taken up: say why."),
        "reopened": Label("又出现了，重新打开，写明原因。", "It came back: open it again and say why."),
        "to_tier": Label("上交到", "Goes to"),
        "no_twin": Label("这个村没有别的未办结的问题。", "There is no other open problem in this village."),
        "not_taken": Label("没有保存：{why}。内容都还在。", "Not saved: {why}. All you wrote is still here."),
        "wrong": Label("有 {n} 处不合要求，改好再保存；内容都还在。", "{n} answers cannot be kept; mend them, then save."),
    }  # fmt: skip

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.errors: dict[str, str] = {}
        self.why_not = ""

    @property
    def problem(self) -> Problem:
        return problem_of(self, self.where["problem"])

    @property
    def step(self) -> str:
        return self.where["step"]

    @property
    def draft_id(self) -> str:
        """Of this very step, so that it is found again; the step itself gets an id of its own when it is taken."""
        return f"{self.where['problem']}/{self.step}"

    def values(self) -> dict[str, Any]:
        """What is shown and will be saved: what is known, and what was answered over it."""
        draft = self.session.notebook.draft(KIND, self.draft_id)
        return {**self._known(), **(draft.values if draft else {})}

    def _known(self) -> dict[str, Any]:
        if self.step == "escalated":
            return {"tier": self._next_tier()}
        if self.step == "satisfied" and self.problem.entry.household is None:
            return {"method": "representatives"}
        return {}

    def _next_tier(self) -> str | None:
        one = self.problem
        return self.session.duties.rules_of(one).above(one.standing.tier)

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        one = self.problem
        blocks: list[Block] = []
        if self.errors:
            blocks.append(Banner(self.say("wrong", n=len(self.errors)), "bad"))
        if self.why_not:
            blocks.append(Banner(self.say("not_taken", why=self.why_not), "bad"))
        blocks += [Paragraph(self.say(self.step), "quiet"), *self._asked(one)]
        return View(
            self.word(STEPS[self.step]),
            self.joined(number_of(self, one), category_of(self, one), place_of(self, one)),
            tuple(blocks),
            bottom=(Button(self.say("save"), self.save, "primary", name="save"),),
        )

    def _asked(self, one: Problem) -> list[Block]:
        place = {"village": one.entry.village, "household": one.entry.household}
        before = {"unit": one.standing.unit, "person": one.standing.person, "tier": one.standing.tier}
        kind = self.session.kinds[KIND]
        form = FormBlocks(self, kind, self.draft_id, self.values(), before=before, errors=self.errors, **place)
        blocks = (
            [self._twins(one)] if self.step == "duplicate" else [self._block(form, one, name) for name in self._names()]
        )
        if self.step == "escalated":
            tier, tiers = self._next_tier(), self.session.policy().problems.tiers
            if tier is not None and tier in tiers:
                blocks.insert(0, Facts(((self.say("to_tier"), self.word(tiers[tier])),)))
        return blocks

    def _names(self) -> list[str]:
        """The fields that are asked: witnesses only where somebody speaks for the household, why only where another tier is named; and
        what was written there before.
        """
        names, values = list(ASKS.get(self.step, ())), self.values()
        if self.step == "satisfied" and values.get("method") not in WITNESSED and not values.get("witnesses"):
            names.remove("witnesses")
        if self.step in ("accepted", "assigned") and not values.get("tier") and not values.get("reason"):
            names.remove("reason")
        return names

    def _block(self, form: FormBlocks, one: Problem, name: str) -> Block:
        block = form.block(name)
        if name != "method" or not isinstance(block, Choice):
            return block
        rules = self.session.duties.rules_of(one)
        allowed = {"home", "phone"} if one.entry.household else {"representatives"}
        if one.entry.household and one.standing.unreachable >= rules.unreachable:
            allowed.add("witness")
        return replace(block, options=tuple(option for option in block.options if option.code in allowed))

    def _twins(self, one: Problem) -> Block:
        """The open problems of the same village, the likeliest first."""
        others = [
            other
            for other in self.session.problems()
            if other.standing.open and other.entry.id != one.entry.id and other.entry.village == one.entry.village
        ]
        if not others:
            return Paragraph(self.say("no_twin"), "quiet")
        category = one.entry.values.get("category")
        others.sort(
            key=lambda o: (o.entry.household != one.entry.household, o.entry.values.get("category") != category)
        )
        options = tuple(
            Option(o.entry.id, self.joined(number_of(self, o), category_of(self, o), place_of(self, o)))
            for o in others[:TWINS]
        )
        label = self.word(self.session.kinds[KIND].fields["duplicate_of"].label)
        chosen = frozenset({str(self.values().get("duplicate_of"))})
        return Choice(label, options, chosen, on_pick=self._repeats, name="duplicate_of")

    # --- what one can do -------------------------------------------------------------------------------------------

    def _repeats(self, id_: str) -> None:
        one = self.problem.entry
        self.session.notebook.answer(KIND, self.draft_id, {"duplicate_of": id_}, one.village, one.household)
        self.redraw()

    def save(self) -> None:
        """Take the step; what stands in its way is said and everything typed stays."""
        notebook, duties = self.session.notebook, self.session.duties
        asked = {*self._names(), *self._known()}
        values = {n: v for n, v in self.values().items() if n in asked and v not in (None, "", [])}

        def take() -> None:
            duties.take_step(self.where["problem"], self.step, values)
            notebook.discard(KIND, self.draft_id)

        self.errors, self.why_not = {}, ""
        try:
            self.session.store.together(take)
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.redraw()
        except StepNotNow as error:
            self.why_not = self.half(error.detail)
            self.redraw()
        except PhoneError as error:
            self.app.complain(error)
        else:
            self.app.screen.toast(self.say("saved"))
            self.session.syncing.nudge()
            self.app.done()

    def back(self) -> bool:
        if self.session.notebook.draft(KIND, self.draft_id):
            self.app.screen.toast(self.say("kept"))
        return False


PAGE = StepPage
