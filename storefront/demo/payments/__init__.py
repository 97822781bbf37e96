"""The test payment company: Stripe's interface over HTTP, no money, no knowledge of the shop."""

from .app import create_company
from .server import running

__all__ = ["create_company", "running"]
