"""One thing is one row: the recipes of `CONTRIBUTING.md`, applied to a copy, show it everywhere."""

import json
import re
import shutil
from pathlib import Path

import pytest

from support.one_row import ROOT, run_in

PLACES = {
    "Add a source format": ("geoapp/sources/formats.py", "        FormatSource(\n", "boundaries"),
    "Add a usage": ("geoapp/sources/usages.py", "        Usage(\n", "verification"),
    "Add an indicator": ("geoapp/coverage/indicators.py", "        Indicateur(\n", "e2sfca"),
    "Add an offer column": (
        "geoapp/core/schema/offer_columns/given.py",
        "    ColonneOffre(\n",
        "metiers",
    ),
    "Add a filter": ("geoapp/offer/filters.py", "        Filtre(\n", "zone"),
}
"""Section → file, class of the row, and the row before which the one of the section is added."""

TWINS = {
    "Add a usage": ("geoapp/ingest/checking.py", '    "verification": _check_codes,\n'),
    "Add a filter": ("geoapp/cli/options.py", '    "zone",\n'),
}
"""Section → file that must name the row too, and the line before which it does."""

DEUX = {
    'id = "un"': 'id = "deux"',
    "Organisme Un": "Organisme Deux",
    "un.csv": "deux.csv",
}
"""What makes the source of the section another catalogue of the same offer."""

AGENDA = """
[[source]]
id = "portes-ouvertes"
titre = "Portes ouvertes"
producteur = "Nous"
licence = "Licence Ouverte 2.0"
millesime = "2026"
usage = "agenda"
format = "barres"
fichier = "portes.txt"
[source.colonnes]
code_commune = "commune"
nom = "lieu"
"""
ENTETE = "formation;commune;titre;niveau;siret;adresse;public"
LIGNE = "F1;59350;Titre professionnel Soudeur;4;19590302600019;1 rue du Four"
PUBLIC = "Demandeurs d'emploi de plus de 26 ans"
MIROIR = {
    "un.csv": f"{ENTETE}\n{LIGNE};{PUBLIC}, écrire à nom.prenom@exemple.fr\n",
    "deux.csv": f"{ENTETE}\n{LIGNE};\n",
    "portes.txt": "#barres\ncommune|lieu\n59350|Lycée\n99999|Nulle part\n",
}
"""What the producers of the temporary registry give."""

SEULE = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
"""A closed port: nothing waits for the Internet."""

BUILD = """
import json, sys
from pathlib import Path
import geoapp
from geoapp.cli.guide import write_dictionary
from geoapp.core.config import Settings
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.check_file import check_file
from geoapp.web import create_app

assert Path(geoapp.__file__).is_relative_to(Path.cwd()), "another tree answers"
data, mirror = Path("var"), Path("miroir")
snapshot = build_snapshot(mirror=mirror, data_dir=data)
checked = {}
for path in sorted(mirror.iterdir()):
    source, found = check_file(path)
    checked[path.name] = [source.id, source.format, found.nb_valides, found.nb_rejetees]
formations, offres = (snapshot.read(nom) for nom in ("formations", "offres"))
client = create_app(settings=Settings(data_dir=data)).test_client()
print(json.dumps({
    "checked": checked,
    "formations": formations.set_index("id_formation")["public_vise_libre"].dropna().to_dict(),
    "offres": offres[["id_action", "public_vise_libre", "provenances"]].to_dict("records"),
    "dictionary": write_dictionary(),
    "pages": {path: client.get(path).text for path in json.loads(sys.argv[1])},
}))
"""
"""Build the mirror of the copy, check its files, and print what the pages say."""

