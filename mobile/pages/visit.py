"""A visit as it goes on: the ring, six checks that ask only what changed, problems found, the reason when it was short, the end.

Promises: the time is a stored start, so a kill or a flat battery does not stop it; each answer is kept at once; finishing is never refused,
a short visit is asked for its reason once and kept either way. Leaves to others: how long it was and whether it counts (`shared.rules`),
all the other questions of the form, which stand below "more" as the kind declares them (`form`).
"""

from functools import partial
from typing import Any

from mobile.device.ports import Fix
from mobile.notebook import Invalid
from mobile.pages.blocks import Banner, Block, Button, Facts, Heading, Item, Paragraph, Ring, View
from mobile.pages.form import FormBlocks, asked, may_see_secrets
from mobile.pages.page import Page
from mobile.pages.timer import as_clock, is_paused, length_now
from shared.fields import Label
from shared.rules.policy import Check
from shared.sync.phone import PhoneError

FIRST = ("mode", "participants", "respondent")
"""What is prefilled and may be changed, above the checks."""
AFTERWARDS = ("requests", "summary", "photos")
"""What is asked of every visit, below the checks; photos last, as what may well be left out."""
MENDS = ("short_reason", "ended_at", "edit_reason")
"""With what a visit that does not count can be mended, the reason first."""
ELSEWHERE = frozenset(
    {"campaign", "started_at", "ended_at", "short_reason", "short_review", "entry_mode", "edit_reason", "signed"}
)
"""What the page sees to by itself, or what is asked only when it applies."""


