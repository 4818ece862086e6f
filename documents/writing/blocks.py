"""What a paper is made of: texts, headings, tables and graphs."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: 一、 at level 1, （一） at level 2."""

    heading: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table; every cell a text, as it is printed."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    widths: tuple[float, ...] = ()
    """Relative widths of the columns; empty: all alike."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph."""

    label: str
    values: tuple[Decimal | None, ...]
    """One a category; None leaves a gap."""
    dashed: bool = False
    """For what is planned or expected."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A line graph."""

    caption: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    band: tuple[tuple[Decimal, Decimal] | None, ...] = ()
    """Low and high of what is expected, one a category; empty: no band."""


@dataclass(frozen=True, slots=True)
class GraphPairs:
    """Several graphs in one picture, two beside one another."""

    caption: str
    graphs: tuple[Graph, ...]
    """Each with its own caption below it."""


PaperBlock = str | Heading | PaperTable | Graph | GraphPairs
"""What a paper is made of; a text is one paragraph."""


@dataclass(frozen=True, slots=True)
class Annex:
    """附件: it begins on a page of its own."""

    title: str
    blocks: tuple[PaperBlock, ...]


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper says, beside its number and its date."""

    title: str
    addressee: str
    """主送机关."""
    paragraphs: tuple[PaperBlock, ...]
    sender: str
    """署名."""
    annexes: tuple[Annex, ...] = ()
    copies: str = ""
    """抄送."""
    number: str = ""
    """文号 of a draft as far as it is known, e.g. ``晋民函〔2023〕　　号``."""

    @property
    def words(self) -> tuple[str, ...]:
        """Its texts from the title to the signature, for a screen without tables."""
        texts = (_told(block) for block in self.paragraphs)
        return (self.title, f"{self.addressee}：", *texts, self.sender)


def _told(block: PaperBlock) -> str:
    match block:
        case str():
            return block
        case Heading():
            return block.heading
        case PaperTable():
            lines = ("　".join(row) for row in (block.heads, *block.rows))
            return "\n".join([*([block.caption] if block.caption else []), *lines])
        case Graph() | GraphPairs():
            return f"（图：{block.caption}）"
