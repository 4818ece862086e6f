"""How `NotoSansSC-subset.otf` was made: Noto Sans CJK SC, cut down to GB 2312 and a few more.

Run by hand, where Debian's `fonts-noto-cjk` is installed: ``python -m documents.fonts.build``.
"""

from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]  # it ships no types
from fontTools.ttLib import TTCollection  # type: ignore[import-untyped]

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACE = "NotoSansCJKsc-Regular"
TARGET = Path(__file__).with_name("NotoSansSC-subset.otf")
PLACES = "埇沚浉瀍猇硚鄠"
"""What names of China's counties, townships and streets have beyond GB 2312."""
NAMES = "喆堃昇玥珺祎翀赟晞瑀昉玘琤璟垚犇頔镕堉婳嫄彧曈沄淏湜濛炘烜珣琋瑄璠甦翯芃谞"
"""Some that given names often have."""
SIGNS = "㎡²³€•—·\N{MINUS SIGN}\N{EN DASH}"
"""Python's gb2312 has other signs where people type the dash and the dot."""
LAYOUT = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
"""Tables for vertical text and typographic variants, which graphs do not use."""


def build(source: Path = SOURCE, target: Path = TARGET) -> None:
    """Write the subset; the same source gives the same bytes."""
    faces = TTCollection(source).fonts
    font = next(face for face in faces if face["name"].getDebugName(6) == FACE)
    options = Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
    options.drop_tables += LAYOUT
    cutter = Subsetter(options)
    cutter.populate(text="".join(characters()))
    cutter.subset(font)
    font.recalcTimestamp = False
    font.save(target)


def characters() -> Iterator[str]:
    """ASCII, GB 2312 and the further ones."""
    yield from map(chr, range(0x20, 0x7F))
    yield from PLACES + NAMES + SIGNS
    for first in range(0xA1, 0xFF):
        for second in range(0xA1, 0xFF):
            yield from bytes((first, second)).decode("gb2312", errors="ignore")


if __name__ == "__main__":
    build()
