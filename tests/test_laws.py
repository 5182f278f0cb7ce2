"""The laws of the house, read off the syntax trees: each law is a function from a module to what breaks it."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pytest

from mining._fields import FIELDS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "mining"

# A room imports only from rooms before it. Modules with a leading underscore lie under all of them.
ROOMS = ("sources", "journeys", "discovery", "design", "timing", "personas", "maps", "whatif", "report")
GROUND = ("_errors", "_fields")
FREE = ("examples",)  # made from nothing of ours, and no room needs it
OUTSIDE = ("", "__main__", "cli", "notebook")  # the contents page, the command line, the notebooks' set-up
# The one sentence of theory makes journeys of touchpoints by a method: the only import against the stream, inside it.
UPSTREAM = {("sources.touchpoints", "journeys")}

DOORS = {
    "duckdb": ("_engine",), "pyspark": ("_engine",), "sqlglot": ("_engine",),
    "pm4py": ("_pm4py",),
    "matplotlib": ("_draw",), "seaborn": ("_draw",), "graphlay": ("_draw",),
    "sklearn": ("personas", "whatif"),
    "jinja2": ("report",),
    "splink": ("sources",),
    # Nothing here reaches the network or runs what it reads.
    **dict.fromkeys(("requests", "urllib.request", "http", "httpx", "aiohttp", "socket", "ftplib", "smtplib"), ()),
    **dict.fromkeys(("pickle", "joblib", "shelve", "marshal"), ()),
}  # fmt: skip
HEAVY = ("pm4py", "matplotlib", "seaborn", "sklearn", "duckdb", "pyspark", "graphlay", "splink")

BANNED = {"util", "utils", "helper", "helpers", "common", "base", "manager", "apply"}
ABBREVIATED = {
    "arr", "avg", "calc", "cfg", "cnt", "conf", "ctx", "dept", "desc", "df", "dfs", "evt", "fn", "freq", "func", "idx",
    "mgr", "msg", "num", "obj", "objs", "param", "params", "pct", "proc", "res", "ret", "stats", "tmp", "tp", "util",
    "val", "vals",
}  # fmt: skip
IO_PROTOCOL = {"read1"}
SKLEARN_PROTOCOL = {"get_feature_names_out", "get_metadata_routing", "get_params", "set_params"}

SQL = re.compile(
    r"^\s*(SELECT|WITH|INSERT|UPDATE|DELETE|CREATE|COPY|DROP|ALTER|ATTACH|PRAGMA|SET|CALL|FROM)\s", re.MULTILINE
)


@dataclass(frozen=True)
class Module:
    """A module of the library: its dotted name without ``mining.``, and its tree."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @property
    def room(self) -> str:
        return self.name.split(".", maxsplit=1)[0]

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


def told(name: str, source: str) -> Module:
    return Module(name, ast.parse(textwrap.dedent(source)))


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found.append(Module(name, ast.parse(path.read_text(encoding="utf-8"), str(path)), is_package))
    return tuple(found)


