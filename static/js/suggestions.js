/* Suggestions under a text field: the ARIA combobox pattern (list, no focus moved).
 *
 * geoforma.suggerer(champ, {lire, choisir}) where `lire(texte, signal)` promises
 * [{libelle, detail, ...}] and `choisir(option)` is told what was chosen.
 * Labels are set with textContent: no HTML is ever built from them.
 */
"use strict";

window.geoforma = window.geoforma || {};

geoforma.suggerer = function (champ, options) {
  const DELAI_MS = 160;
  const liste = document.getElementById(champ.id + "-liste");
  const etat = document.getElementById(champ.id + "-etat");
  let propositions = [];
  let active = -1;
  let minuterie = 0;
  let requete = null;

  champ.setAttribute("role", "combobox");
  champ.setAttribute("aria-autocomplete", "list");
  champ.setAttribute("aria-expanded", "false");
  champ.setAttribute("aria-controls", liste.id);
  champ.setAttribute("autocomplete", "off");

  function fermer() {
    clearTimeout(minuterie);
    if (requete) { requete.abort(); requete = null; }
    liste.hidden = true;
    active = -1;
    champ.setAttribute("aria-expanded", "false");
    champ.removeAttribute("aria-activedescendant");
  }

  function ligne(proposition, rang) {
    const noeud = document.createElement("li");
    noeud.id = liste.id + "-" + rang;
    noeud.setAttribute("role", "option");
    noeud.setAttribute("aria-selected", "false");
    const libelle = document.createElement("span");
    libelle.textContent = proposition.libelle;
    noeud.append(libelle);
    if (proposition.detail) {
      const detail = document.createElement("span");
      detail.className = "detail";
      detail.textContent = proposition.detail;
      noeud.append(" ", detail);
    }
    noeud.addEventListener("mousedown", function (evenement) { evenement.preventDefault(); });
    noeud.addEventListener("click", function () { retenir(rang); });
    return noeud;
  }

  function montrer(nouvelles) {
    propositions = nouvelles;
    active = -1;
    champ.removeAttribute("aria-activedescendant");
    liste.replaceChildren.apply(liste, propositions.map(ligne));
    const visible = propositions.length > 0;
    liste.hidden = !visible;
    champ.setAttribute("aria-expanded", String(visible));
    etat.textContent = visible
      ? propositions.length + (propositions.length < 2 ? " proposition." : " propositions.") + " Flèches pour parcourir, Entrée pour choisir."
      : "Aucune proposition.";
  }

  function activer(rang) {
    const lignes = liste.children;
    if (active >= 0) { lignes[active].setAttribute("aria-selected", "false"); }
    active = (rang + lignes.length) % lignes.length;
    lignes[active].setAttribute("aria-selected", "true");
    lignes[active].scrollIntoView({block: "nearest"});
    champ.setAttribute("aria-activedescendant", lignes[active].id);
  }

  function retenir(rang) {
    const choisie = propositions[rang];
    champ.value = choisie.libelle;
    fermer();
    etat.textContent = "";
    options.choisir(choisie);
  }

  function demander() {
    if (requete) { requete.abort(); }
    const texte = champ.value.trim();
    if (texte.length < 2) { fermer(); etat.textContent = ""; return; }
    const celle_ci = requete = new AbortController();
    options.lire(texte, celle_ci.signal).then(function (nouvelles) {
      if (requete === celle_ci && document.activeElement === champ) { montrer(nouvelles); }
    }).catch(function (erreur) {
      if (erreur.name !== "AbortError") { fermer(); }
    });
  }

  champ.addEventListener("input", function () {
    clearTimeout(minuterie);
    minuterie = setTimeout(demander, DELAI_MS);
  });
  champ.addEventListener("blur", fermer);
  champ.addEventListener("keydown", function (evenement) {
    const ouverte = !liste.hidden;
    if (evenement.key === "ArrowDown" || evenement.key === "ArrowUp") {
      evenement.preventDefault();
      if (!ouverte) { demander(); return; }
      if (evenement.key === "ArrowDown") { activer(active + 1); } else { activer(active < 0 ? -1 : active - 1); }
    } else if (evenement.key === "Escape" && ouverte) {
      evenement.preventDefault();
      fermer();
    } else if (evenement.key === "Enter" && ouverte && active >= 0) {
      evenement.preventDefault();
      retenir(active);
    } else if (evenement.key === "Enter") {
      fermer();
    }
  });
};
