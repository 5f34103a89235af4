"""A party member linked to a household, from one day to another.

Two members may be linked to one household; each owes calls of their own. How many are owed in a month, and how many
were made, follow from these dates and the contact visits, and are never entered.
"""

from shared.fields import PERSONAL, Choice, Date, Label, Text
from shared.kind import DESK_ROLES, Form

EXEMPT_REASONS = {
    "ill": Label("生病", "Ill"),
    "away": Label("外出务工", "Working away"),
    "age": Label("年老体弱", "Age"),
    "other": Label("其他", "Other"),
}


class PartyLink(Form):
    class Meta(Form.Meta):
        name = "party_link"
        label = Label("党员联户", "Party link")
        title = "party_member"
        writers = DESK_ROLES | {"cadre"}

    party_member = Text("联户党员", "Party member", length=100, sensitivity=PERSONAL, required=True)  # user id or name
    from_date = Date("联户开始日期", "From", required=True)
    to_date = Date("联户结束日期", "To")
    exempt_from = Date("免访开始日期", "Exempt from")
    exempt_to = Date("免访结束日期", "Exempt to")
    exempt_reason = Choice("免访原因", "Why exempt", EXEMPT_REASONS, sensitivity=PERSONAL)
    remark = Text("备注", "Remark", sensitivity=PERSONAL)
