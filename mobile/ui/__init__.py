"""The phone's screen: draws the pages' blocks with plain Kivy and carries touches and typing back to them.

Promises: no rule and no word of the app's own is here; what a page says is all that is drawn. Leaves to others: what is to be seen
(`mobile.pages`), opening the app (`mobile.app`).
"""
