"""What every page has: its place in the app, its words in the reader's language, and how it is found again after a kill.

Promises: `where` holds all that is needed to open the page anew (what was typed is in the drafts); the back key never discards. Leaves to
others: the stack of pages (`application`), what is on a page (its own module, which names its class in `PAGE`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from mobile.pages.blocks import View
from shared.fields import Label
from shared.moments import iso
from shared.record import Key
from shared.sync.phone import PhoneError

if TYPE_CHECKING:
    from mobile.pages.application import Application
    from mobile.session import Session

ZH, EN = "zh", "en"

COMMON: Mapping[str, Label] = {
    "cancel": Label("取消", "Cancel"),
    "save": Label("保存", "Save"),
    "ok": Label("知道了", "OK"),
    "yes": Label("是", "Yes"),
    "no": Label("否", "No"),
    "give_up": Label("放弃", "Give up"),
    "given_up": Label("已放弃没保存的内容", "What was unsaved is given up"),
    "undo": Label("撤销", "Undo"),
    "kept": Label("草稿已保留", "The draft is kept"),
    "saved": Label("已存在手机里", "Saved on this phone"),
    "nothing_new": Label("没有改动", "Nothing changed"),
    "none": Label("未填写", "Not filled in"),
    "village": Label("全村", "The whole village"),
    "unnamed": Label("（未填姓名）", "(no name)"),
    "unsent": Label("未上传", "Not sent"),
    "not_there": Label("{name}（已不在名单里）", "{name} (no longer listed)"),
    "just_now": Label("刚刚", "just now"),
    "minutes_ago": Label("{n} 分钟前", "{n} min ago"),
    "hours_ago": Label("{n} 小时前", "{n} h ago"),
    "days_ago": Label("{n} 天前", "{n} d ago"),
    "me": Label("我", "me"),
    "photos": Label("{n} 张照片", "{n} photos"),
    "today": Label("今天", "today"),
    "overdue": Label("逾期{n}天", "{n} d overdue"),
    "due_today": Label("今天到期", "due today"),
    "due_in": Label("还有{n}天", "{n} d left"),
}
"""Words that many pages use."""


def half(text: str, language: str) -> str:
    """One language of a sentence that holds both: Chinese, then " / ", then English. What holds one only is given whole."""
    zh, slash, en = text.partition(" / ")
    if not slash:
        return text
    chosen = en if language == EN else zh
    return chosen.strip()


def told_error(error: PhoneError, language: str) -> str:
    """An error's words and what is added to them, each in one language."""
    said, added = half(error.words, language), half(error.detail, language)
    return (
        f"{said}（{added}）"
        if said and added and language == ZH
        else f"{said} ({added})"
        if said and added
        else said or added
    )


class Page:
    """One page. A subclass says `SAYS` (its words) and `view`."""

    SAYS: ClassVar[Mapping[str, Label]] = {}
    name: str = ""
    every_second: bool = False
    """Whether `view` is asked for again each second while the page is shown."""

    def __init__(self, app: Application, **where: str) -> None:
        self.app = app
        self.where = where
        self.letters: dict[str, tuple[str, Any]] = {}
        """By field: the letters as they were typed on this page, and the value that was kept of them."""

    @property
    def session(self) -> Session:
        """The unlocked profile; pages that work without one do not ask."""
        return self.app.session

    @property
    def language(self) -> str:
        return self.app.language

    # --- words -----------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: Any) -> str:
        """A sentence of this page, or of all pages, in the reader's language. KeyError when there is none."""
        label = self.SAYS.get(key) or COMMON[key]
        return self.word(label).format(**values) if values else self.word(label)

    def word(self, label: Label) -> str:
        """A label in the reader's language."""
        return label.en if self.language == EN else label.zh

    def half(self, text: str) -> str:
        """One language of a sentence that holds both."""
        return half(text, self.language)

    def error(self, error: PhoneError) -> str:
        """What went wrong and what to do, in the reader's language."""
        return told_error(error, self.language)

    def joined(self, *parts: str) -> str:
        """Parts with a middle dot between; empty ones left out."""
        return " · ".join(part for part in parts if part)

    def ago(self, ms: int) -> str:
        """How long ago a moment was (ms since 1970)."""
        minutes = max(0, self.session.notebook.doors.now() - ms) // 60_000
        if minutes < 1:
            return self.say("just_now")
        if minutes < 60:
            return self.say("minutes_ago", n=minutes)
        if minutes < 48 * 60:
            return self.say("hours_ago", n=minutes // 60)
        return self.say("days_ago", n=minutes // (24 * 60))

    def moment(self, ms: int) -> str:
        """A moment by Shanghai's clock, to the minute."""
        return iso(ms)[:16].replace("T", " ")

    # --- what a page does ------------------------------------------------------------------------------------------

    def view(self) -> View:
        """What is to be seen now."""
        raise NotImplementedError

    def entered(self) -> None:
        """The page has come to the top: by opening it, or by coming back to it."""

    def back(self) -> bool:
        """The back key. True when the page has seen to it itself; else the page below is shown. Nothing is ever discarded."""
        return False

    def redraw(self) -> None:
        self.app.redraw()

    def give_up_drafts(self, keys: Iterable[Key], gone: Callable[[], object], again: Callable[[], object]) -> None:
        """Give these drafts up: `gone` shows the page without them, the undo on the screen puts them back and then shows it by `again`."""
        notebook = self.session.notebook
        given_up = [draft for draft in (notebook.discard(*key) for key in keys) if draft]
        gone()
        if not given_up:
            return

        def undo() -> None:
            for draft in given_up:
                notebook.put_back(draft)
            again()

        self.app.screen.toast(self.say("given_up"), self.say("undo"), undo)
