"""Signing in to the console: passwords (argon2id), and sessions that end.

A session is a random secret in the browser's signed cookie; its hash is kept here, so that signing out, a new password or a disabled
account ends it everywhere at once. Promises: a name that does not exist takes as long as a wrong password; after five wrong tries in a row
each further one has to wait, twice as long every time; nothing is cached, so grants count from the next request. Leaves to others: what
a person may open (`sight`), cookies and pages (`console`).
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from server import audit
from server.access import AccessError, hash_secret, person_named
from server.audit import Actor
from server.store import Database, TownshipStore
from shared.grants import Grant

IDLE_MS = 30 * 60_000
"""A session nobody used for so long has ended."""
LONGEST_MS = 12 * 3_600_000
"""And so has one that was opened so long ago: everybody signs in once a working day."""
FREE_TRIES = 5
LONGEST_WAIT_MS = 15 * 60_000
STRANGERS = 500
SHORTEST = 10
"""Characters of a password."""

_HASHER = PasswordHasher()  # argon2id with the library's parameters, RFC 9106's second choice
_NOBODY = _HASHER.hash(secrets.token_hex(8))
_COMMON = ("password", "123456", "qwerty", "ruhu", "admin", "1qaz", "woaini", "iloveyou", "111111", "abc123")
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


class SignInError(AccessError):
    """Nobody comes in with this; the message does not say whether the name or the password was wrong."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who is signed in. `grants` are those in force now, by township."""

    person: str
    name: str
    roles: frozenset[str]
    grants: dict[str, tuple[Grant, ...]]
    must_change: bool = False
    opened_at: int = 0

    def actor(self) -> Actor:
        return Actor(self.person, self.name)


def sign_in(database: Database, name: str, password: str, now: int) -> str:
    """The secret of a new session. SignInError in words; every failure of a known name is audited."""
    tried = _begin_try(database, "name", name.strip(), now)
    right = _matches(tried.kept if tried else _NOBODY, password)
    if tried is None or not right or tried.disabled:
        if tried:
            _note_failure(database, tried, now)
        raise SignInError("姓名或密码不对。 / The name or the password is wrong.")
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        secret = _open(store, tried.person, now)
        store.sql("UPDATE user_account SET wrong_tries = 0, wrong_at = NULL WHERE id = ?", tried.person)
        audit.write(store, Actor(tried.person, tried.name), "sign_in", now)
    return secret


# --- tries ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tried:
    """An account whose password is tried; `kept` is its hash, somebody else's where it has none."""

    person: str
    name: str
    kept: str
    disabled: bool


def _begin_try(database: Database, column: str, value: str, now: int) -> _Tried | None:
    """The account that is tried, the try counted before anything is judged, so that many at once are many; None for nobody.

    SignInError while it has to wait. A name that does not exist waits like one that does.
    """
    with database.transaction() as connection:
        store = TownshipStore(database, connection, "")
        found = store.sql(
            "SELECT id, name, password_hash, wrong_tries, wrong_at, disabled_at FROM user_account"
            f" WHERE {column} = ?", value,
        )  # fmt: skip
        if not found:
            strangers = database.kept.of(audit.SERVER, "strangers", _Strangers)
            _must_not_wait(*strangers.count(value, now), now)
            return None
        person, name, kept, wrong, wrong_at, disabled = found[0]
        _must_not_wait(wrong, wrong_at, now)
        counted = store.sql(
            "UPDATE user_account SET wrong_tries = wrong_tries + 1, wrong_at = ? WHERE id = ? AND wrong_tries = ? RETURNING id",
            now, person, wrong,
        )  # fmt: skip
        if not counted:  # another try at the same moment
            _must_not_wait(FREE_TRIES, now, now)
    return _Tried(person, name, kept or _NOBODY, disabled is not None or not kept)


def _note_failure(database: Database, tried: _Tried, now: int) -> None:
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        audit.write(store, Actor(tried.person, tried.name), "sign_in_failed", now)


