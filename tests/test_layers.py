"""The house keeps its rooms: each imports only rooms to its left, and no file imports in a
circle.
"""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from geoapp.outputs.maps import PAR_FOLIUM

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "geoapp"
ROOMS = (
    "core",
    "reference",
    "sources",
    "offer",
    "coverage",
    "planning",
    "ingest",
    "outputs",
    "web",
    "cli",
)
"""Rooms from left to right; `docs/architecture.md` says what each answers."""

ONLY_IN = {
    "flask": ("web",),
    "click": ("cli",),
    "rich": ("cli",),
    "waitress": ("cli", "web"),
    "gunicorn": ("web/production.py",),
    "prometheus_client": ("web/production.py", "web/metrics.py"),
    "requests": ("sources",),
    "lxml": ("sources", "outputs/lheo.py"),
    "folium": ("outputs/maps",),
    "branca": ("outputs/maps",),
    "matplotlib": ("outputs/figures",),
    "matplotlib_scalebar": ("outputs/figures",),
    "weasyprint": ("outputs/sheets",),
}
"""Heavy libraries, and the only places that may import them."""

WHEN_ASKED = (
    "pyogrio",
    "scipy.optimize",
    "scipy.spatial",
    "xlsxwriter",
    *(f"geoapp.outputs.maps.{name}" for name in PAR_FOLIUM),
)
"""What is loaded where it serves, so that a server answers before it has loaded it: SciPy and
`outputs.maps` give these by their attributes.
"""

LATE = {
    "cli": "`geoapp --help` answers without loading geopandas, Flask or matplotlib",
}
"""Rooms that may import inside a function, and why."""


def _modules() -> dict[str, Path]:
    """Return the files of the house by module name."""
    return {_name(path): path for path in sorted(HOUSE.rglob("*.py"))}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class Definition(NamedTuple):
    """A class or a function that a file defines."""

    nom: str
    ligne: int
    nb_lignes: int
    retrait: int
    est_classe: bool
    est_dite: bool


@cache
def _read(path: Path) -> tuple[list[ast.Import | ast.ImportFrom], list[Definition]]:
    """Return what a file imports and what it defines: each file is parsed once for all tests."""
    imports, definitions = [], []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            size, is_class = node.end_lineno - node.lineno, isinstance(node, ast.ClassDef)
            is_told = bool(ast.get_docstring(node))
            definitions.append(
                Definition(node.name, node.lineno, size, node.col_offset, is_class, is_told)
            )
    return imports, definitions


def _imports(path: Path, modules: dict[str, Path]) -> list[tuple[str, int, bool]]:
    """Return what a file imports: (module, line, whether inside a function)."""
    found = []
    for node in _read(path)[0]:
        late = node.col_offset > 0
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, late) for alias in node.names]
        elif node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.append((full if full in modules else node.module, node.lineno, late))
    return found


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_the_house_has_its_rooms_and_imports_go_left():
    modules, faults, arrows = _modules(), [], {}
    loose = {path.name for path in HOUSE.iterdir() if path.name != "__pycache__"}
    assert loose == {*ROOMS, "__init__.py", "__main__.py"}
    for module, path in modules.items():
        place, inside = f"{path.relative_to(ROOT)}", path.relative_to(HOUSE).as_posix()
        room = _room(module)
        for imported, line, late in _imports(path, modules):
            where = f"{place}:{line} imports {imported}"
            library = imported.split(".")[0]
            if library in ONLY_IN and not inside.startswith(ONLY_IN[library]):
                faults.append(f"{where}: only {', '.join(ONLY_IN[library])} may")
            if imported.startswith(WHEN_ASKED) and not late and "outputs/maps" not in inside:
                faults.append(f"{where}: few ask for it, every start would wait for it")
            if library == "benchmarks":
                faults.append(f"{where}: no wheel holds it")
            if library != "geoapp" or imported in ("geoapp", "geoapp.__version__"):
                continue
            arrows.setdefault(module, set()).add(imported)
            if room in ROOMS and ROOMS.index(_room(imported)) > ROOMS.index(room):
                faults.append(f"{where}: a room to its right")
            if late and room not in LATE:
                faults.append(f"{where}: inside a function, without a reason")
    assert not faults, "\n".join(faults)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as circle:
        raise AssertionError(f"imports in a circle: {' → '.join(circle.args[1])}") from None


def test_what_is_private_stays_in_its_file():
    faults = []
    for path in _modules().values():
        for node in _read(path)[0]:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geoapp"):
                names = [alias.name for alias in node.names]
                private = [n for n in names if n.startswith("_") and not n.startswith("__")]
                faults += [f"{path.relative_to(ROOT)}:{node.lineno}: {name}" for name in private]
    assert not faults, "\n".join(faults)


def test_a_class_name_means_one_thing():
    places: dict[str, list[str]] = {}
    for path in _modules().values():
        for one in _read(path)[1]:
            if one.est_classe:
                places.setdefault(one.nom, []).append(str(path.relative_to(ROOT)))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, twice


def test_only_zone_joins_join_geometries():
    allowed = ("reference/zone_joins.py", "reference/communes/")
    for path in _modules().values():
        inside = path.relative_to(HOUSE).as_posix()
        if not inside.startswith(allowed):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\bsjoin\b", text), f"{inside}: ask reference.zone_joins"


def test_no_python_in_geodata_and_no_utils():
    assert not list((ROOT / "geodata").rglob("*.py"))
    vague = ("utils.py", "helpers.py", "manager.py", "processor.py")
    assert not [path for path in _modules().values() if path.name in vague]


def test_no_function_is_longer_than_sixty_lines():
    long = [
        f"{path.relative_to(ROOT)}:{one.ligne}: {one.nom}"
        for path in _modules().values()
        for one in _read(path)[1]
        if not one.est_classe and one.nb_lignes >= 60
    ]
    assert not long, "\n".join(long)


def test_every_public_function_has_a_docstring():
    untold = [
        f"{path.relative_to(ROOT)}:{one.ligne}: {one.nom}"
        for path in _modules().values()
        for one in _read(path)[1]
        # What is inside another definition is told by it.
        if not one.nom.startswith("_") and not one.est_dite and one.retrait < 4
    ]
    assert not untold, "\n".join(untold)
