"""The sheet of one clean-up check: each item with last time's points beside it, red lines, and what it comes to while it is filled in.

Promises: every touch is in the draft at once; a rebound is said as soon as it shows, with its reasons; what is missing is said and never
blocks. Leaves to others: scoring and comparing (`shared.rules.cleanup`), choosing what to check (`cleanups`), what follows a rebound
(`rebound`).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mobile.drafts import Draft
from mobile.notebook import Invalid, NoSuchRecord
from mobile.pages.blocks import Banner, Block, Button, Choice, Heading, Option, Points, Ring, Tone, View
from mobile.pages.cleanups import target_of_draft, target_title, verdict_of, where_of
from mobile.pages.given import KeptForm, unfinished
from mobile.pages.page import Page
from mobile.pages.rebound import offer_problem, reasons
from shared.fields import Label, is_datetime
from shared.moments import iso
from shared.photos import photo_fields
from shared.record import Key
from shared.rules.cleanup import Checked, Target, lines, target_of
from shared.rules.entry import Entry
from shared.rules.policy import CleanupRules, Rubric
from shared.sync.phone import PhoneError

KIND = "cleanup_check"
TONES: Mapping[str, Tone] = {"good": "good", "pass": "good", "fail": "bad", "open": "brand"}


class CleanupPage(Page):
    """`where`: id, and what is checked: household, or village and perhaps hamlet; or like (the check whose target is checked again).

    opened is the moment, made up when it is not given.
    """

    SAYS = {
        "title": Label("环境检查：{place}", "Clean-up check: {place}"),
        "good": Label("良好", "Good"),
        "pass": Label("合格", "Passed"),
        "fail": Label("不合格", "Failed"),
        "red": Label("有红线，不合格", "A red line: failed"),
        "open": Label("还有 {n} 项没打分", "{n} items to score"),
        "first": Label("这里第一次检查", "The first check here"),
        "last": Label("上次 {total:g} 分，{day}", "Last time {total:g}, {day}"),
        "rebound": Label("上次 {before:g} 分，这次 {now:g} 分：反弹（{why}）", "{before:g} last time, {now:g} now: it slipped back ({why})"),
        "as_before": Label("和上次一样", "As last time"),
        "items": Label("打分", "Scores"),
        "red_lines": Label("红线问题（有一条就不合格）", "Red lines (any one fails)"),
        "who": Label("谁、什么时候", "Who and when"),
        "saved_open": Label("已存在手机里；还有 {n} 项没打分", "Saved on this phone; {n} items are not scored"),
        "wrong": Label("有 {n} 处不合要求，改好再保存；内容都还在。", "{n} answers cannot be kept; mend them, then save."),
        "no_sheet": Label("现行规则没有这张评分表。", "The rules in force have no sheet for this."),
    }  # fmt: skip

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        if where.get("like"):
            opened = {name: text for name, text in where.items() if name == "opened"}
            self.where = where_of(self._target_of(where["like"])) | opened
        draft = self._begun()
        self.where["id"] = draft.id if draft else where.get("id") or app.doors.new_id()
        self.opened = self.where.setdefault("opened", iso(app.doors.now()))
        self.errors: dict[str, str] = {}
        self._others: list[Entry] | None = None

    def _target_of(self, check: str) -> Target:
        target = target_of(Entry.of(self.session.notebook.get(KIND, check).record))
        if target is None:
            raise NoSuchRecord(f"{KIND} {check}")
        return target

    def _begun(self) -> Draft | None:
        """A check of the same place that was begun and left, this one's own first."""
        same = [one for one in unfinished(self, KIND) if target_of_draft(one) == self.target]
        return next((one for one in same if one.id == self.where.get("id")), same[0] if same else None)

    def entered(self) -> None:
        self._others = None  # a sync may have brought another check

    # --- what is checked ---------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self.where["id"]

    @property
    def household(self) -> str | None:
        return self.where.get("household") or None

    @property
    def village(self) -> str:
        if self.household:
            home = self.session.households().get(self.household)
            return (home.village if home else "") or self.where.get("village") or ""
        return self.where.get("village") or ""

    @property
    def target(self) -> Target:
        if self.household:
            return ("household", self.household)
        hamlet = self.where.get("hamlet")
        return ("hamlet", self.village, hamlet) if hamlet else ("village", self.village)

    @property
    def rules(self) -> CleanupRules:
        return self.session.policy().cleanup

    @property
    def rubric(self) -> Rubric | None:
        return self.rules.rubrics.get(self.rules.rubric_of.get(self.target[0], ""))

    def _given(self) -> dict[str, Any]:
        """What is known before anything is touched."""
        given = {
            "target": self.target[0],
            "hamlet": self.where.get("hamlet"),
            "rubric_version": self.rubric.version if self.rubric else None,
            "checker": self.session.user().get("name"),
            "checked_at": self.opened,
        }
        return {name: value for name, value in given.items() if value}

    def values(self) -> dict[str, Any]:
        """What stands on the sheet."""
        draft = self.session.notebook.draft(KIND, self.id)
        return {**self._given(), **(draft.values if draft else {})}

    def checked(self) -> Checked:
        """The sheet as it stands, judged in its target's line."""
        values = self.values()
        if not is_datetime(values.get("checked_at")):
            values["checked_at"] = self.opened
        now = Entry(KIND, self.id, self.village, self.household, values)
        if self._others is None:
            held = self.session.notebook.entries(KIND)
            self._others = [one for one in held if one.id != self.id and target_of(one) == self.target]
        line = lines([*self._others, now], self.session.notebook.policies())[self.target]
        return next(one for one in line if one.entry.id == self.id)

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        checked, values = self.checked(), self.values()
        blocks: list[Block] = [Banner(self.say("wrong", n=len(self.errors)), "bad")] if self.errors else []
        blocks += [self._total(checked), *self._rebound(checked), *self._items(checked, values)]
        blocks += [*self._below(checked, values)]
        drafted = self.session.notebook.draft(KIND, self.id) is not None
        return View(
            self.say("title", place=target_title(self, self.target)),
            self.joined(str(values.get("checker") or ""), str(values.get("checked_at") or "")[:10]),
            tuple(blocks),
            bottom=(Button(self.say("save"), self.save, "primary", name="save"),),
            corner=Button(self.say("give_up"), self.give_up, name="give_up") if drafted else None,
        )

    def _total(self, checked: Checked) -> Ring:
        full = sum(item.full for item in self.rubric.items) if self.rubric else 0
        verdict, score = verdict_of(checked.score), checked.score
        line = self.say("red") if score.red_lines else self.say(verdict, n=len(score.missing))
        prior = checked.prior
        caption = self.say("last", total=prior.score.total, day=prior.day) if prior else self.say("first")
        part = score.total / full if full else 0.0
        return Ring(part, f"{score.total:g}", caption, line, TONES[verdict], name="total")

    def _rebound(self, checked: Checked) -> list[Block]:
        if not checked.rebound or not checked.prior:
            return []
        words = self.say(
            "rebound", before=checked.prior.score.total, now=checked.score.total, why=reasons(self, checked)
        )
        return [Banner(words, "bad", name="rebound")]

    def _items(self, checked: Checked, values: Mapping[str, Any]) -> list[Block]:
        if self.rubric is None:
            return [Banner(self.say("no_sheet"), "warn")]
        before = checked.prior.entry.values if checked.prior else {}
        blocks: list[Block] = [Heading(self.say("items"))]
        if self._to_repeat(checked):
            blocks.append(Button(self.say("as_before"), self.as_before, name="as_before"))
        for field, full, label in self.rubric.items:
            blocks.append(
                Points(
                    self.word(label),
                    full,
                    _number(values.get(field)),
                    f"{before[field]:g}" if _number(before.get(field)) is not None else "",
                    partial(self._score, field),
                    name=field,
                )
            )
        return blocks

    def _below(self, checked: Checked, values: Mapping[str, Any]) -> list[Block]:
        """Red lines, photos before and after, a remark, who and when."""
        before = checked.prior.entry.values if checked.prior else {}
        form = KeptForm(
            self, self.session.kinds[KIND], self.id, values, self.keep,
            village=self.village, household=self.household, before=before, errors=self.errors,
        )  # fmt: skip
        red = form.block("red_lines", self.say("red_lines"))
        assert isinstance(red, Choice)
        labels = self.rules.red_lines
        told = "、".join(self.word(labels[code]) for code in before.get("red_lines") or () if code in labels)
        options = tuple(Option(code, self.word(label)) for code, label in labels.items())
        red = replace(red, options=options, before="" if red.chosen else told)
        photos = form.of(photo_fields(form.kind))
        return [
            red,
            *photos,
            form.block("remark"),
            Heading(self.say("who")),
            form.block("checker"),
            form.block("checked_at"),
        ]

    # --- what one can do -------------------------------------------------------------------------------------------

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep answers, the first ones with what was known before."""
        notebook = self.session.notebook
        known = {} if notebook.draft(KIND, self.id) else self._given()
        notebook.answer(KIND, self.id, {**known, **values}, self.village or None, self.household)

    def _score(self, field: str, value: float) -> None:
        self.keep({field: value})
        self.redraw()

    def _to_repeat(self, checked: Checked) -> dict[str, float]:
        """Last time's points of the items that have none yet."""
        prior = checked.prior
        if prior is None or prior.score.rubric != checked.score.rubric:
            return {}
        points = {field: _number(prior.entry.values.get(field)) for field in checked.score.missing}
        return {field: value for field, value in points.items() if value is not None}

    def as_before(self) -> None:
        """Put last time's points where there are none yet; they can still be changed."""
        self.keep(self._to_repeat(self.checked()))
        self.redraw()

    def give_up(self) -> None:
        """Give the draft up, with a way back."""
        self.errors = {}
        self.give_up_drafts([Key(KIND, self.id)], self.redraw, self.redraw)

    def back(self) -> bool:
        if self.session.notebook.draft(KIND, self.id):
            self.app.screen.toast(self.say("kept"))
        return False

    def save(self) -> None:
        """Save the sheet as one change, with what it is compared with; then speak of a rebound."""
        notebook = self.session.notebook
        if notebook.draft(KIND, self.id) is None:
            self.app.screen.toast(self.say("nothing_new"))
            self.app.done()
            return
        checked = self.checked()
        compared = {"prior": checked.prior.entry.id} if checked.prior else {}
        try:
            notebook.save(KIND, self.id, {**compared, "rebound": bool(checked.rebound)})
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.redraw()
            return
        except PhoneError as error:
            self.app.complain(error)
            return
        missing = len(checked.score.missing)
        self.app.screen.toast(self.say("saved_open", n=missing) if missing else self.say("saved"))
        self.session.syncing.nudge()
        self.app.done()
        if checked.rebound:
            offer_problem(self, self.target, self.village, checked)


def _number(value: Any) -> float | None:
    """Points as they were scored; None for what is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


PAGE = CleanupPage
