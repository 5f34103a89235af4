"""Whose photo the township takes: it belongs to a record that names it, and comes from whoever may write to that record. To everybody else, and
to whoever guesses, the answer is the same as to a photo that never was.
"""

import random
import uuid
from dataclasses import replace

import pytest

from server import access
from shared.kinds import KINDS
from shared.photos import metadata, name_of, photo_fields
from tests.photos.pictures import jpeg
from tests.photos.sender import PHOTOS, Sender
from tests.sync.world import OTHER_TOWN, TOWN, V1, V2, Client, World, new_id, on_sqlite, visit_set

PHOTO = jpeg()
NAME = name_of(PHOTO)


def files(world: World) -> list[str]:
    folder = world.service.config.instance / "photos"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_photo_of_no_record_of_ones_own_is_not_taken(world: World, sender: Sender) -> None:
    """Each in the very same words: an unknown record, another village's, another township's, one that does not name it."""
    other = Sender(world.cadre("far", f"village:{V2}"))
    world.person("neighbour", f"village:{OTHER_TOWN}201")
    neighbour = Sender(world.phone("neighbour"))
    elsewhere, silent = other.named(PHOTO, village=V2), sender.named(jpeg(2))
    own = sender.named(PHOTO)
    answers = [
        sender.create(PHOTO, new_id()), sender.create(PHOTO, elsewhere), sender.create(PHOTO, silent), neighbour.create(PHOTO, own),
        sender.create(PHOTO, own, about={"kind": "problem"}), sender.create(PHOTO, own, about={"kind": "nonsense"}),
        sender.create(PHOTO, own, about={"kind": "conflict"}), sender.create(PHOTO, own, about={"kind": "户"}),
        other.create(PHOTO, own), sender.create(jpeg(3), own),
    ]  # fmt: skip
    bodies = [answer.error(404, "not_named") for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert "先同步记录" in bodies[0]["message"]
    assert files(world) == []
    assert sender.create(PHOTO, own).status == 201


@on_sqlite
def test_a_photo_may_come_as_soon_as_its_record_was_synced_and_no_sooner(world: World, sender: Sender) -> None:
    visit = new_id()
    change = sender.client.change("visit", visit, visit_set(photos=[NAME]))
    sender.create(PHOTO, visit).error(404, "not_named")
    sender.client.take(change)
    assert sender.send(PHOTO, visit).status == 204


@on_sqlite
def test_a_photo_that_was_taken_off_its_record_is_not_taken(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    sender.client.pull()
    seen = sender.client.seen("visit", visit, "photos")
    sender.client.take(sender.client.change("visit", visit, {"photos": []}, seen))
    sender.create(PHOTO, visit).error(404, "not_named")


@on_sqlite
def test_every_field_of_pictures_names_them(world: World, sender: Sender) -> None:
    fields = [(kind.name, field) for kind in KINDS.values() for field in photo_fields(kind)]
    assert len(fields) >= 5
    for seed, (kind, field) in enumerate(fields):
        id_, photo = new_id(), jpeg(seed)
        sender.client.take(sender.client.change(kind, id_, {field: [name_of(photo)]}))
        reply = sender.create(photo, id_, about={"kind": kind})
        assert reply.status == 201, (kind, field)


@on_sqlite
def test_a_name_in_a_field_that_holds_no_photos_names_none(world: World, sender: Sender) -> None:
    visit = new_id()
    sender.client.take(sender.client.change("visit", visit, visit_set(remark=NAME, participants=[NAME], newer=[NAME])))
    sender.create(PHOTO, visit).error(404, "not_named")


@on_sqlite
def test_a_colleague_of_the_same_village_may_send_it_too(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    assert Sender(world.cadre("colleague")).send(PHOTO, visit).status == 204


@on_sqlite
def test_a_party_member_sends_the_photos_of_her_own_household_and_of_no_other(world: World, sender: Sender) -> None:
    homes = [new_id(), new_id()]
    for home in homes:
        sender.client.take(sender.client.change("household", home, {"name": "韦"}))
    calls = [new_id(), new_id()]
    for home, call in zip(homes, calls, strict=True):
        sender.client.take(sender.client.change("contact_visit", call, {"photos": [NAME]}, household=home))
    member = Sender(world.cadre("member", f"household:{homes[0]}", role="party_member"))
    assert member.create(PHOTO, calls[0], about={"kind": "contact_visit"}).status == 201
    member.create(PHOTO, calls[1], about={"kind": "contact_visit"}).error(404, "not_named")


@on_sqlite
def test_for_thirty_days_after_a_grant_ended_its_photos_may_still_come(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO, jpeg(2))
    world.ungrant("wei", f"village:{V1}")
    world.later(days=29)
    assert sender.send(PHOTO, visit).status == 204
    world.later(days=2)
    sender.create(jpeg(2), visit).error(404, "not_named")


def test_for_thirty_days_after_a_household_moved_away_its_photos_may_still_come(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From who has the village it left, under a grant that still runs; from who has the village it came to, at once. No kind with photos
    moves along with its household as yet, so that one is made to.
    """
    kinds = world.service.kinds.kinds
    monkeypatch.setitem(kinds, "contact_visit", replace(kinds["contact_visit"], follows_household=True))
    home, call = new_id(), new_id()
    sender.client.take(sender.client.change("household", home, {"name": "韦"}))
    photos = [jpeg(1), jpeg(2), jpeg(3)]
    names = [name_of(photo) for photo in photos]
    sender.client.take(sender.client.change("contact_visit", call, {"photos": names}, household=home))
    there = Sender(world.cadre("there", f"village:{V2}"))
    about = {"kind": "contact_visit"}
    there.create(photos[2], call, about=about).error(404, "not_named")
    world.later(days=100)
    world.move(home, V2)
    assert there.create(photos[2], call, about=about).status == 201
    world.later(days=29)
    assert sender.create(photos[0], call, about=about).status == 201
    world.later(days=2)
    sender.create(photos[1], call, about=about).error(404, "not_named")
    assert there.create(photos[1], call, about=about).status == 201


@on_sqlite
def test_an_upload_that_was_begun_may_end_after_the_grant_did(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    world.ungrant("wei", f"village:{V1}")
    world.later(days=40)
    assert sender.patch(url, 0, PHOTO).status == 204


def test_a_revoked_phone_sends_nothing_more(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    url = sender.begin(PHOTO, visit)
    access.revoke_device(world.service.database, sender.client.device, world.now)
    sender.create(PHOTO, visit).error(401, "revoked")
    sender.patch(url, 0, PHOTO).error(401, "revoked")
    sender.ask("DELETE", url).error(401, "revoked")
    assert sender.head(url).status == 401
    assert not list(world.service.photos.names(TOWN))


@on_sqlite
def test_a_read_token_and_no_token_send_nothing(world: World, sender: Sender) -> None:
    visit, url = sender.named(PHOTO), sender.begin(PHOTO)
    reader = access.add_token(world.service.database, "报表", [f"township:{TOWN}"], world.now)
    for token in (reader, None, f"{TOWN}.{'x' * 43}", f"{OTHER_TOWN}{sender.client.token[9:]}"):
        sender.create(PHOTO, visit, token=token).error(401, "unknown_token")
        sender.patch(url, 0, PHOTO, token=token).error(401, "unknown_token")
        sender.ask("DELETE", url, token=token).error(401, "unknown_token")
        assert sender.head(url, token=token).status == 401
    assert sender.offset(url) == 0


def test_another_phones_upload_is_none(world: World, sender: Sender) -> None:
    """Not a colleague's, nor one's own other phone's, nor the same id in another township."""
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO[:100])
    world.person("neighbour", f"village:{OTHER_TOWN}201")
    for who in (world.cadre("colleague"), world.phone("wei"), world.phone("neighbour"), world.desk()):
        other = Sender(who)
        assert other.head(url).status == 404
        other.patch(url, 100, PHOTO[100:]).error(404, "not_found")
        other.ask("DELETE", url).error(404, "not_found")
    assert sender.offset(url) == 100
    assert sender.patch(url, 100, PHOTO[100:]).status == 204
    assert Sender(world.phone("wei")).head(url).status == 404


@on_sqlite
def test_ten_thousand_guesses_find_nothing(world: World, sender: Sender) -> None:
    """Guessed uploads, half of them one digit beside a real one; guessed names and records, half of each real."""
    guesser = Sender(world.cadre("guesser", f"village:{V2}"))
    visit, secret = sender.named(PHOTO), jpeg(2)
    hidden = sender.named(secret)
    sender.send(PHOTO, visit)
    url = sender.begin(secret, hidden)
    sender.patch(url, 0, secret[:50])
    before, chance = files(world), random.Random(1)
    client = world.app.test_client()
    headers = {"Authorization": f"Bearer {guesser.client.token}", "Tus-Resumable": "1.0.0"}
    answers: set[tuple[int, bytes]] = set()
    for number in range(5_000):
        guess = list(url.rpartition("/")[2]) if number % 2 else list(str(uuid.UUID(int=chance.getrandbits(128))))
        guess[chance.choice([0, 1, 2, 3, 9, 10, 20, 35])] = chance.choice("0123456789abcdef")
        reply = client.head(f"{PHOTOS}/{''.join(guess)}", headers=headers)
        answers.add((reply.status_code, reply.headers.get("Upload-Length", "").encode()))
    assert answers == {(404, b"")}
    answers.clear()
    for number in range(5_000):
        name = (NAME, name_of(secret), f"{chance.getrandbits(256):064x}")[number % 3]
        record = (visit, hidden, str(uuid.UUID(int=chance.getrandbits(128), version=4)))[number // 3 % 3]
        about = metadata({"name": name, "kind": "visit", "id": record})
        reply = client.post(PHOTOS, headers=headers | {"Upload-Length": str(len(PHOTO)), "Upload-Metadata": about})
        answers.add((reply.status_code, reply.data))
    assert len(answers) == 1, "a name that is held answers as one that never was"
    assert next(iter(answers))[0] == 404
    assert files(world) == before


@on_sqlite
def test_ids_that_are_no_ids_are_no_uploads(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    id_ = url.rpartition("/")[2]
    for guess in (
        f"{id_}.json",
        f".{id_}",
        id_.upper(),
        "..",
        "%2e%2e",
        f"..%2f{id_}",
        "x",
        "a" * 4000,
        f"{id_}%00",
        "' OR 1=1 --",
        f"{id_}%0a",
    ):
        reply = sender.head(f"{PHOTOS}/{guess}")
        assert reply.status == 404, guess
        sender.patch(f"{PHOTOS}/{guess}", 0, b"x").error(404)
    assert sender.offset(url) == 0


@on_sqlite
def test_no_route_under_photos_gives_a_photo(world: World, sender: Sender) -> None:
    """A phone has its own; the console is where others look."""
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO)
    for path in (PHOTOS, url, f"{PHOTOS}/{NAME}", f"{PHOTOS}/{NAME}.jpg", f"/photos/{TOWN}/{NAME[:2]}/{NAME}.jpg"):
        reply = Client.ask(sender.client, "GET", path)
        assert reply.status in (404, 405)
        assert b"\xff\xd8" not in reply.data
