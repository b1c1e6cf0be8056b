"""Clicks and keys of the seventeen tasks of an advisor, counted in a real browser.

    python -m benchmarks.tasks --adresse http://127.0.0.1:8000

Each task starts at the home page, and is done only if what the person came for is on the screen.
A click in a field is a click, each letter typed a key; a choice in a list that is open is a click.
The table of `docs/taches.md` is what this prints.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, field

LARGEUR, HAUTEUR = 1280, 800
PATIENCE_MS = 30_000


@dataclass
class Conseiller:
    """Somebody at a page: what is done is counted."""

    page: object
    adresse: str
    clics: int = 0
    touches: int = 0
    vus: list[str] = field(default_factory=list)

    def arriver(self, path: str = "/") -> None:
        """Open a page, as one finds it."""
        self.page.goto(self.adresse + path, wait_until="load")
        self.clics = self.touches = 0

    def cliquer(self, cible: str, rang: int = 0) -> None:
        """Click on something."""
        self.page.locator(cible).nth(rang).click()
        self.clics += 1

    def taper(self, champ: str, texte: str) -> None:
        """Click in a field and type."""
        self.cliquer(champ)
        self.page.locator(champ).first.fill("")
        self.page.keyboard.type(texte)
        self.touches += len(texte)

    def entrer(self) -> None:
        """Press Enter, and wait for the answer."""
        self.touches += 1
        self.page.keyboard.press("Enter")
        self.attendre()

    def choisir(self, liste: str, valeur: str) -> None:
        """Open a list and choose in it: two clicks."""
        self.page.locator(liste).select_option(valeur)
        self.clics += 2
        self.attendre()

    def attendre(self) -> None:
        """Wait until the page is quiet."""
        self.page.wait_for_timeout(600)
        self.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")

    def chercher(self, lieu: str, texte: str = "") -> None:
        """Search from the home page or from the form."""
        if lieu:
            self.taper("#lieu", lieu)
            self.page.keyboard.press("Escape")
        if texte:
            self.taper("#texte", texte)
        self.page.keyboard.press("Escape")
        self.entrer()

    def lire(self, cible: str = "body") -> str:
        """Return what is read, with plain spaces and apostrophes."""
        text = self.page.locator(cible).first.inner_text()
        return re.sub("[\u00a0\u202f]", " ", text).replace("’", "'")

    def titre(self) -> str:
        """Return the sentence of the results."""
        return self.lire("#titre-resultats")


def cap_cuisine(un: Conseiller) -> bool:
    un.chercher("Lens", "CAP cuisine")
    return "cap cuisine" in un.lire(".offre").lower()


def aide_soignante(un: Conseiller) -> bool:
    un.chercher("Hénin", "aide-soignante")
    return "aide-soignant" in un.titre() and "collect" in un.lire("#reponse")


def quartier(un: Conseiller) -> bool:
    un.chercher("Nouveau Roubaix", "électricité")
    if un.page.locator(".choix-lieux a").count():
        un.cliquer(".choix-lieux a")
        un.attendre()
    un.cliquer('[data-facette="voie"] label:has(input[value="apprentissage"])')
    un.attendre()
    return "quartier" in un.titre() and "apprentissage" in un.titre()


def sans_voiture(un: Conseiller) -> bool:
    un.chercher("Hirson", "vente")
    un.cliquer('[data-facette="niveau"] label:has(input[value="3"])')
    un.attendre()
    un.cliquer('label:has([name="sans_voiture"])')
    un.attendre()
    return "niveau 3" in un.titre() and "sans voiture" in un.lire()


def faute(un: Conseiller) -> bool:
    un.chercher("Dunkerque", "soudur")
    return int(re.match(r"\d+", un.titre() + " ")[0]) >= 4


def code(un: Conseiller) -> bool:
    un.chercher("", "D1106")
    return un.page.locator(".offre").count() > 0


def lieu_douteux(un: Conseiller) -> bool:
    un.chercher("Saint-Pol")
    un.cliquer(".choix-lieux a", 1)
    un.attendre()
    return "Saint-Pol-sur-Mer" in un.titre()


def position(un: Conseiller) -> bool:
    un.cliquer("#autour")
    un.attendre()
    un.cliquer(".envoi button")
    un.attendre()
    return "du point choisi" in un.titre()


def carte(un: Conseiller) -> bool:
    un.chercher("Lens", "cuisine")
    un.page.wait_for_selector(".leaflet-marker-icon.pastille", timeout=PATIENCE_MS)
    un.cliquer("#chercher-zone")
    un.attendre()
    return "dans le rectangle affiché" in un.titre()


def filtres(un: Conseiller) -> bool:
    un.chercher("Lille", "vente")
    un.cliquer('[data-facette="niveau"] label:has(input[value="5"])')
    un.attendre()
    shown = un.titre()
    un.page.reload()
    un.attendre()
    return "niveau 5" in shown and un.titre() == shown


def imprimer(un: Conseiller) -> bool:
    un.chercher("Lens", "cuisine")
    un.cliquer(".menu summary")
    un.cliquer('[data-action="imprimer"]')
    un.attendre()
    return "/imprimer" in un.page.url


def fiche(un: Conseiller) -> bool:
    un.chercher("Lens", "cuisine")
    un.cliquer(".offre-titre a")
    un.attendre()
    read = un.lire("main")
    return (
        "/formations/" in un.page.url
        and un.page.locator('a[href^="mailto:"]').count() > 0
        and bool(read)
    )


def comparer(un: Conseiller) -> bool:
    un.chercher("Lens", "cuisine")
    un.cliquer("[data-garder]", 0)
    un.cliquer("[data-garder]", 1)
    un.cliquer('a[href*="/selection"]:visible')
    un.attendre()
    return "/selection" in un.page.url and un.page.locator("table").count() > 0


def elargir(un: Conseiller) -> bool:
    un.chercher("Hirson", "coiffeur")
    if un.page.locator("[data-elargir]").count():
        un.cliquer("[data-elargir]")
        un.attendre()
    return un.page.locator(".offre").count() > 0


def absent(un: Conseiller) -> bool:
    un.chercher("Lens")
    un.cliquer('[data-facette="absentes"] summary')
    return "onvention" in un.lire('[data-facette="absentes"]')


def telephone(un: Conseiller) -> bool:
    un.page.set_viewport_size({"width": 390, "height": 844})
    un.chercher("Lens", "cuisine")
    top = un.page.locator(".offre").first.bounding_box()["y"]
    return top < HAUTEUR + 44


def accueil(un: Conseiller) -> bool:
    return un.page.locator("#lieu").is_visible() and un.page.locator(".porte").count() == 3


TACHES: tuple[tuple[str, str, Callable[[Conseiller], bool]], ...] = (
    (
        "CAP cuisine près de Lens",
        "4 clics, 17 touches ; la première carte n'en est pas un",
        cap_cuisine,
    ),
    ("Aide-soignante à Hénin", "4 clics, 28 touches ; échec (un autre diplôme)", aide_soignante),
    ("Apprentissage en électricité depuis un quartier de Roubaix", "échec", quartier),
    (
        "Vente de niveau 3 à Hirson, sans voiture",
        "hésitation, rien pour « sans voiture »",
        sans_voiture,
    ),
    ("« soudur » à Dunkerque", "échec (faux zéro)", faute),
    ("Un code ROME", "fait", code),
    ("Saint-Pol : lequel ?", "échec (l'autre, sans le dire)", lieu_douteux),
    ("Autour de ma position", "fait", position),
    ("Chercher dans la carte visible", "échec", carte),
    ("Un filtre, puis recharger", "fait", filtres),
    ("Imprimer la liste", "fait", imprimer),
    ("La fiche, à envoyer par e-mail", "échec", fiche),
    ("Comparer deux formations", "échec (n'existe pas)", comparer),
    ("Rien trouvé : plus loin", "pas en un clic", elargir),
    ("Conventionnée : le sait-on ?", "échec (non dit)", absent),
    ("Un résultat au premier écran du téléphone", "hésitation (à 1 062 px)", telephone),
    ("L'accueil dit où commencer", "échec", accueil),
)
"""Each task, how the audit found it (its clicks and keys where it counted them), what does it."""


def main() -> None:
    """Do the tasks on a server, and print the table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adresse", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        print("| n° | tâche | avant | fait | clics | touches |")
        print("| ---: | --- | --- | --- | ---: | ---: |")
        for rank, (name, before, do) in enumerate(TACHES, 1):
            context = browser.new_context(
                viewport={"width": LARGEUR, "height": HAUTEUR},
                geolocation={"latitude": 49.847, "longitude": 3.287},
                permissions=["geolocation"],
                locale="fr-FR",
            )
            un = Conseiller(context.new_page(), given.adresse)
            un.page.set_default_timeout(PATIENCE_MS)
            un.arriver()
            try:
                is_done, end = do(un), ""
            except Exception as error:
                is_done, end = False, f" ({type(error).__name__} : {str(error)[:150]})"
            done = "oui" if is_done else f"non{end}"
            print(
                f"| {rank} | {name} | {before} | {done} | {un.clics} | {un.touches} |", flush=True
            )
            if not is_done:
                print(
                    "   ",
                    un.page.url,
                    (un.page.locator("#titre-resultats").all_inner_texts() or [""])[0],
                )
            context.close()


if __name__ == "__main__":
    main()
