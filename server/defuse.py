"""Bodies that no JSON reader takes whole because of one poisoned change: nested without end, NaN, a number
without end, half a character.

A phone that has saved such a change would otherwise be refused for ever, with everything behind it. So what cannot be read is replaced by
something that can be read and that no field accepts; the change is then refused by itself, under its own number, like any other.
Promises: bodies that are not JSON in any other way stay as they are, and still are not JSON.
"""

import math
import re

from shared.fields import DEPTH

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]|-?Infinity|NaN|-?[0-9][0-9.eE+-]*', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_CUT = DEPTH + 20
"""Levels that are kept: more than any field accepts below the four of the envelope, far fewer than any reader's limit."""
_TOO_DEEP = b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1)
_DIGITS = 400
"""Longer numbers no reader takes, and nobody counted them."""
_NO_CHARACTER = rb"\u0000"


def defuse(body: bytes) -> bytes:
    """The body with unreadable parts replaced by readable ones that no field accepts."""
    kept: list[bytes] = []
    depth = at = 0
    for token in _TOKEN.finditer(body):
        word = token.group()
        if depth <= _CUT:
            kept.append(body[at : token.start()])
        at = token.end()
        if word in (b"[", b"{"):
            depth += 1
            if depth <= _CUT:
                kept.append(word)
        elif word in (b"]", b"}"):
            if depth <= _CUT:
                kept.append(word)
            depth -= 1
        elif depth <= _CUT:
            kept.append(_readable(word))
    kept.append(body[at:])
    return b"".join(kept)


def _readable(word: bytes) -> bytes:
    if word[:1] == b'"':
        return _whole_characters(word)
    if word in (b"NaN", b"Infinity", b"-Infinity"):
        return _TOO_DEEP
    try:
        return word if len(word) <= _DIGITS and math.isfinite(float(word)) else _TOO_DEEP
    except ValueError:
        return word  # no number either: the reader shall say so


def _whole_characters(text: bytes) -> bytes:
    """A JSON string with halves of surrogate pairs replaced by NUL, which no field accepts."""
    if b"\\u" not in text:
        return text
    return _ESCAPE.sub(lambda found: _NO_CHARACTER if found.group(1) else found.group(), text)
