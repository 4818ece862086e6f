"""Changes the core one place at a time and shows which changes its own fast tests do not see.

``python -m tests.support.mutants 150 2023`` tries so many changes, drawn with that seed, ``all``
tries all; names of modules after it (``states.ledger``) leave out the others. A change lives in the
memory of a process of its own: no file is edited. What may survive, and why:
tests/accepted_mutants.toml, of which what is no longer a change of the core is told as well.
"""

import ast
import importlib
import os
import random
import re
import resource
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import ndiff
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[2]
LEAST = 95
LIBRARIES = ("chinese_calendar", "highspy", "pydantic", "stdnum.cn.uscc", "transitions", "yaml")
OPTIONS = (  # what takes long on a slow machine has not failed: CPU seconds are counted instead
    *("-xq", "--noconftest", "--assert=plain", "-pno:cacheprovider", "-mnot heavy", "--timeout=0"),
)
# Others that cosmic-ray has, `<` for `is` or `**` for `+`, end in a TypeError that any test sees.
OPERATORS = (
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceUnaryOperator_Delete_Not"),
    *("NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ExceptionReplacer", "ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_USub"),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
            *("Eq_NotEq", "Eq_LtE", "Eq_GtE", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
        )
    ),
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in (
            *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv"),
            *("Pow_Mul", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr"),
        )
    ),
)
TYPED = ("ReplaceBinaryOperator_BitOr", "ReplaceTrueWithFalse")
LOOKS = {("policy.fields", "NumberReplacer")}
"""Numbers that are no rule: its are widths of columns, and a little wider is as good."""
ALSO = {
    **dict.fromkeys(
        ("policy.actions", "policy.bodies", "policy.cities", "policy.subsidies"),
        ("policy_schema", "policy_bounds", "policy_extends"),
    ),
    "policy.checks": ("policy_bounds", "policy_extends", "policy_validate"),
    "policy.defaults": ("policy_extends", "policy_load"),
    "policy.example_file": ("policy_faults", "states_examples"),
    "policy.examples": ("states_examples",),
    "policy.likeness": ("policy_extends", "policy_load"),
    "policy.duties": ("policy_bounds", "policy_extends", "policy_load"),
    "policy.evaluation": ("policy_bounds", "policy_extends", "states_scoring"),
    "policy.faults": (  # what is quick comes first: most changes are seen by it
        *("policy_validate", "policy_bounds", "policy_date_words", "policy_evidence"),
        *("policy_evaluation", "policy_faults", "policy_load"),
    ),
    "policy.fields": ("policy_extends", "states_dossier"),
    "policy.load": ("policy_meaning",),
    "policy.schema": ("policy_bounds", "policy_extends"),
    "policy.source": ("policy_extends", "policy_faults", "policy_load", "policy_meaning"),
    "policy.targets": ("policy_extends", "states_targets"),
    "policy.timing": ("policy_bounds", "policy_extends"),
    "policy.validate": ("policy_date_words", "policy_load"),
    "states.deadlines": ("states_chains", "states_ladder", "states_occasions"),
    "states.decide": ("states_ladder",),
    "states.doubts": ("states_occasions",),
    "states.measures": ("states_scoring", "states_scoring_properties"),
    "states.scoring": ("states_scoring_properties",),
}
"""Modules, and packages of them, that have tests in other files than that of their name too."""


Change = tuple[str, str, str]  # of which module, what was, what becomes


class Place(NamedTuple):
    """Where a module may be changed, and how."""

    module: str
    operator: str
    occurrence: int
    line: int


class Mutant(NamedTuple):
    """A module with one change."""

    module: str
    line: int
    was: str
    becomes: str
    source: str

    @property
    def change(self) -> Change:
        """By what it is accepted: lines move, and what a place holds does not."""
        return self.module, self.was, self.becomes


