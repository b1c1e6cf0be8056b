"""Make LHÉO 2.3 feeds of any size that obey the schema, the same for the same numbers; all of it is
invented.
"""

from __future__ import annotations

from pathlib import Path

_HEAD = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<lheo xmlns="http://lheo.gouv.fr/2.3">\n<offres>\n'
)
_TAIL = b"</offres>\n</lheo>\n"
_TEXT = (
    "Apprendre les gestes du métier, préparer un chantier, lire un plan, travailler en "
    "sécurité et rendre compte. "
) * 4
_COORDONNEES = """<coordonnees><civilite>Madame</civilite><nom>NOM</nom><prenom>PRENOM</prenom>\
<adresse><ligne>9 rue du Contact</ligne>\
<codepostal>75001</codepostal><ville>Paris</ville><geolocalisation><latitude>48.85</latitude>\
<longitude>2.35</longitude></geolocalisation></adresse>\
<telfixe><numtel>03 00 00 00 00</numtel></telfixe><courriel>contact@example.org</courriel>\
</coordonnees>"""
_SESSION = """<session numero="S{s}"><periode><debut>2026{month:02d}01</debut>\
<fin>2027{month:02d}15</fin></periode><adresse-inscription><adresse>\
<ligne>9 rue du Contact</ligne><codepostal>75001</codepostal><ville>Paris</ville></adresse>\
</adresse-inscription><etat-recrutement>1</etat-recrutement>\
</session>
"""
_FORMATION = """<formation numero="F{f}" datecrea="20260101" datemaj="20260301"><domaine-formation>\
<code-FORMACODE ref="V14" tag="principal">22403</code-FORMACODE><code-NSF>233</code-NSF>\
<code-ROME>F1604</code-ROME></domaine-formation>
<intitule-formation>Formation inventée numéro {f}</intitule-formation>\
<objectif-formation>&lt;p&gt;{text}&lt;/p&gt;</objectif-formation>\
<resultats-attendus>-</resultats-attendus><contenu-formation>{text}</contenu-formation>\
<certifiante>1</certifiante>
<contact-formation>{contact}</contact-formation><parcours-de-formation>3</parcours-de-formation>\
<code-niveau-entree>1</code-niveau-entree>\
<certification><code-RNCP>35027</code-RNCP><code-CERTIFINFO>80735</code-CERTIFINFO>\
</certification><code-niveau-sortie>4</code-niveau-sortie>
<action numero="A{f}"><rythme-formation>Continu</rythme-formation>\
<code-public-vise ref="V14">80006</code-public-vise>\
<niveau-entree-obligatoire>0</niveau-entree-obligatoire><modalites-alternance>-\
</modalites-alternance><modalites-enseignement>0</modalites-enseignement>\
<conditions-specifiques>-</conditions-specifiques><prise-en-charge-frais-possible>0\
</prise-en-charge-frais-possible>
<lieu-de-formation><coordonnees><adresse><ligne>{f} rue des Essais</ligne><codepostal>62300\
</codepostal><ville>Lens</ville>\
<code-INSEE-commune>62498</code-INSEE-commune><geolocalisation><latitude>50.43{d:02d}</latitude>\
<longitude>2.83{d:02d}</longitude></geolocalisation></adresse>\
</coordonnees></lieu-de-formation><modalites-entrees-sorties>0</modalites-entrees-sorties>
{sessions}<nombre-heures-total>{hours}</nombre-heures-total><conventionnement>1</conventionnement>\
<organisme-formateur><SIRET-formateur>\
<SIRET>13002374000439</SIRET></SIRET-formateur><raison-sociale-formateur>Organisme\
</raison-sociale-formateur>\
<contact-formateur>{contact}</contact-formateur></organisme-formateur><organisme-financeur>\
<code-financeur>2</code-financeur>\
<nb-places-financees>8</nb-places-financees></organisme-financeur></action>
<organisme-formation-responsable><numero-activite>99999999999</numero-activite>\
<SIRET-organisme-formation><SIRET>13002374000439</SIRET>\
</SIRET-organisme-formation><nom-organisme>Organisme</nom-organisme><raison-sociale>-\
</raison-sociale><coordonnees-organisme>{contact}\
</coordonnees-organisme><contact-organisme>{contact}</contact-organisme>\
</organisme-formation-responsable></formation>
"""
SESSIONS = 4
"""Sessions of each formation."""


def make_formation(rank: int, nb_sessions: int) -> bytes:
    """Return one formation of `nb_sessions` sessions."""
    sessions = "".join(
        _SESSION.format(s=f"{rank}-{i}", month=1 + (rank + i) % 12) for i in range(nb_sessions)
    )
    text = _FORMATION.format(
        f=rank,
        text=_TEXT,
        contact=_COORDONNEES,
        sessions=sessions,
        d=rank % 100,
        hours=100 + rank % 900,
    )
    return text.encode()


def write_feed(path: Path, nb_sessions: int) -> int:
    """Write a feed of exactly `nb_sessions` sessions; return its formations."""
    full, rest = divmod(nb_sessions, SESSIONS)
    with Path(path).open("wb") as stream:
        stream.write(_HEAD)
        for rank in range(full):
            stream.write(make_formation(rank, SESSIONS))
        if rest:
            stream.write(make_formation(full, rest))
        stream.write(_TAIL)
    return full + bool(rest)
