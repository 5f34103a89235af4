"""What leaves the house as a file: lists as workbook or CSV, the county's monthly tables, and the second person's word for long lists.

`reading` gives a list's rows in one consistent view, `files` and `monthly` write them, `requests` keeps the two-person rule. Promises: nothing
here knows HTTP; text that a spreadsheet would run as a formula is never one. Leaves to others: who may, and the row in the trail (`console`).
"""
