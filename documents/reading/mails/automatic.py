"""Mails that no person wrote: reports, absence notices, lists. They are filed, never answered."""

import re
from email.message import Message

from documents.reading.mails.headers import addresses, value, values, words_of
from policy.vocabulary import MailKind

SUBJECT = re.compile(
    r"^\W{0,3}(?:自动回复|自动答复|自動回覆|自動回復|系统自动|外出|休假|不在办公室|"
    r"Out of (?:the )?Office|"
    r"Automatic reply|Auto(?:matic)?[- ]?(?:reply|response)|Abwesend|Abwesenheit)",
    re.IGNORECASE,
)
BOUNCED = re.compile(
    r"退信|未送达|无法送达|投递失败|无法投递|系统退回|"
    r"Undeliver|Delivery (?:Status|failure|has failed)|"
    r"Returned mail|Mail delivery|failure notice|System bounce|Message (?:not delivered|blocked)",
    re.IGNORECASE,
)
MACHINES = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|no-?reply|do-?not-?reply|noreply|bounces?)\b"
)
REPORTS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|bounces?)\b")
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-AutoReply-From")
BULK_HEADERS = ("List-Id", "List-Unsubscribe", "List-Post", "Feedback-ID")
BULK_PRECEDENCE = ("bulk", "list", "junk")
NO = ("", "no")


def kind_of_mail(mail: Message) -> MailKind:
    """What a mail is by its headers. Whether we sent it ourselves is not looked at."""
    subject = words_of(value(mail, "Subject"))
    found = addresses(value(mail, "From"))
    local = found[0].address.partition("@")[0] if found else ""
    if _is_report(mail, subject, local):
        return MailKind.BOUNCE
    precedence = value(mail, "Precedence").strip().lower()
    if any(values(mail, name) for name in BULK_HEADERS) or precedence in BULK_PRECEDENCE:
        return MailKind.BULK
    if _is_automatic(mail, precedence) or SUBJECT.match(subject) or MACHINES.match(local):
        return MailKind.AUTOMATIC
    return MailKind.PERSON


def _is_report(mail: Message, subject: str, local: str) -> bool:
    """A delivery report, or what providers send in its place."""
    if mail.get_content_type() == "multipart/report":
        kind = str(mail.get_param("report-type", "")).lower()
        return kind != "disposition-notification"
    if REPORTS.match(local) or values(mail, "X-Failed-Recipients"):
        return True
    return _has_no_sender(mail) and BOUNCED.search(subject) is not None


def _has_no_sender(mail: Message) -> bool:
    """Whether its envelope names none, so that nobody answers it."""
    return value(mail, "Return-Path").strip() == "<>"


def _is_automatic(mail: Message, precedence: str) -> bool:
    submitted = value(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    suppressed = value(mail, "X-Auto-Response-Suppress").strip().lower()
    return (
        submitted not in NO
        or precedence == "auto_reply"
        or mail.get_content_type() == "multipart/report"
        or _has_no_sender(mail)
        or any(value(mail, name).strip().lower() not in NO for name in AUTOMATIC_HEADERS)
        or suppressed not in ("", "none")
    )