def imports(module: Module, tree: ast.AST | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line, absolute dotted name) of all that is imported anywhere in it, by statement or by name."""
    for node in ast.walk(tree or module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                above = ["mining", *filter(None, module.package.split("."))]
                start = ".".join([*above[: len(above) - node.level + 1], *filter(None, [node.module])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from ((node.lineno, name.value) for name in node.args[:1] if isinstance(name, ast.Constant))


def only_for_types(module: Module) -> set[tuple[int, str]]:
    """Imports under ``if TYPE_CHECKING``: they say what comes back, and run never."""
    blocks = [
        node for node in ast.walk(module.tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    return {found for block in blocks for statement in block.body for found in imports(module, statement)}


def inside_functions(module: Module) -> set[tuple[int, str]]:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    return {found for function in functions for found in imports(module, function)}


def floor(room: str) -> int:
    """Return how far down the house a room lies: what it imports must have a smaller number."""
    if room in GROUND:
        return 0
    return 1 if room.startswith("_") else 2 + ROOMS.index(room)


def broken_floors(module: Module) -> Iterator[str]:
    if module.room in OUTSIDE:
        return
    late = inside_functions(module)
    for line, name in sorted(set(imports(module)) - only_for_types(module)):
        if name.split(".")[0] != "mining":
            continue
        room = [*name.split("."), ""][1]
        is_hand_over = (module.name, room) in UPSTREAM and (line, name) in late
        if room != module.room and not is_hand_over and not _may_import(module.room, room):
            yield f"mining.{module.name}:{line} imports {name}, which does not lie above it"


def _may_import(importer: str, room: str) -> bool:
    if room == "__version__":
        return True
    if room in OUTSIDE or room in FREE:
        return False
    if importer in FREE:
        return room in GROUND
    is_below = floor(room) < floor(importer)
    return is_below or floor(room) == floor(importer) == 1 or (importer in GROUND and room in GROUND)


def broken_doors(module: Module) -> Iterator[str]:
    for line, name in imports(module):
        for engine, doors in DOORS.items():
            if f"{name}.".startswith(f"{engine}.") and module.room not in doors:
                where = f"comes in only through {', '.join(doors)}" if doors else "has no place here"
                yield f"mining.{module.name}:{line} imports {name}; {engine} {where}"


def built_sql(module: Module) -> Iterator[str]:
    """SQL put together at run time; module constants (in capitals) may be set into one another."""
    for node in ast.walk(module.tree):
        pieces = list(_pieces(node))
        texts = [piece.value for piece in pieces if isinstance(piece, ast.Constant) and isinstance(piece.value, str)]
        strange = [piece for piece in pieces if not isinstance(piece, ast.Constant) and not _is_constant(piece)]
        if strange and any(SQL.search(text) for text in texts):
            yield f"mining.{module.name}:{node.lineno} builds SQL from {', '.join(map(ast.unparse, strange))}"


def _pieces(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.JoinedStr():
            yield from (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            yield from (node.left, node.right)
        case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace", value=text)):
            yield from (text, *node.args, *(keyword.value for keyword in node.keywords))


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).rpartition(".")[2].isupper()


def banned_names(module: Module) -> Iterator[str]:
    for line, name in _given_names(module):
        words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name.replace("pm4py", ""))]
        if name in SKLEARN_PROTOCOL | IO_PROTOCOL or (name.startswith("__") and name.endswith("__")):
            continue
        because = [
            *(f"says '{word}'" for word in words if word in BANNED),
            *(f"abbreviates '{word}'" for word in words if word in ABBREVIATED),
            *(["begins with 'get'"] if words[:1] == ["get"] else []),
            *(["has a digit"] if any(word.isdigit() for word in words) else []),
        ]
        if because:
            yield f"mining.{module.name}:{line} the name '{name}' {' and '.join(because)}"


def _given_names(module: Module) -> Iterator[tuple[int, str]]:
    """Yield what the module names for others to read: itself, functions, classes, arguments, fields and constants."""
    yield from ((1, part) for part in module.name.split("."))
    for node in ast.walk(module.tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
                named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                yield from ((argument.lineno, argument.arg) for argument in named)
            case ast.ClassDef():
                yield node.lineno, node.name
        if isinstance(node, ast.Module | ast.ClassDef):
            for statement in node.body:
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                yield from ((target.lineno, target.id) for target in targets if isinstance(target, ast.Name))


def unsaid_encodings(module: Module) -> Iterator[str]:
    """Text files opened in whatever encoding the machine happens to have."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        is_binary = any(isinstance(argument, ast.Constant) and "b" in str(argument.value) for argument in node.args[:2])
        has_encoding = any(keyword.arg in ("encoding", None) for keyword in node.keywords)
        is_text = called in ("read_text", "write_text") or (ast.unparse(node.func) == "open" and not is_binary)
        if is_text and not has_encoding and not (called == "read_text" and node.args):
            yield f"mining.{module.name}:{node.lineno} leaves the encoding of a text file to the machine"


LAWS: tuple[Callable[[Module], Iterator[str]], ...] = (
    broken_floors, broken_doors, built_sql, banned_names, unsaid_encodings,
)  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_house_keeps_its_laws(law):
    assert modules(), "there is no library to look at"
    assert "\n".join(fault for module in modules() for fault in law(module)) == ""