class VisitPage(Page):
    """`where`: id."""

    SAYS = {
        "still_there": Label("这次走访开了很久，人还在那里吗？", "Open for a long time: still there?"),
        "running": Label("已走访", "Visiting for"),
        "paused": Label("已暂停", "Paused"),
        "left": Label("满{minimum}分钟还差 {clock}", "{clock} left of {minimum} min"),
        "enough": Label("已满{minimum}分钟", "{minimum} minutes reached"),
        "pause": Label("暂停", "Pause"),
        "resume": Label("继续计时", "Go on"),
        "checks": Label("六必看 {n}/{all}", "The six checks {n}/{all}"),
        "as_before": Label("其余都和上次一样（{day}）", "The rest is as last time ({day})"),
        "all_ok": Label("其余都正常", "The rest is fine"),
        "problem": Label("记为问题", "Note as a problem"),
        "problems": Label("这次发现的问题", "Problems found today"),
        "open_before": Label("这一户有 {n} 个未办结的问题", "{n} open problems here"),
        "look": Label("看一看", "Look"),
        "more": Label("更多内容", "More questions"),
        "less": Label("收起", "Fewer questions"),
        "finish": Label("结束走访", "End the visit"),
        "short": Label(
            "还不到{minimum}分钟。时间不足也会照样保存，请写明原因，由乡镇认定。",
            "Less than {minimum} minutes. It is kept all the same; say why, and the township decides.",
        ),
        "without": Label("不写原因，直接结束", "End without a reason"),
        "unanswered": Label("还有 {n} 项没有看", "{n} checks are not answered"),
        "unanswered_text": Label(
            "没有看全的走访会保存，但不计入走访户数。",
            "The visit is kept, yet it does not count until all six are answered.",
        ),
        "go_on": Label("继续填写", "Go on"),
        "end_anyway": Label("先结束", "End it now"),
        "ended": Label("走访 {n} 分钟，已存在手机里", "A visit of {n} minutes, saved on this phone"),
        "change": Label("走访已结束，可以补充和改正。", "The visit has ended; you may add and correct."),
        "removed": Label(
            "这次走访已被移除。您写的都还在，要写的话保存后由乡镇决定。",
            "This visit was removed. What you wrote is still here; if you save it, the township decides.",
        ),
        "place": Label("位置", "Place"),
        "locate": Label("记一次位置（可不记）", "Note the place once (optional)"),
        "locating": Label("正在定位…", "Finding the place…"),
        "forget": Label("不留位置", "Leave the place out"),
        "no_place": Label("没有定到位，不影响走访。", "No place was found; the visit is fine without."),
        "wrong": Label(
            "有 {n} 处不合要求，改好再保存；内容都还在。", "{n} answers cannot be kept; mend them, then save."
        ),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.more = False
        self.locating = False
        self.errors: dict[str, str] = {}

    @property
    def id(self) -> str:
        return self.where["id"]

    def values(self) -> dict[str, Any]:
        """The visit with what was answered and not saved laid over."""
        draft = self.session.notebook.draft("visit", self.id)
        return {**self.session.notebook.get("visit", self.id).record.values, **(draft.values if draft else {})}

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        record = self.session.notebook.get("visit", self.id).record
        home = self.session.households().get(record.household or "")
        values, ended = self.values(), bool(record.values.get("ended_at"))
        self.every_second = not ended
        before = self.session.last_visit(record.household or "", self.id)
        form = FormBlocks(
            self, self.session.kinds["visit"], self.id, values,
            village=record.village, household=record.household, before=before, errors=self.errors,
        )  # fmt: skip
        blocks: list[Block] = []
        if self.session.notebook.get("visit", self.id).removed:
            blocks.append(Banner(self.say("removed"), "warn"))
        blocks += [*self._time(form, ended), *self._asking(form), *self._promised(record.household or "")]
        blocks += self._checks(form, values, before)
        blocks += [*self._found(values), *form.of(AFTERWARDS), *form.of(FIRST), *self._more(form, record)]
        label = self.say("save") if ended else self.say("without") if self.asks_reason(values) else self.say("finish")
        return View(
            str(home.values.get("head_name") or self.say("unnamed")) if home else self.say("unnamed"),
            str(home.values.get("hamlet") or "") if home else "",
            tuple(blocks),
            bottom=(Button(label, self.finish, "primary", name="finish"),),
            corner=None if ended else self._clock_button(),
        )

    def _time(self, form: FormBlocks, ended: bool) -> list[Block]:
        if ended:
            return [Paragraph(self.say("change"), "quiet"), *self._verdict(form)]
        length, minimum = length_now(self.session, self.id), self.minimum()
        left, paused = minimum * 60_000 - length.ms, is_paused(self.session, self.id)
        line = (
            self.say("left", minimum=minimum, clock=as_clock(left + 999))
            if left > 0
            else self.say("enough", minimum=minimum)
        )
        ring = Ring(
            min(1.0, length.ms / (minimum * 60_000)) if minimum else 1.0,
            as_clock(length.ms),
            self.say("paused") if paused else self.say("running"),
            line,
            "quiet" if paused else "good" if left <= 0 else "brand",
            name="ring",
        )
        asked = any(entry.id == self.id for entry in self.session.lying_open())
        return [Banner(self.say("still_there"), name="still_there"), ring] if asked else [ring]

    def _clock_button(self) -> Button:
        """Pausing and going on, out of the way of the checks."""
        if is_paused(self.session, self.id):
            return Button(self.say("resume"), self.resume, name="resume")
        return Button(self.say("pause"), self.pause, name="pause")

    def _verdict(self, form: FormBlocks) -> list[Block]:
        """What the rules say of a visit that has ended, and the fields with which that can be mended."""
        judged = self.session.duties.visit(self.id)
        findings = judged.findings()
        blocks: list[Block] = [Paragraph(self.say("ended", n=judged.length.minutes))]
        blocks += [Paragraph(self.word(finding.says), "warn") for finding in findings]
        checks = {name for check in self.session.policy().checks for name in (check.status, check.note)}
        named = {name for finding in findings for name in finding.fields} - checks
        mendable = [name for name in (*MENDS, *named) if name in named or (name == "ended_at" and judged.why)]
        return [*blocks, *form.of(dict.fromkeys(mendable))]

    def _asking(self, form: FormBlocks) -> list[Block]:
        """The reason for a short visit, once the end was pressed."""
        if not self.where.get("short"):
            return []
        words = Paragraph(self.say("short", minimum=self.minimum()), "warn")
        return [words, form.block("short_reason")]

    def _promised(self, household: str) -> list[Block]:
        found = [one for one in self.session.problems(household) if one.standing.open]
        if not found:
            return []
        words = self.say("open_before", n=len(found))
        return [
            Banner(words, "warn", self.say("look"), lambda: self._go("household", id=household), name="open_before")
        ]

    def _checks(self, form: FormBlocks, values: dict[str, Any], before: dict[str, Any]) -> list[Block]:
        checks = self.session.policy().checks
        left = [check for check in checks if not values.get(check.status)]
        blocks: list[Block] = [Heading(self.say("checks", n=len(checks) - len(left), all=len(checks)))]
        blocks += self._at_once(left, before)
        for check in checks:
            question = self.word(check.questions[0]) if check.questions else ""
            block = form.block(check.status, self.word(check.label), question)
            blocks.append(block)
            if values.get(check.status) == "issue":
                blocks.append(form.block(check.note))
                blocks.append(
                    Button(self.say("problem"), partial(self._new_problem, check), name=f"problem/{check.field}")
                )
        return blocks

    def _at_once(self, left: list[Check], before: dict[str, Any]) -> list[Block]:
        """One touch for all that did not change."""
        known = {check.status: before[check.status] for check in left if before.get(check.status)}
        if not left:
            return []
        if len(known) == len(left):
            notes = {c.note: before[c.note] for c in left if before.get(c.status) == "issue" and before.get(c.note)}
            words = self.say("as_before", day=str(before.get("started_at") or "")[:10])
            return [Button(words, lambda: self._answer({**known, **notes}), name="as_before")]
        fine = {check.status: "ok" for check in left}
        return [Button(self.say("all_ok"), lambda: self._answer(fine), name="all_ok")]

    def _found(self, values: dict[str, Any]) -> list[Block]:
        problems = self.session.notebook
        found = [problems.shown_or_none("problem", str(id_)) for id_ in values.get("found_problems") or ()]
        items = [
            Item(
                str(one.record.values.get("description") or "…"),
                on_tap=partial(self._go, "problem", id=one.record.id),
                name=f"problem/{one.record.id}",
            )
            for one in found
            if one
        ]
        return [Heading(self.say("problems")), *items] if items else []

    def _more(self, form: FormBlocks, record: Any) -> list[Block]:
        """Every other question the kind declares."""
        if not self.more:
            return [Button(self.say("more"), self._toggle, name="more")]
        policy = self.session.policy()
        above = {*FIRST, *AFTERWARDS, *policy.statuses, *(check.note for check in policy.checks)}
        names = asked(self, form.kind, may_see_secrets(self, record.village, record.household))
        rest = [name for name in names if name not in above and name not in ELSEWHERE]
        return [Button(self.say("less"), self._toggle, name="more"), *form.of(rest), *self._place()]

    def _place(self) -> list[Block]:
        """Where it was, if the visitor wishes: one fix, never a track."""
        place = self.values().get("location")
        if not isinstance(place, dict):
            label = self.say("locating") if self.locating else self.say("locate")
            return [Button(label, self.locate, enabled=not self.locating, name="locate")]
        words = f"{place.get('lat', 0):.5f}, {place.get('lon', 0):.5f} ±{place.get('accuracy_m', 0):.0f} m"
        forget = Button(self.say("forget"), lambda: self._answer({"location": None}), name="forget_place")
        return [Facts(((self.say("place"), words),)), forget]

    def minimum(self) -> int:
        """Minutes a visit should take: the running campaign's, else the policy's."""
        return self.session.minimum_minutes()

    def asks_reason(self, values: dict[str, Any]) -> bool:
        """Whether the reason for a short visit is being asked and not yet given."""
        return bool(self.where.get("short")) and not str(values.get("short_reason") or "").strip()

    # --- what one can do -------------------------------------------------------------------------------------------

    def _answer(self, values: dict[str, Any]) -> None:
        self.app.attempt(lambda: self.session.notebook.answer("visit", self.id, values))
        self.redraw()

    def pause(self) -> None:
        """What follows is not counted."""
        self.app.attempt(lambda: self.session.notebook.pause_visit(self.id))
        self.redraw()

    def resume(self) -> None:
        """Count again."""
        self.app.attempt(lambda: self.session.notebook.resume_visit(self.id))
        self.redraw()

    def finish(self) -> None:
        """End the visit, or save what was added to one that has ended; ask first what cannot be asked later."""
        values = self.values()
        if values.get("ended_at"):
            self._end()
            return
        home = values.get("mode") in self.session.policy().visit.modes
        left = sum(not values.get(status) for status in self.session.policy().statuses)
        if home and left:
            self.app.screen.ask(
                self.say("unanswered", n=left),
                self.say("unanswered_text"),
                (
                    Button(self.say("go_on"), style="primary", name="go_on"),
                    Button(self.say("end_anyway"), self._short_or_end, name="end_anyway"),
                ),
            )
            return
        self._short_or_end()

    def _short_or_end(self) -> None:
        values = self.values()
        home = values.get("mode") in self.session.policy().visit.modes
        short = length_now(self.session, self.id).ms < self.minimum() * 60_000
        if home and short and not self.where.get("short") and not str(values.get("short_reason") or "").strip():
            self.where["short"] = "yes"
            self.redraw()
            return
        self._end()

    def _end(self) -> None:
        try:
            _, minutes = self.session.notebook.finish_visit(self.id, {})
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.app.screen.toast(self.say("wrong", n=len(self.errors)))
            self.redraw()
            return
        except PhoneError as error:
            self.app.complain(error)
            return
        self.app.screen.toast(self.say("ended", n=minutes))
        self.session.syncing.nudge()
        self.app.done()

    def locate(self) -> None:
        """Note the place once. It is nobody's proof of presence, and may be left out or taken off again."""
        self.locating = True
        self.redraw()

        def done(fix: Fix | None) -> None:
            self.locating = False
            if fix is None:
                self.app.screen.toast(self.say("no_place"))
                self.redraw()
            else:
                self._answer({"location": {"lat": fix.lat, "lon": fix.lon, "accuracy_m": fix.accuracy_m}})

        self.app.device.location.one_fix(done)

    def _new_problem(self, check: Check) -> None:
        record = self.session.notebook.get("visit", self.id).record
        self._go(
            "new_problem", id=self.app.doors.new_id(), village=record.village or "", household=record.household or "",
            source="visit", visit=self.id, about=check.field,
        )  # fmt: skip

    def _toggle(self) -> None:
        self.more = not self.more
        self.redraw()

    def _go(self, name: str, **where: str) -> None:
        self.app.go(name, **where)


PAGE = VisitPage
