"""Replies as mail programs of the field write them, made by hand: names and words are invented.

Beside those of `tests/eml`, which are whole files. Each says what its sender wrote above the
quotation, and what below or inside of it.
"""

import base64
import quopri
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from html import escape

SAID = "主体已于6月7日封顶，照片随后补报。预计6月12日完成验收——请核对。"
RARE = "李堃：镕—€ 已办"
OURS = (
    "清河县民政局：",
    "您负责的项目中有 1 项将于 2023-06-09 到期：",
    "1. 福寿苑（140999-03）封顶，还剩 3 个工作日。",
    "如需回复，请直接回复本邮件，并写在本行以上。",
)
QUOTE = "\n".join(OURS)
DUBAN = "幸福督办 <duban@duban.example>"


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail, and what of it its sender wrote."""

    name: str
    raw: bytes
    written: str = SAID
    beside: str = ""


def mail(
    content: str,
    *,
    kind: str = "plain",
    charset: str = "utf-8",
    said: str | None = None,
    transfer: str = "base64",
    parameters: str = "",
    **headers: str,
) -> bytes:
    """A mail of one part; `said` is what it calls its character set."""
    data = content.encode(charset)
    named = f"; charset={said if said is not None else charset}" if said != "-" else ""
    given = {
        "From": f"{Header('李堃', 'gb18030').encode()} <likun@qinghe.example>",
        "Subject": Header("回复：待办", "utf-8").encode(),
        "Message-ID": "<x@qinghe.example>",
        "In-Reply-To": "<4be0e4c0b7d5a1f2@duban.example>",
        "MIME-Version": "1.0",
        "Content-Type": f"text/{kind}{named}{parameters}",
        "Content-Transfer-Encoding": transfer,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return head.encode("utf-8") + b"\r\n" + encoded(data, transfer)


def encoded(data: bytes, transfer: str) -> bytes:
    if transfer == "base64":
        return base64.encodebytes(data)
    return quopri.encodestring(data) if transfer == "quoted-printable" else data


def several(kind: str, *parts: bytes, boundary: str = "=_b", **headers: str) -> bytes:
    """A mail of several parts, each a mail of `mail` whose other headers do no harm."""
    given = {"Content_Type": f'multipart/{kind}; boundary="{boundary}"', **headers}
    head = mail("", transfer="7bit", **{**given, "Content_Transfer_Encoding": ""})
    inner = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return head + inner + b"--" + boundary.encode() + b"--\r\n"


def file(name_header: bytes, content: bytes = b"x", kind: str = "image/jpeg") -> bytes:
    """A part that is a file; `name_header` is the rest of its Content-Disposition."""
    return (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n".encode()
        + b"Content-Disposition: attachment; "
        + name_header
        + b"\r\n\r\n"
        + base64.encodebytes(content)
    )


def labels(*named: str, colon: str = "：") -> str:
    values = ("幸福督办", "2023年6月6日 9:02", "李堃", "【督办提醒】封顶节点将于6月9日到期")
    return "\n".join(f"{name}{colon} {value}" for name, value in zip(named, values, strict=False))


def tnef(text: str, *files: tuple[str, bytes], charset: str = "gbk", cut: int = 0) -> bytes:
    """A ``winmail.dat``, as Outlook packs it."""

    def attribute(level: int, id: int, value: bytes) -> bytes:
        return (
            struct.pack("<BII", level, id, len(value))
            + value
            + struct.pack("<H", sum(value) % 65536)
        )

    made = bytes.fromhex("789f3e22") + b"\x01\x00"
    made += attribute(1, 0x00069007, struct.pack("<II", 936, 0))
    if text:
        made += attribute(1, 0x0002800C, text.encode(charset) + b"\0")
    for name, content in files:
        made += attribute(2, 0x00069002, b"\0" * 14)
        made += attribute(2, 0x00018010, name.encode(charset) + b"\0")
        made += attribute(2, 0x0006800F, content)
    return made[: len(made) - cut] if cut else made


def winmail(content: bytes) -> bytes:
    return several(
        "mixed",
        mail("\n", transfer="7bit"),
        file(b'filename="winmail.dat"', content, "application/ms-tnef"),
    )


def quoted(text: str = QUOTE) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def html(said: str, rest: str = "") -> str:
    return f"<html><body><div>{escape(said)}</div>{rest}</body></html>"


def samples() -> Iterator[Sample]:
    """At least forty, of different structure."""
    yield from _characters()
    yield from _plain_quotes()
    yield from _web_quotes()
    yield from _structures()


def _characters() -> Iterator[Sample]:
    for said in ("gb2312", "GBK", "x-gbk", "GB_2312-80", "cp936", "EUC-CN", "gb18030"):
        yield Sample(f"GB as {said}", mail(RARE, charset="gb18030", said=said), RARE)
    for said in ("gb2312", "gbk", "default", '""', '"utf-8 xx"', "us-ascii", "unicode-1-1", "-"):
        yield Sample(f"UTF-8 as {said}", mail(RARE, said=said), RARE)
    for said in ("default", '""', "us-ascii", "iso-8859-1", "x-unknown", "-"):
        yield Sample(f"GB as {said} ", mail(RARE, charset="gb18030", said=said), RARE)
    yield Sample("Big5", mail("進度已於六月完成", charset="big5"), "進度已於六月完成")
    yield Sample("UTF-16", mail(SAID, charset="utf-16"))
    yield Sample("8 bit as it is", mail(SAID, charset="gbk", transfer="8bit"))
    yield Sample("quoted-printable", mail(SAID, charset="gbk", transfer="quoted-printable"))
    yield Sample("a byte order mark", mail("\ufeff" + SAID))
    yield Sample("nothing valid", mail(SAID, transfer="x-unknown", charset="utf-8"))


def _plain_quotes() -> Iterator[Sample]:
    tail = f"\n\n{QUOTE}\n"
    rules = {
        "QQ": "------------------&nbsp;原始邮件&nbsp;------------------",
        "Coremail": "-----原始邮件-----",
        "网易": "---- 回复的原邮件 ----",
        "阿里": "------------------------------------------------------------------\n"
        + labels("发件人", "发送时间", "收件人", "主　题"),
        "Outlook": "-----Original Message-----\n"
        + labels("From", "Sent", "To", "Subject", colon=":"),
        "Outlook 中文": "________________________________\n"
        + labels("发件人", "发送时间", "收件人", "主题"),
        "Foxmail": labels("发件人", "发送时间", "收件人", "主题"),
        "Foxmail half width": labels("发件人", "日期", "收件人", "主题", colon=":"),
        "繁體": labels("寄件者", "寄件日期", "收件者", "主旨"),
        "emphasis": "\n".join(f"*{line}*" for line in labels("From", "Date", "To").split("\n")),
        "forwarded": "---------- Forwarded message ---------",
    }
    for name, rule in rules.items():
        yield Sample(f"rule of {name}", mail(f"{SAID}\n\n{rule}{tail}"))
    wrote = {
        "网易": '在 2023-06-06 09:02:11，"幸福督办" <duban@duban.example> 写道：',
        "Apple": f"> 2023年6月6日 上午9:02，{DUBAN} 写道：",
        "phone": f"> 在 2023年6月6日，09:02，{DUBAN} 写道：",
        "Gmail": f"{DUBAN} 于2023年6月6日周二 09:02写道：",
        "Thunderbird": "On 6/6/23 09:02, 幸福督办 wrote:",
        "two lines": f"On Tue, Jun 6, 2023 at 9:02 AM {DUBAN}\nwrote:",
    }
    for name, line in wrote.items():
        yield Sample(f"attribution of {name}", mail(f"{SAID}\n\n{line}\n{quoted()}\n"))
    yield Sample("sent from", mail(f"{SAID}\n\n发自我的iPhone\n\n{wrote['phone']}\n{quoted()}"))
    times = "时间：6月7日\n主题：封顶\n地点：福寿苑"
    yield Sample("labels of one's own", mail(f"{times}\n\n-----原始邮件-----{tail}"), times)
    yield Sample("below the quotation", mail(f"{wrote['Gmail']}\n{quoted()}\n\n{SAID}"), "", SAID)
    between = f"{wrote['Apple']}\n{quoted(OURS[1])}\n\n{SAID}\n\n{quoted(OURS[3])}"
    yield Sample("between the lines", mail(f"逐条答复。\n\n{between}"), "逐条答复。", SAID)
    yield Sample("no quotation", mail(f"{SAID}\n\n李堃"), f"{SAID}\n\n李堃")
    flowed = f"{SAID[:10]} \r\n{SAID[10:]}\r\n"
    yield Sample("flowed", mail(flowed, parameters="; format=flowed; delsp=yes"))


def _web_quotes() -> Iterator[Sample]:
    ours = "".join(f"<p>{line}</p>" for line in OURS)
    head = "<br>".join(labels("发件人", "发送时间", "收件人", "主题").split("\n"))
    says, cited = "<pre>在 2023-06-06，督办 写道：</pre>", '<blockquote type="cite">'
    quotes = {
        "Outlook": f'<div style="border-top:solid"><p><b>{head}</b></p></div>{ours}',
        "Apple": f"{cited}<div>在 2023年6月6日，某 写道：</div>{ours}</blockquote>",
        "网易": f'{says}<blockquote id="isReplyContent">{ours}</blockquote>',
        "Gmail": f'<div class="gmail_quote"><div>某 于2023年6月6日写道：</div>{ours}</div>',
        "Foxmail": f"<blockquote><div>{head}</div>{ours}</blockquote>",
        "QQ": f"<div>------------------&nbsp;原始邮件&nbsp;------------------</div>{ours}",
        "Coremail": f'<blockquote name="replyContent">-----原始邮件-----<br>{ours}</blockquote>',
    }
    for name, rest in quotes.items():
        yield Sample(f"HTML of {name}", mail(html(SAID, rest), kind="html", charset="gbk"))
    deep = html(SAID, quotes["QQ"]).replace("<div>", "<div>" * 1000, 1)
    yield Sample("HTML nested deeply", mail(deep, kind="html"))
    hidden = html(SAID).replace("<body>", "<head><style>p{}</style><script>x</script></head><body>")
    yield Sample("HTML with style and script", mail(hidden, kind="html"))


def _structures() -> Iterator[Sample]:
    text, web = mail(SAID, charset="gbk"), mail(html(SAID), kind="html", charset="gbk")
    blank = mail("\n", charset="gbk")
    yield Sample("alternative", several("alternative", text, web))
    yield Sample("a blank alternative", several("alternative", blank, web))
    related = several(
        "related", several("alternative", blank, web, boundary="=_c"), file(b"filename=a")
    )
    yield Sample("related", related)
    two = several("mixed", mail(SAID[:17]), file(b"filename=a.jpg"), mail(SAID[17:]))
    yield Sample("a picture between", two, f"{SAID[:17]}\n{SAID[17:]}")
    yield Sample("no last boundary", several("alternative", text, web)[:-8])
    yield Sample("winmail.dat", winmail(tnef(SAID)))
    yield Sample("winmail.dat cut short", winmail(tnef(SAID, ("a", b"xxxxxxxx"), cut=4)))
    third = several("mixed", text, b"Content-Type: message/rfc822\r\n\r\n" + mail("别人的话"))
    yield Sample("a mail within", third)
