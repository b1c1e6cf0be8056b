"""Settings of the product: one frozen object, each setting with its help text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from geoapp.core.errors import ParameterError

ROOT = Path(__file__).resolve().parents[2]
GEODATA = ROOT / "geodata"

CRS_GEO = "EPSG:4326"
"""Geographic coordinates, in and out."""

CRS_METRIC = "EPSG:2154"
"""Lambert-93: every planar distance and area of metropolitan France, in metres."""

PETIT_NOMBRE = 5
"""A count of persons from one to this less one is never shown nor kept apart (`methods.md`, small
numbers)."""


def _setting(
    default: Any, env: str, aide: str, *, minimum: int | None = None, valeurs: tuple[str, ...] = ()
) -> Any:
    """Return a field of `Settings`: its default, the variable that changes it, its help."""
    told = {"env": env, "aide": aide, "minimum": minimum, "valeurs": valeurs}
    return field(default=default, metadata=told)


def _state_folder() -> Path:
    """Return where programs of this user keep what they need from one run to the next."""
    given = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    # A process without any home keeps nothing there: a folder that cannot be made says it.
    return Path(os.devnull if given.startswith("~") else given)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Values that a person may change through the environment."""

    data_dir: Path = _setting(  # noqa: RUF009 (it makes a field, as `field` does)
        ROOT / "var", "GEOAPP_DATA", "Dossier des instantanés et du cache"
    )
    region: str = _setting(
        "",
        "GEOAPP_REGION",
        "Code de la région couverte ; sinon celle de « geoapp init », sinon 32 (Hauts-de-France)",
    )
    host: str = _setting("127.0.0.1", "GEOAPP_HOST", "Adresse d'écoute du serveur")
    port: int = _setting(5000, "GEOAPP_PORT", "Port du serveur")
    url: str = _setting(
        "",
        "GEOAPP_URL",
        "Adresse publique, avec son chemin s'il y en a un (https://exemple.fr/carte) : "
        "toute adresse complète que l'application écrit en vient",
    )
    proxies: str = _setting(
        "",
        "GEOAPP_MANDATAIRES",
        "Mandataires dont X-Forwarded-For et X-Forwarded-Proto sont crus : adresses ou réseaux "
        "séparés par des virgules, « unix » pour une socket Unix ; aucun par défaut",
    )
    doubtful_distance_m: float = _setting(
        1000.0,
        "GEOAPP_DISTANCE_DOUTEUSE_M",
        "Écart à la commune déclarée, en mètres, au-delà duquel une position est douteuse",
    )
    connect_timeout_s: float = _setting(
        3.0, "GEOAPP_DELAI_CONNEXION_S", "Délai de connexion à un producteur, en secondes"
    )
    read_timeout_s: float = _setting(
        20.0, "GEOAPP_DELAI_LECTURE_S", "Délai de lecture d'un téléchargement, en secondes"
    )
    download_max_mb: int = _setting(
        200, "GEOAPP_TAILLE_MAX_MO", "Taille maximale d'un téléchargement, en mégaoctets"
    )
    retries: int = _setting(
        3,
        "GEOAPP_ESSAIS",
        "Nouveaux essais de « geoapp fetch » après un échec, de plus en plus espacés",
    )
    processes: int = _setting(
        2, "GEOAPP_PROCESSUS", "Processus web du serveur de production", minimum=1
    )
    metrics: str = _setting(
        "127.0.0.1:9464",
        "GEOAPP_MESURES",
        "Où le serveur de production donne ses mesures (Prometheus) : « hôte:port », ou « non »",
    )
    snapshots_kept: int = _setting(
        2,
        "GEOAPP_INSTANTANES",
        "Instantanés publiés que « geoapp build » garde : celui qui est servi, et ceux d'avant, "
        "pour « geoapp rollback »",
        minimum=1,
    )
    adresses: str = _setting(
        "",
        "GEOAPP_ADRESSES",
        "Adresse du service de recherche d'adresses (protocole de la Base Adresse Nationale) ; "
        "aucun par défaut",
    )
    lourdes_par_minute: int = _setting(
        60,
        "GEOAPP_LOURDES_PAR_MINUTE",
        "Fichiers lourds (PDF, figures, classeurs, exports) qu'un même client peut faire préparer "
        "en une minute ; 0 : sans limite",
        minimum=0,
    )
    avance_s: int = _setting(
        900,
        "GEOAPP_AVANCE_S",
        "Secondes données, à chaque publication, à faire d'avance les fiches de zones et les "
        "figures, au dernier rang ; 0 : aucune",
        minimum=0,
    )
    cle_etapes: Path = _setting(  # noqa: RUF009
        _state_folder() / "geoforma" / "etapes.cle",
        "GEOAPP_CLE_ETAPES",
        "Fichier de la clé qui signe les étapes gardées, hors du dossier de données",
    )
    python_reseau: str = _setting(
        "",
        "GEOAPP_PYTHON_RESEAU",
        "Interpréteur (Python 3.12 ou plus) qui a osrm-bindings et osmium, pour les trajets sur un "
        "réseau routier ; sinon celui que « make reseau » prépare",
    )
    usage: str = _setting(
        "oui",
        "GEOAPP_USAGE",
        "Compter l'usage, sans suivre personne : oui ou non",
        valeurs=("oui", "non"),
    )
    cle_usage: Path = _setting(  # noqa: RUF009
        _state_folder() / "geoforma" / "usage.cle",
        "GEOAPP_CLE_USAGE",
        "Fichier de la clé par laquelle un texte cherché n'est gardé qu'en empreinte, hors du "
        "dossier de données",
    )
    integration: str = _setting(
        "tous",
        "GEOAPP_INTEGRATION",
        "Sites qui peuvent montrer nos cartes dans leurs pages : tous, aucun, ou leurs origines "
        "séparées par des virgules (https://exemple.fr, https://*.exemple.fr)",
    )
    contact: str = _setting(
        "", "GEOAPP_CONTACT", "Adresse de contact affichée (signaler une erreur)"
    )
    editeur: str = _setting(
        "",
        "GEOAPP_EDITEUR",
        "Éditeur du service, pour les mentions légales : nom, statut, adresse, téléphone",
    )
    directeur: str = _setting(
        "", "GEOAPP_DIRECTEUR", "Personne qui dirige la publication, pour les mentions légales"
    )
    hebergeur: str = _setting(
        "", "GEOAPP_HEBERGEUR", "Hébergeur : nom, adresse, téléphone, pour les mentions légales"
    )
    delegue: str = _setting(
        "", "GEOAPP_DELEGUE", "Personne déléguée à la protection des données : comment la joindre"
    )
    schema_accessibilite: str = _setting(
        "",
        "GEOAPP_SCHEMA_ACCESSIBILITE",
        "Adresse du schéma pluriannuel d'accessibilité de l'éditeur, et de son plan d'actions",
    )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings, read from `environ` (default: the process environment).

    Raises
    ------
    ParameterError
        When a value cannot be read as the type of its setting.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        raw = environ.get(setting.metadata["env"])
        # A variable set to nothing is one that a container did not fill: the default holds.
        if not raw:
            continue
        # The default tells the type; a path has one class by system, so it is named.
        kind: Any = Path if isinstance(setting.default, Path) else type(setting.default)
        try:
            values[setting.name] = kind(raw)
        except ValueError:
            raise ParameterError(
                f"{setting.metadata['env']} = « {raw} » : "
                f"un nombre est attendu ({setting.metadata['aide']})."
            ) from None
        minimum = setting.metadata["minimum"]
        if minimum is not None and values[setting.name] < minimum:
            raise ParameterError(
                f"{setting.metadata['env']} = « {raw} » : au moins {minimum} est attendu "
                f"({setting.metadata['aide']})."
            )
        valeurs = setting.metadata["valeurs"]
        if valeurs and raw not in valeurs:
            raise ParameterError(
                f"{setting.metadata['env']} = « {raw} » : {' ou '.join(valeurs)} est attendu."
            )
    return Settings(**values)
