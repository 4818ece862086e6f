"""What somebody may have meant by a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12


def near(name: str, known: Iterable[str]) -> str:
    """A question after what may have been meant; all that there is, where that is little."""
    among = sorted(known)
    if any(sign in name for sign in "，、；："):
        return "（其中有全角标点；几项之间请用半角逗号）"
    if found := get_close_matches(name, among, 1, 0.6):
        return f"，是否为“{found[0]}”？"
    return f"，可用：{'、'.join(among)}" if 0 < len(among) <= FEW else ""
