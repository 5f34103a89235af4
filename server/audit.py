"""The audit trail: who looked at, took out, gave, ended or decided what, beside the log of changes. One hash chain a township, and one
('') for what concerns the whole server.

Each row's hash is a HMAC over the row and the hash before it, under a key of the instance folder: nobody who only holds the database can
edit, remove or reorder a row without `ruhu verify` finding it. Promises: a row is written in the same transaction as what it tells of;
rows name people, records, fields and counts, never what a field holds. Leaves to others: what is worth a row (whoever does it), and
showing the trail (`lists.audit`).
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from server.store import TownshipStore

from shared.fields import Label

SERVER = ""
"""The chain of what concerns no township: accounts, signing in, areas."""
PAGE = 1000

ACTIONS = {
    "sign_in": Label("登录", "Signed in"),
    "sign_in_failed": Label("登录失败", "Sign-in failed"),
    "sign_out": Label("退出", "Signed out"),
    "password": Label("改密码", "Password changed"),
    "user_add": Label("添加人员", "Person added"),
    "user_disable": Label("停用人员", "Person disabled"),
    "user_enable": Label("恢复人员", "Person enabled"),
    "user_roles": Label("改角色", "Roles changed"),
    "grant": Label("授权", "Grant given"),
    "ungrant": Label("收回授权", "Grant taken back"),
    "enrol": Label("注册手机", "Phone enrolled"),
    "enrol_code": Label("生成注册码", "Enrolment code made"),
    "token_add": Label("生成读取令牌", "Read token made"),
    "revoke": Label("停用手机", "Phone revoked"),
    "unmask": Label("查看敏感信息", "Sensitive fields read"),
    "resolve": Label("裁定分歧", "Conflict decided"),
    "review": Label("认定短时走访", "Short visit looked at"),
    "move": Label("转村", "Household moved"),
    "join": Label("合并重复", "Duplicates joined"),
    "part": Label("撤销合并", "Joining undone"),
    "step": Label("办理问题", "Ledger step"),
    "link": Label("联户", "Party link"),
    "reply": Label("答复意见", "Feedback answered"),
    "roster_import": Label("导入花名册", "Roster imported"),
    "areas_import": Label("导入区划", "Areas imported"),
    "export": Label("导出", "Exported"),
    "export_failed": Label("导出没有完成，什么也没有导出", "Export not made, nothing left"),
    "export_ask": Label("申请导出", "Export asked for"),
    "export_approved": Label("同意导出", "Export approved"),
    "export_declined": Label("不同意导出", "Export declined"),
    "photos_sweep": Label("清理照片", "Photos swept"),
    "restore": Label("恢复备份", "Backup restored"),
    "recover": Label("恢复手机日志", "Phone's journal recovered"),
}
"""Every action that has a row, and what it is called."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account's id ('' for none) and name, and by which door: console, command or system."""

    person: str
    name: str
    via: str = "console"


COMMAND = Actor("", "命令行 / command line", "command")
"""Whoever sits at the server's own command line: the administrator of the machine."""


@dataclass(frozen=True, slots=True)
class Act:
    """A row as it stands in the chain. `details` hold names of fields and counts, never words of a record."""

    township: str
    seq: int
    at: int
    person: str
    by: str
    via: str
    action: str
    kind: str
    record: str
    details: Mapping[str, Any]
    hash: str


_COLUMNS = 'seq, at, person, "by", via, action, kind, record, details, hash'


def write(
    store: "TownshipStore",
    actor: Actor,
    action: str,
    at: int,
    *,
    kind: str = "",
    record: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Add a row to the chain of the store's township, in the transaction it is in; returns the row's number. `at` in ms since 1970."""
    if action not in ACTIONS:
        raise ValueError(f"no such action: {action}")
    ((last, before),) = store.sql(
        "INSERT INTO audit_head (township, seq, hash) VALUES (?, 0, '')"
        " ON CONFLICT (township) DO UPDATE SET seq = audit_head.seq RETURNING seq, hash",
        store.code,
    )
    text = _encode(details)
    row = (last + 1, at, actor.person, actor.name, actor.via, action, kind, record, text)
    made = link(store.audit_key, store.code, before, row)
    store.sql(
        f"INSERT INTO audit (township, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", store.code, *row, made
    )
    store.sql("UPDATE audit_head SET seq = ?, hash = ? WHERE township = ?", last + 1, made, store.code)
    return int(last) + 1


def link(key: bytes, township: str, before: str, row: tuple[Any, ...]) -> str:
    """The hash of a row (seq … details, as stored) that follows the hash `before`: HMAC-SHA-256, 64 hex digits."""
    return hmac.new(key, msgspec.json.encode([before, township, *row]), hashlib.sha256).hexdigest()


def head(store: "TownshipStore") -> tuple[int, str]:
    """(number, hash) of the last row; (0, '') of an empty chain. On a sheet of paper it pins all rows before it."""
    found = store.sql("SELECT seq, hash FROM audit_head WHERE township = ?", store.code)
    return (int(found[0][0]), str(found[0][1])) if found else (0, "")


def breaks(store: "TownshipStore") -> Iterator[tuple[int, str]]:
    """(row number, sentence) wherever a chain does not hold: an edited, removed, added or reordered row, or a cut end."""
    before, expected, keyed = "", 1, False
    for row in _rows(store):
        seq, made, said = row[0], row[-1], tuple(row[:-1])
        follows = link(store.audit_key, store.code, before, said) == made
        # Rows of before there was a key (migration 0004) come first; the first keyed row pins them.
        follows, keyed = follows or (not keyed and link(b"", store.code, before, said) == made), keyed or follows
        if seq != expected:
            yield expected, "缺行 / rows are missing"
        elif not follows:
            yield seq, "与前一行接不上：被改动、删除或调换过 / does not follow: edited, removed or reordered"
        before, expected = made, seq + 1
    if head(store) != (expected - 1, before):
        yield expected, "末尾被截去或续接 / the end was cut off or added to"


def _rows(store: "TownshipStore") -> Iterator[Any]:
    after = 0
    while found := store.sql(
        f"SELECT {_COLUMNS} FROM audit WHERE township = ? AND seq > ? ORDER BY seq LIMIT ?", store.code, after, PAGE
    ):
        yield from found
        after = found[-1][0]


def read(store: "TownshipStore", where: str = "", parameters: tuple[Any, ...] = ()) -> Iterator[Act]:
    """Rows, newest first; `where` is more SQL after the township's own condition."""
    statement = f"SELECT {_COLUMNS} FROM audit WHERE township = ?{where and ' AND '}{where}"
    if "ORDER BY" not in statement:
        statement += " ORDER BY seq DESC"
    for seq, at, person, by, via, action, kind, record, details, made in store.sql(statement, store.code, *parameters):
        told = msgspec.json.decode(details) if details else {}
        yield Act(store.code, seq, at, person, by, via, action, kind, record, told, made)


def _encode(details: Mapping[str, Any] | None) -> str | None:
    return msgspec.json.encode(dict(details)).decode() if details else None
