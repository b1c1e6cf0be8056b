"""The house keeps its rooms: a module imports only from its own layer or below."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = [
    {"errors", "config", "raisons"},
    {"geometry", "codes", "schema", "cellules", "repetitions"},
    {"sources", "corrections"},
    {"communes_codes", "communes", "zones", "locating", "offre", "tables", "travel", "access", "equite", "classes", "dedupe"},
    {"build", "info", "checking", "filters", "guide", "search", "words", "repertoire", "voisinage", "fiches", "exports", "classeur", "reponses", "quality", "coverage", "fraicheur", "statistiques", "par_departement", "fichiers", "catalogue", "ecrire_lheo"},
    {"territoires"},
    {"maps", "figures"},
    {"reports"},
    {"web", "console"},
    {"cli", "__main__"},
]
ONLY_IN = {"flask": "web", "folium": "maps", "branca": "maps", "requests": "sources", "waitress": "web", "click": "cli", "rich": "console", "lxml": "sources",
           "matplotlib": "figures", "matplotlib_scalebar": "figures", "weasyprint": "reports"}
FILES = sorted((ROOT / "geoapp").rglob("*.py"))


def _room(path: Path) -> str:
    """Return the first package level of a file under geoapp/."""
    part = path.relative_to(ROOT / "geoapp").parts[0]
    return part.removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Return every module imported anywhere in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "geoapp" else {node.module}
    return found


def _rank(room: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS) if room in rooms)


@pytest.mark.parametrize("path", [p for p in FILES if _room(p) != "__init__"], ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path):
    mine = _rank(_room(path))
    for module in _imports(path):
        if module.startswith("geoapp.") and module != "geoapp.__version__":
            room = module.split(".")[1]
            assert _rank(room) <= mine, f"{path.name} ({_room(path)}) imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_room(path):
    allowed = {"ecrire_lheo": {"lxml"}, "cli": {"click"}, "web": {"click"}, "sources": {"rich"}}
    for module in _imports(path):
        library = module.split(".")[0]
        if library in ONLY_IN and library not in allowed.get(_room(path), ()):
            assert _room(path) == ONLY_IN[library], f"{path.name} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_is_private_stays_in_its_file(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geoapp"):
            assert not [alias.name for alias in node.names if alias.name.startswith("_") and not alias.name.startswith("__")], f"{path.name} imports a private name of {node.module}"


def test_only_zones_joins_geometries():
    for path in FILES:
        if _room(path) not in ("zones", "communes") and re.search(r"\bsjoin\b", path.read_text(encoding="utf-8")):
            pytest.fail(f"{path.name} calls sjoin: ask geoapp.reference.zonings")


def test_no_python_in_geodata_and_no_utils():
    assert not list((ROOT / "geodata").rglob("*.py"))
    assert not [p for p in FILES if p.name in ("utils.py", "helpers.py", "manager.py")]
