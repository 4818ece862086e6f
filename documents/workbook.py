"""Opens what people send as a workbook, and says which form it is."""

import warnings
from enum import Enum
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook

from documents.forms import CONTACTS, SUMMARY, Column
from documents.table import has_table
from policy.errors import RefusedError, UnavailableError

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MOST_BYTES = 200_000_000
MEND = "请用 Excel 或 WPS 打开核对后另存为 .xlsx 文件再报送"


class Form(Enum):
    """The forms that can be imported."""

    APPLICATIONS = "项目汇总表（附件3）"
    CONTACTS = "通讯录"


COLUMNS: dict[Form, tuple[Column, ...]] = {Form.APPLICATIONS: SUMMARY, Form.CONTACTS: CONTACTS}


def open_workbook(path: Path) -> Workbook:
    """The workbook in `path`, with the values that its formulas last had.

    RefusedError when there is no readable .xlsx workbook there, UnavailableError when the file may
    not be read.
    """
    content = _content(path)
    _refuse_foreign(path, content)
    try:
        with warnings.catch_warnings():
            # Decorations that openpyxl drops (say, extended validation) do not concern the data.
            warnings.simplefilter("ignore")
            return load_workbook(BytesIO(content), data_only=True)
    except Exception:  # openpyxl names no closed list of what a damaged file makes it raise
        raise RefusedError(f"{path.name}：文件已损坏，无法读取；{MEND}") from None


def recognise(path: Path) -> Form:
    """Which form the workbook is; RefusedError that names the known forms when it is none."""
    workbook = open_workbook(path)
    for form, columns in COLUMNS.items():
        if has_table(workbook, columns):
            return form
    raise RefusedError(
        f"{path.name}：不是已知的表格；可导入的有：{'、'.join(form.value for form in Form)}，"
        "请核对表头文字是否与样表一致"
    )


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise RefusedError(f"{path.name}：是文件夹，不是工作簿；请指定其中的 .xlsx 文件")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RefusedError(f"{path}：没有这个文件；请核对文件名和所在文件夹") from None
    except OSError:
        raise UnavailableError(
            f"{path.name}：无法读取；请核对文件权限，并关闭正在使用它的程序后重试"
        ) from None


def _refuse_foreign(path: Path, content: bytes) -> None:
    if content.startswith(OLE) and ENCRYPTED in content:
        raise RefusedError(f"{path.name}：文件已加密；请取消打开密码后另存再报送")
    if content.startswith(OLE):
        raise RefusedError(f"{path.name}：是旧版 .xls 或 .et 格式；请另存为 .xlsx 文件再报送")
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except BadZipFile:
        raise RefusedError(f"{path.name}：不是 .xlsx 工作簿，或已损坏；{MEND}") from None
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise RefusedError(f"{path.name}：文件内容过大；请只保留需要报送的工作表")
