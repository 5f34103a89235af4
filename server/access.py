"""Who may hold what: people, their grants, their devices and tokens, and the one-time codes that enrol a phone.

Secrets are random and only their SHA-256 is kept; each begins with its township, so that every look-up is by township. Grants take effect
with the very next request: nothing here is cached. Leaves to others: what a grant gives (`shared.grants`), HTTP (`api`).
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from uuid6 import uuid7

from server import audit
from server.audit import COMMAND, Actor
from server.store import Database, TownshipStore
from server.tables import table_name
from shared.grants import HOUSEHOLD, LATE_DAYS, TOWNSHIP, VILLAGE, Grant
from shared.kind import ROLES
from shared.moments import day_of
from shared.sync.gate import Writer
from shared.sync.wire import Request

CODE_MINUTES = 30
SEEN_MS = 3_600_000
APP_LENGTH = 40
_LATE_MS = LATE_DAYS * 24 * 3600 * 1000
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no letter that reads like a digit


class AccessError(Exception):
    """What was asked cannot be done; the message says why and what to do, Chinese first."""


class CodeSpentError(AccessError):
    """The enrolment code was used before, is too old, or never was."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token belongs to. `device` is empty for a read token."""

    township: str
    device: str
    person: str
    name: str
    roles: frozenset[str]
    grants: tuple[Grant, ...]
    ended: tuple[Grant, ...] = ()
    seen_at: int = 0
    waiting: int = 0
    app: str = ""

    def writer(self) -> Writer:
        return Writer(self.device, self.person, self.name, self.roles, self.grants, self.ended)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a newly enrolled phone is told."""

    device: str
    token: str
    township: str
    person: str
    name: str
    roles: tuple[str, ...]


def hash_secret(text: str) -> str:
    """What is kept of a token or code."""
    return hashlib.sha256(text.encode()).hexdigest()


# --- people and grants ---------------------------------------------------------------------------------------------


def add_user(
    database: Database,
    name: str,
    roles: list[str],
    grants: list[str],
    now: int,
    by: Actor = COMMAND,
    township: str | None = None,
) -> str:
    """A new person; returns the id. AccessError when the name is taken or a role or grant makes no sense."""
    _check_roles(roles)
    id_ = str(uuid7())
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        if store.sql("SELECT 1 FROM user_account WHERE name = ?", name):
            raise AccessError(f"已有同名用户：{name}，请加上单位以区分。 / This name is taken: {name}.")
        store.sql(
            "INSERT INTO user_account (id, name, roles, created_at) VALUES (?, ?, ?, ?)",
            id_,
            name,
            " ".join(roles),
            now,
        )
        about = {"name": name, "roles": sorted(roles)}
        audit.write(store, by, "user_add", now, kind="user", record=id_, details=about)
        for text in grants:
            hold(database, store, id_, text, now, township, by)
    return id_


def list_users(database: Database, now: int) -> list[dict[str, Any]]:
    """Everybody: id, name, roles, grants in force, disabled or not; by name."""
    with database.engine.connect() as connection:
        store = TownshipStore(database, connection, "")
        held: dict[str, list[str]] = {}
        running = "SELECT DISTINCT person, scope FROM access_grant WHERE until IS NULL OR until > ? ORDER BY scope"
        for person, scope in store.sql(running, now):
            held.setdefault(person, []).append(scope)
        found = store.sql("SELECT id, name, roles, disabled_at FROM user_account ORDER BY name")
    return [
        {
            "id": id_, "name": name, "roles": roles.split(), "grants": held.get(id_, []),
            "disabled": disabled is not None,
        }
        for id_, name, roles, disabled in found
    ]  # fmt: skip


def person_named(store: TownshipStore, name: str) -> tuple[str, str]:
    """(id, roles) of a person; AccessError when there is none."""
    found = store.sql("SELECT id, roles FROM user_account WHERE name = ? AND disabled_at IS NULL", name)
    if not found:
        raise AccessError(f"没有这个用户：{name} / No such user: {name}")
    return found[0][0], found[0][1]


def grant(database: Database, name: str, text: str, now: int, township: str | None = None, by: Actor = COMMAND) -> None:
    """Give a person a grant from now on; giving what is held already changes nothing."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        hold(database, store, person_named(store, name)[0], text, now, township, by)


