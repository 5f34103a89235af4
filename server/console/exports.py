"""What is taken out of the house: any list as a workbook or CSV, and, where two persons agree, with its photographs.

Promises: the row in the trail is committed before a file leaves; what is masked stays so unless somebody may unmask and said why; lists that
name more persons than is set, in one or in slices of one day, leave only with a second person's word (`exports.requests`). Leaves to others: the files (`server.exports`).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlencode

import structlog
from flask import Response, abort, redirect, request, send_file, url_for
from xlsxwriter.exceptions import XlsxWriterException

from server import audit
from server.access import AccessError
from server.console.door import SIGNED_IN, Town, act, go, page, service
from server.console.frame import language, render, tell, tell_error
from server.console.lists import JUDGED, decidable, exportable, figures_there, may_decide, may_whole
from server.console.unmask import reason
from server.exports import pictures, requests
from server.exports.about import About, filters_for_the_trail, filters_in_words
from server.exports.files import CSV, XLSX, TooManyRowsError, check_fits, write_csv, write_xlsx
from server.exports.pictures import PicturesError
from server.exports.reading import Reading, reading
from server.exports.requests import Asked, NeedsTwoError
from server.lists import LISTINGS
from server.lists.listing import BadFilterError, Listing
from server.reading.pictured import HERE
from server.service import now_ms
from server.sight import Right
from server.store import TownshipStore
from server.words import moment
from shared.moments import iso

log = structlog.get_logger()


@act("/t/<township>/lists/<name>/export", SIGNED_IN)
def export(town: Town, name: str) -> Any:
    """A list as a file; the list says which right it asks for. One of too many persons is asked for first."""
    wanted = exportable(town, name)
    whole = request.form.get("whole") == "1"
    if whole and not may_whole(town, wanted):
        abort(403)
    given: dict[str, str] = {}
    try:
        given = wanted.given(request.form)
        why = reason() if whole else ""
        if _with_pictures(wanted, request.form):
            raise NeedsTwoError
        with _reading(town, wanted, given, whole=whole) as found:
            return _leave(town, found, why)
    except NeedsTwoError:
        asked = {one: "1" for one in ("whole", "pictures") if request.form.get(one) == "1"}
        return _back("console.export_form", town, name, given | asked)
    except (AccessError, BadFilterError, TooManyRowsError) as error:
        tell_error(error)
        return _back("console.listing", town, name, given)


def _with_pictures(wanted: Listing, given: Mapping[str, str]) -> bool:
    """Whether the photographs are asked for as well, of a list that has any to give."""
    asked = given.get("pictures") == "1"
    if asked and not wanted.pictured:
        abort(404)
    return asked


def _back(endpoint: str, town: Town, name: str, given: Mapping[str, str]) -> Any:
    """To a list's page with its filters, whatever those are called."""
    url = url_for(endpoint, township=town.code, name=name)
    return redirect(f"{url}?{urlencode(given)}" if given else url, 303)


# --- two persons ---------------------------------------------------------------------------------------------------


@page("/t/<township>/lists/<name>/ask", Right.EXPORT)
def export_form(town: Town, name: str) -> Any:
    """Asking for a list that names many, or for one with its photographs: how many, which, and why."""
    wanted = exportable(town, name)
    with_pictures = _with_pictures(wanted, request.args)
    try:
        given = wanted.given(request.args)
        with _reading(town, wanted, given, page=1) as found:
            persons, places = found.named, town.sight.places(found.query.store)
            alone = requests.taken_alone(found.query.store, town.account.person, town.now)
    except (AccessError, BadFilterError) as error:
        tell_error(error)
        return go("console.listing", township=town.code, name=name)
    return render(
        "exports_ask.html", town, "lists", listing=wanted, given=given, persons=persons, alone=alone, most=service().config.export_persons,
        filters=filters_in_words(wanted, given, places, language()), may_whole=may_whole(town, wanted),
        whole=request.args.get("whole") == "1", pictures=with_pictures,
    )  # fmt: skip


