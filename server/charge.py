"""Whose account, grants and phones a visitor of the console may change.

Two rights: who has PEOPLE looks after those who work in the field, who has ACCOUNTS also after those who sign in here. Promises: nobody
changes himself; nobody gives what he does not hold himself, and no role without ACCOUNTS but the field's; nobody ends somebody who also
works where the visitor has no say. Every answer is None, or why not, in words. Leaves to others: doing it (`access`).
"""

from server.people import Person
from server.sight import ROLE_RIGHTS, Right, Sight
from shared.fields import Label
from shared.grants import HOUSEHOLD, TOWNSHIP, VILLAGE, Grant
from shared.kind import FIELD_ROLES

CONSOLE_ROLES = frozenset(ROLE_RIGHTS)

_SELF = Label("自己的账户由别的管理员来改", "Your own account is for another administrator to change")
_CONSOLE = Label("登录控制台的人员由管理员管理", "Those who sign in here are looked after by an administrator")
_HIDDEN = Label("此人还负责您范围以外的村", "This person also holds villages outside your charge")
_ELSEWHERE = Label(
    "此人在您管不到的乡镇也有工作，请上级管理员处理",
    "This person also works in a township that is not yours; ask an administrator of both",
)


def given_roles(sight: Sight) -> list[str]:
    """The roles that the visitor may give, the field's first."""
    field = sorted(FIELD_ROLES)
    return [*field, *(role for role in ROLE_RIGHTS if sight.may(Right.ACCOUNTS))]


def why_not(sight: Sight, person: Person) -> Label | None:
    """Why the visitor may not change the person's grants and phones in this township."""
    if person.id == sight.account.person:
        return _SELF
    if person.roles - FIELD_ROLES and not sight.may(Right.ACCOUNTS):
        return _CONSOLE
    return _HIDDEN if person.hidden else None


def why_not_account(sight: Sight, person: Person) -> Label | None:
    """Why the visitor may not change what counts everywhere: the account's roles and password, and whether it stands."""
    beyond = any(not sight.is_whole(township) for township in person.elsewhere)
    return why_not(sight, person) or (_ELSEWHERE if beyond else None)


def why_not_grant(sight: Sight, township: str, grant: Grant, village: str | None) -> Label | None:
    """Why the visitor may not give or take this grant; `village` is a household's own."""
    if grant.scope == TOWNSHIP:
        if grant.value != township or not sight.is_whole(township):
            return Label("这个乡镇不在您的范围内", "That township is not in your charge")
        return (
            None
            if sight.may(Right.ACCOUNTS)
            else Label("全乡镇的授权由管理员给", "A whole township is for an administrator to give")
        )
    if grant.scope == VILLAGE:
        return None if grant.value[:9] == township and sight.sees(township, grant.value) else _outside()
    if not sight.may(Right.SETTLE):
        return Label("按户授权由乡镇办公室给", "Single households are for the township desk to give")
    return None if grant.scope == HOUSEHOLD and village and sight.sees(township, village) else _outside()


def _outside() -> Label:
    return Label("这个地方不在您的范围内", "That place is not in your charge")