def ungrant(
    database: Database, name: str, text: str, now: int, by: Actor = COMMAND, township: str | None = None
) -> None:
    """Take a grant back from now on, of `township` alone where it is given. AccessError when the person does not hold it."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        person, _ = person_named(store, name)
        if not release(store, person, str(Grant.read(text)), now, township, by):
            raise AccessError(f"{name} 没有这项授权：{text} / {name} does not hold {text}")


_RUNNING = "person = ? AND scope = ? AND (until IS NULL OR until > ?)"


def hold(
    database: Database,
    store: TownshipStore,
    person: str,
    text: str,
    now: int,
    township: str | None = None,
    by: Actor = COMMAND,
    until: int | None = None,
) -> bool:
    """Give a grant from now on, in the store's transaction; whether that changed anything. `until` in ms, None without an end."""
    township = township_of(database, store, Grant.read(text), township)
    running = store.sql(
        f"SELECT until FROM access_grant WHERE township = ? AND {_RUNNING}", township, person, text, now
    )
    if any(ends == until for (ends,) in running):
        return False
    if running:
        store.sql(
            f"UPDATE access_grant SET until = ? WHERE township = ? AND {_RUNNING}", until, township, person, text, now
        )
    else:
        # Taken and given back within one millisecond is the same grant going on.
        store.sql(
            "INSERT INTO access_grant (township, person, scope, since, until) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (township, person, scope, since) DO UPDATE SET until = excluded.until",
            township, person, text, now, until,
        )  # fmt: skip
    ends_on = {} if until is None else {"until": day_of(until)}
    _note_grant(store, by, "grant", now, township, person, text, ends_on)
    return True


def release(
    store: TownshipStore, person: str, text: str, now: int, township: str | None = None, by: Actor = COMMAND
) -> bool:
    """Take a grant back from now on, in the store's transaction; whether it was held. `township` where only one's is meant."""
    held = store.sql(f"SELECT DISTINCT township FROM access_grant WHERE {_RUNNING} ORDER BY 1", person, text, now)
    places = [place for (place,) in held if township in (None, place)]
    for place in places:
        store.sql(f"UPDATE access_grant SET until = ? WHERE township = ? AND {_RUNNING}", now, place, person, text, now)
        _note_grant(store, by, "ungrant", now, place, person, text)
    return bool(places)


def _note_grant(
    store: TownshipStore, by: Actor, action: str, now: int, township: str, person: str, text: str,
    more: dict[str, str] | None = None,
) -> None:  # fmt: skip
    ((name,),) = store.sql("SELECT name FROM user_account WHERE id = ?", person)
    told = {"name": name, "grant": text} | (more or {})
    audit.write(store.beside(township), by, action, now, kind="user", record=person, details=told)


def township_of(database: Database, store: TownshipStore, wanted: Grant, township: str | None = None) -> str:
    """The township a grant lies in. AccessError when there is no such area or household, or several such households."""
    if wanted.scope == HOUSEHOLD:
        return only_township(store, database.kinds.household, wanted.value, township)
    level = VILLAGE if wanted.scope == VILLAGE else TOWNSHIP
    column = "parent" if level == VILLAGE else "code"
    found = store.sql(f"SELECT {column} FROM area WHERE code = ? AND level = ?", wanted.value, level)
    if not found:
        raise AccessError(f"没有这个地方：{wanted} / No such area: {wanted}. (ruhu areas import)")
    return str(found[0][0])


