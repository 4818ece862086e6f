"""The text of a plan file as a tree that knows, for each value, in which file and line it stands.

Here a plan is made whole: merges (`<<`) are resolved, the plans and bases that it `extends` are
laid beneath it, and the counties of its cities are taken from the table that `divisions` names.
"""

import io
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from common.errors import PolicyError
from policy.likeness import near

HOME = Path(__file__).parent
BASES = HOME / "bases"
MOST_BYTES = 4_000_000
"""Of a plan or notice file; forty times the largest that is shipped."""
MOST_VALUES = 400_000
"""Of a plan, those counted again that an alias repeats."""
# libyaml's, where it is built in: nine times as fast.
FASTEST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REMOVED = "!remove"
MERGED = "tag:yaml.org,2002:merge"
NUMBER = "tag:yaml.org,2002:int"
STANDARD = "code_standard"
"""The key that says by what standard the codes of places are."""
DEEPEST = 150
"""Brackets within brackets, or columns of indentation; a plan needs a tenth."""
Loc = tuple[str | int, ...]
Pairs = list[tuple[yaml.Node, yaml.Node]]

FULL_WIDTH = {"：": ":", "，": ",", "“": '"', "”": '"'}
BESIDE_WORDS = re.compile(
    r"^\s*(?:- )?[{ ]*\w+：|[\]}\"'\w]，\s*\w+\s*[:：]|：\s*[\[{“]|[:,\[{]\s*“"
)
"""Where a full-width sign stands in a line for one of YAML's own."""
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
ANOTHER_KEY = re.compile(r"[，,]\s*[a-z_]+\s*[:：]")
PROBLEMS = {
    r"cannot start any token": "有制表符（Tab）或 YAML 不许用的符号，请改用空格，值请加引号",
    r"mapping values are not allowed": "冒号位置有误：值中有“: ”的请加引号，或上一行缩进有误",
    r"could not find expected ':'": "缺少冒号，键后应为半角冒号和空格，如 goal: 100",
    r"expected ('-' indicator|<block end>)": "缩进不齐，请与同级各行对齐",
    r"did not find expected key": "缩进不齐或引号后还有文字，请与同级各行对齐",
    r"(did not find expected|expected) ',' or": "括号没有成对，或各项之间缺少半角逗号",
    r"unexpected end of stream": "引号没有成对",
    r"undefined alias": "引用（*）的名称没有用 & 定义，须先定义、后引用",
    r"duplicate anchor": "同一名称用 & 定义了两次",
    r"expected a single document": "文件中只能有一份方案，请删去多余的 ---",
    r"could not determine a constructor": "不认识的标记（!），只可用 !remove",
    r"day is out of range|month must be in|hour must be in": "日期不存在，请核对",
}
"""What YAML says, and how staff read it; in this order."""


UNREADABLE: Mapping[type[OSError], str] = {
    FileNotFoundError: "没有这个文件，请补上",
    IsADirectoryError: "无法读取：这是文件夹，应为文件",
    PermissionError: "无法读取：没有权限，请核对权限后重试",
}
"""What is said of a file that cannot be read."""


def read_text(path: Path) -> str:
    """The text of a file; PolicyError where it cannot be read, or is far too large for a plan."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            most = f"{MOST_BYTES // 1_000_000} MB"
            raise PolicyError(f"{path}: 文件过大（{size / 1e6:.0f} MB），最大{most}，请核对")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        told = UNREADABLE.get(type(error), f"无法读取（系统错误 {error.errno}），请核对")
        raise PolicyError(f"{path}: {told}") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: 无法读取：不是 UTF-8 编码，请另存为 UTF-8") from None


def read_tree(path: Path, under: tuple[Path, ...] = ()) -> yaml.MappingNode:
    """The whole plan in `path`; PolicyError, with file and line, where it is none.

    `under`: the files that extend it, which it may not extend itself.
    """
    own = _flattened(_compose(path, read_text(path)))
    if not isinstance(own, yaml.MappingNode):
        raise PolicyError(f"{path}:1: 实施方案文件应为键值结构，如 id: example-2025")
    below: yaml.MappingNode | None = None
    for named in _names(own, "extends"):
        tree = read_tree(_found(path, named, (*under, path)), (*under, path))
        below = tree if below is None else _laid_over(below, tree)
    whole = _without(own, "extends") if below is None else _laid_over(below, own)
    _no_removals(whole)
    return _with_divisions(path, _without(whole, "extends"), under)


def construct(root: yaml.MappingNode) -> dict[str, Any]:
    """The values of a plan's tree; PolicyError as `construct_values`."""
    data: dict[str, Any] = construct_values(root)
    return data


