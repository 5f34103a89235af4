"""Forms that know some of their answers before the person does, and drafts that nobody finished.

Promises: what is known from the start (who, when, where) goes into the draft with the first answer, so that only looking leaves no draft.
Leaves to others: the blocks (`form`), keeping and saving (`notebook`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from mobile.drafts import Draft
from mobile.pages.form import FormBlocks
from mobile.pages.page import Page
from shared.kind import Kind

Keep = Callable[[Mapping[str, Any]], None]
"""Keeps answers, field to value, at once."""


class KeptForm(FormBlocks):
    """As FormBlocks; each answer goes to `keep`, the page's own way of keeping it."""

    def __init__(self, page: Page, kind: Kind, id: str, values: Mapping[str, Any], keep: Keep, **options: Any) -> None:
        super().__init__(page, kind, id, values, **options)
        self._keep = keep

    def begin(self) -> None:
        self._keep({})

    def keep(self, values: Mapping[str, Any]) -> None:
        self._keep(values)


def unfinished(page: Page, kind: str) -> list[Draft]:
    """Drafts of new records of a kind: begun and left."""
    notebook = page.session.notebook
    ids = [key.id for key in notebook.store.drafts() if key.kind == kind and notebook.shown(key) is None]
    return [draft for id_ in ids if (draft := notebook.draft(kind, id_))]
