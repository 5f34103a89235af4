"""A photo's way in, byte by byte: the protocol's words, going on after any cut, and several at one upload."""

import contextlib
import errno
import io
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.api import photos as api
from server.app import create_app
from server.config import GUARD_BYTES
from server.photos import reencode, uploads
from server.photos.refusal import NoUpload, WrongOffset
from server.photos.uploads import MOST_OPEN, PARTS
from shared.photos import MOST_BYTES, TUS_MEDIA_TYPE, name_of
from tests.photos.pictures import jpeg, opened
from tests.photos.sender import PHOTOS, Sender
from tests.sync.world import DAY, TOWN, World, new_id, on_sqlite

PHOTO = jpeg()


def is_held(world: World, data: bytes) -> bool:
    return world.service.photos.held(TOWN, name_of(data)) is not None


def parts(world: World) -> list[str]:
    folder = world.service.config.instance / "photos" / TOWN / PARTS
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# --- the protocol's words --------------------------------------------------------------------------------------------


@on_sqlite
def test_anyone_may_ask_what_the_server_speaks(sender: Sender) -> None:
    reply = sender.ask("OPTIONS", PHOTOS, headers={"Tus-Resumable": ""}, token=None)
    assert reply.status == 204
    assert reply.data == b""
    assert reply.headers["Tus-Version"] == reply.headers["Tus-Resumable"] == "1.0.0"
    assert reply.headers["Tus-Max-Size"] == str(MOST_BYTES)
    assert set(reply.headers["Tus-Extension"].split(",")) == {"creation", "termination"}


