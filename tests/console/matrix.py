"""Who may open what, written down by hand: what the tests hold every route of the server to.

Nothing here is read from the server's own rules (`door.RULES`): the table says what the township's office expects, and the routes have to be so.
A new route needs a row here, and a new argument in a path a word in ARGUMENTS; without it `test_access_matrix` fails and says so.
Leaves to others: asking (`test_access_matrix`), the office that is asked (`stocked`).
"""

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.routing import Rule

from server.app import create_app
from server.config import Config
from tests.console.browser import OTHER_TOWN, TOWN
from tests.console.stocked import Place

NOBODY = ""
SIGNED_IN = ("desk", "leader", "village leader", "county", "admin", "neighbour", "cadre")
EVERYBODY = frozenset({*SIGNED_IN, NOBODY})
PEOPLE = frozenset(SIGNED_IN)
HOLDS: Mapping[str, tuple[str, ...]] = {
    "desk": (TOWN,), "leader": (TOWN,), "village leader": (TOWN,), "county": (TOWN, OTHER_TOWN), "admin": (TOWN, OTHER_TOWN),
    "neighbour": (OTHER_TOWN,), "cadre": (TOWN,), NOBODY: (),
}  # fmt: skip
"""The townships in which a person has any grant."""

READERS = frozenset({"desk", "neighbour", "leader", "village leader", "county"})
CLERKS = frozenset({"desk", "neighbour"})
OFFICERS = CLERKS | {"county"}
LEDGER = UNMASKING = EXPORTING = OFFICERS
TRAIL = OFFICERS | {"admin"}
KEEPERS = CLERKS | {"admin"}
ADMIN = frozenset({"admin"})


@dataclass(frozen=True)
class Row:
    """What is expected of an endpoint.

    `may`: the roles. `hidden`: those of the others to whom it is "not found", not "not yours". `fill`: arguments that name no record (a
    list's name); `names`: arguments that name another thing here than they do elsewhere. `form`: what is sent in earnest, made for a place.
    `also`: answers that are well beside the usual. `api`: token, open or code, for what phones talk to.
    """

    may: frozenset[str] = EVERYBODY
    fill: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    form: Callable[[Place], Mapping[str, Any]] = field(default=lambda place: {})
    hidden: frozenset[str] = frozenset()
    also: frozenset[int] = frozenset()
    api: str = ""

    def word(self, name: str) -> str:
        """What an argument is called among a place's ids. KeyError for one that nobody knows."""
        return self.names.get(name) or ARGUMENTS[name]