def main(size: str, seed: str, *modules: str) -> int:
    """Try a sample of changes, or all; 1 where too few are seen, or one accepted is none."""
    alike: Mapping[str, Any] = {"derandomize": True, "database": None, "deadline": None}
    unhurried = list(HealthCheck)  # a slow machine sees no change
    settings.register_profile("mutants", **alike, max_examples=30, suppress_health_check=unhurried)
    settings.load_profile("mutants")
    for name in LIBRARIES:
        importlib.import_module(name)
    places = [place for name in modules or _modules() for place in _places(name)]
    random.Random(int(seed)).shuffle(places)  # noqa: S311  # no secret
    # Those of policy/ come first: what states/ imports of it must not be there yet.
    chosen = list(map(_mutant, sorted(places if size == "all" else places[: int(size)])))
    accepted = _accepted()
    tried = [mutant for mutant in chosen if mutant.change not in accepted]
    seen = 0
    for module, group in groupby(tried, attrgetter("module")):
        found = list(map(_seen, group))
        _say(f"{module}: {sum(found)} of {len(found)} seen")
        seen += sum(found)
    killed = 100 * seen / max(len(tried), 1)
    _say(
        f"seed {seed}: {len(chosen)} of {len(places)} changes, {len(chosen) - len(tried)} of them"
        f" accepted; of {len(tried)} tried {seen} are seen, {killed:.1f} %"
    )
    stale = [change for change in accepted if not _is_possible(*change)]
    for module, was, becomes in stale:
        _say(f"tests/accepted_mutants.toml is stale: {module}: {was}  ->  {becomes}")
    return int(killed < LEAST or bool(stale))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _modules() -> Iterator[str]:
    for path in sorted(chain(*(ROOT.glob(f"{room}/**/*.py") for room in ("policy", "states")))):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def _places(module: str) -> Iterator[Place]:
    """Every place of a module but those that mypy holds, or where no change can be seen."""
    nodes = list(ast_nodes(get_ast_from_path(_path(module))))
    source = _path(module).read_text(encoding="utf-8")
    typed, lines = list(_typed(ast.parse(source))), source.splitlines()
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        found = (spot for node in nodes for spot in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(found):
            held = name.startswith(TYPED) and any(first <= start < end for first, end in typed)
            keyword_only = lines[start[0] - 1].startswith("*,", start[1])
            kept = lines[start[0] - 1].lstrip().startswith("@lru_cache(")  # how many: for speed
            if not (held or keyword_only or kept or (module, name) in LOOKS):
                yield Place(module, name, occurrence, start[0])


def _typed(tree: ast.AST) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where the types stand, and what says of a class that it is frozen."""
    for node in ast.walk(tree):
        parts = [getattr(node, name, None) for name in ("annotation", "returns", "slice")]
        for part in (*parts, *getattr(node, "decorator_list", ())):
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def _mutant(place: Place) -> Mutant:
    source = _path(place.module).read_text(encoding="utf-8")
    operator = get_operator(f"core/{place.operator}")()
    changed = mutate_code(source, operator, place.occurrence)
    lines = list(ndiff(source.splitlines(), changed.splitlines()))
    was, becomes = (
        " ".join(" ".join(line[1:].split()) for line in lines if line[0] == sign) for sign in "-+"
    )
    return Mutant(place.module, place.line, was, becomes, changed)


def _accepted() -> Sequence[Change]:
    with (ROOT / "tests" / "accepted_mutants.toml").open("rb") as file:
        listed = tomllib.load(file)["mutant"]
    return [(item["module"], item["was"], item["becomes"]) for item in listed]


def _is_possible(module: str, was: str, becomes: str) -> bool:
    """Whether a change can still be made of a module that is still there."""
    if not _path(module).exists():
        return False
    lines = [" ".join(line.split()) for line in _path(module).read_text("utf-8").splitlines()]
    near = (place for place in _places(module) if lines[place.line - 1] in was)
    return any(_mutant(place).change == (module, was, becomes) for place in near)


def _tests(module: str) -> Sequence[str]:
    """The files of tests that a module answers to: the one of its name, or those using it."""
    room, _, name = module.partition(".")
    uses = re.compile(f"^from ({room}.{name} import|{room} import {name}$)", re.MULTILINE)
    named = (module.replace(".", "_"), *ALSO.get(module, ALSO.get(module.rpartition(".")[0], ())))
    own = [path for each in named if (path := ROOT / "tests" / f"test_{each}.py").exists()]
    if own:
        return list(map(str, own))
    for near in (room, "states"):
        files = sorted(ROOT.glob(f"tests/test_{near}_*.py"))
        if using := [str(path) for path in files if uses.search(path.read_text(encoding="utf-8"))]:
            return using
    return []


def _seen(mutant: Mutant) -> bool:
    """Whether the tests see a change; one that they do not is told."""
    if mutant.module.startswith("states."):
        importlib.import_module("policy.load")  # is the same for all of them
    tests = tuple(_tests(mutant.module))
    seen = not _passes(tests, _limit(tests), mutant)
    if not seen:
        _say(f"{mutant.module}:{mutant.line}: {mutant.was}  ->  {mutant.becomes}")
    return seen


@cache
def _limit(tests: tuple[str, ...]) -> int:
    """CPU seconds that the tests of a changed module get, by what they take of the unchanged."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    if not _passes(tests, 600):
        raise SystemExit(f"the tests of a module fail, or there are none: {tests}")
    return 10 + 5 * round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)


def _passes(tests: tuple[str, ...], limit: int, mutant: Mutant | None = None) -> bool:
    """Whether tests pass, with a module changed; an endless loop ends as failed."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            if mutant is not None:
                _load(mutant.module, mutant.source)
            os._exit(int(pytest.main([*OPTIONS, *tests])))
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _load(module: str, source: str) -> None:
    """Import a module with other source than its file's."""
    package, _, name = module.rpartition(".")
    changed = ModuleType(module)
    changed.__file__ = str(_path(module))
    sys.modules[module] = changed
    setattr(importlib.import_module(package), name, changed)
    exec(compile(source, str(_path(module)), "exec"), changed.__dict__)  # noqa: S102  # the point


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
