"""统一社会信用代码 (GB 32100-2015)."""

from stdnum.cn import uscc


def valid_uscc(code: str) -> bool:
    """Whether `code` is an 18-character code with a right check character."""
    return bool(uscc.is_valid(code))