def _must_not_wait(wrong: int, wrong_at: int | None, now: int) -> None:
    wait = _wait(wrong) - (now - (wrong_at or 0))
    if wait > 0:
        minutes = -(-wait // 60_000)
        raise SignInError(
            f"错误次数过多，请 {minutes} 分钟后再试。 / Too many wrong tries; try again in {minutes} minutes."
        )


class _Strangers:
    """Tries of names that do not exist, so that nobody learns which do. In memory, by server: the newest few hundred names."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def count(self, name: str, now: int) -> tuple[int, int]:
        """(tries before this one, when the last was); one that comes too early is not counted, as with a known name."""
        key = hash_secret(name)
        with self._lock:
            wrong, at = self._tries.get(key, (0, 0))
            if now - at >= _wait(wrong):
                self._tries[key] = (wrong + 1, now)
                self._tries.move_to_end(key)
            while len(self._tries) > STRANGERS:
                self._tries.popitem(last=False)
        return wrong, at


def _wait(wrong: int) -> int:
    """How long after the last wrong try the next one is looked at, ms."""
    return 0 if wrong < FREE_TRIES else min(30_000 * 2 ** (wrong - FREE_TRIES), LONGEST_WAIT_MS)


def _matches(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _open(store: TownshipStore, person: str, now: int) -> str:
    secret = secrets.token_urlsafe(32)
    store.sql("DELETE FROM console_session WHERE opened_at < ?", now - 2 * LONGEST_MS)
    store.sql(
        "INSERT INTO console_session (secret_hash, person, opened_at) VALUES (?, ?, ?)",
        hash_secret(secret), person, now,
    )  # fmt: skip
    return secret


def session_of(database: Database, secret: str, now: int) -> Account | None:
    """Whose session this is; None for one that ended, is too old or never was."""
    with database.engine.connect() as connection:
        store = TownshipStore(database, connection, "")
        found = store.sql(
            "SELECT u.id, u.name, u.roles, u.must_change, s.opened_at FROM console_session s"
            " JOIN user_account u ON u.id = s.person"
            " WHERE s.secret_hash = ? AND s.ended_at IS NULL AND s.opened_at > ? AND u.disabled_at IS NULL",
            hash_secret(secret), now - LONGEST_MS,
        )  # fmt: skip
        if not found:
            return None
        person, name, roles, must_change, opened_at = found[0]
        grants: dict[str, list[Grant]] = {}
        for township, scope in store.sql(
            "SELECT township, scope FROM access_grant WHERE person = ? AND (until IS NULL OR until > ?) ORDER BY township, scope",
            person, now,
        ):  # fmt: skip
            grants.setdefault(township, []).append(Grant.read(scope))
    held = {township: tuple(dict.fromkeys(found)) for township, found in grants.items()}
    return Account(person, name, frozenset(roles.split()), held, bool(must_change), opened_at)


def end_session(database: Database, secret: str, now: int) -> None:
    """Sign out. A session that is not open any more changes nothing."""
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        ended = store.sql(
            "UPDATE console_session SET ended_at = ? WHERE secret_hash = ? AND ended_at IS NULL RETURNING person",
            now, hash_secret(secret),
        )  # fmt: skip
        if ended:
            ((name,),) = store.sql("SELECT name FROM user_account WHERE id = ?", ended[0][0])
            audit.write(store, Actor(ended[0][0], name), "sign_out", now)


def change_password(database: Database, account: Account, old: str, new: str, now: int) -> str:
    """One's own new password; every session of the person ends, and the secret of a new one comes back. AccessError in words."""
    tried = _begin_try(database, "id", account.person, now)
    if tried is None or not _matches(tried.kept, old):
        if tried:
            _note_failure(database, tried, now)
        raise AccessError("现在的密码不对。 / The present password is wrong.")
    if old == new:
        raise AccessError("新密码与现在的相同。 / The new password is the present one.")
    check_password(account.name, new)
    made = _HASHER.hash(new)
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        _set(store, account.person, made, False, now)
        audit.write(store, account.actor(), "password", now)
        return _open(store, account.person, now)


def give_password(database: Database, name: str, now: int, by: Actor = audit.COMMAND) -> str:
    """A one-time password for a person, who must choose another when signing in with it; their sessions end. AccessError."""
    password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    made = _HASHER.hash(password)
    with database.transaction() as connection:
        store = TownshipStore(database, connection, audit.SERVER)
        person, _ = person_named(store, name)
        _set(store, person, made, True, now)
        audit.write(store, by, "password", now, kind="user", record=person, details={"name": name, "given": True})
    return password


def _set(store: TownshipStore, person: str, made: str, must_change: bool, now: int) -> None:
    store.sql(
        "UPDATE user_account SET password_hash = ?, must_change = ?, wrong_tries = 0, wrong_at = NULL WHERE id = ?",
        made, int(must_change), person,
    )  # fmt: skip
    store.sql("UPDATE console_session SET ended_at = ? WHERE person = ? AND ended_at IS NULL", now, person)


def check_password(name: str, password: str) -> None:
    """AccessError in words when a password is too easy to guess."""
    if len(password) < SHORTEST:
        raise AccessError(f"密码至少 {SHORTEST} 个字符。 / A password has at least {SHORTEST} characters.")
    if len(password) > 200:
        raise AccessError("密码太长。 / The password is too long.")
    plain = password.lower()
    for known in (*_COMMON, name.lower()):
        plain = plain.replace(known, "")
    if len(set(plain)) < 5:
        raise AccessError(
            "密码太容易猜到，请用几个不相干的词。 / Too easy to guess; use a few words that have nothing to do with each other."
        )
