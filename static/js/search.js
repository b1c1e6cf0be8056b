/* The search page: live results from the same page of the server, position kept out of addresses.
 *
 * The form is the state.  What the server answers replaces #facettes, #phrase,
 * #reponse; data of the answer (place, frame, address to share) are on #etat.
 */
"use strict";

geoforma.page = (function () {
  const DELAI_MS = 250;
  const formulaire = document.getElementById("recherche");
  const lieu = document.getElementById("lieu");
  const texte = document.getElementById("texte");
  const ecran = document.getElementById("ecran");
  const alerte = document.getElementById("lieu-alerte");
  const position = {lat: formulaire.elements.namedItem("lat"), lon: formulaire.elements.namedItem("lon")};
  let nomChoisi = lieu.value;
  let codeChoisi = lieu.dataset.code;
  let carte = null;
  let enCours = null;
  let minuterie = 0;

  document.documentElement.classList.add("avec-js");
  function montrerCommandes() { document.querySelectorAll("[data-js]").forEach(function (noeud) { noeud.hidden = false; }); }
  montrerCommandes();
  document.querySelector(".appliquer").hidden = true;
  const etroit = window.matchMedia("(max-width: 760px)");
  /* Where they stand above the list, filters start folded. */
  if (window.matchMedia("(max-width: 1180px)").matches) { document.querySelector(".colonne-filtres .pli").open = false; }

  /* A time chosen takes the place of the radius: it is then neither chosen nor sent. */
  function choisirMesure() { formulaire.elements.namedItem("rayon").disabled = formulaire.elements.namedItem("seuil_min").value !== ""; }
  choisirMesure();

  /* ---- State --------------------------------------------------------------- */

  function parametres(page) {
    const choix = new URLSearchParams();
    new FormData(formulaire).forEach(function (valeur, nom) {
      if (valeur !== "" && nom !== "lieu" && nom !== "page") { choix.append(nom, valeur); }
    });
    const saisi = lieu.value.trim();
    if (saisi && !choix.has("lat")) { choix.set("lieu", saisi === nomChoisi && codeChoisi ? codeChoisi : saisi); }
    if (page && page !== "1") { choix.set("page", page); }
    return choix;
  }

  function situer(lat, lon, nom) {
    position.lat.value = lat;
    position.lon.value = lon;
    position.lat.disabled = position.lon.disabled = lat === "";
    if (lat !== "") { lieu.value = nom; nomChoisi = nom; codeChoisi = ""; }
    document.getElementById("retirer").hidden = lat === "";
  }

  /* A position, or what may be somebody's address: by POST, and in no address of the page. */
  function estPrive(choix) {
    return choix.has("lat") || geoforma.estAdresse(choix.get("lieu"));
  }

  /* The address of a state never holds a position; the history keeps it beside. */
  function adresse(choix) {
    const public_ = new URLSearchParams(choix);
    if (estPrive(choix)) { public_.delete("lieu"); }
    public_.delete("lat");
    public_.delete("lon");
    return formulaire.action + (public_.size ? "?" + public_ : "");
  }

  function lireEtat() {
    const noeud = document.getElementById("etat");
    return JSON.parse(noeud.textContent);
  }

  function appliquer(etat, choix) {
    if (etat.lat !== "") { situer(String(etat.lat), String(etat.lon), lieu.value || etat.nom); } else { situer("", "", ""); }
    if (etat.lieuCode) { lieu.value = nomChoisi = etat.lieuNom; codeChoisi = etat.lieuCode; }
    /* What the server understood: an address may hold names that others added. */
    const courants = choix || new URLSearchParams(etat.parametres);
    if (etat.alerte) { lieu.setAttribute("aria-invalid", "true"); } else { lieu.removeAttribute("aria-invalid"); }
    if (carte) {
      carte.montrer({
        attend: etat.alerte !== "", parametres: courants, cadre: etat.cadre, centre: etat.centre, rayonKm: etat.rayonKm, zones: etat.zones,
        requeteFiche: new URL(adresse(courants), window.location.href).search,
      });
    }
  }

  /* ---- Search --------------------------------------------------------------- */

  function chercher(options) {
    const choix = options.choix || parametres(options.page);
    const prive = estPrive(choix);
    if (enCours) { enCours.abort(); }
    const celle_ci = enCours = new AbortController();
    ecran.setAttribute("aria-busy", "true");
    return fetch(prive ? formulaire.action : formulaire.action + (choix.size ? "?" + choix : ""), {
      method: prive ? "POST" : "GET", body: prive ? choix : undefined, headers: {"X-Fragment": "1"}, signal: celle_ci.signal,
    }).then(function (reponse) { return reponse.text(); }).then(function (html) {
      remplacer(html, choix);
      if (options.pousser !== false) { window.history.pushState({choix: choix.toString()}, "", adresse(choix)); }
      if (options.page) { document.getElementById("titre-resultats").focus(); document.getElementById("phrase").scrollIntoView({block: "start"}); }
    }).catch(function (erreur) {
      if (erreur.name !== "AbortError") { alerte.textContent = "La recherche n'a pas abouti. Vérifiez votre connexion, puis réessayez."; }
    }).finally(function () { if (enCours === celle_ci) { ecran.removeAttribute("aria-busy"); } });
  }

  function remplacer(html, choix) {
    const recu = new DOMParser().parseFromString(html, "text/html");
    const actif = document.activeElement;
    const repris = actif && ecran.contains(actif) && (actif.id ? "#" + CSS.escape(actif.id)
      : actif.name ? '[name="' + CSS.escape(actif.name) + '"][value="' + CSS.escape(actif.value) + '"]' : "");
    const ouvertes = new Map(Array.from(document.querySelectorAll(".facette")).map(function (f) { return [f.dataset.facette, f.open]; }));
    if (!recu.getElementById("etat")) {
      const erreur = recu.querySelector(".erreur");
      alerte.textContent = erreur ? erreur.innerText.trim() : "La recherche n'a pas abouti.";
      return;
    }
    ["lieu-alerte", "facettes", "phrase", "reponse", "zones"].forEach(function (id) {
      document.getElementById(id).replaceChildren.apply(document.getElementById(id), Array.from(recu.getElementById(id).childNodes));
    });
    document.querySelectorAll(".facette").forEach(function (f) { if (ouvertes.has(f.dataset.facette)) { f.open = ouvertes.get(f.dataset.facette); } });
    montrerCommandes();
    chercherDansFacettes();
    if (repris && ecran.querySelector(repris)) { ecran.querySelector(repris).focus({preventScroll: true}); }
    const etat = lireEtat();
    document.title = etat.titre;
    if (etat.lieuCode) { choix.set("lieu", etat.lieuCode); }
    appliquer(etat, choix);
  }

  function bientot() {
    clearTimeout(minuterie);
    minuterie = setTimeout(function () { chercher({}); }, DELAI_MS);
  }

  /* A position has no name of its own: neither « Ma position » nor the text of the field is sent with it. */
  formulaire.addEventListener("formdata", function (evenement) {
    if (evenement.formData.get("lat")) { evenement.formData.delete("lieu"); } else if (codeChoisi && lieu.value.trim() === nomChoisi) { evenement.formData.set("lieu", codeChoisi); }
  });
  formulaire.addEventListener("submit", function (evenement) {
    const bouton = evenement.submitter;
    if (bouton && bouton.dataset.action) { return; }
    evenement.preventDefault();
    if (lieu.value.trim() !== nomChoisi) { situer("", "", ""); }
    chercher({page: bouton && bouton.dataset.page}).then(function () {
      if (etroit.matches) { document.querySelector(".bascule").scrollIntoView({block: "start"}); }
    });
  });
  document.addEventListener("change", function (evenement) {
    const champ = evenement.target;
    if (champ.form !== formulaire || champ.type === "text") { return; }
    choisirMesure();
    bientot();
  });
  document.addEventListener("click", function (evenement) {
    const cible = evenement.target.closest("a, button");
    if (!cible || evenement.ctrlKey || evenement.metaKey || evenement.shiftKey) { return; }
    if (cible.matches("a[data-lieu]")) {
      evenement.preventDefault();
      const choix = parametres();
      choix.delete("lat"); choix.delete("lon");
      choix.set("lieu", cible.dataset.lieu);
      chercher({choix: choix}).then(function () { document.getElementById("titre-resultats").focus({preventScroll: true}); });
    } else if (cible.matches("a[data-page]")) {
      evenement.preventDefault();
      chercher({page: cible.dataset.page});
    } else if (cible.matches(".puce:not([data-elargir]), [data-effacer], [data-assouplir]")) {
      evenement.preventDefault();
      retirer(cible.dataset.nom, cible.dataset.valeur);
    } else if (cible.matches("[data-elargir]")) {
      evenement.preventDefault();
      elargir(cible.dataset.nom, cible.dataset.valeur);
    } else if (cible.id === "partager") {
      partager();
    } else if (cible.matches(".offre-titre a, .fiche-offre a")) {
      sessionStorage.setItem("geoforma-recherche", new URL(cible.href).pathname);
    }
  });

  function retirer(nom, valeur) {
    const choix = parametres();
    if (nom === "texte") { texte.value = ""; choix.delete("texte"); } else if (nom && valeur) {
      const restants = choix.getAll(nom).filter(function (v) { return v !== valeur; });
      choix.delete(nom);
      restants.forEach(function (v) { choix.append(nom, v); });
    } else {
      Array.from(document.querySelectorAll(".facette")).map(function (f) { return f.dataset.facette; })
        .filter(function (autre) { return !nom || autre === nom; }).forEach(function (autre) { choix.delete(autre); });
    }
    chercher({choix: choix}).then(function () { document.getElementById("titre-resultats").focus({preventScroll: true}); });
  }

  function elargir(nom, valeur) {
    formulaire.elements.namedItem(nom).value = valeur;
    choisirMesure();
    chercher({}).then(function () { document.getElementById("titre-resultats").focus({preventScroll: true}); });
  }

  window.addEventListener("popstate", function (evenement) {
    const choix = new URLSearchParams(evenement.state ? evenement.state.choix : window.location.search);
    reprendre(choix);
  });

  function reprendre(choix) {
    texte.value = choix.get("texte") || "";
    ["rayon", "seuil_min", "mode"].forEach(function (nom) { formulaire.elements.namedItem(nom).value = choix.get(nom) || ""; });
    formulaire.elements.namedItem("sans_voiture").checked = choix.get("sans_voiture") === "oui";
    choisirMesure();
    if (!choix.has("lieu") && !choix.has("lat")) { lieu.value = nomChoisi = codeChoisi = ""; }
    return chercher({choix: choix, pousser: false});
  }

  /* ---- Place, text and values suggested --------------------------------------- */

  geoforma.suggererLieu(lieu, function (choisi) {
    if (choisi.adresse) { placer(choisi.adresse, choisi.libelle); return; }
    situer("", "", ""); nomChoisi = choisi.libelle; codeChoisi = choisi.code; chercher({});
  });
  geoforma.suggererTexte(texte, function () { chercher({}); });

  function chercherDansFacettes() {
    document.querySelectorAll("[data-valeurs]").forEach(function (champ) {
      geoforma.suggerer(champ, {
        lire: geoforma.lire(champ.dataset.valeurs, function (donnees) { return donnees.valeurs; }),
        choisir: function (choisie) {
          champ.value = "";
          const choix = parametres();
          choix.append(champ.name, choisie.valeur);
          chercher({choix: choix});
        },
      });
    });
  }
  chercherDansFacettes();

  /* ---- Position ----------------------------------------------------------------- */

  function placer(latlng, nom) {
    situer(latlng.lat.toFixed(6), latlng.lng.toFixed(6), nom || "Repère sur la carte");
    alerte.textContent = "";
    chercher({});
  }

  geoforma.demanderPosition(document.getElementById("autour"), lieu, alerte, function (point) { placer(point, "Ma position"); });
  document.getElementById("retirer").addEventListener("click", function () {
    situer("", "", "");
    lieu.value = nomChoisi = codeChoisi = "";
    chercher({}).then(function () { lieu.focus(); });
  });

  /* ---- Share, list or map --------------------------------------------------------- */

  function partager() {
    const lien = new URL(lireEtat().partage, window.location.href).href;
    const etat = document.getElementById("partage-etat");
    const champ = document.getElementById("partage-lien");
    champ.hidden = false;
    champ.value = lien;
    champ.select();
    const fait = navigator.clipboard ? navigator.clipboard.writeText(lien) : Promise.reject(new Error("sans presse-papiers"));
    fait.then(function () { etat.textContent = "Lien copié."; }).catch(function () { etat.textContent = "Copiez ce lien."; });
  }

  document.querySelectorAll(".bascule [data-vue]").forEach(function (bouton) {
    bouton.addEventListener("click", function () {
      ecran.dataset.vue = bouton.dataset.vue;
      document.querySelectorAll(".bascule [data-vue]").forEach(function (b) { b.setAttribute("aria-pressed", String(b === bouton)); });
      if (bouton.dataset.vue === "carte" && carte) { carte.redimensionner(); }
      bouton.parentElement.scrollIntoView({block: "start"});
    });
  });

  return {
    placer: placer,
    estPrive: estPrive,
    /* The map is ready: show what the page holds, or the position that the history kept. */
    brancher: function (nouvelle) {
      carte = nouvelle;
      const garde = window.history.state && window.history.state.choix;
      if (garde && garde !== new URLSearchParams(window.location.search).toString()) { reprendre(new URLSearchParams(garde)); return; }
      appliquer(lireEtat());
    },
  };
})();