ANY = Row()
UPLOAD = {"upload": "00000000-0000-4000-8000-000000000000"}
TABLE: dict[str, Row | tuple[Row, ...]] = {
    # --- coming in -------------------------------------------------------------------------------------------------
    "static": Row(fill={"filename": "console.css"}),
    "console.start": ANY,
    "console.sign_in_page": ANY,
    "console.sign_in": Row(also=frozenset({401})),
    "console.speak": Row(form=lambda place: {"language": "en"}),
    "console.docs": ANY,
    "console.home": Row(PEOPLE),
    "console.password": Row(PEOPLE),
    "console.change_password": Row(PEOPLE),
    "console.sign_out": Row(PEOPLE),
    # --- at a glance -----------------------------------------------------------------------------------------------
    "console.county": Row(PEOPLE),  # who may not read sees an empty one
    "console.overview": Row(READERS),
    "console.reports": Row(READERS),
    "console.report": Row(READERS, fill={"name": "coverage"}),
    "console.export_reports": Row(READERS, form=lambda place: {"month": "2018-10"}),
    # --- conflicts -------------------------------------------------------------------------------------------------
    "console.conflicts": Row(READERS),
    "console.conflict": Row(READERS),
    "console.alike_conflicts": Row(READERS),
    "console.settle_conflicts": Row(
        CLERKS, form=lambda place: {"conflicts": f"{place.ids['conflict']} x", "keep": "standing"}
    ),
    "console.settle_alike": Row(
        CLERKS, form=lambda place: {"sample": place.ids["conflict"], "count": "1", "keep": "standing"}
    ),
    "console.decide_conflict": Row(CLERKS, form=lambda place: {"choice": "standing"}),
    "console.unmask_conflict": Row(UNMASKING, form=lambda place: {"reason": "核对两边的写法"}),
    # --- the ledger ------------------------------------------------------------------------------------------------
    "console.ledger": Row(READERS),
    "console.problem": Row(READERS),
    "console.print_ledger": Row(READERS),
    "console.new_problem": Row(LEDGER),
    "console.save_problem": Row(LEDGER),
    "console.take_step": Row(LEDGER, fill={"step": "accepted"}),
    "console.take_steps": Row(LEDGER),
    # --- lists and what leaves -------------------------------------------------------------------------------------
    "console.lists": Row(READERS),
    "console.listing": (
        Row(READERS, fill={"name": "households"}),
        Row(TRAIL, fill={"name": "audit"}),
        Row(KEEPERS, fill={"name": "people"}),
    ),
    "console.export": (
        Row(EXPORTING, fill={"name": "households"}, form=lambda place: {"as": "csv"}),
        Row(TRAIL, fill={"name": "audit"}, form=lambda place: {"as": "xlsx"}),
        Row(
            EXPORTING,
            fill={"name": "members"},
            form=lambda place: {"as": "csv", "whole": "1", "reason": "核对身份证号"},
        ),
    ),
    "console.export_form": Row(EXPORTING, fill={"name": "members"}),
    "console.ask_export": Row(EXPORTING, fill={"name": "members"}, form=lambda place: {"reason": "上报县里"}),
    "console.exports": Row(EXPORTING),
    "console.approve_export": Row(EXPORTING, names={"asked": "request"}),
    "console.decline_export": Row(EXPORTING, names={"asked": "request"}),
    "console.take_export": Row(
        CLERKS, names={"asked": "own_request"}, hidden=frozenset({"county"}), form=lambda place: {"as": "csv"}
    ),
    "console.audit_trail": Row(TRAIL),
    "console.server_trail": Row(ADMIN),
    "console.feedback": Row(READERS),
    "console.reply_feedback": Row(CLERKS, names={"record": "feedback"}, form=lambda place: {"reply": "谢谢"}),
    # --- households ------------------------------------------------------------------------------------------------
    "console.households": Row(READERS),
    "console.household": Row(READERS),
    "console.unmask_household": Row(UNMASKING, form=lambda place: {"reason": "核对身份证号"}),
    "console.record": Row(READERS),
    "console.photo": Row(READERS, fill={"kind": "visit"}, names={"record": "visit", "name": "photo"}),
    "console.unmask_record": Row(UNMASKING, form=lambda place: {"reason": "核对身份证号"}),
    "console.move_household": Row(CLERKS, form=lambda place: {"village": f"{place.township}204"}),
    # --- to review -------------------------------------------------------------------------------------------------
    "console.review": Row(READERS),
    "console.review_short": Row(CLERKS, form=lambda place: {"visits": place.ids["visit"], "to": "accepted"}),
    "console.twins": (
        Row(READERS, fill={"kind": "household"}, names={"record": "household", "twin": "twin"}),
        Row(READERS, fill={"kind": "visit"}, names={"record": "visit", "twin": "twin_visit"}),
    ),
    "console.unmask_twins": Row(
        UNMASKING,
        fill={"kind": "household"},
        names={"record": "household", "twin": "twin"},
        form=lambda place: {"reason": "核对身份证号"},
    ),
    "console.join_twins": (
        Row(CLERKS, fill={"kind": "household"}, names={"record": "household", "twin": "twin"}),
        Row(CLERKS, fill={"kind": "visit"}, names={"record": "visit", "twin": "twin_visit"}),
    ),
    "console.part_twin": Row(CLERKS, fill={"kind": "household"}, names={"record": "twin"}),
    # --- the roster and the areas ----------------------------------------------------------------------------------
    "console.roster": Row(CLERKS),
    "console.roster_upload": Row(CLERKS),
    "console.roster_job": Row(CLERKS),
    "console.roster_progress": Row(CLERKS),
    "console.roster_check": Row(CLERKS),
    "console.roster_import": Row(CLERKS),
    "console.roster_cancel": Row(CLERKS),
    "console.areas": Row(ADMIN),
    "console.areas_upload": Row(ADMIN),
    "console.areas_report": Row(ADMIN, names={"job": "area_job"}),
    "console.areas_import": Row(ADMIN, names={"job": "area_job"}),
    "console.areas_cancel": Row(ADMIN, names={"job": "area_job"}),
    # --- party links -----------------------------------------------------------------------------------------------
    "console.party_links": Row(READERS),
    "console.party_link": Row(READERS),
    "console.new_link": Row(CLERKS),
    "console.begin_link": Row(
        CLERKS,
        form=lambda place: {
            "household": place.ids["household"],
            "member": place.ids["person"],
            "from_date": "2026-01-01",
        },
    ),
    "console.change_link": Row(CLERKS, form=lambda place: {"to_date": "2026-12-31"}),
    "console.keep_link": Row(CLERKS),
    "console.remove_link": Row(CLERKS),
    "console.hand_over_page": Row(CLERKS),
    "console.hand_over": Row(CLERKS),
    "console.hand_back": Row(CLERKS),
    # --- people and phones -----------------------------------------------------------------------------------------
    "console.people": Row(KEEPERS),
    "console.all_people": Row(ADMIN),
    "console.person": Row(KEEPERS),
    "console.new_person": Row(KEEPERS),
    "console.add_person": Row(
        KEEPERS, form=lambda place: {"name": "新来的", "role": "cadre", "village": place.village}
    ),
    "console.give_grant": Row(KEEPERS, form=lambda place: {"grant": f"village:{place.village}"}),
    "console.take_grant": Row(KEEPERS, form=lambda place: {"grant": f"village:{place.village}"}),
    "console.set_roles": Row(ADMIN, form=lambda place: {"role": "party_member"}),
    "console.disable_person": Row(KEEPERS),
    "console.enable_person": Row(KEEPERS),
    "console.give_password": Row(ADMIN),
    "console.phones": Row(KEEPERS),
    "console.make_code": Row(KEEPERS),
    "console.revoke_phone": Row(KEEPERS),
    # --- what phones and programs talk to --------------------------------------------------------------------------
    "devices.post_enrol": Row(api="code"),
    "devices.get_health": Row(api="open"),
    "records.get_kinds": Row(api="open"),
    "records.get_records": Row(api="token", fill={"kind": "household"}),
    "sync.post_sync": Row(api="token"),
    "sync.post_digest": Row(api="token"),
    "sealed.post_sealed": Row(api="open"),
    "photos.get_options": Row(api="open"),
    "photos.post_photo": Row(api="token"),
    "photos.get_offset": Row(api="token", fill=UPLOAD),
    "photos.patch_photo": Row(api="token", fill=UPLOAD),
    "photos.delete_photo": Row(api="token", fill=UPLOAD),
    "photos.post_as_another": Row(api="token", fill=UPLOAD),
    "api-docs.openapi_json": Row(api="open"),
}
"""Endpoint to row; to several, where it depends on what is asked for."""


