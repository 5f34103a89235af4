"""The audit trail as a list: who did what, newest first."""

from collections.abc import Mapping
from typing import Any

from server import audit
from server.lists.listing import Column, Filter, Found, Listing, Query, like
from server.sight import ROLE_LABELS, Right
from server.words import EN, NONE, ZH, told, word
from shared.fields import Label
from shared.kinds import KINDS
from shared.kinds.conflict import DECISIONS
from shared.kinds.problem_step import STEPS
from shared.moments import end_of, iso

OTHERS = {"user": Label("人员", "Person"), "device": Label("手机", "Phone")}
FILTERS = [
    Filter("action", Label("事项", "Action"), "choice", audit.ACTIONS),
    Filter("by", Label("人员", "Person")),
    Filter("record", Label("记录编号", "Record")),
    Filter("from", Label("从", "From"), "day"),
    Filter("to", Label("到", "To"), "day"),
]


DETAILS = {
    "name": Label("姓名", "name"), "roles": Label("角色", "roles"), "grant": Label("授权", "grant"), "grants": Label("授权", "grants"),
    "given": Label("一次性密码", "one-time password"), "fields": Label("字段", "fields"), "reason": Label("原因", "reason"),
    "decision": Label("裁定", "decision"), "accepted": Label("认可", "accepted"), "village": Label("村", "village"),
    "records": Label("记录数", "records"), "rows": Label("行数", "rows"), "persons": Label("人数", "persons"),
    "list": Label("名单", "list"), "listing": Label("名单", "list"), "filters": Label("筛选", "filters"), "whole": Label("含敏感信息", "unmasked"),
    "as": Label("格式", "as"), "step": Label("环节", "step"), "kept": Label("保留", "kept"), "from": Label("从", "from"), "to": Label("到", "to"),
    "photos": Label("照片数", "photos"), "photos_missing": Label("没附上的照片", "photos left out"), "pictures": Label("附照片", "with photos"),
    "unnamed": Label("没有记录用到", "named by no record"), "over": Label("保存期已满", "retired"), "bytes": Label("字节", "bytes"),
    "undone": Label("撤销", "taken back"), "members": Label("成员", "members"),
    "request": Label("申请", "request"), "row": Label("操作记录行号", "row of the trail"), "month": Label("月份", "month"), "household": Label("户", "household"),
}  # fmt: skip
"""What the commonest details are called; others stand as they were written."""
VALUES: dict[str, Mapping[str, Label]] = {
    "step": STEPS, "decision": DECISIONS, "roles": ROLE_LABELS,
    "undone": {"accepted": Label("认可", "accepted"), "declined": Label("不认可", "not accepted")},
}  # fmt: skip
"""Codes among the details, in words."""


def find(query: Query) -> Found:
    """The township's own trail, whole or not at all: it names people and records of every village."""
    if query.store.code != audit.SERVER and not query.sight.is_whole(query.store.code):
        return Found([], 0)
    where: list[str] = ["1 = 1"]
    parameters: list[Any] = []
    for name, column in (("action", "action"), ("record", "record"), ("by", '"by"')):
        if query[name]:
            where.append(f"{column} = ?" if name == "action" else f"{column} LIKE ? ESCAPE '!'")
            parameters.append(query[name] if name == "action" else like(query[name]))
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
        "seq": act.seq, "at": iso(act.at), "by": Label(word(act.by, ZH), word(act.by, EN)), "action": audit.ACTIONS.get(act.action, Label(act.action, act.action)),
        "kind": KINDS[act.kind].label if act.kind in KINDS else OTHERS.get(act.kind, act.kind), "record": act.record,
        "hash": act.hash[:12], "details": _details(act), "_kind": act.kind,
    }  # fmt: skip


def _details(act: audit.Act) -> Label:
    """What a row says beside, in both languages; fields by what the form calls them."""
    lines = {
        language: [_said(act, name, value, language) for name, value in act.details.items()] for language in (ZH, EN)
    }
    return Label("；".join(lines[ZH]) or NONE, "; ".join(lines[EN]) or NONE)


def _said(act: audit.Act, name: str, value: Any, language: str) -> str:
    values = value if isinstance(value, list) else [value]
    if name == "fields":
        values = [_field(act.kind, str(one), language) for one in values]
    elif name in VALUES:
        values = [word(VALUES[name].get(str(one), str(one)), language) for one in values]
    heading = word(DETAILS.get(name, Label(name, name)), language)
    return f"{heading} {told(None, values if isinstance(value, list) else values[0], language)}"


def _field(kind: str, name: str, language: str) -> str:
    """What a form calls a field; another kind's is written ``kind.field``."""
    of, _, own = name.rpartition(".")
    known = KINDS.get(of or kind)
    field = known.fields.get(own) if known else None
    return name if field is None else word(field.label, language)


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
            Column("details", Label("内容", "Details"), narrow=False),
            Column("hash", Label("校验", "Hash"), "code", narrow=False),
        ],
        FILTERS,
        find,
        right=Right.AUDIT,
        names_people=False,
        empty=Label("没有符合条件的操作", "No such act"),
    ),
]
