"""A new problem: what is wrong, in two touches and a few words; or one that was solved on the spot.

Promises: the problem and its report are saved in one go, and the visit it was found on knows of it; every answer is in the draft at once.
Leaves to others: where it is (`place`), what becomes of it (`problem`, the township).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mobile.duties import StepNotNow
from mobile.notebook import Invalid
from mobile.pages.blocks import Block, Button, Choice, Heading, Option, Paragraph, TextField, View
from mobile.pages.form import FormBlocks
from mobile.pages.given import KeptForm
from mobile.pages.problems import TEMPORARY
from mobile.pages.record import RecordPage
from shared.fields import Label
from shared.moments import iso
from shared.record import Key
from shared.sync.phone import PhoneError

PHRASES: Mapping[str, tuple[Label, ...]] = {
    "two_worries": (Label("缺过冬衣被", "No warm clothes or bedding"), Label("口粮不够", "Not enough grain")),
    "education": (Label("孩子辍学在家", "A child left school"), Label("上学费用有困难", "School costs too much")),
    "medical": (Label("有病没有治疗", "Ill without treatment"), Label("看病负担重", "Treatment costs much")),
    "house": (Label("屋顶漏雨", "The roof leaks"), Label("墙体开裂", "The walls crack")),
    "water": (Label("饮水不够", "Short of drinking water"), Label("水质不好", "The water is bad")),
    "job_income": (Label("希望介绍务工", "Would like a job away"), Label("农产品卖不出去", "The harvest does not sell")),
    "policy": (Label("补贴没有到账", "A subsidy has not come"), Label("该享受的没有享受", "Entitled, not received")),
    "register": (Label("反映应纳入未纳入", "Says they should be on the register"), Label("信息登记有误", "Wrong on the register")),
    "book_cards": (Label("手册没有更新", "The book is out of date"), Label("一册两卡不在", "Book or cards are missing")),
    "env": (Label("垃圾没有清理", "Rubbish not cleared"), Label("污水乱排", "Sewage runs loose")),
    "infra": (Label("屯内道路没有硬化", "The hamlet's lane is not paved"), Label("经常停电", "The power fails often")),
    "money": (Label("项目没有按期完工", "A project is late"), Label("对资金有疑问", "Questions about the money")),
    "service": (Label("反映的事没有回音", "No answer to what was raised"),),
    "dispute": (Label("邻里有纠纷", "A quarrel between neighbours"), Label("土地有争议", "Land is disputed")),
}  # fmt: skip
"""Common words for each category that one touch puts in."""
CATEGORY_OF = {"policies": "policy", "documents": "book_cards"}
"""The category that follows from a visit's check, where only one does."""
STEP = "problem_step"
ON_THE_SPOT = ("reported", "fixed")


