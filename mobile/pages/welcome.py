"""The first page of a phone that is nobody's yet: what this app is, in the reader's language, and the way in."""

from mobile.pages.blocks import Button, Choice, Option, Paragraph, View
from mobile.pages.page import EN, ZH, Page
from shared.fields import Label


class WelcomePage(Page):
    SAYS = {
        "title": Label("入户", "Ruhu"),
        "what": Label(
            "走村入户，没有信号也能写；有信号时自动同步到乡镇。您写的每一句都先存在这台手机里，加锁保管。",
            "Write down what you hear in the household, with or without signal; it reaches the township when there is some. "
            "Every word is kept on this phone first, under lock.",
        ),
        "need": Label(
            "开始前请向乡镇办公室要一张注册二维码（三十分钟内有效）。",
            "To begin, ask the township desk for an enrolment code (good for thirty minutes).",
        ),
        "start": Label("开始注册", "Enrol"),
        "language": Label("语言 / Language", "语言 / Language"),
    }

    def view(self) -> View:
        languages = (Option(ZH, "中文"), Option(EN, "English"))
        return View(
            self.say("title"),
            "",
            (
                Paragraph(self.say("what")),
                Paragraph(self.say("need"), "brand"),
                Choice(
                    self.say("language"), languages, frozenset({self.language}), on_pick=self._language, name="language"
                ),
            ),
            bottom=(Button(self.say("start"), self._enrol, "primary", name="start"),),
            back=False,
        )

    def _language(self, code: str) -> None:
        self.app.set_setting("language", code)
        self.redraw()

    def _enrol(self) -> None:
        self.app.go("enrol")


PAGE = WelcomePage
