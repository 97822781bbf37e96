"""What can be wrong with mail: the server that takes it, and the process that sends it."""

import smtplib
from collections.abc import Iterator

from flask import current_app

from storefront.clock import utcnow
from storefront.db import db
from storefront.doctor import Finding, ok, warning, wrong
from storefront.mail import outbox
from storefront.mail.jobs import connected

LOOK = "Is the jobs process running? (`systemctl status shop-jobs`)"


def server() -> Iterator[Finding]:
    """Look whether the mail server answers and lets us in; no mail is sent."""
    url = current_app.config["SMTP_URL"]
    if not url:
        folder = current_app.config["MAIL_FOLDER"]
        yield warning("Mail server", f"SMTP_URL is empty, so mails are only files in {folder}.")
        return
    try:
        with connected(url) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        yield wrong("Mail server", f"does not take our mail: {error}. See SMTP_URL.")
    else:
        yield ok("Mail server", "answers and lets us in")


def due() -> Iterator[Finding]:
    """Look for mails that nobody took up: the jobs process leaves no other sign of itself."""
    late = db.session.scalar(outbox.overdue(now=utcnow())) or 0
    if late:
        yield wrong("Jobs", f"mails due for five minutes and not sent: {late}. {LOOK}")
    else:
        yield ok("Jobs", "no mail is overdue, the one sign of life there is")
