"""One problem: what it is, how far through the three gates, what this person may do now and why not the rest, and every step by anyone.

Promises: what cannot be done now is listed with its reason, never hidden; a step that had no effect stays in the timeline, with its reason.
Leaves to others: how it stands (`shared.rules.ledger`), what a step asks (`step`).
"""

from typing import Any

from mobile.duties import Problem
from mobile.notebook import NoSuchRecord
from mobile.pages.blocks import Badge, Banner, Block, Button, Facts, Heading, Item, Paragraph, Tone, View
from mobile.pages.form import FormBlocks, told
from mobile.pages.page import Page
from mobile.pages.photo_block import SAVE, photos_block, photos_line
from mobile.pages.problems import category_of, deadline_badge, number_of, place_of, state_of
from shared.fields import Label
from shared.kinds.problem_step import STEPS
from shared.rules.duplicates import RING, rings
from shared.rules.ledger import REASONS, Taken

SYSTEM = "系统 / system"
NEXT = {
    "draft": "reported",
    "reported": "accepted",
    "accepted": "assigned",
    "assigned": "started",
    "in_progress": "fixed",
    "fixed": "verified",
    "verified": "satisfied",
    "reopened": "assigned",
}
"""The usual next step of each state: the big button, where this person may take it."""
GATES = {"fixed": ("fixed", "verified", "closed"), "verified": ("verified", "closed"), "satisfied": ("closed",)}
"""The three gates by the step that passes them, and the states in which they are passed."""


