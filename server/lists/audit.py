"""The audit trail as a list: who did what, newest first."""

from typing import Any

from server import audit
from server.lists.listing import Column, Filter, Found, Listing, Query, like
from server.sight import Right
from shared.fields import Label
from shared.moments import day_of, end_of, iso

FILTERS = [
    Filter("action", Label("事项", "Action"), "choice", audit.ACTIONS),
    Filter("by", Label("人员", "Person")),
    Filter("record", Label("记录编号", "Record")),
    Filter("from", Label("从", "From"), "day"),
    Filter("to", Label("到", "To"), "day"),
]


def find(query: Query) -> Found:
    where: list[str] = ["1 = 1"]
    parameters: list[Any] = []
    for name, condition in (("action", "action = ?"), ("record", "record = ?"), ("by", "\"by\" LIKE ? ESCAPE '!'")):
        if query[name]:
            where.append(condition)
            parameters.append(like(query[name]) if name == "by" else query[name])
    if query["from"]:
        where.append("at > ?")
        parameters.append(end_of(query["from"]) - 86_400_000)
    if query["to"]:
        where.append("at <= ?")
        parameters.append(end_of(query["to"]) + 999)
    condition = " AND ".join(where)
    ((total,),) = query.store.sql(
        f"SELECT count(*) FROM audit WHERE township = ? AND {condition}", query.store.code, *parameters
    )
    tail = "" if query.limit is None else f" LIMIT {int(query.limit)} OFFSET {int(query.offset)}"
    acts = audit.read(query.store, f"{condition} ORDER BY seq DESC{tail}", tuple(parameters))
    return Found([_row(act) for act in acts], total)


def _row(act: audit.Act) -> dict[str, Any]:
    return {
        "seq": act.seq, "at": iso(act.at), "by": act.by, "action": audit.ACTIONS.get(act.action, Label(act.action, act.action)),
        "kind": act.kind, "record": act.record, "hash": act.hash[:12], "day": day_of(act.at),
        "details": [f"{name}={_plain(value)}" for name, value in act.details.items()],
    }  # fmt: skip


def _plain(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


LISTINGS = [
    Listing(
        "audit",
        Label("操作记录", "Audit trail"),
        [
            Column("seq", Label("序号", "No."), "number"),
            Column("at", Label("时间", "When"), "moment"),
            Column("by", Label("人员", "Who")),
            Column("action", Label("事项", "What")),
            Column("kind", Label("表单", "Kind"), narrow=False),
            Column("record", Label("记录编号", "Record"), "code", narrow=False),
            Column("details", Label("内容", "Details")),
            Column("hash", Label("校验", "Hash"), "code", narrow=False),
        ],
        FILTERS,
        find,
        right=Right.AUDIT,
        names_people=False,
        empty=Label("没有符合条件的操作", "No such act"),
    ),
]
