"""All kinds, in menu order. A new kind is a file here and one line below.

Everything else follows from the declarations: tables, validation, merge, forms, lists, pages, exports, the description.
"""

from shared.kind import Registry
from shared.kinds.campaign import Campaign
from shared.kinds.cleanup_check import CleanupCheck
from shared.kinds.conflict import Conflict
from shared.kinds.contact_visit import ContactVisit
from shared.kinds.feedback import Feedback
from shared.kinds.household import Household
from shared.kinds.member import Member
from shared.kinds.party_link import PartyLink
from shared.kinds.policy import Policy
from shared.kinds.problem import Problem
from shared.kinds.problem_step import ProblemStep
from shared.kinds.visit import Visit

KINDS = Registry.of(
    [
        Household,
        Member,
        Visit,
        ContactVisit,
        CleanupCheck,
        Problem,
        ProblemStep,
        PartyLink,
        Campaign,
        Policy,
        Feedback,
        Conflict,
    ]
)
