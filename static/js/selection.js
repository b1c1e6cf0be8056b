/* The trainings kept during an interview: in this browser alone, cleared by one button.
 *
 * « Garder » on cards and sheets, the count in the header, the address of the page « Ma sélection
 * ».
 */
"use strict";

(function () {
  const CLE = "geoforma-selection";
  const lien = document.getElementById("ma-selection");
  const etat = document.getElementById("selection-etat");
  const maximum = Number(lien.dataset.maximum);
  const page = new URL(lien.href, window.location.href);

  function lire() {
    try {
      const lue = JSON.parse(window.localStorage.getItem(CLE) || "[]");
      return Array.isArray(lue) ? lue.filter(function (id) {
        return typeof id === "string";
      }).slice(0, maximum) : [];
    } catch {
      return [];
    }
  }

  /* A browser that keeps nothing for us says so: nothing is then promised. */
  function ecrire(ids) {
    try {
      if (ids.length) {
        window.localStorage.setItem(CLE, JSON.stringify(ids));
      } else {
        window.localStorage.removeItem(CLE);
      }
      return true;
    } catch {
      return false;
    }
  }

  /* The place of a search goes with the selection, as its address writes it: never a position. */
  function adresse(ids) {
    const cible = new URL(page);
    if (ids.length) {
      cible.searchParams.set("formations", ids.join(","));
    }
    const lieu = new URLSearchParams(window.location.search).get("lieu");
    if (lieu) {
      cible.searchParams.set("lieu", lieu);
    }
    return cible.href;
  }

  function montrer() {
    const ids = lire();
    lien.hidden = ids.length === 0;
    lien.href = adresse(ids);
    lien.querySelector(".nb").textContent = String(ids.length);
    document.querySelectorAll("[data-garder]").forEach(function (bouton) {
      const gardee = ids.includes(bouton.dataset.garder);
      bouton.hidden = false;
      if (bouton.getAttribute("aria-pressed") !== String(gardee)) {
        bouton.setAttribute("aria-pressed", String(gardee));
        bouton.querySelector(".geste").textContent = gardee ? "Gardée" : "Garder";
      }
    });
  }

  function compte(nb) {
    return nb + (nb < 2 ? " formation gardée." : " formations gardées.");
  }

  document.addEventListener("click", function (evenement) {
    const bouton = evenement.target.closest("[data-garder]");
    if (!bouton) {
      return;
    }
    const id = bouton.dataset.garder;
    let ids = lire();
    if (ids.includes(id)) {
      ids = ids.filter(function (autre) {
        return autre !== id;
      });
    } else if (ids.length >= maximum) {
      dire(maximum + " formations au plus : retirez-en une de votre sélection.");
      return;
    } else {
      ids.push(id);
    }
    dire(ecrire(ids) ? compte(ids.length) :
      "Ce navigateur ne garde rien : la sélection est impossible.");
    montrer();
  });

  /* Read aloud, shown for a while, then out of the way. */
  let effacement = 0;

  function dire(texte) {
    clearTimeout(effacement);
    etat.textContent = texte;
    effacement = setTimeout(function () {
      etat.textContent = "";
    }, 6000);
  }

  document.querySelectorAll("[data-retirer]").forEach(function (retrait) {
    retrait.addEventListener("click", function () {
      ecrire(lire().filter(function (id) {
        return id !== retrait.dataset.retirer;
      }));
    });
  });
  const vider = document.getElementById("vider");
  if (vider) {
    vider.hidden = false;
    vider.addEventListener("click", function () {
      ecrire([]);
      window.location.assign(page.pathname);
    });
  }
  /* The page without address shows what the browser keeps. */
  if (window.location.pathname === page.pathname && !window.location.search && lire().length) {
    window.location.replace(adresse(lire()));
    return;
  }
  montrer();
  window.addEventListener("storage", montrer);
  window.addEventListener("pageshow", montrer);
  const reponse = document.getElementById("reponse");
  if (reponse) {
    new MutationObserver(montrer).observe(reponse, {
      childList: true
    });
  }
})();