def test_a_photo_sent_in_one_go_is_held(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    assert not is_held(world, PHOTO)
    reply = sender.patch(url, 0, PHOTO)
    assert reply.status == 204, reply.data
    assert reply.headers["Upload-Offset"] == str(len(PHOTO))
    known = world.service.photos.held(TOWN, name_of(PHOTO))
    assert known is not None
    assert (known.device, known.width, known.height, known.arrived_at) == (sender.client.device, 320, 240, world.now)
    kept, small = (world.service.photos.read(TOWN, name_of(PHOTO), small) for small in (False, True))
    assert kept is not None
    assert small is not None
    assert (known.bytes, known.sha256) == (len(kept), name_of(kept))
    assert (known.small_bytes, known.small_sha256) == (len(small), name_of(small))
    assert opened(kept).format == "JPEG"


@on_sqlite
def test_a_large_photo_is_kept_with_1600_pixels_and_a_small_one_with_320(world: World, sender: Sender) -> None:
    photo = jpeg(5, (2400, 3200))
    assert sender.send(photo).status == 204
    for small, size in ((False, (1200, 1600)), (True, (240, 320))):
        kept = world.service.photos.read(TOWN, name_of(photo), small)
        assert kept is not None
        assert opened(kept).size == size


def test_a_photo_cut_in_the_middle_goes_on_at_the_next_byte(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    for start, end in ((0, 1), (1, 1000), (1000, 1001), (1001, 7000), (7000, len(PHOTO))):
        assert sender.offset(url) == start
        reply = sender.patch(url, start, PHOTO[start:end])
        assert reply.status == 204
        assert reply.headers["Upload-Offset"] == str(end)
        world.later(days=3)
    assert is_held(world, PHOTO)
    head = sender.head(url)
    assert (head.status, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (
        200,
        str(len(PHOTO)),
        str(len(PHOTO)),
    )
    assert head.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_every_reply_says_which_protocol_it_speaks_and_is_not_to_be_kept(sender: Sender) -> None:
    url = sender.begin(PHOTO)
    for reply in (
        sender.ask("OPTIONS", PHOTOS), sender.create(PHOTO, new_id()), sender.head(url), sender.patch(url, 0, b"x"),
        sender.patch(url, 9, b"x"), sender.patch(url, 0, b"", {"Content-Type": "x/y"}), sender.head(f"{PHOTOS}/{new_id()}"),
        sender.patch(url, 1, b"x", {"Tus-Resumable": ""}), sender.head(url, token=f"{TOWN}.x"), sender.ask("DELETE", url),
    ):  # fmt: skip
        assert reply.headers["Tus-Resumable"] == "1.0.0", reply.status
        assert reply.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_bytes_that_do_not_begin_where_the_last_ended_are_a_409_that_says_where(sender: Sender) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO[:100])
    for offset in (0, 99, 101, len(PHOTO), len(PHOTO) + 1, 10**15):
        assert sender.patch(url, offset, PHOTO[offset:][:50]).error(409, "wrong_offset")["offset"] == 100
    assert sender.offset(url) == 100


@on_sqlite
def test_another_version_of_the_protocol_is_a_412_that_names_ours(sender: Sender) -> None:
    visit, url = sender.named(PHOTO), sender.begin(PHOTO)
    for version in ("", "0.2.2", "1.0", "2.0.0"):
        reply = sender.create(PHOTO, visit, {"Tus-Resumable": version})
        assert reply.headers["Tus-Version"] == "1.0.0"
        reply.error(412, "tus_version")
        sender.patch(url, 0, b"x", {"Tus-Resumable": version}).error(412, "tus_version")
        assert sender.ask("HEAD", url, headers={"Tus-Resumable": version}).status == 412
        sender.ask("DELETE", url, headers={"Tus-Resumable": version}).error(412, "tus_version")
    assert sender.offset(url) == 0


@on_sqlite
def test_bytes_of_another_media_type_are_a_415(sender: Sender) -> None:
    url = sender.begin(PHOTO)
    for media_type in (
        "",
        "image/jpeg",
        "application/json",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
    ):
        sender.patch(url, 0, PHOTO, {"Content-Type": media_type}).error(415, "media_type")
    assert sender.offset(url) == 0
    assert sender.patch(url, 0, PHOTO, {"Content-Type": f"{TUS_MEDIA_TYPE}; x=y"}).status == 204


@on_sqlite
def test_more_than_a_photo_may_have_is_a_413_before_a_byte_is_sent(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    for length in (MOST_BYTES + 1, 10**17):
        sender.create(PHOTO, visit, {"Upload-Length": str(length)}).error(413, "too_large")
    assert parts(world) == []
    assert sender.create(PHOTO, visit, {"Upload-Length": str(MOST_BYTES)}).status == 201


@on_sqlite
def test_more_bytes_than_were_announced_are_a_413_and_none_of_them_is_kept(sender: Sender) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO + b"x").error(413, "too_large")
    assert sender.offset(url) == 0
    sender.patch(url, 0, PHOTO[:-1])
    sender.patch(url, len(PHOTO) - 1, PHOTO[-1:] + b"x").error(413, "too_large")
    assert sender.patch(url, len(PHOTO) - 1, PHOTO[-1:]).status == 204
    sender.patch(url, len(PHOTO), b"x").error(413, "too_large")


@on_sqlite
def test_one_request_may_carry_a_whole_photo_of_the_largest_size(world: World, sender: Sender) -> None:
    """Though no other route takes more than 2 MiB."""
    data = PHOTO[:-2] + b"\0" * (MOST_BYTES - len(PHOTO)) + PHOTO[-2:]
    url = sender.begin(data)
    assert sender.patch(url, 0, data).status == 204
    assert is_held(world, data)
    sender.ask("POST", "/api/v1/sync", b" " * (2 * 1024 * 1024 + 1), {"Content-Type": "application/json"}).error(413)


@on_sqlite
@pytest.mark.parametrize("length", ["", "0", "-1", "x", "1.5", "1e3", "²", " "])
def test_a_length_that_is_none_is_a_400(world: World, sender: Sender, length: str) -> None:
    sender.create(PHOTO, sender.named(PHOTO), {"Upload-Length": length.encode().decode("latin-1")}).error(
        400, "unreadable"
    )
    assert parts(world) == []


@on_sqlite
@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "²"])
def test_an_offset_that_is_none_is_a_400(sender: Sender, offset: str) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO, {"Upload-Offset": offset.encode().decode("latin-1")}).error(400, "unreadable")
    assert sender.offset(url) == 0