class ProblemPage(Page):
    """`where`: id."""

    SAYS = {
        "temporary": Label("编号是临时的，同步后由乡镇给正式编号。", "The number is temporary; the township gives one after a sync."),
        "no_words": Label("没有写描述", "Not described"),
        "state": Label("状态", "State"),
        "tier": Label("解决层级", "Tier"),
        "duty": Label("责任人", "Who sees to it"),
        "suggested": Label("建议责任人", "Suggested person"),
        "due": Label("整改期限", "Until"),
        "suggested_due": Label("建议期限", "Suggested deadline"),
        "original": Label("原定期限", "First deadline"),
        "counts": Label("经过", "So far"),
        "extensions": Label("延期 {n} 次", "extended {n} times"),
        "sent_back": Label("退回 {n} 次", "sent back {n} times"),
        "reopened": Label("重新打开 {n} 次", "reopened {n} times"),
        "unreachable": Label("联系不上 {n} 次", "out of reach {n} times"),
        "found": Label("发现", "Found"),
        "source": Label("来源", "Source"),
        "household": Label("看这一户", "See the household"),
        "gates": Label("三关", "Three gates"),
        "gate_fixed": Label("一、整改完成", "1. Fixed"),
        "gate_verified": Label("二、核验通过", "2. Verified"),
        "gate_satisfied": Label("三、群众满意", "3. The household is satisfied"),
        "not_yet": Label("还没有", "not yet"),
        "passed": Label("通过", "passed"),
        "now": Label("现在可以办", "What you can do now"),
        "nothing_now": Label("现在没有要您办的环节。", "There is no step for you now."),
        "not_now": Label("现在不能办的 {n} 个环节", "{n} steps that cannot be taken now"),
        "for_the_desk": Label("由乡镇办公室办理", "For the township desk"),
        "timeline": Label("办理经过", "What was done"),
        "no_steps": Label("还没有办理过。", "Nothing was done yet."),
        "no_effect": Label("没有生效：{why}", "No effect: {why}"),
        "unsigned": Label("没有写是谁", "not signed"),
    }  # fmt: skip

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.shows_the_rest = False

    @property
    def problem(self) -> Problem:
        return problem_of(self, self.where["id"])

    def view(self) -> View:
        one = self.problem
        values = self.session.notebook.get("problem", one.entry.id).record.values
        able, unable = steps_of(self, one)
        usual = NEXT.get(one.standing.state, "")
        blocks = [
            *self._what(one, values),
            *self._photos(one, values),
            *self._gates(one),
            *self._steps(able, unable, usual),
            *self._timeline(one),
        ]
        return View(
            number_of(self, one),
            self.joined(
                category_of(self, one), place_of(self, one), photos_line(self, "problem", one.entry.id, values)
            ),
            tuple(blocks),
            bottom=(self._step(usual, "primary"),) if usual in able else (),
        )

    # --- what it is ------------------------------------------------------------------------------------------------

    def _what(self, one: Problem, values: dict[str, Any]) -> list[Block]:
        blocks: list[Block] = [Paragraph(str(values.get("description") or self.say("no_words")))]
        if one.entry.id in rings({other.entry.id: other.standing for other in self.session.problems()}):
            blocks.append(Banner(self.word(RING), "warn"))
        if not values.get("number_text"):
            blocks.append(Paragraph(self.say("temporary"), "quiet"))
        badge = deadline_badge(self, one)
        if badge:
            blocks.append(Item(self.say("due"), (one.standing.due or "",), badge, name="due"))
        blocks.append(Facts(tuple((label, text) for label, text in self._facts(one, values) if text)))
        if one.entry.household and one.entry.household in self.session.households():
            blocks.append(Item(place_of(self, one), (self.say("household"),), on_tap=self._household, name="household"))
        return blocks

    def _facts(self, one: Problem, values: dict[str, Any]) -> list[tuple[str, str]]:
        standing, fields = one.standing, self.session.kinds["problem"].fields
        tiers = self.session.policy().problems.tiers
        counts = ("extensions", "sent_back", "reopened", "unreachable")
        so_far = [self.say(name, n=getattr(standing, name)) for name in counts if getattr(standing, name)]
        assigned = bool(standing.person or standing.due)
        return [
            (self.say("state"), state_of(self, one)),
            (self.say("tier"), self.word(tiers[standing.tier]) if standing.tier in tiers else standing.tier),
            (self.say("duty"), self.joined(standing.unit or "", standing.person or "")),
            (self.say("suggested"), "" if assigned else str(values.get("responsible_person") or "")),
            (self.say("due"), "" if deadline_badge(self, one) else standing.due or ""),
            (self.say("suggested_due"), "" if assigned else str(values.get("due_date") or "")),
            (self.say("original"), standing.original_due or "" if standing.original_due != standing.due else ""),
            (self.say("counts"), self.joined(*so_far)),
            (self.say("found"), self.joined(str(values.get("found_by") or ""), str(values.get("found_at") or "")[:10])),
            (self.say("source"), told(self, fields["source"], values["source"]) if values.get("source") else ""),
        ]

    def _photos(self, one: Problem, values: dict[str, Any]) -> list[Block]:
        """Its photos; another may be added, which is saved at once, for this page is no form."""
        draft = self.session.notebook.draft("problem", one.entry.id)
        held = {**values, **(draft.values if draft else {})}
        form = FormBlocks(
            self,
            self.session.kinds["problem"],
            one.entry.id,
            held,
            village=one.entry.village,
            household=one.entry.household,
        )
        block = photos_block(form, "photos", self.word(form.kind.fields["photos"].label), SAVE)
        return [block] if block.pictures or block.add else []

    def _gates(self, one: Problem) -> list[Block]:
        return [Heading(self.say("gates")), *(self._gate(one, step) for step in GATES)]

    def _gate(self, one: Problem, step: str) -> Item:
        passed = one.standing.state in GATES[step]
        taken = [t for t in one.standing.steps if t.effective and t.entry.values.get("step") == step]
        line = self._signed(taken[-1]) if passed and taken else self.say("not_yet")
        badge = Badge(f"✓ {self.say('passed')}", "good") if passed else Badge("—")
        return Item(self.say(f"gate_{step}"), (line,), badge, name=f"gate/{step}")

    # --- what one can do -------------------------------------------------------------------------------------------

    def _steps(self, able: list[str], unable: dict[str, Label], usual: str) -> list[Block]:
        others = [step for step in able if step != usual]
        blocks: list[Block] = [Heading(self.say("now"))] if others else []
        blocks += [self._step(step, "plain") for step in others]
        if not able:
            blocks.append(Paragraph(self.say("nothing_now"), "quiet"))
        if unable:
            blocks.append(Button(self.say("not_now", n=len(unable)), self._toggle, name="not_now"))
        if self.shows_the_rest:
            blocks += [
                Item(self.word(STEPS[step]), (self.word(why),), tone="quiet", name=f"not/{step}")
                for step, why in unable.items()
            ]
        return blocks

    def _step(self, step: str, style: Any) -> Button:
        return Button(self.word(STEPS[step]), lambda: self._take(step), style, name=f"step/{step}")

    def _take(self, step: str) -> None:
        self.app.go("step", problem=self.where["id"], step=step)

    def _toggle(self) -> None:
        self.shows_the_rest = not self.shows_the_rest
        self.redraw()

    def _household(self) -> None:
        self.app.go("household", id=self.problem.entry.household or "")

    # --- what was done ---------------------------------------------------------------------------------------------

    def _timeline(self, one: Problem) -> list[Block]:
        blocks: list[Block] = [Heading(self.say("timeline"))]
        if not one.standing.steps:
            return [*blocks, Paragraph(self.say("no_steps"), "quiet")]
        return [*blocks, *map(self._taken, reversed(one.standing.steps))]

    def _taken(self, taken: Taken) -> Item:
        step = str(taken.entry.values.get("step") or "")
        lines = [self._signed(taken), *self._words_of(taken)]
        if not taken.effective:
            lines.append(self.say("no_effect", why=self.word(REASONS[taken.why])))
        tone: Tone = "plain" if taken.effective else "quiet"
        badge = None if taken.effective else Badge("×", "warn")
        title = self.word(STEPS[step]) if step in STEPS else step
        return Item(title, tuple(lines), badge, tone, name=f"taken/{taken.entry.id}")

    def _signed(self, taken: Taken) -> str:
        by = str(taken.entry.values.get("by_name") or self.say("unsigned"))
        return self.joined(self.half(by) if by == SYSTEM else by, self.moment(taken.at) if taken.at else "")

    def _words_of(self, taken: Taken) -> list[str]:
        """What was said with a step: its fields in the form's order, but for who and when."""
        values, fields = taken.entry.values, self.session.kinds["problem_step"].fields
        by_system = values.get("by_name") == SYSTEM
        lines = []
        for name in ("answer", "method", "witnesses", "tier", "unit", "person", "due_date", "proof_note", "reason"):
            if values.get(name):
                text = told(self, fields[name], values[name])
                lines.append(f"{self.word(fields[name].label)}：{self.half(text) if by_system else text}")
        if values.get("duplicate_of"):
            lines.append(f"{self.word(fields['duplicate_of'].label)}：{self._twin(str(values['duplicate_of']))}")
        return lines

    def _twin(self, id_: str) -> str:
        twin = next((one for one in self.session.problems() if one.entry.id == id_), None)
        return number_of(self, twin) if twin else "…"


# --- for the pages about one problem --------------------------------------------------------------------------------------


def problem_of(page: Page, id_: str) -> Problem:
    """A problem of this phone; NoSuchRecord."""
    found = next((one for one in page.session.problems() if one.entry.id == id_), None)
    if found is None:
        raise NoSuchRecord(f"problem {id_}")
    return found


def steps_of(page: Page, one: Problem) -> tuple[list[str], dict[str, Label]]:
    """The steps this person may take now, and of the others why not."""
    able: list[str] = []
    unable: dict[str, Label] = {}
    for step, why in page.session.duties.why_not_each(one, STEPS).items():
        if not _may_write(page, step):
            unable[step] = ProblemPage.SAYS["for_the_desk"]
        elif why:
            unable[step] = REASONS[why]
        else:
            able.append(step)
    return able, unable


def _may_write(page: Page, step: str) -> bool:
    """Whether this person's roles let him write such a step, in his own tier's name."""
    kind, roles = page.session.kinds["problem_step"], set(page.session.user().get("roles") or ())
    tier = page.session.duties.person().tier
    return bool(roles & kind.writers and roles & kind.may_set("step", step) and roles & kind.may_set("by_tier", tier))


PAGE = ProblemPage
