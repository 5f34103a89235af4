"""The phone: what a person can do in a valley without signal, and how it reaches the township later.

Everything here but `ui`, `app` and `main` works without a screen; it imports `shared` and never `server`.
"""
