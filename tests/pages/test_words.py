"""Every sentence of the app: there in both languages, asking for the same figures, used, and never left untranslated."""

import ast
import importlib
import re
import string
from pathlib import Path
from typing import Any

import pytest

from mobile.pages.page import COMMON, half, told_error
from mobile.pages.photo_block import SAYS as OF_PHOTOS
from mobile.pages.tabs import NAMES, SAYS
from shared.fields import Label
from shared.sync.phone import PhoneError

FOLDER = Path(__file__).parents[2] / "mobile" / "pages"
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))}
PAGES = [name for name, text in SOURCES.items() if "\nPAGE = " in text]
CJK = re.compile(r"[\u3400-\u9fff，。；：？！（）、]")
BILINGUAL = {"language"}
"""The one label that is meant to be read by whoever cannot read the rest."""
BY_CODE: dict[str, set[str]] = {"tabs": set(NAMES), "step": {"reported", "started", "verified"}}
"""Keys that are said by the code of a tab or of a step, and so stand nowhere as words of their own."""


def says(name: str) -> dict[str, Label]:
    return dict(importlib.import_module(f"mobile.pages.{name}").PAGE.SAYS)


def catalogue() -> list[tuple[str, str, Label]]:
    """(where, key, label) of every sentence there is."""
    found = [(name, key, label) for name in PAGES for key, label in says(name).items()]
    return [
        *found,
        *(("page", k, v) for k, v in COMMON.items()),
        *(("tabs", k, v) for k, v in {**NAMES, **SAYS}.items()),
        *(("photo_block", k, v) for k, v in OF_PHOTOS.items()),
    ]


@pytest.mark.parametrize(
    ("where", "key", "label"), catalogue(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_sentence_stands_in_both_languages_and_asks_for_the_same_figures(where: str, key: str, label: Label) -> None:
    assert label.zh.strip()
    assert label.en.strip()
    assert key in BILINGUAL or not CJK.search(label.en), label.en
    assert _figures(label.zh) == _figures(label.en)


def _figures(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _said(text: str) -> set[str]:
    """The keys that a module says by name: ``self.say("key")``, ``page.say("key")``."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "say"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_says_is_in_its_catalogue(name: str) -> None:
    assert _said(SOURCES[name]) <= says(name).keys() | COMMON.keys()


def _texts(source: str) -> list[str]:
    return [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


@pytest.mark.parametrize("name", [*PAGES, "tabs"])
def test_no_sentence_is_written_for_nobody(name: str) -> None:
    """Each key of a page's own catalogue stands in its module once more than where it is declared, or is put together there."""
    source, texts = SOURCES[name], _texts(SOURCES[name])
    begins = tuple(re.findall(r'say\(\s*f"(\w+_)\{', source)) or ("\0",)
    ends = tuple(re.findall(r'say\(\s*f"\{\w+\}(_\w+)"', source)) or ("\0",)
    keys = NAMES.keys() | SAYS.keys() if name == "tabs" else says(name).keys()
    declared = {key for key in keys if re.search(rf'^\s*"{key}": Label\(', source, re.MULTILINE)}
    assert declared
    unused = {k for k in declared if texts.count(k) < 2 and not k.startswith(begins) and not k.endswith(ends)}
    assert unused == BY_CODE.get(name, set())


def test_half_of_a_sentence_is_one_language_whatever_it_holds() -> None:
    assert half("中文。 / English.", "zh") == "中文。"
    assert half("中文。 / English.", "en") == "English."
    assert half("只有一种", "en") == "只有一种"


class Odd(PhoneError):
    words = "出错了。 / It failed."


@pytest.mark.parametrize(
    ("error", "zh", "en"),
    [
        (Odd(), "出错了。", "It failed."),
        (Odd("村 / village"), "出错了。（村）", "It failed. (village)"),
        (Odd("HTTP 500"), "出错了。（HTTP 500）", "It failed. (HTTP 500)"),
        (PhoneError("不行 / no"), "不行", "no"),
    ],
)
def test_an_error_is_told_in_one_language_with_what_is_added_to_it(error: Any, zh: str, en: str) -> None:
    assert told_error(error, "zh") == zh
    assert told_error(error, "en") == en