@pytest.mark.parametrize(
    ("law", "module", "source"),
    [
        (broken_floors, "sources.quality", "from mining.journeys import Journeys"),
        (broken_floors, "sources.quality", "def late():\n    from ..journeys import Journeys"),
        (broken_floors, "sources.touchpoints", "from mining.journeys import Journeys"),
        (broken_floors, "discovery.flow", "import mining"),
        (broken_floors, "discovery.flow", "from mining.examples import company"),
        (broken_floors, "examples.company", "from mining.sources import read_crm"),
        (broken_floors, "_engine.codes", "from mining.sources import Touchpoints"),
        (broken_floors, "_fields", "from mining._engine import codes"),
        (broken_doors, "discovery.flow", "import pm4py"),
        (broken_doors, "discovery.flow", "def late():\n    from matplotlib.figure import Figure"),
        (broken_doors, "discovery.flow", "import importlib\nimportlib.import_module('sklearn.cluster')"),
        (broken_doors, "sources.reading", "import duckdb"),
        (broken_doors, "sources.reading", "from urllib import request"),
        (built_sql, "_engine.duckdb", "con.execute(f'SELECT {column} FROM log')"),
        (built_sql, "_engine.duckdb", "query = 'SELECT * FROM log WHERE ' + wanted"),
        (built_sql, "_engine.duckdb", "query = 'SELECT {} FROM log'.format(column)"),
        (built_sql, "_engine.duckdb", "query = 'SELECT %s FROM log' % column"),
        (banned_names, "journeys.utils", ""),
        (banned_names, "journeys.narrow", "def get_variants(): ..."),
        (banned_names, "journeys.narrow", "class LogManager: ..."),
        (banned_names, "journeys.narrow", "def narrow(df): ..."),
        (banned_names, "journeys.narrow", "class Wait:\n    p90: float"),
        (unsaid_encodings, "report.page", "path.read_text()"),
        (unsaid_encodings, "report.page", "open(path, 'w')"),
    ],
)
def test_each_law_can_be_broken(law, module, source):
    assert len(list(law(told(module, source)))) == 1


@pytest.mark.parametrize(
    ("law", "module", "source"),
    [
        (broken_floors, "journeys.narrow", "from mining.sources import Touchpoints\nfrom mining._engine import steps"),
        (broken_floors, "sources.touchpoints", "def by():\n    from mining.journeys.link import link"),
        (broken_floors, "sources.quality", "if TYPE_CHECKING:\n    from mining.journeys import Journeys"),
        (broken_floors, "cli", "import mining\nfrom mining.examples import company"),
        (broken_doors, "_draw.flow", "import matplotlib.pyplot\nimport graphlay"),
        (broken_doors, "personas.clusterer", "from sklearn.cluster import KMeans"),
        (built_sql, "_engine.duckdb", "con.execute(f'SELECT a FROM ({LINKED})')\nf'{n} rows from here'"),
        (banned_names, "personas.clusterer", "class Personas:\n    def get_feature_names_out(self): ..."),
        (unsaid_encodings, "report.page", "path.read_text(encoding='utf-8')\nopen(path, 'rb')"),
    ],
)
def test_no_law_forbids_what_is_right(law, module, source):
    assert list(law(told(module, source))) == []


def test_modules_do_not_import_in_circles():
    names = {module.name for module in modules()}
    needs: dict[str, set[str]] = {}
    for module in modules():
        lasting = set(imports(module)) - only_for_types(module) - inside_functions(module)
        wanted = {name.removeprefix("mining.") for _, name in lasting if name.startswith("mining.")}
        needs[module.name] = {name if name in names else name.rpartition(".")[0] for name in wanted} & names
    remaining = dict(needs)
    while free := [name for name, wanted in remaining.items() if not wanted & (remaining.keys() - {name})]:
        remaining = {name: wanted for name, wanted in remaining.items() if name not in free}
    assert not remaining, f"these import one another in a circle, or build on a circle: {sorted(remaining)}"


def test_importing_the_library_stays_light():
    program = f"import sys, mining; print(*[name for name in {HEAVY} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.split() == []


def test_no_field_is_a_word_of_sql():
    reserved = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    words = {word for (word,) in duckdb.sql(reserved).fetchall()}
    assert "select" in words
    assert {field.name for field in FIELDS} & words == set()


# --- the public face


def homes() -> dict[str, str]:
    """Return public name -> the module that defines it, as the contents page tells type checkers."""
    contents = next(module for module in modules() if not module.name)
    return {
        name.rpartition(".")[2]: name.rpartition(".")[0].removeprefix("mining.") for _, name in only_for_types(contents)
    }


def public() -> dict[str, object]:
    """Return what the contents page names."""
    library = importlib.import_module("mining")
    return {name: getattr(library, name) for name in library.__all__}


def test_no_public_name_is_also_the_name_of_a_room():
    # Python hangs an imported room on the library under its name, and would put it in the public thing's place.
    assert set(homes()) & {module.room for module in modules()} == set()


