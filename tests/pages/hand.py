"""A screen that is not drawn, and a hand that touches it: how pages are tried out without Kivy, in milliseconds.

A block is found by its name or by words on it, as a person would; what is not on the page or is switched off cannot be touched. `taps`
counts the touches, so that a test can count them too. The same calls work on a real window (`tests.ui`).
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from mobile.pages.application import Application
from mobile.pages.blocks import (
    Banner,
    Block,
    Button,
    Buttons,
    Choice,
    Filters,
    Item,
    LongList,
    Photos,
    PinPad,
    Points,
    Search,
    Tap,
    TextField,
    View,
    nothing,
)
from shared.sync.phone import PhoneError


class PaperScreen:
    """Keeps what would be drawn. `soon` runs at once in the screen's own thread, and waits for `breathe` when it comes from another;
    `later` holds what was to run later, for `pass_time`.
    """

    def __init__(self) -> None:
        self.view: View | None = None
        self.key = ""
        self.toasts: list[tuple[str, str, Tap]] = []
        self.question: tuple[str, str, Sequence[Button]] | None = None
        self.later: list[Callable[[], None]] = []
        self.waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.get_ident()

    def show(self, view: View, page_key: str) -> None:
        self.view, self.key = view, page_key

    def toast(self, text: str, button: str = "", on_tap: Tap = nothing) -> None:
        self.toasts.append((text, button, on_tap))

    def ask(self, title: str, text: str, buttons: Sequence[Button]) -> None:
        self.question = (title, text, buttons)

    def back_in_dialog(self) -> bool:
        was, self.question = self.question, None
        return was is not None

    def forget(self) -> None:
        pass

    def soon(self, work: Callable[[], None]) -> None:
        if threading.get_ident() == self._thread:
            work()
        else:
            self.waiting.put(work)

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        self.later.append(work)
        return lambda: self.later.remove(work) if work in self.later else None


def at_once(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """Work aside, done here and now."""
    try:
        result = work()
    except PhoneError as error:
        result = error
    done(result)


class Hand:
    """Touches a PaperScreen."""

    def __init__(self, app: Application, screen: PaperScreen) -> None:
        self.app = app
        self.screen = screen
        self.taps = 0

    # --- seeing ----------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        assert self.screen.view is not None
        return self.screen.view

    def words(self) -> str:
        """All that can be read on the page and above it."""
        found = list(_words(self.view))
        if self.screen.question:
            title, text, buttons = self.screen.question
            found += [title, text, *(button.label for button in buttons)]
        if self.screen.toasts:
            found.append(self.screen.toasts[-1][0])
        return "\n".join(found)

    def sees(self, text: str) -> bool:
        return text in self.words()

    def block(self, wanted: str) -> Block:
        """The block of this name, or the first with these words on it. LookupError says what there is."""
        blocks = list(self._blocks())
        for block in blocks:
            if block.name == wanted:
                return block
        for block in blocks:
            if wanted in "\n".join(_words(block)):
                return block
        raise LookupError(f"{wanted!r} is not on the page:\n{self.words()}")

    def _blocks(self) -> Iterator[Block]:
        yield from self.view.bottom
        if self.view.corner:
            yield self.view.corner
        for block in self.view.blocks:
            if isinstance(block, Buttons):
                yield from block.buttons
            elif isinstance(block, LongList):
                yield from block.rows
                yield block
            else:
                yield block

    # --- touching --------------------------------------------------------------------------------------------------

    def tap(self, wanted: str, part: str = "") -> None:
        """Touch a button, a row, a tab; or `part` of a block: an option's code or label, a phrase, + - or full of a score, add or the turn
        (0, 1, 2) of a photo.
        """
        self.taps += 1
        if self.screen.question:
            _, _, buttons = self.screen.question
            button = next(b for b in buttons if wanted in (b.name, b.label))
            self.screen.question = None
            button.on_tap()
            return
        if self.screen.toasts and self.screen.toasts[-1][1] == wanted:
            self.screen.toasts.pop()[2]()
            return
        tab = next((tab for tab in self.view.tabs if wanted in (tab.code, tab.label)), None)
        if tab and not part:
            self.app.go(tab.code)
            return
        block = self.block(wanted)
        if isinstance(block, Button):
            assert block.enabled, f"{wanted!r} is switched off"
            block.on_tap()
        elif isinstance(block, Banner):
            assert block.button, f"{wanted!r} has no button"
            block.on_tap()
        elif isinstance(block, Item):
            if block.on_tap is None:
                lists = [b for b in self.view.blocks if isinstance(b, LongList) and block in b.rows]
                assert lists, f"{wanted!r} cannot be touched"
                lists[0].on_pick(block.name)
            else:
                block.on_tap()
        elif isinstance(block, Choice | Filters):
            option = next(o for o in block.options if part in (o.code, o.label))
            block.on_pick(option.code)
        elif isinstance(block, TextField):
            assert part in block.phrases, f"{part!r} is no phrase of {wanted!r}"
            block.on_text(f"{block.text}，{part}" if block.text and block.lines > 1 else part)
            self.app.redraw()
        elif isinstance(block, Points):
            value = block.value or 0
            block.on_value({"+": min(value + 1, block.full), "-": max(value - 1, 0), "full": block.full}[part])
        elif isinstance(block, Photos):
            if part == "add":
                assert block.add, f"{wanted!r} takes no other photo"
                block.on_add()
            else:
                block.on_pick(block.pictures[int(part)].name)
        elif isinstance(block, PinPad):
            block.on_erase() if part == "erase" else block.on_digit(part)
        else:
            raise AssertionError(f"{wanted!r} cannot be touched")

    def type(self, wanted: str, text: str) -> None:
        """Type into a line; as on the phone, it hears the whole text."""
        block = self.block(wanted)
        assert isinstance(block, TextField | Search), f"{wanted!r} takes no words"
        block.on_text(text)
        self.app.redraw()

    def pin(self, digits: str) -> None:
        """Type a PIN on the pad."""
        for digit in digits:
            block = next(b for b in self.view.blocks if isinstance(b, PinPad))
            self.taps += 1
            block.on_digit(digit)

    def back(self) -> None:
        self.app.back()

    def breathe(self) -> None:
        """Do what other threads left to be done here."""
        try:
            self.screen.waiting.get(timeout=0.05)()
        except queue.Empty:
            return

    def put_away(self) -> None:
        """The app ends."""
        self.app.stopped()

    def pass_time(self) -> None:
        """What was to run later runs now."""
        due, self.screen.later = self.screen.later, []
        for work in due:
            work()


def _words(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple | list | frozenset):
        for item in thing:
            yield from _words(item)
    elif is_dataclass(thing):
        for one in fields(thing):
            if one.name not in ("name", "code", "tone", "style", "note_tone", "badge_tone"):
                yield from _words(getattr(thing, one.name))
