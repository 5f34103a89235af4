"""What people said about the app and the work, newest first: what waits for an answer before what has one."""

from typing import Any

from server.lists.listing import VILLAGE, Column, Filter, Found, Listing, Query, column
from shared.fields import Label
from shared.kinds import KINDS

KIND = KINDS["feedback"]
STATES = {"open": Label("待答复", "To answer"), "answered": Label("已答复", "Answered")}
_BLANK = "(reply IS NULL OR reply = '')"


def find(query: Query) -> Found:
    places = query.places
    where, parameters = ["village IN ??", "(removed IS NULL OR removed = ?)"], [list(places), False]
    if query["state"]:
        where.append(_BLANK if query["state"] == "open" else f"NOT {_BLANK}")
    if query["sort"]:
        where.append("sort = ?")
        parameters.append(query["sort"])
    condition = f"FROM kind_feedback WHERE township = ? AND {' AND '.join(where)}"
    ((total,),) = query.store.sql(f"SELECT count(*) {condition}", query.store.code, *parameters)
    page = "" if query.limit is None else f" LIMIT {int(query.limit)} OFFSET {int(query.offset)}"
    rows = query.store.sql(
        f"SELECT id, village, said_at, sort, about, said_by, text, reply {condition}"
        f" ORDER BY CASE WHEN {_BLANK} THEN 0 ELSE 1 END, said_at DESC, id{page}",
        query.store.code, *parameters,
    )  # fmt: skip
    return Found([_row(row, places) for row in rows], total)


def _row(row: Any, places: dict[str, str]) -> dict[str, Any]:
    id_, village, said_at, sort, about, said_by, text, reply = row
    return {
        "id": id_, "said_at": said_at, "village": places.get(village, village), "sort": sort, "about": about,
        "said_by": said_by, "text": text, "reply": reply,
    }  # fmt: skip


LISTINGS = [
    Listing(
        "feedback",
        Label("意见和投诉", "Feedback"),
        [
            column(KIND, "said_at", narrow=True),
            Column("village", Label("村", "Village")),
            column(KIND, "sort", narrow=True),
            column(KIND, "about"),
            column(KIND, "said_by"),
            column(KIND, "text", narrow=True),
            column(KIND, "reply", narrow=True),
        ],
        [
            Filter("state", Label("状态", "State"), "choice", STATES),
            VILLAGE,
            Filter("sort", KIND.fields["sort"].label, "choice", KIND.fields["sort"].choices),  # type: ignore[attr-defined]
        ],
        find,
        empty=Label("还没有人提意见", "Nobody has said anything yet"),
    )
]
