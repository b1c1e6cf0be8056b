"""What a database refuses, in French, with the cure; a password is in none of these words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from geoapp.core.errors import ParameterError, StorageError

EXEMPLE = "postgresql://utilisateur@serveur/base, ou « host=serveur dbname=base user=utilisateur »"
MOT_DE_PASSE = "Le mot de passe se lit dans PGPASSWORD ou ~/.pgpass."
INCHANGE = "Ce que lisent les autres n'a pas changé."

_CONNEXION = (
    ("password", f"le mot de passe manque ou n'est pas le bon. {MOT_DE_PASSE}"),
    ("mot de passe", f"le mot de passe manque ou n'est pas le bon. {MOT_DE_PASSE}"),
    ("translate host name", "ce serveur est inconnu. Vérifiez son nom."),
    ("Connection refused", "aucun serveur n'y répond. Vérifiez l'hôte, le port, et qu'il tourne."),
    ("No such file", "aucun serveur n'y répond. Vérifiez l'hôte, le port, et qu'il tourne."),
    ("timeout", "le serveur ne répond pas. Vérifiez l'hôte, le port et le pare-feu."),
    ("pg_hba.conf", "le serveur n'admet pas cette connexion. Faites ouvrir pg_hba.conf."),
    ("database", "cette base n'existe pas, ou ne vous est pas ouverte. Vérifiez son nom."),
    ("role", "cet utilisateur n'existe pas. Vérifiez son nom."),
    ("SSL", "le serveur demande une connexion chiffrée. Ajoutez sslmode=require."),
)
"""What a text of the library tells, and what to do; the first that it holds."""

_SERVEUR = {
    "42501": ("un droit manque", "Publiez avec le rôle qui a publié avant, ou faites-le donner"),
    "53100": ("le disque du serveur est plein", "Libérez de la place sur le serveur"),
    "53200": ("le serveur manque de mémoire", "Relancez quand il en aura"),
    "53300": ("le serveur a trop de connexions", "Relancez plus tard"),
    "25006": ("ce serveur est en lecture seule", "Publiez sur le serveur principal"),
    "22P05": ("la base n'est pas en UTF-8", "Créez-la en UTF-8"),
    "57014": ("le serveur a interrompu la publication", "Relancez-la"),
    "57P01": ("le serveur s'est arrêté", "Relancez quand il tournera"),
    "2BP01": ("des objets de quelqu'un dépendent de ce qui change", "Retirez-les d'abord"),
    "42809": ("un objet de ce nom est déjà là", "Choisissez un autre --schema"),
}
"""By code of PostgreSQL: what happened, what to do."""


def read_dsn(dsn: str) -> dict:
    """Return the parts of the address of a database.

    Raises
    ------
    ParameterError
        When it is not one; nothing of it is told again, which may be a part of a password.
    """
    try:
        return conninfo_to_dict(dsn)
    except psycopg.Error:
        raise ParameterError(
            f"--postgis : adresse de base non comprise. Attendu : {EXEMPLE}. "
            "Dans une adresse, un mot de passe s'écrit codé (@ : %40) ; mieux vaut l'en ôter. "
            f"{MOT_DE_PASSE}"
        ) from None


def has_password(dsn: str) -> bool:
    """Tell whether an address may hold a password, however badly it is written."""
    is_login = "://" in dsn and ":" in dsn.partition("://")[2].rpartition("@")[0]
    return is_login or "password" in dsn.lower()


def refuse_connection(dsn: str, error: psycopg.Error) -> StorageError:
    """Return why no connection can be had.

    The library tells the host and the user as it understood them, which a password badly written
    may be a part of: its words are given only for an address without password.
    """
    text = str(error)
    why = next((words for part, words in _CONNEXION if part in text), "connexion refusée.")
    told = "" if has_password(dsn) else f" ({' '.join(text.split())})"
    return StorageError(f"Base PostGIS : {why}{told} {INCHANGE}")


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what the server refuses into one message."""
    try:
        yield
    except psycopg.Error as error:
        code = error.sqlstate or ""
        if not code:
            raise StorageError(
                "La connexion à la base s'est rompue : serveur arrêté (disque plein ?) ou réseau "
                f"coupé. Voyez le journal du serveur, puis relancez. {INCHANGE}"
            ) from None
        unknown = ("le serveur refuse", "Voyez avec qui l'administre")
        why, cure = _SERVEUR.get(code, unknown)
        raise StorageError(
            f"Publication impossible : {why} ({error.diag.message_primary}, code {code}). {cure}. "
            f"{INCHANGE}"
        ) from None
