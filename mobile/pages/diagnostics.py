"""What a helper needs to know when something is wrong: versions, counts, the last error. No name, no word of anybody.

Promises: what is shown is what is shared, letter for letter; it holds codes and counts only. Leaves to others: handing the file over (`device`).
"""

import platform
from collections import Counter
from collections.abc import Callable, Sized
from typing import Any

from mobile.pages.blocks import Block, Button, Facts, Paragraph, View
from mobile.pages.me import room
from mobile.pages.page import Page
from mobile.store import SCHEMAS
from mobile.syncing import APP
from shared.fields import Label
from shared.moments import iso
from shared.sync.phone import PhoneError

FILE = "ruhu-diagnostics.txt"


class DiagnosticsPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("诊断", "Diagnostics"),
        "about": Label("只有版本、条数和错误代码，没有任何人的姓名和内容。", "Versions, counts and codes of errors only: no name, no word of anybody."),
        "share": Label("存成文件", "Save as a file"),
        "shared": Label("已存成文件：{path}", "Saved as {path}"),
        "failed": Label("没有存成文件：{why}", "No file was made: {why}"),
        "app": Label("应用版本", "App"),
        "schema": Label("存储版本", "Storage layout"),
        "system": Label("系统", "System"),
        "now": Label("手机时间", "Phone's clock"),
        "device": Label("手机编号", "Phone"),
        "township": Label("乡镇", "Township"),
        "last": Label("上次同步", "Last sync"),
        "error": Label("上次的错误", "Last error"),
        "none": Label("没有", "none"),
        "unsent": Label("未上传", "Not sent"),
        "mends": Label("被退回", "Refused"),
        "drafts": Label("草稿", "Drafts"),
        "grants": Label("授权", "Grants"),
        "filled": Label("{filled}/{n} 已下载完", "{filled} of {n} complete"),
        "room": Label("存储空间", "Storage"),
    }  # fmt: skip

    def __init__(self, app: Any, **where: str) -> None:
        super().__init__(app, **where)
        self.rows = self._rows()

    def entered(self) -> None:
        self.rows = self._rows()

    def view(self) -> View:
        blocks: list[Block] = [Paragraph(self.say("about"), "quiet"), Facts(self.rows)]
        return View(
            self.say("title"), blocks=tuple(blocks), bottom=(Button(self.say("share"), self.share, name="share"),)
        )

    def _rows(self) -> tuple[tuple[str, str], ...]:
        """What there is to know now: label and value."""
        session, store = self.session, self.session.store
        error, last, grants = session.state.error, session.state.last, store.grants()
        held = Counter(key.kind for key, _, _ in store.places())
        enrolment = session.notebook.enrolment()
        return (
            (self.say("app"), APP),
            (self.say("schema"), str(len(SCHEMAS))),
            (self.say("system"), f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
            (self.say("now"), iso(self.app.doors.now())),
            (self.say("device"), enrolment.device),
            (self.say("township"), enrolment.township),
            (self.say("last"), iso(last) if last else self.say("none")),
            (self.say("error"), error.code if error else self.say("none")),
            (self.say("grants"), self.say("filled", n=len(grants), filled=sum(map(store.filled, grants)))),
            (self.say("unsent"), str(store.count_unsent())),
            (self.say("mends"), _count(session.notebook.mends)),
            (self.say("drafts"), _count(store.drafts)),
            *((self.word(kind.label), str(held[name])) for name, kind in session.kinds.items() if held[name]),
            (self.say("room"), room(self)),
        )

    def share(self) -> None:
        """Write the rows into a file and hand it over."""
        path = self.app.folder / FILE
        try:
            path.write_text("".join(f"{label}: {value}\n" for label, value in self.rows), encoding="utf-8")
            copy = self.app.device.share.send(path, self.say("title"))
        except OSError as error:
            self.app.screen.toast(self.say("failed", why=error.strerror or type(error).__name__))
        else:
            self.app.screen.toast(self.say("shared", path=copy))


def _count(what: Callable[[], Sized]) -> str:
    """How many there are, or the code of what keeps us from knowing: here of all places a damaged word must not be in the way."""
    try:
        return str(len(what()))
    except PhoneError as error:
        return error.code


PAGE = DiagnosticsPage
