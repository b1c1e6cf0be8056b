/* What this browser keeps to be read without a network: the list, and how to erase it. */
"use strict";

(function () {
  const liste = document.getElementById("gardes");
  const etat = document.getElementById("gardes-etat");
  const bouton = document.getElementById("effacer-gardes");
  const NOMS = ["geoforma-pages", "geoforma-parts"];

  function nommer(adresse) {
    const lus = adresse.searchParams;
    if (adresse.pathname.split("/").pop() !== "recherche") {
      return "Fiche : " + decodeURIComponent(adresse.pathname.split("/").pop());
    }
    const dits = Array.from(lus.entries()).map(function (paire) {
      return paire[0] + " : " + paire[1];
    });
    return "Recherche" + (dits.length ? " : " + dits.join(", ") : " sans critère");
  }

  function lire() {
    if (!("caches" in window)) {
      etat.textContent = "Ce navigateur ne garde rien.";
      return Promise.resolve();
    }
    return Promise.all(NOMS.map(function (nom) {
      return caches.open(nom).then(function (cache) {
        return cache.keys();
      });
    })).then(function (parts) {
      const adresses = Array.from(new Set(parts.flat().map(function (cle) {
        return cle.url;
      }))).reverse();
      liste.replaceChildren.apply(liste, adresses.map(function (adresse) {
        const item = document.createElement("li");
        const lien = document.createElement("a");
        lien.href = adresse;
        lien.textContent = nommer(new URL(adresse));
        item.append(lien);
        return item;
      }));
      etat.textContent = adresses.length ? "" : "Rien n’est gardé sur cet appareil.";
      bouton.hidden = adresses.length === 0;
    });
  }

  bouton.addEventListener("click", function () {
    Promise.all(NOMS.map(function (nom) {
      return caches.delete(nom);
    })).then(lire).then(function () {
      etat.textContent = "C’est effacé.";
      etat.focus();
    });
  });
  lire();
})();