def only_township(store: TownshipStore, kind: str, id_: str, township: str | None = None) -> str:
    """The one township that holds this record. Ids are phones' own, so the same may stand in two: then AccessError asks which."""
    found = [t for (t,) in store.sql(f"SELECT township FROM {table_name(kind)} WHERE id = ? ORDER BY 1", id_)]
    if township in found:
        return str(township)
    if not found or township is not None:
        raise AccessError(f"没有这条记录：{id_} / No such record: {id_}")
    if len(found) > 1:
        raise AccessError(
            f"{'、'.join(found)} 都有 {id_}，请用 --township 指明。 / Several townships hold it; say which."
        )
    return str(found[0])


def set_roles(database: Database, name: str, roles: list[str], now: int, by: Actor = COMMAND) -> None:
    """Give a person these roles instead of the present ones. AccessError when a role makes no sense, or no administrator would be left."""
    _check_roles(roles)
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        person, before = person_named(store, name)
        store.sql("UPDATE user_account SET roles = ? WHERE id = ?", " ".join(roles), person)
        told = {"name": name, "roles": sorted(roles), "before": sorted(before.split())}
        audit.write(store, by, "user_roles", now, kind="user", record=person, details=told)
        _keep_an_admin(store, before)


def _check_roles(roles: list[str]) -> None:
    unknown = set(roles) - ROLES
    if unknown or not roles:
        raise AccessError(f"没有这个角色：{' '.join(unknown)}；可用：{' '.join(sorted(ROLES))} / No such role.")


def _keep_an_admin(store: TownshipStore, before: str) -> None:
    """AccessError when an administrator was taken away and no other is left. Asked after the trail's head was locked, so two cannot pass."""
    if "admin" not in before.split():
        return
    enabled = store.sql("SELECT roles FROM user_account WHERE disabled_at IS NULL")
    if not any("admin" in roles.split() for (roles,) in enabled):
        raise AccessError(
            "至少要留一位在用的管理员，请先添加另一位。 / At least one administrator must remain; add another one first."
        )


def disable_user(database: Database, name: str, now: int, by: Actor = COMMAND) -> None:
    """End a person's account: no more signing in, no more syncing; what was written stays. AccessError when there is none, or when
    no administrator would be left."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        person, roles = person_named(store, name)
        store.sql("UPDATE user_account SET disabled_at = ? WHERE id = ?", now, person)
        store.sql("UPDATE console_session SET ended_at = ? WHERE person = ? AND ended_at IS NULL", now, person)
        audit.write(store, by, "user_disable", now, kind="user", record=person, details={"name": name})
        _keep_an_admin(store, roles)


def enable_user(database: Database, name: str, now: int, by: Actor = COMMAND) -> None:
    """Give a disabled account back as it was. AccessError when there is none that is disabled."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        found = store.sql(
            "UPDATE user_account SET disabled_at = NULL WHERE name = ? AND disabled_at IS NOT NULL RETURNING id", name
        )
        if not found:
            raise AccessError(f"没有停用的用户：{name} / No such disabled user: {name}")
        audit.write(store, by, "user_enable", now, kind="user", record=found[0][0], details={"name": name})


# --- enrolment -----------------------------------------------------------------------------------------------------


