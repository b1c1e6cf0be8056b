"""The recipe of `CONTRIBUTING.md` applied to a copy of the tree, of which every address is asked.

Run as a program, in a process of its own so that the copy is the only `geoapp` it knows, this file
asks each address of the application for three zonings: one of the product, the added one, and one
that does not exist, which tells the addresses that read the zoning from those that ignore it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd

import geoapp
from geoapp.core.config import Settings
from geoapp.core.snapshot import open_snapshot
from geoapp.outputs.sheets import folder
from geoapp.reference.zonings import CHERCHES, ZONAGES
from geoapp.web import create_app
from support.world import make_tiny_frames, publish_world

ROOT = Path(__file__).resolve().parents[2]
MODELE, AJOUT, RIEN = "ze2020", "bv2022", "zz2099"
"""The zoning that the added one must follow everywhere, the added one, and none."""

QUESTIONS = (
    "",
    "zone={type}:{code}",
    "lieu={type}:{code}",
    "lieu={mot} {nom}",
    "lieu={sorte} {nom}",
    "q={mot} {nom}",
    "zonage={type}",
    "emprise={type}:{code}",
    "type={type}",
)
"""Ways to name a zoning, or a zone, in the parameters of an address."""

AVEC = "avec={type}:{code}"
"""The same, in an address whose path names a zone already."""

ENTIER = ".gpkg"
"""End of an address of everything, which no question changes: it is written again each time."""

PARTIES: dict[str, tuple[str, ...]] = {
    "type_zone": ("{type}",),
    "code_zone": ("{code}",),
    "fichier": ("{type}.csv", "{type}.geojson"),
    "format": ("csv", "geojson"),
    "identifiant": ("inconnu",),
    "filename": ("css/base.css",),
}
"""What the variable parts of an address may be; those of `PROPRES` depend on the address."""

PROPRES: dict[tuple[str, str], tuple[str, ...]] = {
    ("figures.figure", "type"): ("offre", "densite", "couverture", "zones"),
    ("figures.figure", "format"): ("svg",),
    ("territories.sheet", "format"): ("html", "pdf"),
    ("search.values", "nom"): ("zone",),
    ("territories.table", "nom"): ("offre", "couverture", "domaines"),
    **{
        (f"ogc.{page}", "nom"): ("{type}", "couverture-{type}")
        for page in ("collection", "queryables", "schema", "items", "item")
    },
    ("ogc.item", "cle"): ("{code}",),
}


def copy_with_row(folder: Path) -> Path:
    """Return a copy of the tree with the source and the row that `CONTRIBUTING.md` gives."""
    for name in ("geoapp", "templates", "static", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "geodata").mkdir()
    for path in (ROOT / "geodata").iterdir():
        (folder / "geodata" / path.name).symlink_to(path)
    # Of the offers invented where no file is given, a tenth: their zones are what is looked at.
    demo = folder / "geoapp" / "sources" / "demo.py"
    known = "NB_OFFRES, NB_LIEUX, NB_ORGANISMES = 4000, 350, 180\n"
    before, found, after = demo.read_text(encoding="utf-8").partition(known)
    assert found
    fewer = known.replace("4000, 350, 180", "400, 60, 30")
    demo.write_text(f"{before}{fewer}{after}", encoding="utf-8")
    source, row = recipe()
    registry = folder / "geodata" / "sources.toml"
    registry.unlink()
    known = (ROOT / "geodata" / "sources.toml").read_text(encoding="utf-8")
    registry.write_text(f"{known}\n{source}", encoding="utf-8")
    table = folder / "geoapp" / "reference" / "zonings.py"
    text = table.read_text(encoding="utf-8")
    end = text.index("    )\n}\n", text.index("ZONAGES: dict"))
    table.write_text(f"{text[:end]}{row}{text[end:]}", encoding="utf-8")
    return folder


def recipe() -> tuple[str, str]:
    """Return the `[[source]]` and the row of `ZONAGES` of the section « Add a zoning »."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Add a zoning\n")[2].partition("\n## ")[0]
    blocks = dict(re.findall(r"```(toml|python)\n(.*?)```", section, flags=re.DOTALL))
    return blocks["toml"], f"{blocks['python'].rstrip()},\n"


