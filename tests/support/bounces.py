"""Bounces as mail systems write them, made here: own text, invented names, every structure."""

from base64 import b64encode
from collections.abc import Sequence
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser

US = "duban@xf.example"
WHOM = "likun@qinghe.example"
DIGEST = "4be0e4c0b7d5a1f29c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b"
ID = f"<{DIGEST}@xingfu.invalid>"


def returned(to: str = WHOM, id: str = ID) -> Message:
    """The mail that did not arrive."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = US, to, id
    mail["Subject"] = "【幸福养老】待办事项：2项逾期"
    mail.set_content("山西省民政厅：该用户不存在的项目有2项逾期。550 5.1.1 User unknown\n")
    return BytesParser().parsebytes(mail.as_bytes())


def fields(
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "smtp; 550 5.1.1 User unknown",
    to: str = WHOM,
    **more: str,
) -> str:
    """What a report says of one recipient."""
    lines = {
        "Final-Recipient": f"rfc822; {to}",
        "Action": action,
        "Status": status,
        "Diagnostic-Code": diagnostic,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items() if value)


def report(
    *recipients: str,
    text: str = "The mail system could not hand your message on.",
    whole: bool = True,
    encoded: bool = False,
    sender: str = "MAILER-DAEMON@mx.xf.example (Mail Delivery System)",
    subject: str = "Undelivered Mail Returned to Sender",
    id: str = ID,
) -> bytes:
    """RFC 3464: with the mail whole or its headers; the fields encoded as some systems do."""
    made = MIMEMultipart("report", report_type="delivery-status")
    made["From"], made["To"], made["Subject"] = sender, US, subject
    made["Return-Path"], made["Message-ID"] = "<>", "<1@mx.xf.example>"
    made.attach(MIMEText(text, "plain", "utf-8"))
    status = MIMEBase("text", "x-delivery-status")  # as a text, for Python takes it for mails
    said = "\n".join(["Reporting-MTA: dns; mx.xf.example\n", *recipients])
    if encoded:
        status["Content-Transfer-Encoding"] = "base64"
        said = b64encode(said.encode()).decode()
    status.set_payload(said)
    made.attach(status)
    mail = returned(id=id)
    if whole:
        made.attach(MIMEMessage(mail))
    else:
        headers = "".join(f"{name}: {value}\n" for name, value in mail.items())
        made.attach(MIMEText(headers, "rfc822-headers", "us-ascii"))
    return made.as_bytes().replace(b"text/x-delivery-status", b"message/delivery-status")


def prose(
    text: str,
    subject: str = "系统退信",
    sender: str = "PostMaster@post.example",
    *,
    html: bool = False,
    charset: str = "utf-8",
    attached: bool = False,
    **headers: str,
) -> bytes:
    """A notice in words, maybe with the mail attached."""
    part = MIMEText(text, "html" if html else "plain", charset)
    made: Message = part
    if attached:
        made = MIMEMultipart("mixed")
        made.attach(part)
        made.attach(MIMEMessage(returned()))
    made["From"], made["To"], made["Subject"] = sender, US, subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made.as_bytes()


def table(rows: Sequence[tuple[str, str]]) -> str:
    """HTML as web mails write it."""
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    head = "<head><style>td{color:red}</style></head>"
    return f"<html>{head}<body><table>{cells}</table></body></html>"