def make_code(database: Database, name: str, township: str | None, now: int, by: Actor = COMMAND) -> str:
    """A one-time code for a person's next phone, good for CODE_MINUTES."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        person, _ = person_named(store, name)
        held = [t for (t,) in store.sql(
            "SELECT DISTINCT township FROM access_grant WHERE person = ? AND (until IS NULL OR until > ?) ORDER BY township",
            person, now,
        )]  # fmt: skip
        if township is None:
            if len(held) != 1:
                listed = "、".join(held) or "无 / none"
                raise AccessError(
                    f"请用 --township 指明乡镇（{listed}）。 / Say which township with --township ({listed})."
                )
            township = held[0]
        elif township not in held:
            raise AccessError(
                f"{name} 在 {township} 没有授权，先用 ruhu user grant。 / {name} holds no grant in {township}."
            )
        code = f"{township}-" + "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
        store.sql(
            "INSERT INTO enrolment_code (township, code_hash, person, expires_at) VALUES (?, ?, ?, ?)",
            township, hash_secret(code), person, now + CODE_MINUTES * 60_000,
        )  # fmt: skip
        told = {"name": name}
        audit.write(store.beside(township), by, "enrol_code", now, kind="user", record=person, details=told)
    return code


def enrol(database: Database, code: str, device: dict[str, str], now: int) -> Enrolled:
    """Spend a code and make a device. CodeSpentError when it is used, too old, or never was; two phones racing: one wins."""
    township = code[:9]
    with database.transaction() as connection:
        store = TownshipStore(database, connection, township)
        spent = store.sql(
            "UPDATE enrolment_code SET used_at = ? WHERE township = ? AND code_hash = ? AND used_at IS NULL AND expires_at > ?"
            " RETURNING person",
            now, township, hash_secret(code), now,
        )  # fmt: skip
        if not spent:
            raise CodeSpentError(
                "注册码无效、已使用或已过期，请向乡镇办公室重新索取。 / The code is unknown, used or expired; ask for a new one."
            )
        person = spent[0][0]
        ((name, roles),) = store.sql("SELECT name, roles FROM user_account WHERE id = ?", person)
        id_ = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))
        token = f"{township}.{secrets.token_urlsafe(32)}"
        store.sql(
            "INSERT INTO device (township, id, person, name, platform, app, token_hash, next_number, enrolled_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
            township, id_, person, device["name"], device["platform"], device["app"], hash_secret(token), now,
        )  # fmt: skip
        audit.write(store, Actor(person, name, "phone"), "enrol", now, kind="device", record=id_)
    return Enrolled(id_, token, township, person, name, tuple(roles.split()))


def add_token(database: Database, name: str, grants: list[str], now: int, by: Actor = COMMAND) -> str:
    """A token for reading by another program. All its grants must lie in one township."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        townships = {township_of(database, store, Grant.read(text)) for text in grants}
        if len(townships) != 1:
            raise AccessError("授权须在同一个乡镇内。 / All grants of a token must lie in one township.")
        (township,) = townships
        token = f"{township}.{secrets.token_urlsafe(32)}"
        store.sql(
            "INSERT INTO read_token (township, token_hash, name, grants, created_at) VALUES (?, ?, ?, ?, ?)",
            township, hash_secret(token), name, " ".join(grants), now,
        )  # fmt: skip
        audit.write(store.beside(township), by, "token_add", now, details={"name": name, "grants": sorted(grants)})
    return token


def list_devices(database: Database, now: int) -> list[dict[str, object]]:
    """Every phone: id, township, person, app, numbers taken, days since it was last seen, revoked or not."""
    with database.engine.connect() as connection:
        store = TownshipStore(database, connection, "")
        found = store.sql(
            "SELECT d.township, d.id, u.name, d.name, d.platform, d.app, d.next_number, d.seen_at, d.revoked_at, d.enrolled_at"
            " FROM device d JOIN user_account u ON u.id = d.person WHERE d.token_hash IS NOT NULL"
            " ORDER BY d.township, u.name, d.enrolled_at"
        )
    return [
        {
            "township": township, "device": id_, "person": person, "name": name, "platform": platform, "app": app,
            "changes": next_number - 1, "revoked": revoked is not None,
            "days_unseen": None if seen is None else (now - seen) // 86_400_000,
        }
        for township, id_, person, name, platform, app, next_number, seen, revoked, _ in found
    ]  # fmt: skip