def run_in(house: Path, *arguments: str, **environ: str) -> str:
    """Return what a Python program says, for which `house` holds the product."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=house,
        env={**os.environ, "PYTHONPATH": f"{house}:{ROOT / 'tests'}", **environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def crawl(house: Path, data_dir: Path, asked: list[str] | None = None) -> dict:
    """Return what the application of `house` answers over `data_dir`.

    `adresses` are the answers by template and zoning: of the templates `asked`, for the added
    zoning alone; when none is given, of every address that answers for `MODELE`.  `parties` are
    the addresses of which this file does not know a variable part, `zones` the zones asked.
    """
    said = run_in(
        house, "-W", "ignore", "-m", "support.one_row", str(data_dir), json.dumps(asked or [])
    )
    return json.loads(said)


def main(data_dir: Path, asked: list[str]) -> None:
    """Ask the addresses of the application over `data_dir`, and print the answers as JSON."""
    assert Path(geoapp.__file__).is_relative_to(Path.cwd()), "another tree answers"
    # A sheet is asked as HTML too: nothing of a zoning is in what prints it.
    folder.render_pdf = lambda html: b"%PDF-1.7"
    if not data_dir.exists():
        publish_tiny(data_dir)
    app = create_app(settings=Settings(data_dir=data_dir))
    found, unknown = templates(app.url_map)
    known = (AJOUT,) if asked else (MODELE, AJOUT)
    zones = {nom: words(open_snapshot(data_dir), nom) for nom in known}
    zones[RIEN] = zones[AJOUT] | {"type": RIEN, "mot": "zz", "sorte": "zz"}
    client, answers = app.test_client(), {}
    for template in asked:
        answers[template] = {AJOUT: ask(client, template.format(**zones[AJOUT]))}
    for template in () if asked else found:
        first, none, added = (template.format(**zones[nom]) for nom in (MODELE, RIEN, AJOUT))
        modele = ask(client, first)
        if modele["status"] != 200:
            continue
        if first == template:
            answers[template] = {"": modele}
        elif modele != ask(client, none):
            answers[template] = {MODELE: modele, AJOUT: ask(client, added)}
    print(json.dumps({"adresses": answers, "parties": unknown, "zones": zones}))


def publish_tiny(data_dir: Path) -> None:
    """Publish the tiny world twice, in which the zones of `MODELE` are those of `AJOUT` too."""
    frames = make_tiny_frames()
    for nom, frame in frames.items():
        if "type_zone" in frame:
            twins = frame[frame["type_zone"].eq(MODELE)].assign(type_zone=AJOUT)
            frames[nom] = pd.concat([frame, twins], ignore_index=True)
    zones = frames["offres"]["zones"]
    frames["offres"]["zones"] = zones + zones.str.extract(rf"{MODELE}(:\w+)")[0].radd(
        f"|{AJOUT}"
    ).fillna("")
    publish_world(frames, data_dir, "2026-01-01T03:04:05Z")
    publish_world(frames, data_dir)


def words(snapshot, type_zone: str) -> dict[str, str]:
    """Return the zone of a zoning that the tests ask, and the words that name it."""
    zones = snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(type_zone) & zones["nom"].isin(("Amiville", "Lens"))].iloc[0]
    row = ZONAGES[type_zone]
    return {
        "type": type_zone,
        "code": mine["code_zone"],
        "nom": mine["nom"],
        "mot": CHERCHES[type_zone].mots.split()[0],
        "sorte": row.sorte,
        "singulier": row.singulier,
        "titre": row.titre,
    }


def templates(url_map) -> tuple[list[str], list[str]]:
    """Return every address that may name a zoning, and the variable parts that are not known."""
    found, unknown = [], []
    for rule in url_map.iter_rules():
        values = [
            [(nom, one) for one in PROPRES.get((rule.endpoint, nom)) or PARTIES.get(nom, ())]
            for nom in sorted(rule.arguments)
        ]
        if not all(values):
            unknown.append(f"{rule.endpoint} {rule.rule}")
        for chosen in itertools.product(*values):
            path = rule.rule
            for nom, value in chosen:
                path = re.sub(rf"<(?:\w+:)?{nom}>", value, path)
            questions = ("", AVEC) if "{" in path else QUESTIONS
            if path.endswith(ENTIER):
                questions = ("",)
            found += [f"{path}?{question}".rstrip("?") for question in questions]
    return found, unknown


def ask(client, address: str) -> dict:
    """Return status, type and text of an answer, and the zonings that it names.

    The text of a page or of a drawing is what one reads.
    """
    answer = client.get(address)
    text, known = None, [nom for nom in (*ZONAGES, RIEN) if nom.encode() in answer.data]
    if re.search("html|svg", answer.mimetype):
        page = re.sub(r"(?s)<(script|style|select|nav).*?</\1>", " ", answer.text)
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    elif answer.mimetype.startswith("text/") or "json" in answer.mimetype:
        text = answer.data.decode("utf-8-sig")
    return {"status": answer.status_code, "type": answer.mimetype, "texte": text, "nomme": known}


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
