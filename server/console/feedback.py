"""What people said about the app and the work, and the desk's answers, which their writers read on the phone after the next sync."""

from typing import Any

from flask import request

from server.access import AccessError
from server.console.door import Town, act, go, page
from server.console.frame import listed, render, tell, tell_error
from server.lists import LISTINGS
from server.sight import Right

LONGEST = 2000
UNDONE = 200
"""Characters of an answer that can be taken back from the page; a longer one stands in the record's history."""


@page("/t/<township>/feedback", Right.READ)
def feedback(town: Town) -> str:
    return render("feedback.html", town, "feedback", **listed(town, LISTINGS["feedback"]))


@act("/t/<township>/feedback/<record>/reply", Right.SETTLE)
def reply_feedback(town: Town, record: str) -> Any:
    """Answer, or answer otherwise than before; undone by the answer that was there."""
    text = request.form.get("reply", "").strip()
    with town.read() as store:
        before = town.record(store, "feedback", record).values.get("reply") or ""
    try:
        if len(text) > LONGEST:
            raise AccessError(f"最多 {LONGEST} 个字。 / At most {LONGEST} characters.")
        town.write("feedback", record, {"reply": text or None}, "reply")
    except AccessError as error:
        tell_error(error)
        return go("console.feedback", township=town.code)
    undo = (request.path, {"reply": before}) if len(before) <= UNDONE else None  # it travels in the browser's cookie
    tell("已答复，对方下次同步后看到", "Answered; its writer sees it after the next sync", undo=undo)
    return go("console.feedback", township=town.code)