@act("/t/<township>/lists/<name>/ask", Right.EXPORT)
def ask_export(town: Town, name: str) -> Any:
    wanted = exportable(town, name)
    whole = request.form.get("whole") == "1"
    if whole and not may_whole(town, wanted):
        abort(403)
    with_pictures = _with_pictures(wanted, request.form)
    given: dict[str, str] = {}
    try:
        given = wanted.given(request.form)
        why = reason()
        with _reading(town, wanted, given, **({} if with_pictures else {"page": 1})) as found:
            persons, photos = found.named, 0
            alone = requests.taken_alone(found.query.store, town.account.person, town.now)
            if with_pictures:  # so that nobody agrees to what cannot leave, or to more than they were told of
                photos = pictures.gather(found, service().photos, service().config.instance).most
        few = not persons or alone + persons <= service().config.export_persons
        if few and not with_pictures:
            tell("不用申请：人数不多，可直接导出。", "No need to ask: it names few enough to take out at once.", "info")
            return _back("console.listing", town, name, given)
        with town.database.transaction() as connection:
            store = TownshipStore(town.database, connection, town.code)
            requests.ask(
                store, town.actor, wanted, given, whole=whole, pictures=photos, persons=persons, reason=why, now=now_ms(),
            )  # fmt: skip
    except (AccessError, BadFilterError, PicturesError) as error:
        tell_error(error)
        return _back("console.export_form", town, name, given | ({"pictures": "1"} if with_pictures else {}))
    tell(
        "已申请；另一位有导出权限的人同意后，24 小时内可领取一次。",
        "Asked. Once another person agrees you may take it once within 24 hours.",
    )
    return go("console.exports", township=town.code)


@page("/t/<township>/exports", Right.EXPORT)
def exports(town: Town) -> str:
    """One's own requests, and the others' that wait for one's word."""
    with town.read() as store:
        own = requests.of_person(store, town.account.person)
        others = requests.waiting(store, town.account.person, town.now) if may_decide(town) else []
        places = town.sight.places(store)
    told = {one.id: _told(one, places) for one in (*own, *others)}
    states = {one.id: one.state(town.now) for one in (*own, *others)}
    others = [one for one in others if decidable(town, one)]
    return render(
        "exports.html", town, "lists", own=own, others=others, told=told, states=states, listings=LISTINGS,
        may_decide=may_decide(town), good_ms=requests.GOOD_MS, clock=lambda ms: moment(iso(ms)),
    )  # fmt: skip


@act("/t/<township>/exports/<asked>/approve", Right.EXPORT)
def approve_export(town: Town, asked: str) -> Any:
    return _decide(town, asked, True)


@act("/t/<township>/exports/<asked>/decline", Right.EXPORT)
def decline_export(town: Town, asked: str) -> Any:
    return _decide(town, asked, False)


def _decide(town: Town, asked: str, approve: bool) -> Any:
    if not may_decide(town):
        abort(403)
    try:
        with town.database.transaction() as connection:
            store = TownshipStore(town.database, connection, town.code)
            found = requests.find(store, asked)
            if found is None or not decidable(town, found):
                abort(404)
            requests.decide(store, town.actor, asked, approve, now_ms())
    except AccessError as error:
        tell_error(error)
        return go("console.exports", township=town.code)
    if approve:
        back = url_for("console.decline_export", township=town.code, asked=asked)
        tell("已同意；对方 24 小时内可领取一次。", "Approved; it may be taken once within 24 hours.", undo=(back, {}))
    else:
        tell("已拒绝，名单没有导出。", "Declined; the list does not leave.")
    return go("console.exports", township=town.code)


@act("/t/<township>/exports/<asked>/take", Right.EXPORT)
def take_export(town: Town, asked: str) -> Any:
    """What was approved, as a file, once."""
    with town.read() as store:
        found = requests.find(store, asked)
    if found is None or found.person != town.account.person:
        abort(404)
    wanted = exportable(town, found.listing)
    if found.whole and not may_whole(town, wanted):
        abort(403)
    try:
        if found.state(town.now) != requests.APPROVED:
            raise AccessError(requests.NO_APPROVAL)
        given = wanted.given(found.filters)
        with _reading(town, wanted, given, whole=found.whole) as read:
            return _leave(town, read, found.reason if found.whole else "", found)
    except (AccessError, BadFilterError, TooManyRowsError, PicturesError) as error:
        tell_error(error)
        return go("console.exports", township=town.code)


