"""Me: whose phone this is, how syncing goes, what is unsettled, and the settings.

Promises: all that the phone keeps to itself is one touch away; nothing here counts or compares people. Leaves to others: each page it leads
to, syncing (`session`).
"""

import shutil
from functools import partial
from pathlib import Path

from mobile.pages.blocks import Badge, Block, Button, Buttons, Choice, Facts, Heading, Item, Option, View
from mobile.pages.drafts import begun
from mobile.pages.page import EN, ZH, Page
from mobile.pages.photo import size_of
from mobile.pages.photo_block import stuck_line, unsent
from mobile.pages.tabs import sync_blocks, sync_line, tabs
from shared.fields import Label
from shared.grants import HOUSEHOLD, TOWNSHIP, Grant

TEXT_DIALOG = "text_dialog"


class MePage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("我的", "Me"),
        "phone": Label("手机 {device}", "Phone {device}"),
        "sync": Label("同步", "Sync"),
        "sync_now": Label("立即同步", "Sync now"),
        "pause": Label("暂停", "Pause"),
        "resume": Label("继续", "Go on"),
        "holds": Label("这台手机上有", "This phone holds"),
        "complete": Label("已下载完", "complete"),
        "filling": Label("正在下载", "being downloaded"),
        "whole_village": Label("行政村 {code}", "Village {code}"),
        "whole_township": Label("乡镇 {code}", "Township {code}"),
        "photos": Label("照片", "Photos"),
        "photos_line": Label("{n} 张没上传，共 {size}", "{n} not sent, {size}"),
        "room": Label("存储空间", "Storage"),
        "room_line": Label("用了 {used}，手机还剩 {free}", "{used} used, {free} free on the phone"),
        "settle": Label("要看一看的", "To look at"),
        "conflicts": Label("与别人写的不一样", "What others wrote otherwise"),
        "mend": Label("被退回的内容", "Refused"),
        "waiting": Label("未上传的内容", "Not sent yet"),
        "drafts": Label("没写完的内容", "Not finished"),
        "settings": Label("设置", "Settings"),
        "language": Label("语言 / Language", "语言 / Language"),
        "dialog": Label("用系统输入框写长的内容", "Write notes in the system's own text box"),
        "pin": Label("修改密码", "Change the PIN"),
        "diagnostics": Label("诊断", "Diagnostics"),
        "about": Label("关于", "About"),
        "feedback": Label("意见和投诉", "Suggestions and complaints"),
        "lock": Label("锁定、换人", "Lock, or somebody else"),
    }

    def view(self) -> View:
        return View(
            self.say("title"),
            sync_line(self),
            (*self._who(), *self._sync(), *self._settle(), *self._settings(), *self._more()),
            bottom=(Button(self.say("lock"), self.app.lock, name="lock"),),
            tab="me",
            tabs=tabs(self),
            back=False,
        )

    def _who(self) -> list[Block]:
        enrolment = self.session.notebook.enrolment()
        place = str(enrolment.server.get("name") or enrolment.township)
        lines = (place, self.say("phone", device=enrolment.device))
        return [Item(str(enrolment.user.get("name") or self.say("unnamed")), lines, name="who")]

    # --- syncing ---------------------------------------------------------------------------------------------------

    def _sync(self) -> list[Block]:
        state, store = self.session.state, self.session.store
        go_on = Button(self.say("resume"), self.session.sync_now, name="resume_sync")
        pause = Button(self.say("pause"), self.session.pause_syncing, name="pause_sync")
        now = Button(self.say("sync_now"), self.session.sync_now, "primary", not state.running, name="sync_now")
        held = tuple(
            (self._grant(name), self.say("complete" if store.filled(name) else "filling")) for name in store.grants()
        )
        return [
            Heading(self.say("sync")),
            *sync_blocks(self),
            Buttons((go_on,) if state.paused else (now, pause)),
            Heading(self.say("holds")),
            Facts((*held, *self._photos(), (self.say("room"), room(self)))),
            *stuck_line(self),
        ]

    def _photos(self) -> list[tuple[str, str]]:
        """How many photos still wait for signal, and how much that is to send; nothing while none does."""
        waiting = unsent(self)
        size = size_of(sum(photo.bytes - photo.offset for photo in waiting))
        return [(self.say("photos"), self.say("photos_line", n=len(waiting), size=size))] if waiting else []

    def _grant(self, name: str) -> str:
        grant = Grant.read(name)
        if grant.scope == HOUSEHOLD:
            return self.session.name_of(grant.value) or self.say("unnamed")
        if grant.scope == TOWNSHIP:
            return self.say("whole_township", code=grant.value)
        return self.say("whole_village", code=self.session.village_named(grant.value))

    # --- what is unsettled -------------------------------------------------------------------------------------------

    def _settle(self) -> list[Block]:
        session, refused = self.session, len(unsent(self, "refused"))
        counts = {
            "conflicts": (len(session.conflicts()), bool(session.unseen_conflicts())),
            "mend": (len(session.notebook.mends()), True),
            "waiting": (session.store.count_unsent() + len(unsent(self)) + refused, bool(refused)),
            "drafts": (len(begun(self)), True),
        }
        return [Heading(self.say("settle")), *(self._entry(name, n, urgent) for name, (n, urgent) in counts.items())]

    def _entry(self, name: str, n: int, urgent: bool) -> Item:
        badge = Badge(str(n), "warn" if n and urgent else "quiet")
        return Item(self.say(name), badge=badge, on_tap=partial(self._open, name), name=name)

    # --- settings and the rest ---------------------------------------------------------------------------------------

    def _settings(self) -> list[Block]:
        languages = Option(ZH, "中文"), Option(EN, "English")
        chosen = frozenset({self.language})
        blocks: list[Block] = [
            Heading(self.say("settings")),
            Choice(self.say("language"), languages, chosen, on_pick=self._speak, name="language"),
        ]
        if self.app.device.text_dialog.available:
            ways = Option("yes", self.say("yes")), Option("no", self.say("no"))
            used = frozenset({"yes" if self.app.settings.get(TEXT_DIALOG, True) else "no"})
            blocks.append(Choice(self.say("dialog"), ways, used, on_pick=self._write_in, name=TEXT_DIALOG))
        return blocks

    def _more(self) -> list[Block]:
        return [
            Item(self.say(name), on_tap=partial(self._open, name), name=name)
            for name in ("pin", "feedback", "diagnostics", "about")
        ]

    def _speak(self, code: str) -> None:
        self.app.set_setting("language", code)
        self.redraw()

    def _write_in(self, code: str) -> None:
        self.app.set_setting(TEXT_DIALOG, code == "yes")
        self.redraw()

    def _open(self, name: str) -> None:
        self.app.go(name)


def room(page: Page) -> str:
    """What this profile takes on the disk and what is free, in words."""
    folder: Path = page.session.store.folder
    used = sum(map(_taken_by, folder.rglob("*")))
    return page.word(MePage.SAYS["room_line"]).format(used=_size(used), free=_size(shutil.disk_usage(folder).free))


def _taken_by(file: Path) -> int:
    """Bytes of one file; none of one that is gone since it was found, as the lane names its files anew while we count."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0


def _size(number: int) -> str:
    """Bytes as a person reads them: 1.2 GB, 38 MB."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"


PAGE = MePage
