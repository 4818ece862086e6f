"""A digest to be sent, for tests of channels."""

from dataclasses import replace
from datetime import UTC, date, datetime

from notifications.message import Attachment, Message
from notifications.render import digest
from tests.support.builders import a_line

XLSX = b"PK\x03\x04" + bytes(range(256)) * 40 + b"\r\n.\r\n\n.\n"
LIST = Attachment("太原市清徐县2023年6月逾期项目清单（第1期）.xlsx", XLSX)


def a_message(lines: int = 1) -> Message:
    line = a_line(to_do="请办理开工", missing=())
    return digest(
        "0f3c9a77b1d24e5f8a6b",
        "太原市清徐县民政局",
        date(2023, 6, 1),
        [replace(line, subject=f"XF2023-140121-{number:03d}") for number in range(lines)],
        "2023年城镇社区幸福养老提速工程",
        (LIST,),
        datetime(2023, 5, 31, 17, 30, tzinfo=UTC),  # 01:30 on 1 June in Shanghai
        called="幸福养老工程",
    )


MESSAGE = a_message()
