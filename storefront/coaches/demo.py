"""Seven invented coach locations for the demonstration shop."""

from pathlib import Path

import yaml

from storefront.coaches.models import Coach
from storefront.db import db

DATA = Path(__file__).parent / "demo_data" / "coaches.yaml"


def load() -> None:
    """Add the demo's coaches; call it inside `db.writing()`."""
    for row in yaml.safe_load(DATA.read_text("utf-8")):
        db.session.add(Coach(**{**row, "access": "\n".join(row["access"])}))
