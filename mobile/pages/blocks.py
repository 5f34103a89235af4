"""The vocabulary of the phone's pages: what can stand on a page, as plain values.

A page makes a `View` of these; the screen draws them and keeps the widget of every block that is equal to the one before, so a page
may say the whole of itself anew after each touch. Functions are left out of comparing. Promises: no Kivy, no store, no clock. Leaves to
others: how a block looks (`mobile.ui.widgets`), what it says (`mobile.pages`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["plain", "quiet", "brand", "good", "warn", "bad"]
"""Colour by meaning: `quiet` beside the point, `brand` ours, `good` done, `warn` look at it, `bad` overdue, failed or lost."""

Keyboard = Literal["text", "number", "decimal", "tel"]
Tap = Callable[[], None]


def nothing() -> None:
    """What a block does that cannot be touched."""


@dataclass(frozen=True)
class Block:
    """Anything on a page. `name` is unique on its page where the block can be touched or typed in: tests and redraws find it by that."""

    name: str = field(default="", kw_only=True)


# --- words ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading(Block):
    """A section's title."""

    text: str


@dataclass(frozen=True)
class Paragraph(Block):
    """Running text; breaks lines as Chinese does."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Banner(Block):
    """A coloured strip that must be noticed; with a button when something can be done about it."""

    text: str
    tone: Tone = "warn"
    button: str = ""
    on_tap: Tap = field(default=nothing, compare=False)


@dataclass(frozen=True)
class Facts(Block):
    """Labels and values, one pair a line; a long value runs on below."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Compare(Block):
    """Two values side by side or one above the other: (caption, value, who and when), and which of them stands (0, 1 or None)."""

    sides: tuple[tuple[str, str, str], tuple[str, str, str]]
    stands: int | None = None


# --- things to touch -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Button(Block):
    """Something to do. `primary` is the page's next step, `plain` another, `danger` what cannot be taken back."""

    label: str
    on_tap: Tap = field(default=nothing, compare=False)
    style: Literal["primary", "plain", "danger"] = "plain"
    enabled: bool = True


@dataclass(frozen=True)
class Buttons(Block):
    """Buttons side by side (at most three; two of long words stand one above the other)."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Badge:
    """A short mark at a line's end."""

    text: str
    tone: Tone = "quiet"


@dataclass(frozen=True)
class Item(Block):
    """One line of a list: title, what is below it in smaller letters, a badge. It can be touched when `on_tap` is given."""

    title: str
    lines: tuple[str, ...] = ()
    badge: Badge | None = None
    tone: Tone = "plain"
    on_tap: Tap | None = field(default=None, compare=False)


@dataclass(frozen=True)
class LongList(Block):
    """Thousands of lines that scroll by themselves and fill what is left of the page: at most one on a page, as its last block.

    `rows` all have the same height (title and one line below). `empty` is said when there is none. `on_pick` gets the row's name.
    """

    rows: Sequence[Item]
    empty: str = ""
    on_pick: Callable[[str], None] = field(default=lambda name: None, compare=False)


# --- answers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen."""

    code: str
    label: str


@dataclass(frozen=True)
class Choice(Block):
    """Options as big chips. `chosen` holds the codes that are on; `many` lets several be on. `on_pick` gets the code that was touched.

    `before` is last time's answer, shown faintly while nothing is chosen. `note` stands below, in a tone.
    """

    label: str
    options: tuple[Option, ...]
    chosen: frozenset[str] = frozenset()
    many: bool = False
    before: str = ""
    note: str = ""
    note_tone: Tone = "quiet"
    on_pick: Callable[[str], None] = field(default=lambda code: None, compare=False)


@dataclass(frozen=True)
class Filters(Block):
    """Chips in one line that scrolls sideways, to narrow a list."""

    options: tuple[Option, ...]
    chosen: frozenset[str] = frozenset()
    on_pick: Callable[[str], None] = field(default=lambda code: None, compare=False)


@dataclass(frozen=True)
class TextField(Block):
    """Words to type. `on_text` hears every change at once. `phrases` are common remarks, put in with one touch.

    `lines` above 1 is a note: it opens the phone's own text dialog where there is one. `secret` hides what is typed.
    """

    label: str
    text: str = ""
    hint: str = ""
    lines: int = 1
    keyboard: Keyboard = "text"
    phrases: tuple[str, ...] = ()
    error: str = ""
    secret: bool = False
    on_text: Callable[[str], None] = field(default=lambda text: None, compare=False)


@dataclass(frozen=True)
class Search(Block):
    """The search line above a list; heard a moment after the last key."""

    text: str = ""
    hint: str = ""
    on_text: Callable[[str], None] = field(default=lambda text: None, compare=False)


@dataclass(frozen=True)
class Points(Block):
    """A line of a score sheet: minus, the points, plus, and the full mark with one touch. `value` None while not scored.

    `before` is what it scored last time.
    """

    label: str
    full: float
    value: float | None = None
    before: str = ""
    on_value: Callable[[float], None] = field(default=lambda value: None, compare=False)


@dataclass(frozen=True)
class PinPad(Block):
    """Ten digits and an eraser; `typed` of `length` dots are filled."""

    typed: int = 0
    length: int = 6
    message: str = ""
    tone: Tone = "quiet"
    enabled: bool = True
    on_digit: Callable[[str], None] = field(default=lambda digit: None, compare=False)
    on_erase: Tap = field(default=nothing, compare=False)


@dataclass(frozen=True)
class Picture:
    """One photo. `caption` is who took it, when, or what it shows; `state` how far it is on its way, in words, with its tone. `load` gives
    its JPEG's bytes, None where this phone does not hold it; asked once it is drawn.
    """

    name: str
    caption: str = ""
    state: str = ""
    tone: Tone = "quiet"
    load: Callable[[], bytes | None] = field(default=lambda: None, compare=False)


@dataclass(frozen=True)
class Photos(Block):
    """Photos as small squares, and behind them a square with a camera on it, with `add` below; no such square while `add` is empty.

    `note` stands below, in a tone. `on_pick` gets the name of the photo that was touched.
    """

    label: str
    pictures: tuple[Picture, ...] = ()
    add: str = ""
    note: str = ""
    note_tone: Tone = "quiet"
    on_add: Tap = field(default=nothing, compare=False)
    on_pick: Callable[[str], None] = field(default=lambda name: None, compare=False)


@dataclass(frozen=True)
class LargePhoto(Block):
    """One photo, whole, as wide as the page; `missing` is said where this phone does not hold it."""

    picture: Picture
    missing: str = ""


# --- time and progress ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ring(Block):
    """A ring that fills: `part` from 0 to 1, big words inside, a caption and a line beside it."""

    part: float
    inside: str
    caption: str
    line: str
    tone: Tone = "brand"


@dataclass(frozen=True)
class Progress(Block):
    """A bar with words; `part` from 0 to 1, or None where nobody knows how much is left."""

    text: str
    part: float | None = None
    tone: Tone = "brand"


# --- the page ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """A whole page. `bottom` stays in sight below what scrolls; `tab` is the chosen one of the main tabs, empty for a page above them.

    `back` draws the arrow; `corner` is one small button at the top right.
    """

    title: str
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    bottom: tuple[Button, ...] = ()
    tab: str = ""
    tabs: tuple[Option, ...] = ()
    back: bool = True
    corner: Button | None = None
