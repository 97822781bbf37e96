"""Runs "the other request" just before or after a named function of this one."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from storefront.db import GuardedSession, db

HEAD_START = 0.4  # seconds that the other request has before this one goes on
WAIT = 20.0  # seconds until the other request must be over


class Meanwhile:
    """Runs another request, in a thread with a session of its own, in the middle of this one.

    The other one is waited for where it can end. Where it cannot, because this one's transaction
    is in its way, this one goes on, and the other ends after it.
    """

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self._app, self._patch = app, monkeypatch
        self._ours = threading.current_thread()
        self._threads: list[threading.Thread] = []
        self.errors: list[Exception] = []

    def before(self, holder: Any, name: str, other: Callable[[], object], *, call: int = 1) -> None:
        """Run `other` once, just before this request calls `holder.name` (its n-th call)."""
        self._at(holder, name, other, call, first=True)

    def after(self, holder: Any, name: str, other: Callable[[], object], *, call: int = 1) -> None:
        """Run `other` once, just after this request has called `holder.name` (its n-th call)."""
        self._at(holder, name, other, call, first=False)

    def before_commit(self, other: Callable[[], object]) -> None:
        """Run `other` once, just before this request's first commit, with nothing flushed yet."""
        self.before(GuardedSession, "commit", other)

    def over(self) -> None:
        """Wait until the other request has ended; fail if it never began or got no answer."""
        assert self._threads, "the other request was never made"
        for thread in self._threads:
            thread.join(WAIT)
            assert not thread.is_alive(), "the other request never ended"

    def _at(
        self, holder: Any, name: str, other: Callable[[], object], call: int, *, first: bool
    ) -> None:
        real = getattr(holder, name)
        calls = 0

        def watched(*args: Any, **more: Any) -> Any:
            nonlocal calls
            if threading.current_thread() is not self._ours:
                return real(*args, **more)
            calls += 1
            now = calls == call
            if now and first:
                self._run(other)
            result = real(*args, **more)
            if now and not first:
                self._run(other)
            return result

        self._patch.setattr(holder, name, watched)

    def _run(self, other: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._request, args=(other,), daemon=True)
        self._threads.append(thread)
        thread.start()
        thread.join(HEAD_START)

    def _request(self, other: Callable[[], object]) -> None:
        with self._app.app_context():
            try:
                other()
            except Exception as error:
                self.errors.append(error)
            finally:
                db.session.remove()
