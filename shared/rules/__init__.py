"""Rules of the field as pure functions: values in, values out.

They hold no store, no clock and no request (DESIGN section 3), so phone and server judge alike.
"""
