"""What a rule has to say to a person: one plain sentence, and the fields it is about. It warns; it never forbids."""

from dataclasses import dataclass

from shared.fields import Label


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is our word for it, `says` the sentence in both languages, `fields` the names of the fields concerned.

    A sentence never holds a name, a number or what anybody wrote, so that it may stand in a list or a log.
    """

    code: str
    says: Label
    fields: tuple[str, ...] = ()