def revoke_device(database: Database, device: str, now: int, by: Actor = COMMAND, township: str | None = None) -> None:
    """End a phone's token, of `township` alone where it is given. What it already sent stays. AccessError when there is no such phone."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        found = store.sql(
            "UPDATE device SET revoked_at = ? WHERE id = ? AND token_hash IS NOT NULL AND (township = ? OR ?) RETURNING township",
            now, device, township or "", township is None,
        )  # fmt: skip
        if not found:
            raise AccessError(f"没有这台手机：{device} / No such phone: {device}")
        for (township,) in found:
            audit.write(store.beside(township), by, "revoke", now, kind="device", record=device)


# --- a request's token ---------------------------------------------------------------------------------------------


def note_seen(database: Database, caller: Caller, now: int, request: Request, wrote: bool) -> None:
    """Remember that a phone was here, with which app, and how much it still holds; what it wrote says the first by itself.

    Without news at most once in SEEN_MS: the desk wants days, and a write costs a lock.
    """
    app = (request.app or caller.app)[:APP_LENGTH]
    told = (caller.waiting, caller.app) != (request.waiting, app)
    if not told and (wrote or now - caller.seen_at < SEEN_MS):
        return
    with database.transaction() as connection:
        store = TownshipStore(database, connection, caller.township)
        store.sql(
            "UPDATE device SET seen_at = ?, waiting = ?, app = ? WHERE township = ? AND id = ?",
            now, request.waiting, app, caller.township, caller.device,
        )  # fmt: skip


class TokenError(AccessError):
    """The token gives no entry. `code` is unknown_token or revoked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _unknown() -> TokenError:
    return TokenError(
        "unknown_token",
        "手机未在本服务器注册，请重新注册；未上传的内容仍在手机里。 / This server does not know the token; enrol again.",
    )


def caller_of(store: TownshipStore, token: str, now: int, *, pardon_revoked: bool = False) -> Caller:
    """Who a token belongs to and what the person may hold now. TokenError when it gives no entry.

    `pardon_revoked` takes the token of a phone that was ended: for what an administrator brings in from it.
    """
    hashed = hash_secret(token)
    found = store.sql(
        "SELECT d.id, d.person, u.name, u.roles, d.revoked_at, u.disabled_at, d.seen_at, d.waiting, d.app FROM device d"
        " JOIN user_account u ON u.id = d.person WHERE d.township = ? AND d.token_hash = ?",
        store.code, hashed,
    )  # fmt: skip
    if not found:
        return _reader_of(store, hashed)
    device, person, name, roles, revoked, disabled, seen_at, waiting, app = found[0]
    if disabled is not None or (revoked is not None and not pardon_revoked):
        raise TokenError(
            "revoked", "这台手机已被停用，请联系乡镇办公室。 / This phone was revoked; ask the township desk."
        )
    held, ended = _grants_of(store, person, now)
    return Caller(store.code, device, person, name, frozenset(roles.split()), held, ended, seen_at or 0, waiting, app)


def _reader_of(store: TownshipStore, hashed: str) -> Caller:
    found = store.sql(
        "SELECT name, grants, revoked_at FROM read_token WHERE township = ? AND token_hash = ?", store.code, hashed
    )
    if not found:
        raise _unknown()
    name, grants, revoked = found[0]
    if revoked is not None:
        raise TokenError("revoked", "这个令牌已停用。 / This token was revoked.")
    return Caller(store.code, "", "", name, frozenset(), tuple(map(Grant.read, grants.split())))


def _grants_of(store: TownshipStore, person: str, now: int) -> tuple[tuple[Grant, ...], tuple[Grant, ...]]:
    """The grants in force, and those that ended within LATE_DAYS."""
    held: list[Grant] = []
    ended: list[Grant] = []
    for scope, until in store.sql(
        "SELECT scope, until FROM access_grant WHERE township = ? AND person = ? AND (until IS NULL OR until > ?)"
        " ORDER BY scope, since",
        store.code, person, now - _LATE_MS,
    ):  # fmt: skip
        (held if until is None or until > now else ended).append(Grant.read(scope))
    return tuple(dict.fromkeys(held)), tuple(dict.fromkeys(ended))


def new_epoch() -> str:
    """The name of a new history."""
    return str(uuid.uuid4())