def rows(endpoint: str) -> tuple[Row, ...]:
    """The rows of an endpoint; none when nobody wrote one."""
    found = TABLE.get(endpoint, ())
    return found if isinstance(found, tuple) else (found,)


ARGUMENTS: Mapping[str, str] = {
    "township": "township", "household": "household", "conflict": "conflict", "problem": "problem", "person": "person",
    "device": "device", "record": "record", "member": "member", "visit": "visit", "village": "village", "campaign": "campaign",
    "job": "job", "party_link": "party_link",
}  # fmt: skip
"""An argument of a path to what it is called among a place's ids."""
KINDS_OF_RECORD = (
    "household", "member", "visit", "contact_visit", "cleanup_check", "problem", "problem_step", "conflict", "party_link", "feedback",
)  # fmt: skip
"""What an argument `record` is tried with, beside its `kind`."""
SHARED = frozenset({"campaign", "policy", "job", "area_job", "request", "own_request", "person", "township"})
"""Ids that belong to a township and to no village of it."""


@functools.cache
def rules() -> list[Rule]:
    """Every rule of the server."""
    with tempfile.TemporaryDirectory() as folder:
        return sorted(
            create_app(Config.at(Path(folder))).url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule)
        )


def asked(rule: Rule) -> set[str]:
    """The methods that a rule answers of itself."""
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def in_township(rule: Rule) -> bool:
    return "township" in rule.arguments


def names_a_record(rule: Rule, row: Row) -> bool:
    """Whether its path names something by an id."""
    return bool(rule.arguments - row.fill.keys() - {"township", "kind"})


def arguments(rule: Rule, row: Row, place: Place, **other: str) -> dict[str, str] | None:
    """A path's arguments for a place; None when the place has no such thing. KeyError for an argument nobody knows."""
    found = {}
    for name in rule.arguments:
        if name in other:
            found[name] = other[name]
        elif name in row.fill:
            found[name] = row.fill[name]
        elif name == "kind":
            found[name] = place.ids["kind"]
        elif row.word(name) in place.ids:
            found[name] = place.ids[row.word(name)]
        else:
            return None
    return found