def read_values(path: Path) -> yaml.Node:
    """The tree of another file beside a plan; PolicyError, with file and line, for a broken one."""
    return _flattened(_compose(path, read_text(path)))


def construct_values(root: yaml.Node) -> Any:
    """The values of a tree; PolicyError with the line of one that cannot be, as 2023-02-30."""
    try:
        data = _Loader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise _broken(error, "") from None
    except RecursionError:
        raise PolicyError(f"{root.start_mark.name}: 嵌套过深，请核对") from None
    return data


def place(root: yaml.Node, loc: Loc) -> str:
    """``file:line`` of what is nearest to `loc`: as far down the path as the files go."""
    parent = node = root
    for part in loc:
        child = _child(node, part)
        if child is not None:
            parent, node = node, child
    mark, above = node.start_mark, parent.start_mark
    used = mark.name != above.name or mark.line < above.line
    told = f"{mark.name}:{mark.line + 1}"
    return f"{told}（用于第{above.line + 1}行）" if used and parent is not root else told


class _Text(io.StringIO):
    """A text whose marks name its file."""

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text)
        self.name = str(path)


class _Loader(yaml.SafeLoader):
    """Says the line of a value that cannot be, such as 2023-02-30."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError) as error:
            mark = node.start_mark
            raise yaml.constructor.ConstructorError(None, None, str(error), mark) from None


def _shallow(path: Path, text: str) -> None:
    """Refuses what is nested so deep that libyaml would bring the process down."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        lead = len(line) - len(line.lstrip(" -?:"))
        for sign in f" {line[lead:]}":
            depth += (sign in "[{") - (sign in "]}")
            if max(depth, lead) > DEEPEST:
                raise PolicyError(f"{path}:{number}: 嵌套过深，请核对括号和缩进")
        depth = max(depth, 0)


def _compose(path: Path, text: str) -> yaml.Node:
    _shallow(path, text)
    try:
        root = _root(path, text)
        if root is None:
            raise PolicyError(f"{path}: 文件为空")
        _bounded(root)
    except yaml.YAMLError as error:
        raise _broken(error, text, path) from None
    faults = [told for node in _nodes(root) for told in _odd(node)]
    if faults:
        raise PolicyError("\n".join(f"{_at(node)}: {says}" for node, says in faults))
    return root


def _root(path: Path, text: str) -> yaml.Node | None:
    """As the slower loader has it: it alone refuses tabs, and it says what is wrong."""
    if "\t" not in text:
        with suppress(yaml.YAMLError):
            return yaml.compose(_Text(text, path), Loader=FASTEST)
    return yaml.compose(_Text(text, path), Loader=yaml.SafeLoader)


def _bounded(root: yaml.Node) -> None:
    """Refuses aliases of aliases that would unfold without end."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            sizes[id(node)] = 1  # where it holds itself
            sizes[id(node)] = 1 + sum(map(size, _held(node)))
        return sizes[id(node)]

    if (values := size(root)) > MOST_VALUES:
        says = f"引用（*）展开后有{values}个值，超过{MOST_VALUES}个，请核对"
        raise PolicyError(f"{_at(root)}: {says}")


def _held(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _broken(error: yaml.YAMLError, text: str, path: Path | None = None) -> PolicyError:
    mark = getattr(error, "problem_mark", None)
    file: object = path or str(getattr(mark, "name", ""))
    said = getattr(error, "problem", None) or str(error)
    reason = next((mend for what, mend in PROBLEMS.items() if re.search(what, said)), "请核对")
    if mark is None:
        return PolicyError(f"{file}: YAML 格式有误：{reason}（{said}）")
    line, sign = _full_width(text, mark.line)
    if sign:
        reason = f"用了全角的“{sign}”，请改用半角的 {FULL_WIDTH[sign]} 并在其后空一格"
    return PolicyError(f"{file}:{line + 1}: YAML 格式有误：{reason}（{said}）")


def _full_width(text: str, line: int) -> tuple[int, str]:
    """The line, or the one before, that has a full-width sign for one of YAML's, and which."""
    lines = text.splitlines()
    for number in (line, line - 1):
        if 0 <= number < len(lines) and (found := BESIDE_WORDS.search(lines[number])):
            return number, next((sign for sign in FULL_WIDTH if sign in found.group()), "：")
    return line, ""


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once, even where an alias makes a loop, in the order of the file."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        waiting += reversed(_held(node))


