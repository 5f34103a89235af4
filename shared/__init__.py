"""What the phone and the township share: the clock, the kinds, the merge and the conversation.

Runs on the phone: the standard library, marshmallow and uuid6 only. Imports neither `server` nor `mobile`.
"""
