"""One refused change: the fields that were refused, with the words that were, to be mended and sent again or given up.

Promises: every answer is kept at once; giving up can be undone; a value that still cannot be kept stays on the form beside the reason.
Leaves to others: what the codes mean (`mend`), writing it anew (`notebook`).
"""

from collections.abc import Mapping
from typing import Any

from mobile.notebook import Invalid
from mobile.pages.blocks import Banner, Block, Button, Facts, Heading, View
from mobile.pages.form import BY_HAND
from mobile.pages.given import KeptForm
from mobile.pages.mend import field_of, label_of, reason_of, said_in, title_of, wrong_of
from mobile.pages.page import Page
from shared.fields import Label
from shared.sync.phone import Mend, PhoneError

DRAFT = "mend"
"""The kind under which the answers are kept, by the refused change's number."""


class MendOnePage(Page):
    """`where`: number."""

    SAYS = {
        "fields": Label("改一改", "Mend"),
        "rest": Label("一起写的", "Written along"),
        "send": Label("改好，再送一次", "Send again"),
        "drop": Label("放弃这条", "Give this up"),
        "dropped": Label("已放弃这一条", "Given up"),
        "sent": Label("已存在手机里，下次同步再送", "Saved on this phone; sent with the next sync"),
        "wrong": Label(
            "有 {n} 处不合要求，改好再送；内容都还在。", "{n} answers cannot be kept; mend them, then send."
        ),
    }

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.errors: dict[str, str] = {}

    @property
    def mend(self) -> Mend:
        return self.session.notebook.mend(int(self.where["number"]))

    def answers(self) -> dict[str, Any]:
        """What was mended so far."""
        draft = self.session.notebook.draft(DRAFT, self.where["number"])
        return dict(draft.values) if draft else {}

    def names(self, mend: Mend) -> list[str]:
        """The fields to mend: those that were refused; of what is too long, all that was written."""
        if mend.code == "gone":
            return []
        wanted = list(mend.fields) or (list(mend.set) if mend.code == "too_large" else [])
        return [name for name in wanted if (field := field_of(self, mend, name)) and field.widget in BY_HAND]

    # --- what is to be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        mend = self.mend
        names = self.names(mend)
        blocks: list[Block] = [Banner(reason_of(self, mend), "bad")]
        if self.errors:
            blocks.append(Banner(self.say("wrong", n=len(self.errors)), "bad"))
        blocks += self._form(mend, names)
        rest = [
            (label, text)
            for (label, text), name in zip(said_in(self, mend), mend.set, strict=True)
            if name not in names
        ]
        if rest:
            blocks += [Heading(self.say("rest")), Facts(tuple(rest))]
        drop = Button(self.say("drop"), self.drop, "danger", name="drop")
        send = Button(self.say("send"), self.send, "primary", name="send")
        return View(title_of(self, mend), blocks=tuple(blocks), bottom=(drop,) if mend.code == "gone" else (send, drop))

    def _form(self, mend: Mend, names: list[str]) -> list[Block]:
        refused = {name: self.half(" ".join(why)) for name, why in mend.fields.items()}
        answered = self.answers()
        told = {name: why for name, why in refused.items() if name not in answered}
        others = [Banner(f"{label_of(self, mend, n)}：{why}", "warn") for n, why in refused.items() if n not in names]
        if not names:
            return [*others, *(Banner(text, "warn") for text in wrong_of(self, mend) if not refused)]
        form = KeptForm(
            self, self.session.kinds[mend.kind], mend.id, {**mend.set, **answered}, self.keep,
            village=mend.village, household=mend.household, errors={**told, **self.errors},
        )  # fmt: skip
        return [Heading(self.say("fields")), *others, *form.of(names)]

    # --- what one can do -------------------------------------------------------------------------------------------

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep answers at once."""
        mend = self.mend
        self.session.notebook.answer(DRAFT, self.where["number"], values, mend.village, mend.household)

    def send(self) -> None:
        """Write the change again, mended; the entry goes with it."""
        notebook, number = self.session.notebook, self.where["number"]

        def work() -> None:
            notebook.retry_mend(int(number), self.answers())
            notebook.discard(DRAFT, number)

        self.errors = {}
        try:
            self.session.store.together(work)
        except Invalid as error:
            self.errors = {name: self.half(" ".join(why)) for name, why in error.fields.items()}
            self.redraw()
        except PhoneError as error:
            self.app.complain(error)
        else:
            self.app.screen.toast(self.say("sent"))
            self.session.syncing.nudge()
            self.app.done()

    def drop(self) -> None:
        """Give the change up, with a way back."""
        notebook, store, number = self.session.notebook, self.session.store, self.where["number"]
        mend, draft = notebook.drop_mend(int(number)), notebook.discard(DRAFT, number)
        self.app.done()

        def undo() -> None:
            store.together(lambda: store.put_mend(mend))
            if draft:
                notebook.put_back(draft)
            self.redraw()

        self.app.screen.toast(self.say("dropped"), self.say("undo"), undo)

    def back(self) -> bool:
        if self.answers():
            self.app.screen.toast(self.say("kept"))
        return False


PAGE = MendOnePage
