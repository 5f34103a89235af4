"""The phone's pages, without a screen: each says what is to be seen (`blocks`) and what a touch does.

Promises: no Kivy here, so a page is tried out in milliseconds; nothing is drawn here. Leaves to others: drawing (`mobile.ui`), the words
themselves (`mobile.notebook`), what is due (`mobile.duties`).
"""