@on_sqlite
@pytest.mark.parametrize(
    "about",
    [
        {"name": ""}, {"name": "x" * 64}, {"name": name_of(PHOTO).upper()}, {"name": name_of(PHOTO) + "\n"}, {"kind": ""},
        {"id": "x"}, {"id": "../../etc/passwd"}, {"name": "../" + "a" * 61}, {"id": new_id().upper()},
    ],
)  # fmt: skip
def test_a_photo_that_is_not_said_to_be_any_records_is_a_400(
    world: World, sender: Sender, about: dict[str, str]
) -> None:
    reply = sender.create(PHOTO, sender.named(PHOTO), about=about).error(400, "unreadable")
    assert reply["errors"].keys() == about.keys()
    assert parts(world) == []


@on_sqlite
@pytest.mark.parametrize("header", ["", "name", "name !!!", "name /w==", "name YQ==,name YQ==", " ,", ",,,"])
def test_metadata_that_is_none_is_a_400(world: World, sender: Sender, header: str) -> None:
    sender.create(PHOTO, sender.named(PHOTO), {"Upload-Metadata": header}).error(400, "unreadable")
    assert parts(world) == []


@on_sqlite
def test_a_client_that_cannot_say_patch_says_post_and_means_it(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": TUS_MEDIA_TYPE}
    assert sender.ask("POST", url, PHOTO, headers).status == 204
    assert is_held(world, PHOTO)
    assert sender.ask("POST", url, None, {"X-HTTP-Method-Override": "HEAD"}).headers["Upload-Offset"] == str(len(PHOTO))
    sender.ask("POST", url, None, {"X-HTTP-Method-Override": "GET"}).error(405)
    sender.ask("POST", url).error(405)
    assert sender.ask("POST", url, None, {"X-HTTP-Method-Override": "DELETE"}).status == 204
    assert sender.head(url).status == 404


# --- what is there already -------------------------------------------------------------------------------------------


def test_a_photo_that_is_held_is_not_sent_again(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    sender.send(PHOTO, visit)
    for who in (sender, Sender(world.phone("wei"))):
        reply = who.create(PHOTO, visit)
        assert reply.status == 201
        assert reply.headers["Upload-Offset"] == str(len(PHOTO))
        assert who.offset(reply.headers["Location"]) == len(PHOTO)
    known = world.service.photos.held(TOWN, name_of(PHOTO))
    assert known is not None
    assert known.device == sender.client.device, "it stays as it came"


@on_sqlite
def test_a_photo_whose_time_was_over_is_not_sent_again(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    sender.send(PHOTO, visit)
    world.service.photos.retire(TOWN, name_of(PHOTO), world.now)
    assert sender.create(PHOTO, visit).headers["Upload-Offset"] == str(len(PHOTO))
    assert world.service.photos.read(TOWN, name_of(PHOTO)) is None


@on_sqlite
def test_after_a_lost_last_reply_a_head_tells_that_all_is_there(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO)  # the reply to this one is never read
    world.later(days=10)
    assert sender.offset(url) == len(PHOTO)
    again = sender.patch(url, len(PHOTO), b"")
    assert (again.status, again.headers["Upload-Offset"]) == (204, str(len(PHOTO)))
    assert sender.patch(url, 0, PHOTO).error(409)["offset"] == len(PHOTO)


@on_sqlite
def test_an_upload_whose_photo_was_swept_is_none_so_that_the_photo_is_sent_again(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO)
    assert sender.offset(url) == len(PHOTO)
    world.service.photos.forget(TOWN, name_of(PHOTO))
    assert sender.head(url).status == 404
    assert sender.send(PHOTO).status == 204
    assert is_held(world, PHOTO)


@on_sqlite
def test_two_phones_that_send_one_photo_end_with_one_photo(world: World, sender: Sender) -> None:
    other = Sender(world.phone("wei"))
    visit = sender.named(PHOTO)
    one, two = sender.begin(PHOTO, visit), other.begin(PHOTO, visit)
    sender.patch(one, 0, PHOTO[:500])
    other.patch(two, 0, PHOTO)
    assert sender.offset(one) == 500
    assert sender.patch(one, 500, PHOTO[500:]).status == 204
    assert list(world.service.photos.names(TOWN)) == [name_of(PHOTO)]


@on_sqlite
def test_a_given_up_upload_is_gone_and_a_held_photo_stays(world: World, sender: Sender) -> None:
    half, whole = sender.begin(PHOTO), sender.begin(jpeg(2))
    sender.patch(half, 0, PHOTO[:500])
    sender.patch(whole, 0, jpeg(2))
    for url in (half, whole):
        assert sender.ask("DELETE", url).status == 204
        assert sender.head(url).status == 404
        sender.patch(url, 500, PHOTO[500:]).error(404, "not_found")
        sender.ask("DELETE", url).error(404, "not_found")
    assert parts(world) == []
    assert is_held(world, jpeg(2))
    assert sender.send(PHOTO).status == 204, "and it can begin again"


@on_sqlite
def test_a_phones_thirteenth_open_upload_takes_the_place_of_the_one_not_touched_for_longest(
    world: World, sender: Sender
) -> None:
    other = Sender(world.phone("wei"))
    kept = other.begin(PHOTO)
    visit = sender.named(*(jpeg(seed) for seed in range(40)))
    done = sender.begin(jpeg(39), visit)
    sender.patch(done, 0, jpeg(39))
    urls = [sender.begin(jpeg(seed), visit) for seed in range(MOST_OPEN)]
    world.later(minutes=1)
    sender.patch(urls[0], 0, jpeg(0)[:10])
    sender.begin(jpeg(20), visit)
    assert [sender.head(url).status for url in urls] == [200, 404] + [200] * (MOST_OPEN - 2)
    sender.begin(jpeg(21), visit)
    assert [sender.head(url).status for url in urls] == [200, 404, 404] + [200] * (MOST_OPEN - 3)
    assert other.offset(kept) == 0, "another phone's are its own"
    assert sender.offset(done) == len(jpeg(39)), "and what is done takes no place"


def test_a_photo_that_is_held_takes_one_small_file_however_often_it_is_begun(world: World, sender: Sender) -> None:
    """Of each phone: that of another is none."""
    visit, other = sender.named(PHOTO), Sender(world.phone("wei"))
    sender.send(PHOTO, visit)
    before = len(parts(world))
    urls = {sender.create(PHOTO, visit).headers["Location"] for _ in range(50)}
    with ThreadPoolExecutor(8) as pool:
        begun = list(
            pool.map(
                lambda _: world.service.uploads.begin(
                    TOWN, uploads.About(name_of(PHOTO), "visit", visit, sender.client.device, len(PHOTO), world.now)
                ),
                range(40),
            )
        )
    assert {f"{PHOTOS}/{upload.id}" for upload in begun} == urls
    assert {upload.offset for upload in begun} == {len(PHOTO)}
    assert len(urls) == 1
    assert len(parts(world)) == before + 1
    theirs = other.create(PHOTO, visit).headers["Location"]
    assert theirs not in urls
    assert other.head(urls.pop()).status == 404
    assert len(parts(world)) == before + 2
    assert sender.begin(jpeg(2)) != sender.begin(jpeg(2)), "one that is still to come is another each time"


@on_sqlite
def test_an_upload_of_a_held_photo_is_touched_whenever_it_is_begun(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    sender.send(PHOTO, visit)
    url = sender.create(PHOTO, visit).headers["Location"]
    world.later(days=13)
    assert sender.create(PHOTO, visit).headers["Location"] == url
    assert world.now - world.service.uploads.touched_at(TOWN, url.rpartition("/")[2]) < 1000
    assert sender.ask("DELETE", url).status == 204
    assert sender.create(PHOTO, visit).headers["Upload-Offset"] == str(len(PHOTO)), "and may be given up and begun"


@pytest.mark.parametrize(
    ("ending", "data"), [(".jpg", None), (".jpg", b"half"), (".small.jpg", None), (".json", b""), (".json", b"{"), (".json", b"{}")],
)  # fmt: skip
def test_a_held_photo_that_is_damaged_here_is_taken_again_from_the_phone_that_has_it(
    world: World, sender: Sender, ending: str, data: bytes | None
) -> None:
    visit, name = sender.named(PHOTO), name_of(PHOTO)
    sent = sender.begin(PHOTO, visit)
    sender.patch(sent, 0, PHOTO)
    held = sender.create(PHOTO, visit).headers["Location"]
    whole = [world.service.photos.read(TOWN, name, small) for small in (False, True)]
    path = world.service.config.instance / "photos" / TOWN / name[:2] / f"{name}{ending}"
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    assert [sender.head(url).status for url in (sent, held)] == [404, 404], "what was done is not"
    url = sender.begin(PHOTO, visit)
    assert sender.patch(url, 0, PHOTO).status == 204
    assert [world.service.photos.read(TOWN, name, small) for small in (False, True)] == whole
    assert is_held(world, PHOTO)
    for each in (sent, held, url):
        assert sender.offset(each) == len(PHOTO)
    assert sender.create(PHOTO, visit).headers["Upload-Offset"] == str(len(PHOTO))


# --- cut, killed, at once --------------------------------------------------------------------------------------------


class Cut(io.RawIOBase):
    """A body that ends before its end, as a connection does."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._rest.read(min(len(buffer), 700))
        buffer[: len(data)] = data
        return len(data)


@on_sqlite
def test_where_bytes_are_handed_on_as_they_come_those_that_came_before_a_cut_count(
    world: World, sender: Sender
) -> None:
    """As gunicorn does; waitress hands a request over only when it is here whole."""
    url = sender.begin(PHOTO)
    answer = world.app.test_client().open(
        url, method="PATCH", environ_overrides={"wsgi.input": Cut(PHOTO[:5000]), "CONTENT_LENGTH": str(len(PHOTO))},
        headers={
            "Authorization": f"Bearer {sender.client.token}", "Tus-Resumable": "1.0.0", "Upload-Offset": "0",
            "Content-Type": TUS_MEDIA_TYPE,
        },
    )  # fmt: skip
    assert answer.status_code == 400
    assert sender.offset(url) == 5000
    assert sender.patch(url, 5000, PHOTO[5000:]).status == 204
    assert is_held(world, PHOTO)


def all_there(world: World, sender: Sender, data: bytes) -> str:
    """An upload whose server was killed between the last byte and the finishing; its URL."""
    url = sender.begin(data)
    world.service.uploads.append(TOWN, sender.client.device, url.rpartition("/")[2], 0, [data], world.now)
    assert not is_held(world, data)
    return url


@on_sqlite
@pytest.mark.parametrize("touch", ["head", "patch"])
def test_a_photo_whose_server_was_killed_after_the_last_byte_is_finished_by_the_next_touch(
    world: World, sender: Sender, touch: str
) -> None:
    url = all_there(world, sender, PHOTO)
    reply = sender.head(url) if touch == "head" else sender.patch(url, len(PHOTO), b"")
    assert reply.status in (200, 204)
    assert reply.headers["Upload-Offset"] == str(len(PHOTO))
    assert is_held(world, PHOTO)


@on_sqlite
@pytest.mark.parametrize("step", ["put", "_keep", "unlink"])
def test_a_finishing_that_is_killed_at_any_step_is_done_again(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    url = all_there(world, sender, PHOTO)

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    target = {"put": type(world.service.photos), "_keep": uploads.Uploads, "unlink": Path}[step]
    monkeypatch.setattr(target, step, kill)
    with pytest.raises(KeyboardInterrupt):
        world.service.uploads.finish(TOWN, sender.client.device, url.rpartition("/")[2], world.now)
    monkeypatch.undo()
    assert sender.offset(url) == len(PHOTO)
    assert is_held(world, PHOTO)
    assert sender.patch(url, len(PHOTO), b"").status == 204


@on_sqlite
def test_an_upload_whose_bytes_somebody_took_away_is_none_and_never_counts_as_whole(
    world: World, sender: Sender
) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO[:100])
    (world.service.config.instance / "photos" / TOWN / PARTS / url.rpartition("/")[2]).unlink()
    assert sender.head(url).status == 404
    sender.patch(url, 100, PHOTO[100:]).error(404, "not_found")
    sender.patch(url, len(PHOTO), b"").error(404, "not_found")
    assert not is_held(world, PHOTO)
    assert sender.ask("DELETE", url).status == 204


@on_sqlite
def test_two_workers_at_one_upload_take_every_byte_once(world: World, sender: Sender) -> None:
    """Two apps on one instance, each with its own files open, at the same bytes at the same moment."""
    data = jpeg(3, (800, 600))
    url = sender.begin(data)
    apps = [create_app(world.service.config) for _ in range(2)]
    headers = {
        "Authorization": f"Bearer {sender.client.token}",
        "Tus-Resumable": "1.0.0",
        "Content-Type": TUS_MEDIA_TYPE,
    }
    step = -(-len(data) // 30)
    begin = threading.Barrier(4)

    def work(worker: int) -> list[int]:
        statuses = []
        for start in range(0, len(data), step):
            begin.wait()
            answer = apps[worker % 2].test_client().patch(
                url, data=data[start : start + step], headers=headers | {"Upload-Offset": str(start)}
            )  # fmt: skip
            statuses.append(answer.status_code)
            begin.wait()
        return statuses

    with ThreadPoolExecutor(4) as pool:
        statuses = list(zip(*pool.map(work, range(4)), strict=True))
    for app in apps:
        app.extensions["ruhu"].database.engine.dispose()
    taken = [sum(status == 204 for status in each) for each in statuses]
    assert set(taken[:-1]) == {1}, "one takes a piece, the others are told that it is there"
    assert {status for each in statuses for status in each} <= {204, 409, 503}
    assert sender.offset(url) == len(data)
    assert is_held(world, data)
    assert parts(world) == [f"{url.rpartition('/')[2]}.json"]


@on_sqlite
def test_bytes_that_come_by_two_connections_at_once_are_appended_once(world: World, sender: Sender) -> None:
    """A connection that the phone gave up, and whose bytes still come, finds that the next one went on."""
    url = sender.begin(PHOTO)
    given = (TOWN, sender.client.device, url.rpartition("/")[2])

    def held_up() -> Iterator[bytes]:
        yield PHOTO[:100]
        assert sender.patch(url, 100, PHOTO[100:300]).status == 204
        yield PHOTO[100:1000]

    with pytest.raises(WrongOffset):
        world.service.uploads.append(*given, 0, held_up(), world.now)
    assert sender.offset(url) == 300
    assert sender.patch(url, 300, PHOTO[300:]).status == 204
    assert is_held(world, PHOTO)


@on_sqlite
def test_bytes_that_come_after_an_upload_was_given_up_or_finished_are_not_kept(world: World, sender: Sender) -> None:
    visit = sender.named(PHOTO)
    for end in ("give up", "finish"):
        url = sender.begin(PHOTO, visit)
        given = (TOWN, sender.client.device, url.rpartition("/")[2])

        def held_up(url: str = url, end: str = end) -> Iterator[bytes]:
            yield PHOTO[:100]
            ended = sender.ask("DELETE", url) if end == "give up" else sender.patch(url, 100, PHOTO[100:])
            assert ended.status == 204
            yield PHOTO[100:]

        if end == "give up":
            with pytest.raises(NoUpload):
                world.service.uploads.append(*given, 0, held_up(), world.now)
            assert parts(world) == []
        else:
            assert world.service.uploads.append(*given, 0, held_up(), world.now).offset == len(PHOTO)
            assert is_held(world, PHOTO)
            assert parts(world) == [f"{given[2]}.json"]


@on_sqlite
def test_a_photo_that_many_finish_at_once_is_encoded_once(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = all_there(world, sender, PHOTO)
    encoded = []

    def count(*given: object) -> reencode.Made:
        encoded.append(given)
        return reencode.reencode(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "reencode", count)
    id_ = url.rpartition("/")[2]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: world.service.uploads.finish(TOWN, sender.client.device, id_, world.now), range(4))
        )
    assert {upload.offset for upload in found} == {len(PHOTO)}
    assert len(encoded) == 1


# --- a full disk, a busy server --------------------------------------------------------------------------------------


@on_sqlite
def test_before_the_disk_is_full_photos_wait_while_records_are_still_taken(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, url = sender.named(PHOTO), sender.begin(PHOTO)
    real = shutil.disk_usage(world.service.config.instance)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=GUARD_BYTES + 1))
    sender.create(PHOTO, visit).error(507, "disk_full")
    sender.patch(url, 0, PHOTO).error(507, "disk_full")
    assert sender.offset(url) == 0
    sender.named(jpeg(9))
    monkeypatch.undo()
    assert sender.patch(url, 0, PHOTO).status == 204


@on_sqlite
def test_a_disk_that_fills_up_under_a_photo_is_told_as_full_and_loses_nothing_that_was_counted(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sender.begin(PHOTO)
    sender.patch(url, 0, PHOTO[:1000])

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "pwrite", full)
    sender.patch(url, 1000, PHOTO[1000:]).error(507, "disk_full")
    monkeypatch.undo()
    assert sender.offset(url) == 1000
    assert sender.patch(url, 1000, PHOTO[1000:]).status == 204


@on_sqlite
def test_when_many_photos_come_at_once_some_come_back_later_and_records_go_on(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sender.begin(PHOTO)
    with contextlib.ExitStack() as taken:
        for _ in range(3):
            taken.enter_context(api.place(api._PLACES, 0))
        reply = sender.patch(url, 0, PHOTO)
        reply.error(503, "busy")
        assert int(reply.headers["Retry-After"]) > 0
        assert sender.offset(url) == 0
        sender.named(jpeg(9))
    assert sender.patch(url, 0, PHOTO).status == 204


@on_sqlite
def test_a_photo_that_waits_too_long_for_its_encoding_has_all_its_bytes_and_is_finished_later(
    world: World, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sender.begin(PHOTO)
    monkeypatch.setattr(
        uploads, "reencode", lambda data, seen: reencode.reencode(data, seen, reencode.Limits(wall_seconds=0))
    )
    sender.patch(url, 0, PHOTO).error(503, "busy")
    assert not is_held(world, PHOTO)
    assert sender.head(url).status == 503
    monkeypatch.undo()
    assert sender.offset(url) == len(PHOTO)
    assert is_held(world, PHOTO)


@on_sqlite
def test_an_upload_is_as_old_as_its_last_touch_by_the_servers_clock(world: World, sender: Sender) -> None:
    url = sender.begin(PHOTO)
    id_, touched = url.rpartition("/")[2], world.service.uploads.touched_at
    assert touched(TOWN, id_) == world.now
    world.now += 2 * DAY
    sender.patch(url, 0, PHOTO[:10])
    assert touched(TOWN, id_) == world.now
    assert world.service.uploads.size(TOWN, id_) == 10
    world.now += DAY
    sender.patch(url, 10, PHOTO[10:])
    assert touched(TOWN, id_) == world.now
    assert world.service.uploads.size(TOWN, id_) == 0
    assert world.service.uploads.townships() == [TOWN]
