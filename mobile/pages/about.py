"""About this app: what is kept on the phone, who sees it, what the app never does, its version and the libraries it stands on.

Promises: says plainly what the law on personal information asks to be said. Leaves to others: keeping to it.
"""

from mobile.pages.blocks import Block, Facts, Heading, Paragraph, View
from mobile.pages.page import Page
from mobile.syncing import APP
from shared.fields import Label

LIBRARIES = (
    ("Python", "PSF-2.0"),
    ("Kivy", "MIT"),
    ("SQLite", "Public domain"),
    ("marshmallow", "MIT"),
    ("requests", "Apache-2.0"),
    ("uuid6", "MIT"),
    ("cryptography", "Apache-2.0 / BSD-3-Clause"),
    ("Noto Sans CJK SC", "OFL-1.1"),
)
"""What the app on a phone is made of, and under which licence."""


class AboutPage(Page):
    """`where`: nothing."""

    SAYS = {
        "title": Label("关于入户", "About Ruhu"),
        "version": Label("版本 {app}", "Version {app}"),
        "kept": Label("手机里有什么", "What is kept on this phone"),
        "kept_text": Label(
            "您负责的村或户的记录，您写的每一句话、拍的每一张照片，加密保存，用密码打开。几个人用一台手机，各用各的密码，互相看不到。",
            "The records of the villages or households in your charge, every word you wrote and every photo you took, sealed and opened by your PIN. "
            "Another person on this phone has a profile of their own.",
        ),
        "seen": Label("谁看得到", "Who sees it"),
        "seen_text": Label(
            "乡镇办公室，和负责同一个村或户的人。身份证号、健康、残疾、收入只给负责全村的人看。照片只传到乡镇，不到别人的手机上。",
            "The township desk, and those in charge of the same village or household. Identity numbers, health, disability and income "
            "are shown only to those who are in charge of a whole village. Photos go to the township and to no other phone.",
        ),
        "never": Label("不做什么", "What it does not do"),
        "never_text": Label(
            "不排名，不打卡，不统计在线时间，不跟踪位置，不强制拍照。走访时长只是提醒。",
            "No ranking, no checking in, no count of time online, no tracking, no forced photographs. The length of a visit only reminds.",
        ),
        "lost": Label("手机丢了", "If the phone is lost"),
        "lost_text": Label(
            "请马上告诉乡镇办公室停用这台手机。没有密码打不开；输错十次，里面的内容就再也打不开了。",
            "Tell the township desk at once, and it shuts this phone out. Without the PIN nothing opens; after ten wrong ones the key is destroyed.",
        ),
        "libraries": Label("使用的开源软件", "Open-source software used"),
        "licence": Label("入户本身采用 MIT 许可。", "Ruhu itself is under the MIT licence."),
    }

    def view(self) -> View:
        blocks: list[Block] = [Paragraph(self.say("version", app=APP), "brand")]
        for part in ("kept", "seen", "never", "lost"):
            blocks += [Heading(self.say(part)), Paragraph(self.say(f"{part}_text"))]
        blocks += [Heading(self.say("libraries")), Facts(LIBRARIES), Paragraph(self.say("licence"), "quiet")]
        return View(self.say("title"), blocks=tuple(blocks))


PAGE = AboutPage