@contextmanager
def _reading(town: Town, wanted: Listing, given: Mapping[str, str], **how: Any) -> Iterator[Reading]:
    """The list as it leaves. AccessError in words while it cannot be whole: what takes a judgement on all visits is made aside."""
    if wanted.name in JUDGED:
        figures_there(town)
    with reading(town.database, town.sight, town.code, wanted, given, town.now, **how) as found:
        yield found


# --- what leaves ---------------------------------------------------------------------------------------------------


def _leave(town: Town, found: Reading, why: str, asked: Asked | None = None) -> Response:
    """Write down that a list leaves, then make its file, which names the row. With a request the approval is spent in the same transaction;
    where the file cannot be made both are taken back in another."""
    photos, instance = service().photos, service().config.instance
    album = pictures.gather(found, photos, instance) if asked is not None and asked.pictures else None
    ending = "zip" if album else "csv" if request.form.get("as") == "csv" else "xlsx"
    if ending != "csv":
        check_fits(found)
    given, now = found.query.given, now_ms()
    details: dict[str, Any] = {
        "list": found.listing.name, "as": ending, "filters": filters_for_the_trail(found.listing, given),
        "rows": found.total, "persons": found.named, "whole": found.query.whole,
    }  # fmt: skip
    if found.query.whole:
        details["fields"] = sorted(column.key for column in found.listing.columns if column.masked)
    here = 0
    if album:
        here = album.count(HERE)
        details |= {"photos": here, "photos_missing": sum(map(len, album.rows.values())) - here}
    if why:
        details["reason"] = why
    number, made = note_leaving(town, details, now, asked, found.named, here)
    about = About(
        found.listing.title, town.name, town.account.name, now, number, made,
        filters_in_words(found.listing, given, town.sight.places(found.query.store), language()),
        found.total, found.named, why, language=language(), photos=album.words() if album else None,
    )  # fmt: skip
    name = about.file_name(ending)
    with _giving_back(town, details, number, now, asked):
        if album:
            file, kind = pictures.write_zip(found, album, photos, about, instance), pictures.ZIP
        elif ending == "csv":
            file, kind = write_csv(found, about, instance), CSV
        else:
            file, kind = write_xlsx(found, about, instance), XLSX
    return send(file, name, kind)


@contextmanager
def _giving_back(town: Town, details: Mapping[str, Any], number: int, now: int, asked: Asked | None) -> Iterator[None]:
    """Whatever keeps a file from being made, the trail says that nothing left and the approval is good again.
    AccessError in words when it was the disk."""
    try:
        yield
    except Exception as error:
        with town.database.transaction() as connection:
            store = TownshipStore(town.database, connection, town.code)
            undone = {"list": details["list"], "row": number, "persons": details["persons"]}
            requests.not_made(store, town.actor, asked.id if asked else "", now, undone, now_ms())
        if not isinstance(error, OSError | XlsxWriterException):
            raise
        log.error("export_failed", township=town.code, list=details["list"], error=type(error).__name__)
        raise AccessError(requests.NOT_MADE_APPROVED if asked else requests.NOT_MADE) from error


def note_leaving(
    town: Town, details: Mapping[str, Any], now: int, asked: Asked | None = None, named: int = 0, photos: int = 0
) -> tuple[int, str]:
    """(number, hash) of the trail's row, committed. NeedsTwoError, and no row, when so many persons leave with a second one's word alone."""
    with town.database.transaction() as connection:
        store = TownshipStore(town.database, connection, town.code)
        if asked is not None:
            requests.take(store, town.actor, asked.id, named, now, photos)
        town.note(store, "export", kind="export", record=asked.id if asked else "", details=details)
        if asked is None and named:
            requests.check_alone(store, town.account.person, service().config.export_persons, now)
        return audit.head(store)


def send(file: IO[bytes], name: str, kind: str) -> Response:
    response = send_file(file, mimetype=kind, as_attachment=True, download_name=name)
    response.content_length = file.seek(0, os.SEEK_END)
    file.seek(0)
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(asked: Asked, places: Mapping[str, str]) -> list[str]:
    """A request's filters in words."""
    found = LISTINGS.get(asked.listing)
    return filters_in_words(found, asked.filters, places, language()) if found else []