def _odd(node: yaml.Node) -> Iterator[tuple[yaml.Node, str]]:
    """What YAML takes, and nobody means."""
    if isinstance(node, yaml.MappingNode):
        yield from _odd_keys(node)
    elif isinstance(node, yaml.SequenceNode) and node.flow_style:
        for item in node.value:
            if _plain(item) and re.search("[，；、]", item.value):
                says = f"“{item.value}”中有全角标点：几项之间请用半角逗号，确为一项的请加引号"
                yield item, says
    elif node.tag == NUMBER and CLOCK.fullmatch(node.value):
        yield node, f'时间须加引号，写作 "{node.value}"'
    elif _plain(node) and ANOTHER_KEY.search(node.value):
        yield node, f"“{node.value}”中似有下一项：各项之间请用半角逗号，键后请用半角冒号"


def _odd_keys(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, str]]:
    seen: set[Hashable] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield key, "键应为单个词"
        elif key.value in seen:
            yield key, f"键“{key.value}”重复，请删去一个"
        elif _plain(key) and "：" in key.value:
            yield key, f"“{key.value}”用了全角冒号，请改用半角冒号和空格"
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))


def _plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style


def _at(node: yaml.Node) -> str:
    return f"{node.start_mark.name}:{node.start_mark.line + 1}"


def _flattened(root: yaml.Node) -> yaml.Node:
    """The tree with every ``<<`` resolved: what is merged keeps its place, what is written wins."""
    made: dict[int, yaml.Node] = {}
    open_: set[int] = set()

    def flat(node: yaml.Node) -> yaml.Node:
        if id(node) in made:
            return made[id(node)]
        if isinstance(node, yaml.ScalarNode):
            return node
        assert isinstance(node, yaml.CollectionNode)  # noqa: S101  # there is no third kind
        new = type(node)(node.tag, [], node.start_mark, node.end_mark, node.flow_style)
        made[id(node)] = new
        open_.add(id(node))
        new.value = _pairs(node, flat, open_) if _maps(node) else [flat(n) for n in node.value]
        open_.discard(id(node))
        return new

    return flat(root)


def _maps(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode)


def _pairs(node: yaml.Node, flat: Callable[[yaml.Node], yaml.Node], open_: set[int]) -> Pairs:
    own: Pairs = [(key, flat(value)) for key, value in node.value if key.tag != MERGED]
    found = {key.value for key, _ in own}
    merged: Pairs = []
    for key, value in node.value:
        if key.tag != MERGED:
            continue
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not _maps(source) or id(source) in open_:
                raise PolicyError(f"{_at(key)}: << 只能并入另一个已定义的键值结构，如 <<: *stage")
            more = [pair for pair in flat(source).value if pair[0].value not in found]
            found |= {each.value for each, _ in more}
            merged += more
    return merged + own


def _names(node: yaml.MappingNode, key: str) -> list[yaml.ScalarNode]:
    value = _child(node, key)
    if value is None:
        return []
    named = value.value if isinstance(value, yaml.SequenceNode) else [value]
    if not all(isinstance(each, yaml.ScalarNode) and each.value for each in named):
        raise PolicyError(f"{_at(value)}: {key}: 应为一个方案的编号，或几个编号的列表")
    return list(named)


def _found(
    path: Path, named: yaml.ScalarNode, under: tuple[Path, ...], also: Iterable[str] = ()
) -> Path:
    """The file of a plan or a base that another one names; `also`: what else it may have meant."""
    own = path.resolve().parent
    homes = (own.parent, HOME / "plans")
    tried = [BASES / f"{named.value}.yaml", *(h / named.value / "plan.yaml" for h in homes)]
    found: Path | None = next((file for file in tried if file.is_file()), None)
    if found is None or not re.fullmatch(r"[a-z0-9-]+", named.value):
        known = {*also, *(file.stem for file in BASES.glob("*.yaml"))}
        known |= {file.parent.name for home in homes for file in home.glob("*/plan.yaml")}
        known -= {own.name}
        raise PolicyError(f"{_at(named)}: 没有方案或底本“{named.value}”{near(named.value, known)}")
    if found.resolve() in {file.resolve() for file in under}:
        raise PolicyError(f"{_at(named)}: “{named.value}”又继承了本方案，不能循环继承，请删去一处")
    return found


