"""Sending what is due: by SMTP where that is set up, else into files that can be read."""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app, render_template
from sqlalchemy import select

from storefront.clock import utcnow
from storefront.db import db
from storefront.jobs import Job
from storefront.mail import outbox
from storefront.mail.models import FORGOTTEN, TO_STAFF, Letter
from storefront.settings.shop import shop

TIMEOUT = 20  # seconds
LEAVE = "List-Unsubscribe"

log = logging.getLogger(__name__)


class Unbroken(EmailPolicy):
    """Writes mails as the library does, but for an address in a header that is no mail address.

    Where it is long, the library would write it in a code that mailboxes do not read there.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == LEAVE:
            return f"{name}: {value}{self.linesep}".encode()
        return super().fold_binary(name, value)


def send_due() -> int:
    """Send every letter that is due; return how many went. A failure waits and is tried again."""
    sent = 0
    while True:
        with db.writing():
            letter = outbox.claim(now=utcnow())
        if letter is None:
            return sent
        try:
            deliver(compose(letter))
        except Exception as error:  # one bad letter must not keep the others back
            log.warning("letter %s was not sent", letter.cause, exc_info=True)
            with db.writing():
                outbox.mark_failed(letter, _words(error), now=utcnow())
        else:
            with db.writing():
                outbox.mark_sent(letter.id, now=utcnow())
            sent += 1


def _words(error: Exception) -> str:
    """Return why a mail did not go, as staff read it, with what the server itself said."""
    what, said = f"it could not be written: {type(error).__name__}", str(error)
    if isinstance(error, OSError):
        what = "the mail server cannot be reached"
    if isinstance(error, smtplib.SMTPException):
        what = "the mail server does not take it"
    if isinstance(error, smtplib.SMTPResponseException):
        said = _answer(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what = "the mail server does not take the name and password of SMTP_URL"
    elif isinstance(error, smtplib.SMTPSenderRefused):
        what = "the mail server takes no mail from the shop's address"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        what = "the mail server takes no mail for this address"
        said = "; ".join(_answer(*answer) for answer in error.recipients.values())
    return f"{what} ({said})" if said else what


def _answer(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {text}".replace("\0", "")


def compose(letter: Letter) -> EmailMessage:
    """Write a letter out. Its Message-ID comes from its cause, so a repeat is the same mail."""
    text = render_template(f"storefront/mail/{letter.template}.txt", **letter.facts)
    subject, _, body = text.partition("\n")
    ours = shop()
    host = urlsplit(ours.url).hostname
    message = EmailMessage(policy=Unbroken())
    message["Subject"] = subject.removeprefix("Subject: ").strip()
    message["From"] = formataddr((ours.name, ours.email))
    message["Reply-To"] = ours.email
    to_staff = letter.recipient == TO_STAFF
    message["To"] = ours.email if to_staff else letter.recipient
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{_name(letter.cause, letter.resent)}@{host}>"
    if leave := letter.facts.get("leave_address"):  # RFC 8058: mailboxes show a button for it
        message[LEAVE] = f"<{leave}>"
        message[f"{LEAVE}-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(body.lstrip("\n"))
    return message


def _name(cause: str, resent: int) -> str:
    return cause.replace(":", ".") + (f".{resent}" if resent else "")


def deliver(message: EmailMessage) -> None:
    """Hand a mail to the server of SMTP_URL, or keep it as a file under instance/mail/."""
    url = current_app.config["SMTP_URL"]
    if not url:
        folder = Path(current_app.config["MAIL_FOLDER"])
        folder.mkdir(parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        (folder / f"{name}.eml").write_bytes(message.as_bytes())
        return
    db.assert_idle()
    with connected(url) as server:
        server.send_message(message)


def remove_files() -> None:
    """Remove the files of mails that are forgotten, where mails were kept as files."""
    files = {file.stem: file for file in Path(current_app.config["MAIL_FOLDER"]).glob("*.eml")}
    if files:
        forgotten = select(Letter.cause, Letter.resent).where(Letter.recipient == FORGOTTEN)
        for cause, resent in db.session.execute(forgotten):
            for name in {_name(cause, time) for time in range(resent + 1)} & files.keys():
                files[name].unlink(missing_ok=True)


@contextmanager
def connected(url: str) -> Iterator[smtplib.SMTP]:
    """Yield the mail server of an address like SMTP_URL's, which has let us in.

    Raises OSError or smtplib.SMTPException where it does not.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    connect = smtplib.SMTP_SSL if secure else smtplib.SMTP
    port = parts.port or (465 if secure else 587)
    server = connect(parts.hostname or "", port, timeout=TIMEOUT)
    try:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
    finally:  # however it takes our leave, a mail that was taken is not sent again
        with suppress(smtplib.SMTPException):
            server.quit()


def warn() -> int:
    """Tell staff of each letter that could not be sent for an hour; return of how many."""
    now, shop_url = utcnow(), current_app.config["SHOP_URL"]
    told = 0
    with db.writing():
        for letter in db.session.scalars(outbox.late(now=now)).all():
            told += outbox.queue(
                cause=f"mail-late:{letter.id}:{letter.resent}",
                recipient=TO_STAFF,
                template="mail_late",
                facts={
                    "to": letter.recipient,
                    "error": letter.error,
                    "staff_address": f"{shop_url}/staff/mails/{letter.id}",
                },
                now=now,
            )
    return told


jobs = (Job("mail", every=1, run=send_due), Job("late mail", every=300, run=warn))
