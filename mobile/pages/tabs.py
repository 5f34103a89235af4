"""What the main tabs share: their names, the line that says how syncing goes, and how a day to come is told."""

from mobile.pages.application import TABS
from mobile.pages.blocks import Badge, Banner, Block, Button, Option, Progress, Tone
from mobile.pages.page import Page
from mobile.pages.photo_block import unsent
from shared.fields import Label
from shared.moments import days_between
from shared.sync.phone import NeedsEnrolment, NotTrusted, Offline, PhoneError, TimedOut, TokenRefused

NAMES = {
    "today": Label("今天", "Today"),
    "households": Label("农户", "Households"),
    "problems": Label("台账", "Ledger"),
    "me": Label("我的", "Me"),
}
SAYS = {
    "all_sent": Label("全部已上传", "All sent"),
    "unsent": Label("{n} 条未上传", "{n} not sent"),
    "unsent_both": Label("{n} 条、{photos} 张照片未上传", "{n} and {photos} photos not sent"),
    "unsent_photos": Label("{photos} 张照片未上传", "{photos} photos not sent"),
    "last": Label("上次同步 {ago}", "last sync {ago}"),
    "never": Label("还没有同步过", "never synced"),
    "pause": Label("暂停", "Pause"),
    "resume": Label("继续", "Resume"),
    "again": Label("再试一次", "Try again"),
    "enrol": Label("重新注册", "Enrol again"),
    "paused": Label("同步已暂停，已收到的都存好了", "Syncing is paused; what came is kept"),
    "running": Label("正在同步：上传 {sent} 条，收到 {received} 条", "Syncing: {sent} sent, {received} received"),
    "offline": Label("没有信号也能写，有信号时自动上传", "You can write without signal; it is sent when there is some"),
    "mend": Label("{n} 条被退回，请改一改", "{n} refused: please mend"),
    "photos_refused": Label("{n} 张照片被退回", "{n} photos refused"),
    "look": Label("去看看", "Look"),
}


def sync_line(page: Page) -> str:
    """How syncing stands, in plain words: 3 条、2 张照片未上传 · 上次同步 2 小时前."""
    waiting, last = page.session.store.count_unsent(), page.session.state.last
    photos = len(unsent(page))
    key = ("unsent_both" if photos else "unsent") if waiting else ("unsent_photos" if photos else "all_sent")
    sent = page.word(SAYS[key]).format(n=waiting, photos=photos)
    when = page.word(SAYS["last"]).format(ago=page.ago(last)) if last else page.word(SAYS["never"])
    return page.joined(sent if waiting or photos or last else "", when)


def sync_blocks(page: Page) -> list[Block]:
    """What must be noticed about syncing: the bar while it runs, what went wrong and what to do next."""
    state, session = page.session.state, page.session
    word = {key: page.word(label) for key, label in SAYS.items()}
    blocks: list[Block] = []
    if state.running:
        told = state.summary
        sent, received = (told.acknowledged, told.received) if told else (0, 0)
        whole = sent + (told.waiting if told else session.store.count_unsent())
        blocks.append(
            Progress(
                word["running"].format(sent=sent, received=received), sent / whole if whole and sent < whole else None
            )
        )
        if received:
            blocks.append(Button(word["pause"], session.pause_syncing, name="pause"))
    elif state.paused:
        blocks.append(Banner(word["paused"], "quiet", word["resume"], session.sync_now, name="sync_state"))
    elif isinstance(state.error, TokenRefused | NeedsEnrolment):
        words = _told(page, state.error)
        blocks.append(Banner(words, "bad", word["enrol"], lambda: _go(page, "enrol"), name="sync_state"))
    elif isinstance(state.error, Offline | TimedOut):
        blocks.append(Banner(word["offline"], "quiet", word["again"], session.sync_now, name="sync_state"))
    elif state.error:
        tone: Tone = "bad" if isinstance(state.error, NotTrusted) else "warn"
        blocks.append(Banner(_told(page, state.error), tone, word["again"], session.sync_now, name="sync_state"))
    refused = len(unsent(page, "refused"))
    if refused and page.name != "waiting":
        words = word["photos_refused"].format(n=refused)
        blocks.append(Banner(words, "bad", word["look"], lambda: _go(page, "waiting"), name="photos_refused"))
    mends = len(session.notebook.mends())
    if mends:
        blocks.append(
            Banner(word["mend"].format(n=mends), "bad", word["look"], lambda: _go(page, "mend"), name="mends")
        )
    return blocks


def _told(page: Page, error: PhoneError) -> str:
    """What went wrong in words; the technical cause is on the page of diagnostics."""
    return page.half(error.words) or page.error(error)


def _go(page: Page, name: str) -> None:
    page.app.go(name)


def tabs(page: Page) -> tuple[Option, ...]:
    """The main tabs in the reader's language."""
    return tuple(Option(code, page.word(NAMES[code])) for code in TABS)


def day_badge(page: Page, until: str | None) -> Badge | None:
    """How long there still is until a day; None where there is no deadline or it is far away."""
    if not until:
        return None
    left = days_between(page.session.notebook.today(), until)
    if left < 0:
        return Badge(page.say("overdue", n=-left), "bad")
    if left == 0:
        return Badge(page.say("due_today"), "warn")
    return Badge(page.say("due_in", n=left), "warn" if left <= 3 else "quiet") if left <= 60 else None
