"""Codes: identifiers, exit levels, simplified domains and voies.

All functions are vectorised over a Series and keep its index and row count;
an unknown code is NA, never a guess.  Tables live in ``geodata/``.
"""

from geoapp.reference.codes.domains import (
    DOMAINE_AUTRE,
    assign_domaine,
    load_domaines,
    load_regles,
    nsf_from_cfd,
    nsf_from_mef,
    nsf_from_mefstat,
    read_evidence,
)
from geoapp.reference.codes.funding import (
    normalise_financeurs,
    normalise_niveau_entree,
    normalise_publics,
    read_frais_restants,
)
from geoapp.reference.codes.identifiers import (
    check_siret,
    check_uai,
    name_unnamed,
    nearest_accepted,
    normalise_cfd,
    normalise_code_commune,
    normalise_code_postal,
    normalise_formacode,
    normalise_nsf,
    normalise_rncp,
    normalise_rome,
)
from geoapp.reference.codes.levels import NIVEAUX, NOTATIONS, load_niveaux, normalise_niveau
from geoapp.reference.codes.voies import VOIES, normalise_voie

__all__ = [
    "DOMAINE_AUTRE",
    "NIVEAUX",
    "NOTATIONS",
    "VOIES",
    "assign_domaine",
    "check_siret",
    "check_uai",
    "load_domaines",
    "load_niveaux",
    "load_regles",
    "name_unnamed",
    "nearest_accepted",
    "normalise_cfd",
    "normalise_code_commune",
    "normalise_code_postal",
    "normalise_financeurs",
    "normalise_formacode",
    "normalise_niveau",
    "normalise_niveau_entree",
    "normalise_nsf",
    "normalise_publics",
    "normalise_rncp",
    "normalise_rome",
    "normalise_voie",
    "nsf_from_cfd",
    "nsf_from_mef",
    "nsf_from_mefstat",
    "read_evidence",
    "read_frais_restants",
]
