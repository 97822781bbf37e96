"""The demonstration shop's owner."""

from uuid import uuid4

from flask_security import hash_password

from storefront.clock import utcnow
from storefront.db import db
from storefront.staff.models import ROLES, Member, Role

DEMO_EMAIL = "owner@example.com"
DEMO_PASSWORD = "steady walnut river lantern"


def load() -> None:
    """Add the roles and an owner; call it inside `db.writing()`."""
    roles = {name: Role(name=name) for name in ROLES}
    db.session.add_all(roles.values())
    db.session.add(
        Member(
            email=DEMO_EMAIL,
            name="Demo owner",
            password=hash_password(DEMO_PASSWORD),
            fs_uniquifier=uuid4().hex,
            created_at=utcnow(),
            roles=[roles["owner"]],
        )
    )
