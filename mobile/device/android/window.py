"""The window and what stands over it: no screenshots, the system's text box, the way to the home screen, the share sheet."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile.device.android.java import Java
from mobile.device.android.pictures import shared_uri
from mobile.device.ports import Soon

SECURE = 0x2000  # WindowManager.LayoutParams.FLAG_SECURE
LIGHT_THEME = 5  # AlertDialog.THEME_DEVICE_DEFAULT_LIGHT
TEXT, SENTENCES, MANY_LINES = 0x1, 0x4000, 0x20000  # InputType's TYPE_CLASS_TEXT, ..CAP_SENTENCES, ..MULTI_LINE
TOP_LEFT = 0x30 | 0x800003  # Gravity.TOP | Gravity.START
KEYBOARD = 0x4 | 0x10  # SOFT_INPUT_STATE_VISIBLE | SOFT_INPUT_ADJUST_RESIZE
READ = 1  # Intent.FLAG_GRANT_READ_URI_PERMISSION
SHOWN_LINES = 6


class AndroidWindow:
    def __init__(self, java: Java) -> None:
        self._java = java

    def protect(self, on: bool) -> None:
        def turn() -> None:
            window = self._java.activity.getWindow()
            window.addFlags(SECURE) if on else window.clearFlags(SECURE)

        self._java.on_ui(turn)


class AndroidTextDialog:
    """AlertDialog with an EditText: pinyin, strokes, handwriting and voice all work there, which SDL's own input does not promise."""

    available = True

    def __init__(self, java: Java, soon: Soon) -> None:
        self._java = java
        self._soon = soon

    def ask(self, title: str, text: str, multiline: bool, hint: str, done: Callable[[str | None], None]) -> None:
        self._java.on_ui(lambda: self._show(title, text, multiline, hint, done))

    def _show(self, title: str, text: str, multiline: bool, hint: str, done: Callable[[str | None], None]) -> None:
        builder = self._java.a("android.app.AlertDialog$Builder")(self._java.activity, LIGHT_THEME)
        edit = self._java.a("android.widget.EditText")(builder.getContext())
        edit.setInputType(TEXT | SENTENCES | MANY_LINES if multiline else TEXT)
        if multiline:
            edit.setMinLines(SHOWN_LINES)
            edit.setGravity(TOP_LEFT)
        edit.setHint(self._java.words(hint))
        edit.setText(self._java.words(text))
        edit.setSelection(edit.length())  # Java counts a rare character as two
        buttons: list[Any] = []

        def answer(words: str | None) -> None:
            for button in buttons:
                self._java.let_go(button)
            self._soon(lambda: done(words))

        buttons.append(self._java.click(lambda: answer(_written(edit))))
        buttons.append(self._java.click(lambda: answer(None)))
        builder.setTitle(self._java.words(title))
        builder.setView(edit)
        builder.setPositiveButton(self._java.words("确定 / OK"), buttons[0])
        builder.setNegativeButton(self._java.words("取消 / Cancel"), buttons[1])
        builder.setCancelable(False)
        dialog = builder.create()
        window = dialog.getWindow()  # a dialog has a window of its own, which does not inherit the flag
        window.addFlags(SECURE)
        window.setSoftInputMode(KEYBOARD)
        dialog.show()
        edit.requestFocus()


def _written(edit: Any) -> str:
    """What stands in a field: getText is declared twice, and pyjnius makes a str of the one that gives a CharSequence."""
    text = edit.getText()
    return text if isinstance(text, str) else text.toString()


class AndroidBack:
    def __init__(self, java: Java) -> None:
        self._java = java

    def leave(self) -> None:
        def behind() -> None:
            self._java.activity.moveTaskToBack(True)

        self._java.on_ui(behind)


class AndroidShare:
    def __init__(self, java: Java, folder: Path) -> None:
        self._java = java
        self._folder = folder

    def send(self, path: Path, title: str) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = Path(shutil.copyfile(path, self._folder / path.name))
        intents = self._java.a("android.content.Intent")
        intent = intents("android.intent.action.SEND")
        intent.setType("application/octet-stream")
        intent.putExtra("android.intent.extra.STREAM", shared_uri(self._java, copy))
        intent.addFlags(READ)
        self._java.activity.startActivity(intents.createChooser(intent, self._java.words(title)))
        return copy
