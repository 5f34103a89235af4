"""Every list the console shows and hands out: what it is called, its columns and filters, and its rows.

A list is said once (`listing.Listing`, one file a subject, one line below); the page, its filter form, its print, the workbook and the CSV
all follow from it. Leaves to others: HTML (`console`), files (`exports`), who may (`sight`).
"""

from collections.abc import Mapping

from server.lists import audit, calls, conflicts, feedback, homes, people, problem_form, problems, review
from server.lists.listing import Listing

LISTINGS: Mapping[str, Listing] = {
    listing.name: listing
    for subject in (homes, calls, problems, problem_form, conflicts, review, feedback, people, audit)
    for listing in subject.LISTINGS
}
