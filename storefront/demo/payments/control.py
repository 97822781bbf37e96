"""Where a test tells the company how to behave: its faults, its clock, its webhooks."""

import re
from dataclasses import asdict

from flask import Blueprint, request

from .company import Company
from .errors import Refused
from .faults import KINDS, Fault, fits
from .operations import OPERATIONS
from .overdue import catch_up
from .sending import Sending
from .state import Body
from .told import Told

SERVED = [*OPERATIONS, ("GET", "/pay/{session}"), ("POST", "/pay/{session}")]
MOST_FAULTS = 100
MOST_TIMES = 1_000_000
LONGEST_DELAY = 120
LATEST = 30 * 24 * 60 * 60
MOST_COPIES = 100
LONGEST_STEP = 366 * 24 * 60 * 60
FIRST_MOMENT, LAST_MOMENT = 946_684_800, 4_102_444_800
"""The clock goes from the year 2000 to 2100."""


def control(company: Company) -> Blueprint:
    """Return the addresses at which a company is told how to behave; the key opens them."""
    blueprint = Blueprint("control", __name__, url_prefix="/_test")

    @blueprint.post("/faults")
    def add_fault() -> Body:
        fault = _fault(Told(request.get_data()))
        if len(company.faults.list()) >= MOST_FAULTS:
            raise Refused(f"There can be {MOST_FAULTS} faults at a time. Clear them first.")
        company.faults.add(fault)
        return faults()

    @blueprint.get("/faults")
    def faults() -> Body:
        return {"faults": company.faults.list()}

    @blueprint.delete("/faults")
    def clear_faults() -> Body:
        company.faults.clear()
        return faults()

    @blueprint.post("/webhooks")
    def change_sending() -> Body:
        told = Told(request.get_data())
        sending = Sending(
            late=told.number("late", 0, LATEST, usual=0),
            copies=told.whole("copies", 1, MOST_COPIES, usual=1),
            shuffle=told.truth("shuffle", usual=False),
            lose=told.number("lose", 0, 1, usual=0),
        )
        told.done()
        return _send(company, sending)

    @blueprint.get("/webhooks")
    def sending() -> Body:
        return asdict(company.events.sending)

    @blueprint.delete("/webhooks")
    def send_as_usual() -> Body:
        return _send(company, Sending())

    @blueprint.post("/clock")
    def move_clock() -> Body:
        told = Told(request.get_data())
        if ("now" in told) == ("forward" in told):
            raise Refused("Give either now or forward.")
        if "now" in told:
            then = told.number("now", FIRST_MOMENT, LAST_MOMENT)
        else:
            then = company.clock.now() + told.number("forward", 0, LONGEST_STEP)
        told.done()
        if then > LAST_MOMENT:
            raise Refused(f"The clock goes no further than {LAST_MOMENT}.", param="forward")
        company.clock.put(then)
        return _let_time_pass(company)

    @blueprint.get("/clock")
    def time() -> Body:
        return {"now": company.clock.now(), "ahead": company.clock.ahead}

    @blueprint.delete("/clock")
    def give_clock_back() -> Body:
        company.clock.give_back()
        return _let_time_pass(company)

    return blueprint


def _fault(told: Told) -> Fault:
    kind = told.choice("kind", KINDS)
    method = told.choice("method", ("GET", "POST")) if "method" in told else None
    path = told.text("path", re.compile(r"/\S{1,200}"), "a path") if "path" in told else None
    if path is not None and not any(
        method in (None, served) and (fits(pattern, path) or _bare(pattern) == _bare(path))
        for served, pattern in SERVED
    ):
        raise Refused(f"Nothing is served at {method or 'any method'} {path}.", param="path")
    if "seconds" in told and kind != "delay":
        raise Refused("seconds belong to a delay.", param="seconds")
    fault = Fault(
        kind,
        method,
        path,
        seconds=told.number("seconds", 0.001, LONGEST_DELAY) if kind == "delay" else 0,
        times=told.whole("times", 1, MOST_TIMES, usual=1),
        chance=told.number("chance", 0.001, 1, usual=1),
    )
    told.done()
    return fault


def _bare(pattern: str) -> str:
    """Return a pattern without the names of its parts."""
    return re.sub(r"{\w+}", "{}", pattern)


def _send(company: Company, sending: Sending) -> Body:
    company.events.sending = sending
    company.state.news.set()
    return asdict(sending)


def _let_time_pass(company: Company) -> Body:
    with company.state.transaction():
        catch_up(company.state, company.events, now=int(company.clock.now()))
    company.state.news.set()
    return {"now": company.clock.now(), "ahead": company.clock.ahead}