def _laid_over(below: yaml.MappingNode, above: yaml.MappingNode) -> yaml.MappingNode:
    """Mappings merge, all else is replaced, and what is marked ``!remove`` is left out."""
    upper = {key.value: (key, value) for key, value in above.value}
    pairs: Pairs = []
    for key, value in below.value:
        own_key, own = upper.pop(key.value, (key, value))
        if own.tag == REMOVED:
            continue
        both = isinstance(value, yaml.MappingNode) and isinstance(own, yaml.MappingNode)
        pairs.append((own_key, _laid_over(value, own) if both and own is not value else own))
    pairs += upper.values()
    return yaml.MappingNode(above.tag, pairs, above.start_mark, above.end_mark, above.flow_style)


def _no_removals(root: yaml.Node) -> None:
    for node in _nodes(root):
        if node.tag == REMOVED:
            says = f"{REMOVED} 只用来去掉所继承（extends）的方案中已有的键，这里没有可去掉的"
            raise PolicyError(f"{_at(node)}: {says}")


def _without(node: yaml.MappingNode, name: str) -> yaml.MappingNode:
    pairs = [(key, value) for key, value in node.value if key.value != name]
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)


def _with_divisions(
    path: Path, root: yaml.MappingNode, under: tuple[Path, ...]
) -> yaml.MappingNode:
    """Cities that name no counties have those of the city of that name in another plan."""
    tables: dict[str, yaml.MappingNode] = {}
    claimed: Pairs = []
    for named in _names(root, "divisions"):
        other = _table_of_places(path, named, under)
        claimed = claimed or [pair for pair in other.value if pair[0].value == STANDARD]
        cities = _child(other, "cities")
        for city in cities.value if isinstance(cities, yaml.SequenceNode) else []:
            name = _child(city, "name")
            if isinstance(city, yaml.MappingNode) and isinstance(name, yaml.ScalarNode):
                tables[name.value] = city
    cities = _child(root, "cities")
    if not tables or not isinstance(cities, yaml.SequenceNode):
        return _without(root, "divisions")
    filled = yaml.SequenceNode(cities.tag, [], cities.start_mark, cities.end_mark)
    filled.value = [_filled(city, tables) for city in cities.value]
    pairs = [(key, filled if value is cities else value) for key, value in root.value]
    claimed = [] if _child(root, STANDARD) else claimed
    whole = yaml.MappingNode(root.tag, [*claimed, *pairs], root.start_mark, root.end_mark)
    return _without(whole, "divisions")


def _table_of_places(
    path: Path, named: yaml.ScalarNode, under: tuple[Path, ...]
) -> yaml.MappingNode:
    """A table beside the plans or among those that are shipped, else another plan's own."""
    homes = [home / "divisions" for home in (path.resolve().parent.parent, HOME)]
    files = [home / f"{named.value}.yaml" for home in homes]
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        known = {each.stem for home in homes for each in home.glob("*.yaml")}
        return read_tree(_found(path, named, (*under, path), known), (*under, path))
    table = read_values(file)
    if not isinstance(table, yaml.MappingNode) or _child(table, "cities") is None:
        raise PolicyError(f"{file}:1: 区划表应有 cities（各市及其下的县），写法与方案相同")
    for key, _ in table.value:
        if key.value not in (STANDARD, "cities"):
            says = f"区划表没有“{key.value}”这一项，可用：{STANDARD}、cities"
            raise PolicyError(f"{_at(key)}: {says}")
    return table


def _filled(city: yaml.Node, tables: dict[str, yaml.MappingNode]) -> yaml.Node:
    name = _child(city, "name")
    if not isinstance(name, yaml.ScalarNode) or _child(city, "counties") is not None:
        return city
    if name.value not in tables:
        raise PolicyError(
            f"{_at(name)}: 区划表（divisions）中没有“{name.value}”{near(name.value, set(tables))}"
        )
    known = tables[name.value].value
    shared = [pair for pair in known if pair[0].value in ("code", "type", "counties")]
    table = yaml.MappingNode(city.tag, shared, city.start_mark, city.end_mark)
    return _laid_over(table, city)  # type: ignore[arg-type]  # it has a child by name


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]  # types-PyYAML leaves it untyped
    return None
