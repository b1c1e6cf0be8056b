"""Tables as bodies send them: which column is which, and the row of the local registry."""

import pandas as pd
import pytest
from click.testing import CliRunner

from geoapp.cli.group import main
from geoapp.core.errors import SourceError
from geoapp.ingest.check_file import check_file
from geoapp.ingest.propose import propose
from geoapp.sources.fetch import locate
from geoapp.sources.local import add_local, local_sources
from geoapp.sources.reading import read_source

TABLES = {
    # name: content, and columns of ours → theirs
    "site.csv": (
        "Intitulé de la formation;Niveau;Code RNCP;Site;CP;Ville;Date de début;Durée (h);Places\n"
        "CAP Cuisine;3;RNCP38430;12 rue du Port;59140;Dunkerque;01/09/2025;800;12\n"
        "BTS MCO;5;RNCP38362;4 place d’Armes;59300;Valenciennes;01/09/2025;1 350;24\n",
        {
            "intitule": "Intitulé de la formation",
            "lieu_code_postal": "CP",
            "ville": "Ville",
            "periodes": "Date de début",
            "duree_h": "Durée (h)",
            "capacite": "Places",
        },
    ),
    "batiment.csv": (
        "FORMATION,CFA,SIRET,ADRESSE,NB HEURES,TARIF\n"
        'TP Maçon,CFA,13002792300171,"10 rue Neuve, 62000 ARRAS",600,4500 €\n'
        'TP Soudeur,CFA,13002792300171,"10 rue Neuve, 62000 ARRAS",700,5200 €\n',
        {"intitule": "FORMATION", "lieu_adresse": "ADRESSE", "formateur_siret": "SIRET"},
    ),
    "titre.csv": (
        "Nos formations\n\nDiplôme préparé\tCode diplôme\tUAI\tRentrée\n"
        "Bac pro Cuisine\t40022106\t0590184E\tseptembre 2025\n"
        "CAP Boulanger\t50022135\t0590184E\tseptembre 2025\n",
        {"intitule": "Diplôme préparé", "lieu_uai": "UAI", "periodes": "Rentrée"},
    ),
    "points.csv": (
        "ref;libelle;lat;lng;lien;statut\n"
        "A1;Licence pro Logistique;50.63;3.06;https://cfa.example/1;Apprentissage\n"
        "A2;BUT GEA;49.89;2.29;https://cfa.example/2;Apprentissage\n",
        {"latitude": "lat", "longitude": "lng", "url": "lien", "voie": "statut"},
    ),
    "insee.csv": (
        "Nom de la formation;Code INSEE;Début;Fin;Coût;Contact\n"
        "Titre pro Cariste;02691;2025-10-06;2026-06-30;3000;a@b.fr\n"
        "Titre pro Vendeur;80021;2025-11-03;2026-07-01;3500;c@d.fr\n",
        {"lieu_code_commune": "Code INSEE", "periodes": "Début", "prix_eur": "Coût"},
    ),
    "groupes.csv": (
        "Formation;;Lieu;;Organisation;\nIntitulé;RNCP;Adresse;Ville CP;Début;Heures\n"
        "CAP Coiffure;RNCP38230;3 avenue Foch;60000 BEAUVAIS;15/09/2025;840\n"
        "BP Coiffure;RNCP38231;3 avenue Foch;60000 BEAUVAIS;15/09/2025;840\n",
        {"code_rncp": "RNCP", "lieu_code_postal": "Ville CP"},
    ),
    "envoi.json": (
        '{"catalogue": {"offre_cfa": [{"titre": "BTS SIO", "rome": "M1805", "code_postal": '
        '"60200", "commune": "Compiègne"}, {"titre": "Bachelor IA", "rome": "M1805", '
        '"code_postal": "60200", "commune": "Compiègne"}]}}',
        {"intitule": "titre", "code_rome": "rome", "ville": "commune"},
    ),
    "numeros.csv": (
        "N°;Intitulé certification;Etablissement;Commune;Code commune;Effectif max\n"
        "1;CAP AEPE;Lycée X;Lens;62498;15\n2;DE Aide-soignant;Lycée X;Béthune;62119;20\n",
        {"lieu_code_commune": "Code commune", "capacite": "Effectif max", "id_action": "N°"},
    ),
    "niveaux.csv": (
        "Titre;Niveau de sortie;Adresse du site;Code postal du site;Ville;Date d’entrée\n"
        "Bac pro MELEC;bac;1 rue A;02100;Saint-Quentin;2025-09\n"
        "BTS Électrotechnique;bac + 2;1 rue A;02100;Saint-Quentin;2025-09\n",
        {"niveau": "Niveau de sortie", "lieu_code_postal": "Code postal du site"},
    ),
    "portail.csv": (
        "Nom de la formation;Organisme;CP;Ville;geo_point_2d;Date de début;Date de fin;Nb places\n"
        'CAP Boulanger;CFA de Lens;62 300;LENS CEDEX;"50.4328, 2.8311";01/09/2025;30/06/2026;12\n'
        'TP Maçon;AFPA;62 800;LIEVIN;"50.4211, 2.7786";;;\n',
        {"position": "geo_point_2d", "fin": "Date de fin", "capacite": "Nb places"},
    ),
    "barres.txt": (
        "libellé formation|uai|siret|durée|dates\n"
        "Master MEEF|0590184E|13002792300171|2 ans|09/2025\n"
        "Licence Droit|0590184E|13002792300171|3 ans|09/2025\n",
        {"intitule": "libellé formation", "lieu_uai": "uai", "periodes": "dates"},
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_a_body_is_matched_and_read(tmp_path, name):
    content, expected = TABLES[name]
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    proposal = propose(path)
    found = {one.notre: one.leur for one in proposal.lignes}
    assert {ours: found.get(ours) for ours in expected} == expected
    data = tmp_path / "donnees"
    add_local(proposal.source, path, data)
    source, checked = check_file(path, proposal.source.id, data_dir=data)
    assert source.est_locale and (checked.nb_lues, checked.nb_valides) == (2, 2), checked.raisons


def test_a_cell_of_two_coordinates_and_a_last_day_are_kept(tmp_path):
    path, data = tmp_path / "portail.csv", tmp_path / "donnees"
    path.write_text(TABLES["portail.csv"][0], encoding="utf-8")
    source = propose(path).source
    add_local(source, path, data)
    source = local_sources(data)[source.id]
    read = read_source(source, path).frame
    assert read["latitude"].tolist() == ["50.4328", "50.4211"]
    assert read["longitude"].tolist() == ["2.8311", "2.7786"]
    assert read["sessions"].fillna("").tolist() == [";01/09/2025;30/06/2026;12", ""]
    _, checked = check_file(path, source.id, data_dir=data)
    assert (checked.nb_placees, checked.nb_douteuses) == (2, 0)


@pytest.mark.parametrize(
    "header, row, left",
    [
        ("Formation;CP;geo_point_2d", "CAP Boulanger;62300;", []),
        ("Formation;CP;Date de fin", "CAP Boulanger;62300;30/06/2026", ["Date de fin"]),
        ("Formation;lat;lng;gps", 'CAP Boulanger;50.4;2.8;"50.4, 2.8"', ["gps"]),
    ],
)
def test_what_would_serve_nothing_is_left_and_an_empty_column_read(tmp_path, header, row, left):
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert propose(path).laissees == left


def test_a_duration_in_years_is_no_number_of_hours(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(TABLES["barres.txt"][0], encoding="utf-8")
    assert "durée" in propose(path).laissees


def test_a_table_without_title_or_place_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("pomme;poire\n1;2\n3;4\n", encoding="utf-8")
    with pytest.raises(SourceError, match="aucune colonne ne dit un intitulé ni un lieu"):
        propose(path)


def test_the_local_registry_keeps_one_row_by_source_and_is_found_by_a_build(tmp_path):
    path, data = tmp_path / "mon cfa.csv", tmp_path / "donnees"
    path.write_text(TABLES["site.csv"][0], encoding="utf-8")
    result = [
        CliRunner().invoke(main, ["check", str(path), "--proposer", "--data", str(data)])
        for _ in range(2)
    ]
    assert [one.exit_code for one in result] == [0, 0], result[0].output
    assert "Correspondance proposée" in result[0].output and "2 valides" in result[0].output
    sources = local_sources(data)
    assert list(sources) == ["local-mon-cfa"]
    located = locate(
        sources["local-mon-cfa"],
        mirror=None,
        data_dir=data,
        settings=None,
        network=None,
        say=lambda text: None,
    )
    assert located.mode == "miroir" and located.path.parent.name == "local"
    # Without --as, the table is recognised again as what it was said to be.
    assert check_file(path, data_dir=data)[0].id == "local-mon-cfa"


def test_a_workbook_is_proposed_too(tmp_path):
    frame = pd.DataFrame(
        {"Intitulé": ["CAP Cuisine"], "Adresse": ["1 rue A, 59140 Dunkerque"], "Début": ["09/2025"]}
    )
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    assert {one.notre for one in propose(tmp_path / "a.xlsx").lignes} == {
        "intitule",
        "lieu_adresse",
        "periodes",
    }
