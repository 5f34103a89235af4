"""What a person may open and do in the console, and which rows there are his to see.

A role gives rights, a grant gives places; both are needed. Promises: nothing here is cached; who holds only villages of a township sees
only their rows, in lists, totals and exports alike; what a person may not see is answered like what does not exist. Leaves to others:
who is signed in (`accounts`), pages (`console`), writing (the gate judges again by the same grants).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.accounts import Account
from server.store import TownshipStore
from shared.fields import Label
from shared.grants import TOWNSHIP, VILLAGE
from shared.record import Record
from shared.sync.gate import Writer, desk_device


class Right(StrEnum):
    """What a page or an act asks for."""

    READ = "read"
    UNMASK = "unmask"  # read identity numbers, telephones, health, with a reason
    SETTLE = "settle"  # conflicts, short visits, duplicates, moving a household
    LEDGER = "ledger"  # steps of the problem ledger
    ROSTER = "roster"  # upload a roster
    AREAS = "areas"  # upload the area tree
    PEOPLE = "people"  # those who work in the field: their grants and phones
    ACCOUNTS = "accounts"  # those who sign in here
    EXPORT = "export"  # lists of persons
    AUDIT = "audit"


ROLE_RIGHTS: Mapping[str, frozenset[Right]] = {
    "desk": frozenset(
        {Right.READ, Right.UNMASK, Right.SETTLE, Right.LEDGER, Right.ROSTER, Right.PEOPLE, Right.EXPORT, Right.AUDIT}
    ),
    "leader": frozenset({Right.READ}),
    "county": frozenset({Right.READ, Right.UNMASK, Right.LEDGER, Right.EXPORT, Right.AUDIT}),
    "admin": frozenset({Right.AREAS, Right.PEOPLE, Right.ACCOUNTS, Right.AUDIT}),
}
"""Who keeps the machine running need not read about households; who reads about them need not make accounts.

An administrator is the whole server's: its accounts and its areas. His grants say whose phones, people and trail he opens."""
ROLE_LABELS: Mapping[str, Label] = {
    "cadre": Label("村干部", "Village cadre"),
    "party_member": Label("党员", "Party member"),
    "desk": Label("乡镇办公室", "Township desk"),
    "leader": Label("领导（只读）", "Leader (reads)"),
    "county": Label("县工作人员", "County officer"),
    "admin": Label("管理员", "Administrator"),
}


@dataclass(frozen=True)
class Sight:
    """What one account may see. `villages` by township: None means all of them."""

    account: Account
    rights: frozenset[Right]
    villages: Mapping[str, frozenset[str] | None]

    @classmethod
    def of(cls, account: Account) -> "Sight":
        """A household's grant gives nothing here: it is for the phone of whoever calls there."""
        rights = frozenset(right for role in account.roles for right in ROLE_RIGHTS.get(role, frozenset()))
        villages: dict[str, frozenset[str] | None] = {}
        for township, grants in account.grants.items():
            if any(grant.scope == TOWNSHIP for grant in grants):
                villages[township] = None
            elif own := frozenset(grant.value for grant in grants if grant.scope == VILLAGE):
                villages[township] = own
        return cls(account, rights, villages)

    @property
    def townships(self) -> list[str]:
        return sorted(self.villages)

    def may(self, right: Right) -> bool:
        return right in self.rights

    def is_whole(self, township: str) -> bool:
        """Whether all of a township is the person's to see."""
        return township in self.villages and self.villages[township] is None

    def sees(self, township: str, village: str | None) -> bool:
        """Whether rows of this village are; None is what the township shares."""
        if township not in self.villages:
            return False
        own = self.villages[township]
        return own is None or village is None or village in own

    def record(self, store: TownshipStore, record: Record | None) -> Record | None:
        """The record, when it is the person's to see."""
        return record if record is not None and self.sees(store.code, record.village) else None

    def places(self, store: TownshipStore, only: str = "") -> dict[str, str]:
        """Village code to name, in the order of codes: those that the person sees; of `only` alone where it is given."""
        return {
            code: name
            for code, name in sorted(store.villages().items())
            if self.sees(store.code, code) and only in ("", code)
        }

    def writer(self, township: str) -> Writer:
        """The person at the township's desk: the gate judges by these roles and grants, the log names the person."""
        account = self.account
        return Writer(
            desk_device(township), account.person, account.name, account.roles, account.grants.get(township, ()),
            via="console",
        )  # fmt: skip
