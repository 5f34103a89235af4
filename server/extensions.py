"""The Flask extensions, made once and bound to an app in `create_app`. Wrapped thinly so that each can be replaced."""

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from server.tables import Base

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
