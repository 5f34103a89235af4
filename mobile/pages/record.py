"""Any record as a form, from its declaration: new or changed, saved as one change. What has no page of its own is filled in here.

Promises: every answer is in the draft at once; leaving keeps the draft; giving it up can be undone; an answer that cannot be kept stays on
the form beside the reason. Leaves to others: which block a field becomes (`form`).
"""

from typing import Any

from mobile.notebook import Invalid, NoSuchRecord, Shown
from mobile.pages.blocks import Banner, Block, Button, Facts, Heading, View
from mobile.pages.form import FormBlocks, as_text, asked, may_see_secrets
from mobile.pages.page import Page
from mobile.pages.photo_block import photos_line
from shared.fields import Label
from shared.kind import Kind
from shared.record import Key
from shared.sync.phone import PhoneError


class RecordPage(Page):
    """`where`: kind, id (a new one's is made before the page opens), village and household of a new one."""

    SAYS = {
        "new": Label("新建", "New"),
        "wrong": Label(
            "有 {n} 处不合要求，改好再保存；内容都还在。", "{n} answers cannot be kept; mend them, then save."
        ),
        "removed": Label(
            "这条记录已被移除。您写的都还在，要写的话保存后由乡镇决定。",
            "This record was removed. What you wrote is still here; if you save it, the township decides.",
        ),
        "gone": Label(
            "这条记录已不在手机里，可能不再归您管。您写的都还在，保存后由乡镇决定收不收。",
            "This record is no longer on this phone; it may not be yours any more. What you wrote is still here: save it, and the township decides.",
        ),
        "older": Label("这些内容是别的版本填的，会一起保存", "Filled in by another version; saved along"),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.errors: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        return self.session.notebook.kind(self.where["kind"])

    @property
    def id(self) -> str:
        return self.where["id"]

    def values(self) -> dict[str, Any]:
        """What is shown: the record with what was answered and not saved laid over."""
        shown, draft = self.shown, self.session.notebook.draft(self.where["kind"], self.id)
        return {**(shown.record.values if shown else {}), **(draft.values if draft else {})}

    @property
    def shown(self) -> Shown | None:
        """The record, where the phone holds it."""
        return self.session.notebook.shown(Key(self.where["kind"], self.id))

    def was_there(self) -> bool:
        """Whether this was a record once, and no new one."""
        draft = self.session.notebook.draft(self.where["kind"], self.id)
        return "village" not in self.where or bool(draft and any(draft.seen.values()))

    def names(self) -> list[str]:
        """The fields that are asked."""
        return asked(self, self.kind, may_see_secrets(self, *self.place()))

    def form(self) -> FormBlocks:
        village, household = self.place()
        return FormBlocks(
            self, self.kind, self.id, self.values(), village=village, household=household, errors=self.errors
        )

    def place(self) -> tuple[str | None, str | None]:
        """The village and household of the record; of a new one those it is to get."""
        if self.shown:
            return self.shown.record.village, self.shown.record.household or self.where.get("household") or None
        return self.where.get("village") or None, self.where.get("household") or None

    def view(self) -> View:
        is_new = self.shown is None and not self.was_there()
        if self.shown is None and not is_new and not self._drafted():
            raise NoSuchRecord(f"{self.where['kind']} {self.id}")
        title = self.word(self.kind.label)
        household = self.session.name_of(self.where.get("household"))
        return View(
            self.joined(self.say("new"), title) if is_new else title,
            self.joined(household, photos_line(self, self.where["kind"], self.id, self.values())),
            (*self.top(), *self.form().of(self.names()), *self._others()),
            bottom=(Button(self.say("save"), self.save, "primary", name="save"),),
            corner=Button(self.say("give_up"), self.give_up, name="give_up") if self._drafted() else None,
        )

    def top(self) -> list[Block]:
        """What stands above the form."""
        blocks: list[Block] = []
        if self.shown is None and self.was_there():
            blocks.append(Banner(self.say("gone"), "warn"))
        elif self.shown and self.shown.removed:
            blocks.append(Banner(self.say("removed"), "warn"))
        if self.errors:
            blocks.append(Banner(self.say("wrong", n=len(self.errors)), "bad"))
        return blocks

    def _drafted(self) -> bool:
        return self.session.notebook.draft(self.where["kind"], self.id) is not None

    def _others(self) -> list[Block]:
        """What a draft or record holds that this version does not know."""
        draft = self.session.notebook.draft(self.where["kind"], self.id)
        unknown = [(name, as_text(None, value)) for name, value in (draft.values if draft else {}).items()]
        rows = tuple((name, text) for name, text in unknown if name not in self.kind.fields)
        return [Heading(self.say("older")), Facts(rows)] if rows else []

    # --- what one can do -------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save the draft as one change and go back."""
        notebook = self.session.notebook
        try:
            written = notebook.save(self.where["kind"], self.id) if self._drafted() else None
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.redraw()
            return
        except PhoneError as error:
            self.app.complain(error)
            return
        self.errors = {}
        self.app.screen.toast(self.say("saved") if written else self.say("nothing_new"))
        if written:
            self.session.syncing.nudge()
        self.saved(written is not None)

    def saved(self, something: bool) -> None:
        """After saving."""
        self.app.done()

    def give_up(self) -> None:
        """Give the draft up, with a way back."""
        self.errors = {}
        self.give_up_drafts([Key(self.where["kind"], self.id)], self.redraw, self.redraw)

    def back(self) -> bool:
        if self._drafted():
            self.app.screen.toast(self.say("kept"))
        return False


PAGE = RecordPage
