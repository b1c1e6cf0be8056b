/* A file that takes seconds to make: the page says that it is being made, then that it is there.
   Without this script, links and forms download as the browser does. */
"use strict";

(function () {
  const ESSAIS = 5;
  /* Made at once, empty, so that screen readers know it before it speaks. */
  const etat = document.createElement("p");
  etat.className = "etat-fichier";
  etat.setAttribute("role", "status");
  document.getElementById("contenu").append(etat);

  document.addEventListener("click", function (event) {
    const lien = event.target.closest("a[download]");
    const est_simple = event.button === 0 && !event.ctrlKey && !event.metaKey && !event
      .shiftKey;
    if (lien && est_simple && lien.origin === location.origin && !event.defaultPrevented) {
      event.preventDefault();
      prepare(lien.href);
    }
  });

  document.addEventListener("submit", function (event) {
    const form = event.target.closest("form[data-fichier]");
    if (form) {
      event.preventDefault();
      prepare(form.action + "?" + new URLSearchParams(new FormData(form)));
    }
  });

  /* The address is asked again while the server says that it makes other files. */
  async function prepare(adresse, essai = 1) {
    say("Le fichier se prépare…");
    let reponse;
    try {
      reponse = await fetch(adresse);
    } catch {
      say("Le serveur ne répond pas. Réessayez.");
      return;
    }
    const secondes = Number(reponse.headers.get("Retry-After"));
    if (reponse.status === 503 && secondes && essai <= ESSAIS) {
      say(`Le serveur prépare d’autres fichiers. Nouvel essai dans ${secondes} secondes.`);
      setTimeout(prepare, secondes * 1000, adresse, essai + 1);
    } else if (reponse.ok) {
      save(await reponse.blob(), name_of(reponse, adresse));
    } else {
      say("");
      location.assign(adresse);
    }
  }

  function name_of(reponse, adresse) {
    const dit = /filename="?([^";]+)/.exec(reponse.headers.get("Content-Disposition") || "");
    return dit ? dit[1] : new URL(adresse, location).pathname.split("/").pop();
  }

  function save(contenu, nom) {
    const lien = document.createElement("a");
    lien.href = URL.createObjectURL(contenu);
    lien.download = nom;
    lien.click();
    setTimeout(URL.revokeObjectURL, 60000, lien.href);
    say(`Fichier prêt : ${nom}`);
  }

  function say(mots) {
    etat.textContent = mots;
  }
})();
