"""The errors of the whole product: one root, one exit code each."""

from collections.abc import Iterable


class XingfuError(Exception):
    """程序内部错误，请将本信息转告管理员。"""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class PolicyError(XingfuError):
    """实施方案或日历数据有误。"""


class RefusedError(XingfuError):
    """请求不符合规定，未作任何改动。"""


class ConflictError(RefusedError):
    """查看之后已有他人办理，请重新查看后再办理。"""


class UsageError(XingfuError):
    """命令用法有误。"""

    exit_code = 2


class UnavailableError(XingfuError):
    """所需的服务或文件暂时不可用，请稍后重试。"""

    exit_code = 3


class FullDiskError(UnavailableError):
    """磁盘已满，请清理磁盘、腾出空间后重试。"""


class BusyError(UnavailableError):
    """数据库正被占用，请稍后重试。"""


def with_reasons(head: str, reasons: Iterable[str]) -> str:
    """A message: what cannot be done, then every reason on a line of its own."""
    return "\n".join([head, *(f"  · {reason}" for reason in reasons)])