def test_type_checkers_and_the_interpreter_see_the_same_names():
    library = importlib.import_module("mining")
    assert set(homes()) == set(library.__all__)
    assert all(callable(thing) for thing in public().values())


def documented(text: str) -> set[str]:
    """Return the names that open a table row, an item or a heading of the section ``Public names`` (or of it all)."""
    parts = re.split(r"^(#+) +Public names *$", text, maxsplit=1, flags=re.MULTILINE)
    if len(parts) > 1:
        text = re.split(rf"^#{{1,{len(parts[1])}}} ", parts[2], maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^(?:\| *|#+ +|[-*] +)`(?:mining\.)?(\w+)(?:\([^`]*)?`", text, flags=re.MULTILINE))


def test_documented_names_are_read_from_a_table_a_list_or_headings():
    readme = """
    # Title
    | `other` | not this one |
    ## Public names
    | name | what |
    |---|---|
    | `mining.read_crm(folder, ...)` | reads `files` |
    | `Journeys` | narrows |
    ## Next
    | `other` | nor this one |
    """
    assert documented(textwrap.dedent(readme)) == {"read_crm", "Journeys"}
    reference = "# Reference\n### `mining.discover(journeys)`\n- `compare`: the gaps\nuse `other`, `design.steps`"
    assert documented(reference) == {"discover", "compare"}


def test_public_names_equal_the_documented_ones():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "Public names" in text
    assert documented(text) == set(importlib.import_module("mining").__all__)


def test_the_contents_page_is_sorted_and_short():
    library = importlib.import_module("mining")
    assert list(library.__all__) == sorted(library.__all__)
    assert len(library.__all__) <= 25
    assert set(library.__all__) <= set(dir(library))


def missing_sections(name: str, thing: object) -> Iterator[str]:
    """Yield what the docstring of a public function, class or method lacks of numpydoc's sections."""
    text = inspect.getdoc(thing) or ""
    first = text.split("\n", maxsplit=1)[0]
    if not first.endswith("."):
        yield f"{name}: the first line of its docstring is not one sentence"
    explained = [] if _is_a_sentence(thing) else _parameters(thing)
    for parameter in explained:
        if not re.search(
            rf"^\*{{0,2}}(\w+, )*{parameter}(, \w+)* :", _section(text, "Parameters|Attributes"), re.MULTILINE
        ):
            yield f"{name}: Parameters does not explain '{parameter}'"
    if inspect.isroutine(thing) and _gives(thing) and not _section(text, "Returns|Yields"):
        yield f"{name}: there is no section Returns"


def _section(text: str, title: str) -> str:
    found = re.findall(rf"^(?:{title})\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(found)


def _parameters(thing: object) -> list[str]:
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return []  # built by named constructors
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls") and name[0] != "_"]


def _is_a_sentence(thing: object) -> bool:
    """Tell whether it is a method with one parameter, which reads as a sentence and may be explained by one."""
    return (
        inspect.isfunction(thing)
        and "." in thing.__qualname__.rpartition("<locals>.")[2]
        and len(_parameters(thing)) < 2
    )


def _gives(thing: object) -> bool:
    """Tell whether something new comes back: ``None``, the object's like and its picture need no words."""
    if thing.__name__ == "plot":
        return False
    annotation = inspect.signature(thing).return_annotation
    owner = thing.__qualname__.rpartition(".")[0]
    return annotation not in (None, "None", "Self", owner, inspect.Signature.empty)


def _documented_parts(name: str, thing: object) -> Iterator[tuple[str, object]]:
    yield name, thing
    if inspect.isclass(thing):
        methods = [(method, value) for method, value in vars(thing).items() if inspect.isfunction(value)]
        yield from ((f"{name}.{method}", value) for method, value in methods if not method.startswith("_"))


@pytest.mark.parametrize("name", sorted(homes()))
def test_every_public_name_has_a_whole_docstring(name):
    parts = _documented_parts(name, getattr(importlib.import_module("mining"), name))
    assert "\n".join(fault for part, thing in parts for fault in missing_sections(part, thing)) == ""


def test_a_thin_docstring_is_noticed():
    def thin(journeys: object, gap: str) -> int:
        """Ask.

        Parameters
        ----------
        journeys : Journeys
            The journeys.
        """
        return 1

    assert list(missing_sections("thin", thin)) == [
        "thin: Parameters does not explain 'gap'",
        "thin: there is no section Returns",
    ]