class NewProblemPage(RecordPage):
    """`where`: id, village, household, source; visit (whose list of problems is to get it) and about (its check), category, text.

    The visit stands in the draft too, so that it learns of the problem however long that lay unfinished.
    """

    SAYS = {
        **RecordPage.SAYS,
        "title": Label("记一个问题", "Note a problem"),
        "another": Label("再点一下可以换", "Touch it again to change it"),
        "who": Label("谁来办、什么时候以前（可不填，由乡镇交办）", "Who, until when (may stay empty; the township assigns)"),
        "spot": Label("当场解决", "Solved on the spot"),
        "spot_save": Label("保存，已当场解决", "Save as solved on the spot"),
        "spot_words": Label("写明怎样解决的。以后仍由另一个人核验，再问群众。", "Say how. Another person still verifies it and asks the household."),
        "spot_no": Label("还没有解决", "Not solved yet"),
        "nothing": Label("请选类别，或写一句问题。", "Choose a category, or write a word about it."),
        "kept_as": Label("已存在手机里，临时编号 {number}", "Saved on this phone as {number}"),
        "not_taken": Label("没有保存：{why}", "Not saved: {why}"),
    }  # fmt: skip

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **{**where, "kind": "problem"})
        self.asks_proof = self._proof() != ""

    def was_there(self) -> bool:
        return False

    def entered(self) -> None:
        if self.session.notebook.shown(Key("problem", self.id)):  # saved, and killed before it was left
            self.app.instead("problem", id=self.id)

    # --- what is known and what was answered -------------------------------------------------------------------------

    def _given(self) -> dict[str, Any]:
        """What is known before anything is touched."""
        about = self.where.get("about", "")
        given = {
            "source": self.where.get("source"),
            "category": self.where.get("category") or CATEGORY_OF.get(about),
            "description": self.where.get("text") or self._note_of(about),
            "found_at": iso(self.app.doors.now()),
            "found_by": self.session.user().get("name"),
        }
        return {name: value for name, value in given.items() if value}

    def _note_of(self, check: str) -> str:
        """What was noted about a visit's check."""
        if not check or not self.where.get("visit"):
            return ""
        shown = self.session.notebook.shown_or_none("visit", self.where["visit"])
        draft = self.session.notebook.draft("visit", self.where["visit"])
        said = {**(shown.record.values if shown else {}), **(draft.values if draft else {})}
        return str(said.get(f"{check}_note") or "")

    def values(self) -> dict[str, Any]:
        draft = self.session.notebook.draft("problem", self.id)
        return dict(draft.values) if draft else self._given()

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep answers, the first ones with what was known before."""
        notebook = self.session.notebook
        known = {} if self._drafted() else self._given()
        beside = {"visit": self.where["visit"]} if self.where.get("visit") else {}
        notebook.answer("problem", self.id, {**known, **values}, *self._place(), beside)

    def _place(self) -> tuple[str | None, str | None]:
        return self.where.get("village") or None, self.where.get("household") or None

    def _proof(self) -> str:
        """How it was solved on the spot, kept where the page of that step would keep it."""
        draft = self.session.notebook.draft(STEP, self._step_draft)
        return str(draft.values.get("proof_note") or "") if draft else ""

    @property
    def _step_draft(self) -> str:
        return f"{self.id}/fixed"

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def form(self) -> FormBlocks:
        village, household = self._place()
        return KeptForm(
            self, self.kind, self.id, self.values(), self.keep, village=village, household=household, errors=self.errors
        )

    def view(self) -> View:
        form = self.form()
        duty = [Heading(self.say("who")), form.block("responsible_person"), form.block("due_date")]
        corner = Button(self.say("give_up"), self.give_up, name="give_up") if self._drafted() else None
        return View(
            self.say("title"),
            self.session.name_of(self.where.get("household")) or self.say("village"),
            (*self.top(), self._category(form), self._description(form), form.block("photos"), *self._spot(), *duty),
            bottom=self._buttons(),
            corner=corner,
        )

    def _category(self, form: FormBlocks) -> Block:
        """All categories; once one is chosen only that one, so that what comes next is in sight."""
        block = form.block("category")
        assert isinstance(block, Choice)
        labels = self.session.policy().problems.categories
        chosen = {code: label for code, label in labels.items() if code in block.chosen}
        options = tuple(Option(code, self.word(label)) for code, label in (chosen or labels).items())
        return replace(block, options=options, note=block.note or (self.say("another") if chosen else ""))

    def _description(self, form: FormBlocks) -> Block:
        block = form.block("description")
        assert isinstance(block, TextField)
        phrases = PHRASES.get(str(self.values().get("category") or ""), ())
        return replace(block, phrases=tuple(map(self.word, phrases)))

    def _spot(self) -> list[Block]:
        if not self.asks_proof:
            return []
        village, household = self._place()
        held = {"proof_note": self._proof()}
        kind, place = self.session.kinds[STEP], {"village": village, "household": household}
        form = KeptForm(self, kind, self._step_draft, held, self._keep_proof, **place)
        return [Paragraph(self.say("spot_words"), "quiet"), form.block("proof_note")]

    def _buttons(self) -> tuple[Button, ...]:
        if self.asks_proof:
            return (
                Button(self.say("spot_save"), lambda: self._save(ON_THE_SPOT), "primary", name="spot_save"),
                Button(self.say("spot_no"), self._not_solved, name="spot_no"),
            )
        return (
            Button(self.say("save"), self.save, "primary", name="save"),
            Button(self.say("spot"), self._ask_proof, name="spot"),
        )

    # --- what one can do -------------------------------------------------------------------------------------------

    def _keep_proof(self, values: Mapping[str, Any]) -> None:
        """Keep how it was solved, and the problem with it: neither is found again without the other."""

        def work() -> None:
            self.keep({})
            self.session.notebook.answer(STEP, self._step_draft, values, *self._place())

        self.session.store.together(work)

    def _ask_proof(self) -> None:
        self.asks_proof = True
        self.redraw()

    def give_up(self) -> None:
        """Give the problem up, and how it was solved; both can be had back."""

        def gone() -> None:
            self.errors, self.asks_proof = {}, False
            self.redraw()

        def again() -> None:
            self.asks_proof = self._proof() != ""
            self.redraw()

        self.give_up_drafts(self._drafts, gone, again)

    @property
    def _drafts(self) -> tuple[Key, Key]:
        return Key("problem", self.id), Key(STEP, self._step_draft)

    def _not_solved(self) -> None:
        self.session.notebook.discard(STEP, self._step_draft)
        self.asks_proof = False
        self.redraw()

    def save(self) -> None:
        """Save the problem and report it."""
        self._save(("reported",))

    def _save(self, steps: tuple[str, ...]) -> None:
        values = self.values()
        if not values.get("category") and not str(values.get("description") or "").strip():
            self.app.screen.toast(self.say("nothing"))
            return
        proof = self._proof()
        try:
            self.session.store.together(lambda: self._write(steps, proof))
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.redraw()
        except StepNotNow as error:
            self.app.screen.toast(self.say("not_taken", why=self.half(error.detail)))
        except PhoneError as error:
            self.app.complain(error)
        else:
            number = self.word(TEMPORARY).format(id=self.id[-4:].upper())
            self.app.screen.toast(self.say("kept_as", number=number))
            self.session.syncing.nudge()
            self.app.done()

    def _write(self, steps: tuple[str, ...], proof: str) -> None:
        """The problem, its steps and the word to its visit: all of it or nothing."""
        notebook = self.session.notebook
        self.keep({})
        visit = notebook.answer("problem", self.id, {}).beside.get("visit")
        notebook.save("problem", self.id)
        for step in steps:
            self.session.duties.take_step(self.id, step, {"proof_note": proof} if step == "fixed" and proof else {})
        notebook.discard(STEP, self._step_draft)
        if visit:
            self._tell_visit(visit)

    def _tell_visit(self, visit: str) -> None:
        """The visit learns of the problem: with its other answers while it goes on, at once when it has ended; one that is gone does not."""
        notebook = self.session.notebook
        shown, draft = notebook.shown_or_none("visit", visit), notebook.draft("visit", visit)
        if shown is None or shown.removed:
            return
        held = shown.record.values
        found = (draft.values if draft else {}).get("found_problems", held.get("found_problems")) or []
        news = {"found_problems": [*found, self.id]}
        if held.get("ended_at"):
            notebook.write("visit", visit, news)
        else:
            notebook.answer("visit", visit, news)


PAGE = NewProblemPage
