"""A phone that sends photos as tus 1.0.0 says, word for word: another client than the phone's own code."""

from typing import Any

from shared.photos import TUS, TUS_MEDIA_TYPE, metadata, name_of
from tests.sync.world import Client, Reply, new_id, visit_set

PHOTOS = "/api/v1/photos"


class Sender:
    """A `Client` that names photos in its records and sends them. It does just what it is told to."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def named(self, *photos: bytes, **more: Any) -> str:
        """A new visit that names these photos; its id. It has been synced."""
        visit = new_id()
        names = [name_of(data) for data in photos]
        self.client.take(self.client.change("visit", visit, visit_set(photos=names), **more))
        return visit

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Reply:
        """One request with Tus-Resumable, unless `headers` says otherwise (an empty value leaves one out)."""
        sent = {"Tus-Resumable": TUS, **(headers or {})}
        return self.client.ask(method, path, body, {k: v for k, v in sent.items() if v}, **options)

    def create(self, data: bytes, visit: str, headers: dict[str, str] | None = None, **options: Any) -> Reply:
        about = {"name": name_of(data), "kind": "visit", "id": visit} | options.pop("about", {})
        given = {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(about)}
        return self.ask("POST", PHOTOS, None, given | (headers or {}), **options)

    def begin(self, data: bytes, visit: str | None = None) -> str:
        """The URL of a new upload of a photo, which a visit names."""
        reply = self.create(data, visit or self.named(data))
        assert reply.status == 201, reply.data
        assert reply.headers["Upload-Offset"] == "0"
        return reply.headers["Location"]

    def patch(self, url: str, offset: int, body: bytes, headers: dict[str, str] | None = None, **options: Any) -> Reply:
        given = {"Upload-Offset": str(offset), "Content-Type": TUS_MEDIA_TYPE}
        return self.ask("PATCH", url, body, given | (headers or {}), **options)

    def head(self, url: str, **options: Any) -> Reply:
        return self.ask("HEAD", url, **options)

    def offset(self, url: str) -> int:
        reply = self.head(url)
        assert reply.status == 200, reply.status
        return int(reply.headers["Upload-Offset"])

    def send(self, data: bytes, visit: str | None = None) -> Reply:
        """A photo in one go; the last reply."""
        return self.patch(self.begin(data, visit), 0, data)
