"""The Flask extensions, made once and bound to an app in `create_app`. Wrapped thinly so that each can be replaced."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from server.tables import Base

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")
"""Counts in the process: it slows guessing down, the waiting after wrong tries (`accounts`) is what stops it."""