ASK = """
import json, sys
from pathlib import Path
from geoapp.core.config import Settings
from geoapp.web import create_app
from support.world import make_tiny_frames, publish_world

data, frames = Path("petit"), make_tiny_frames()
is_first = frames["offres"]["id_action"].eq("tiny:a1")
frames["offres"]["est_permanente"] = is_first.astype("boolean")
publish_world(frames, data)
client = create_app(settings=Settings(data_dir=data)).test_client()
print(json.dumps({path: client.get(path).text for path in json.loads(sys.argv[1])}))
"""
"""Publish the tiny world with the code of the copy, and print what it answers to some addresses."""

FICHE = "/formations/deux:F1-59350"
PAGES = (
    "/sources",
    "/rejets?source=portes-ouvertes",
    FICHE,
    f"/api/v1{FICHE}",
    "/api/v1/formations",
    "/api/v1/formations.csv",
    "/api/v1/formations.geojson",
    "/api/v1/openapi.json",
    "/donnees/tables/formations.csv",
    "/donnees/tables/formations.simple.csv",
    "/donnees",
)


def section(titre: str) -> str:
    """Return the text of one section of `CONTRIBUTING.md`."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = text.partition(f"## {titre}\n")[2].partition("\n## ")[0]
    assert found, titre
    return found


def block(titre: str, language: str) -> str:
    """Return the code that a section gives."""
    return re.search(rf"```{language}\n(.*?)```", section(titre), re.DOTALL).group(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """Return a copy of the code where the row of each section is added, and a registry of ours."""
    folder = tmp_path_factory.mktemp("copie")
    # With what is compiled: a copy keeps the dates of its files.
    shutil.copytree(ROOT / "geoapp", folder / "geoapp")
    for name in ("templates", "static", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "geodata").mkdir()
    for path in (ROOT / "geodata").iterdir():
        (folder / "geodata" / path.name).symlink_to(path)
    for titre, (path, call, following) in PLACES.items():
        add_before(
            folder / path,
            f'{call}{" " * (call.index(call.strip()) + 4)}nom="{following}"',
            row_of(titre),
        )
    for titre, (path, following) in TWINS.items():
        twin = re.search(r'`("\w+"(?:: \w+)?,)`', section(titre)).group(1)
        add_before(folder / path, following, f"{twin}\n")
    write_registry(folder)
    return folder


def row_of(titre: str) -> str:
    """Return the row that a section gives, as a table holds it."""
    return f"{block(titre, 'python').rstrip()},\n"


def add_before(path: Path, following: str, text: str) -> None:
    """Add a text to a file, before the only place where another one is."""
    before = path.read_text(encoding="utf-8")
    assert before.count(following) == 1, (path, following)
    path.write_text(before.replace(following, text + following), encoding="utf-8")


def write_registry(folder: Path) -> None:
    """Write two catalogues of one offer and an agenda, and what their producers give."""
    first = block("Add a source", "toml") + 'public_vise_libre = "public"\n'
    second = first
    for old, new in DEUX.items():
        assert old in first
        second = second.replace(old, new)
    registry = folder / "geodata" / "sources.toml"
    registry.unlink()
    registry.write_text(f"{first}\n{second}\n{AGENDA}", encoding="utf-8")
    (folder / "miroir").mkdir()
    for name, text in MIROIR.items():
        (folder / "miroir" / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def built(house) -> dict:
    """Return what is found in the files of the mirror, and what the pages then say."""
    return json.loads(run_in(house, "-c", BUILD, json.dumps(PAGES), **SEULE))


def test_a_source_is_one_row(built):
    assert built["checked"]["un.csv"] == ["un", "csv", 1, 0]
    assert "Catalogue de l’organisme Un" in built["pages"]["/sources"]


def test_a_format_and_a_usage_are_one_row_each(built):
    assert built["checked"]["portes.txt"] == ["portes-ouvertes", "barres", 1, 1]
    assert "Agenda des portes ouvertes</h2>" in built["pages"]["/sources"]
    assert "99999" in built["pages"]["/rejets?source=portes-ouvertes"]


def test_an_offer_column_is_one_row(built):
    """Read, checked (an address of e-mail is masked), stored, completed by the merge, shown."""
    nom, pages = "public_vise_libre", built["pages"]
    (known,) = built["formations"].values()
    assert list(built["formations"]) == ["un:F1"]
    assert known.startswith(PUBLIC) and "exemple.fr" not in known
    (offre,) = built["offres"]
    assert offre["id_action"].startswith("deux:") and offre[nom] == known
    assert f"{nom}:un" in offre["provenances"].split("|")
    said = known.replace("'", "’")
    assert re.search(rf"<dt>Public visé, en clair</dt>\s*<dd>{re.escape(said)}</dd>", pages[FICHE])
    (card,) = json.loads(pages["/api/v1/formations"])["formations"]
    sheet = json.loads(pages[f"/api/v1{FICHE}"])["formation"]
    assert card[nom] == sheet[nom] == known
    assert {"champ": nom, "libelle": "Public visé, en clair"}.items() <= next(
        one for one in sheet["provenances"] if one["champ"] == nom
    ).items()
    header, first = pages["/api/v1/formations.csv"].splitlines()
    assert ";Public visé, en clair;" in header and known in first
    (feature,) = json.loads(pages["/api/v1/formations.geojson"])["features"]
    assert feature["properties"][nom] == known
    schema = json.loads(pages["/api/v1/openapi.json"])["components"]["schemas"]["Formation"]
    assert schema["properties"][nom] == {
        "type": ["string", "null"],
        "description": "Public visé, tel que la source le dit",
    }
    rows = re.findall(rf"^\| `{nom}` \|.*$", built["dictionary"], re.MULTILINE)
    assert len(rows) == 3, "formations, offres, offres_voisines"
    assert "Public visé, en clair" in pages["/donnees/tables/formations.csv"]
    assert nom in pages["/donnees/tables/formations.simple.csv"] and nom in pages["/donnees"]


TITRE = "Trajet des trois quarts"
COUVERTURE = "/api/v1/couverture?zonage=commune"

DITS = {
    "/couverture?zonage=commune&mesure=p75": TITRE,
    "/couverture/zones/ze2020/3201": TITRE,
    "/couverture/export.csv?zonage=commune": TITRE,
    "/territoires/ze2020/3201": TITRE,
    "/donnees": TITRE,
    "/donnees/datapackage.json": TITRE,
    "/figures/couverture.svg?zonage=commune&mesure=p75": TITRE,
    "/api/": ", p75, ",
    "/api/v1/openapi.json": '"p75"',
}
"""What the pages say of the added indicator."""

FILTRES_DITS = {
    "/carte": "Entrées permanentes",
    "/recherche": "Entrées permanentes",
    "/recherche?permanente=oui": "entrées permanentes",
    "/couverture?permanente=oui": "entrées permanentes",
    "/figures/offre.svg?permanente=oui": "entrées permanentes",
    "/api/v1/facets": '"permanente"',
    "/api/v1/openapi.json": '"permanente"',
    "/api/v1/couverture?permanente=oui": '"permanente":["oui"]',
}
"""What they say of the added filter."""


@pytest.fixture(scope="module")
def said(house) -> dict[str, str]:
    """Return what one process of the copy answers over the tiny world."""
    asked = [*DITS, *FILTRES_DITS, COUVERTURE]
    return json.loads(run_in(house, "-c", ASK, json.dumps(asked)))


def test_an_indicator_is_one_row(said):
    for path, text in DITS.items():
        assert text in said[path], path
    answer = json.loads(said[COUVERTURE])
    assert answer["indicateurs"]["p75"]["titre"] == TITRE
    known = [zone for zone in answer["zones"] if zone["p90"] is not None]
    assert known and all(zone["mediane"] <= zone["p75"] <= zone["p90"] for zone in known)


def test_a_filter_is_one_row(house, said):
    for path, text in FILTRES_DITS.items():
        assert text in said[path], path
    assert "--permanente" in run_in(house, "-m", "geoapp", "search", "--help")
