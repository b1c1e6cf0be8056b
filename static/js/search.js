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
  const position = {
    lat: formulaire.elements.namedItem("lat"),
    lon: formulaire.elements.namedItem("lon")
  };
  let nomChoisi = lieu.value;
  let codeChoisi = lieu.dataset.code;
  let carte = null;
  let enCours = null;
  let minuterie = 0;
  let dernier = null;

  const etroit = window.matchMedia("(max-width: 760px)");
  const script = document.currentScript;
  /* Where they stand above the list, filters start folded. */
  if (!etroit.matches && window.matchMedia("(max-width: 1180px)").matches) {
    document.querySelector(".colonne-filtres .pli").open = false;
  }

  /* A time chosen takes the place of the radius: it is then neither chosen nor sent. */
  function choisirMesure() {
    formulaire.elements.namedItem("rayon").disabled = formulaire.elements.namedItem("seuil_min")
      .value !== "";
  }
  choisirMesure();

  /* ---- State --------------------------------------------------------------- */

  function parametres(page) {
    const choix = new URLSearchParams();
    new FormData(formulaire).forEach(function (valeur, nom) {
      if (valeur !== "" && nom !== "lieu" && nom !== "page") {
        choix.append(nom, valeur);
      }
    });
    const saisi = lieu.value.trim();
    if (saisi && !choix.has("lat")) {
      choix.set("lieu", saisi === nomChoisi && codeChoisi ? codeChoisi : saisi);
    }
    if (page && page !== "1") {
      choix.set("page", page);
    }
    return choix;
  }

  function situer(lat, lon, nom) {
    position.lat.value = lat;
    position.lon.value = lon;
    position.lat.disabled = position.lon.disabled = lat === "";
    if (lat !== "") {
      lieu.value = nom;
      nomChoisi = nom;
      codeChoisi = "";
    }
    document.getElementById("retirer").hidden = lat === "";
    /* Another place: the rectangle seen before says nothing of it. */
    formulaire.elements.namedItem("emprise").value = "";
  }

  /* A position, or what may be somebody's address: by POST, and in no address of the page. */
  function estPrive(choix) {
    return choix.has("lat") || geoforma.estAdresse(choix.get("lieu"));
  }

  /* The address of a state never holds a position; the history keeps it beside. */
  function adresse(choix) {
    const public_ = new URLSearchParams(choix);
    if (estPrive(choix)) {
      public_.delete("lieu");
      public_.delete("emprise");
    }
    public_.delete("lat");
    public_.delete("lon");
    return formulaire.action + (public_.size ? "?" + public_ : "");
  }

  function lireEtat() {
    const noeud = document.getElementById("etat");
    return JSON.parse(noeud.textContent);
  }

  function appliquer(etat, choix) {
    if (etat.lat !== "") {
      situer(String(etat.lat), String(etat.lon), lieu.value || etat.nom);
    } else {
      situer("", "", "");
    }
    if (etat.lieuCode) {
      lieu.value = nomChoisi = etat.lieuNom;
      codeChoisi = etat.lieuCode;
    }
    /* What the server understood: an address may hold names that others added. */
    dernier = choix || null;
    const courants = choix || new URLSearchParams(etat.parametres);
    formulaire.elements.namedItem("emprise").value = courants.get("emprise") || "";
    document.getElementById("resume-recherche").textContent = etat.resume;
    formulaire.toggleAttribute("data-pliee", etat.estPliee);
    /* While the place is in doubt nothing is found: nothing to filter. */
    document.getElementById("filtres").hidden = document.getElementById("montrer-filtres")
      .hidden = etat.alerte !== "";
    if (etat.alerte) {
      lieu.setAttribute("aria-invalid", "true");
    } else {
      lieu.removeAttribute("aria-invalid");
    }
    if (carte) {
      carte.montrer({
        attend: etat.alerte !== "",
        parametres: courants,
        cadre: etat.cadre,
        centre: etat.centre,
        rayonKm: etat.rayonKm,
        zones: etat.zones,
        contour: etat.contour,
        requeteFiche: new URL(adresse(courants), window.location.href).search,
      });
    }
  }

  /* ---- Search --------------------------------------------------------------- */

  function chercher(options) {
    const choix = options.choix || parametres(options.page);
    const prive = estPrive(choix);
    if (enCours) {
      enCours.abort();
    }
    const celle_ci = enCours = new AbortController();
    ecran.setAttribute("aria-busy", "true");
    return fetch(prive ? formulaire.action : formulaire.action + (choix.size ? "?" + choix :
      ""), {
        method: prive ? "POST" : "GET",
        body: prive ? choix : undefined,
        headers: {
          "X-Fragment": "1"
        },
        signal: celle_ci.signal,
      }).then(function (reponse) {
      return reponse.text();
    }).then(function (html) {
      remplacer(html, choix);
      if (options.pousser !== false) {
        window.history.pushState({
          choix: choix.toString()
        }, "", adresse(choix));
      }
      if (options.page) {
        document.getElementById("titre-resultats").focus();
        document.getElementById("phrase").scrollIntoView({
          block: "start"
        });
      }
    }).catch(function (erreur) {
      if (erreur.name !== "AbortError") {
        alerte.textContent =
          "La recherche n’a pas abouti. Vérifiez votre connexion, puis réessayez.";
      }
    }).finally(function () {
      if (enCours === celle_ci) {
        ecran.removeAttribute("aria-busy");
      }
    });
  }

  function remplacer(html, choix) {
    const recu = new DOMParser().parseFromString(html, "text/html");
    const actif = document.activeElement;
    const repris = actif && ecran.contains(actif) && (actif.id ? "#" + CSS.escape(actif.id) :
      actif.name ? '[name="' + CSS.escape(actif.name) + '"][value="' + CSS.escape(actif
      .value) + '"]' : "");
    const ouvertes = new Map(Array.from(document.querySelectorAll(".facette")).map(function (
    f) {
      return [f.dataset.facette, f.open];
    }));
    if (!recu.getElementById("etat")) {
      const erreur = recu.querySelector(".erreur");
      alerte.textContent = erreur ? erreur.innerText.trim() : "La recherche n’a pas abouti.";
      return;
    }
    ["lieu-alerte", "facettes", "phrase", "reponse", "zones"].forEach(function (id) {
      document.getElementById(id).replaceChildren.apply(document.getElementById(id), Array
        .from(recu.getElementById(id).childNodes));
    });
    document.querySelectorAll(".facette").forEach(function (f) {
      if (ouvertes.has(f.dataset.facette)) {
        f.open = ouvertes.get(f.dataset.facette);
      }
    });
    chercherDansFacettes();
    if (repris && ecran.querySelector(repris)) {
      ecran.querySelector(repris).focus({
        preventScroll: true
      });
    }
    const etat = lireEtat();
    document.title = etat.titre;
    if (etat.lieuCode) {
      choix.set("lieu", etat.lieuCode);
    }
    appliquer(etat, choix);
  }

  function bientot() {
    clearTimeout(minuterie);
    minuterie = setTimeout(function () {
      chercher({});
    }, DELAI_MS);
  }

  /* A position has no name: neither « Ma position » nor the text of the field goes with it. */
  formulaire.addEventListener("formdata", function (evenement) {
    if (evenement.formData.get("lat")) {
      evenement.formData.delete("lieu");
    } else if (codeChoisi && lieu.value.trim() === nomChoisi) {
      evenement.formData.set("lieu", codeChoisi);
    }
  });
  formulaire.addEventListener("submit", function (evenement) {
    const bouton = evenement.submitter;
    if (bouton && bouton.dataset.action) {
      return;
    }
    evenement.preventDefault();
    if (lieu.value.trim() !== nomChoisi) {
      situer("", "", "");
    }
    chercher({
      page: bouton && bouton.dataset.page
    }).then(function () {
      if (etroit.matches) {
        window.scrollTo(0, 0);
      }
    });
  });
  document.addEventListener("change", function (evenement) {
    const champ = evenement.target;
    if (champ.form !== formulaire || champ.type === "text") {
      return;
    }
    choisirMesure();
    bientot();
  });
  document.addEventListener("click", function (evenement) {
    const cible = evenement.target.closest("a, button");
    if (!cible || evenement.ctrlKey || evenement.metaKey || evenement.shiftKey) {
      return;
    }
    if (cible.matches("a[data-ajoute]")) {
      evenement.preventDefault();
      const choix = parametres();
      cible.dataset.ajoute.split(" ").forEach(function (zone) {
        choix.append("zone", zone);
      });
      chercher({
        choix: choix
      }).then(function () {
        document.getElementById("titre-resultats").focus({
          preventScroll: true
        });
      });
    } else if (cible.matches("a[data-lieu]")) {
      evenement.preventDefault();
      const choix = parametres();
      choix.delete("lat");
      choix.delete("lon");
      choix.set("lieu", cible.dataset.lieu);
      chercher({
        choix: choix
      }).then(function () {
        document.getElementById("titre-resultats").focus({
          preventScroll: true
        });
      });
    } else if (cible.matches("a[data-page]")) {
      evenement.preventDefault();
      chercher({
        page: cible.dataset.page
      });
    } else if (cible.matches(
      ".puce:not([data-elargir]), [data-effacer], [data-assouplir]")) {
      evenement.preventDefault();
      retirer(cible.dataset.nom, cible.dataset.valeur);
    } else if (cible.matches("[data-elargir]")) {
      evenement.preventDefault();
      elargir(cible.dataset.nom, cible.dataset.valeur);
    } else if (cible.id === "modifier") {
      evenement.preventDefault();
      formulaire.removeAttribute("data-pliee");
      lieu.focus();
    } else if (cible.id === "voir") {
      montrerFiltres(false);
      document.getElementById("titre-resultats").focus({
        preventScroll: true
      });
      window.scrollTo(0, 0);
    } else if (cible.id === "partager") {
      partager();
    } else if (cible.matches(".offre-titre a, .fiche-offre a")) {
      sessionStorage.setItem("geoforma-recherche", new URL(cible.href).pathname);
    }
  });

  function retirer(nom, valeur) {
    const choix = parametres();
    if (nom === "emprise") {
      choix.delete(nom);
    } else if (nom === "texte") {
      texte.value = "";
      choix.delete("texte");
    } else if (nom && valeur) {
      const restants = choix.getAll(nom).filter(function (v) {
        return v !== valeur;
      });
      choix.delete(nom);
      restants.forEach(function (v) {
        choix.append(nom, v);
      });
    } else {
      Array.from(document.querySelectorAll(".facette")).map(function (f) {
          return f.dataset.facette;
        })
        .filter(function (autre) {
          return !nom || autre === nom;
        }).forEach(function (autre) {
          choix.delete(autre);
        });
    }
    chercher({
      choix: choix
    }).then(function () {
      document.getElementById("titre-resultats").focus({
        preventScroll: true
      });
    });
  }

  function elargir(nom, valeur) {
    formulaire.elements.namedItem(nom).value = valeur;
    choisirMesure();
    chercher({}).then(function () {
      document.getElementById("titre-resultats").focus({
        preventScroll: true
      });
    });
  }

  window.addEventListener("popstate", function (evenement) {
    const choix = new URLSearchParams(evenement.state ? evenement.state.choix : window
      .location.search);
    reprendre(choix);
  });

  function reprendre(choix) {
    texte.value = choix.get("texte") || "";
    ["rayon", "seuil_min", "mode"].forEach(function (nom) {
      formulaire.elements.namedItem(nom).value = choix.get(nom) || "";
    });
    formulaire.elements.namedItem("sans_voiture").checked = choix.get("sans_voiture") === "oui";
    choisirMesure();
    if (!choix.has("lieu") && !choix.has("lat")) {
      lieu.value = nomChoisi = codeChoisi = "";
    }
    return chercher({
      choix: choix,
      pousser: false
    });
  }

  /* ---- Place, text and values suggested --------------------------------------- */

  geoforma.suggererLieu(lieu, function (choisi) {
    if (choisi.adresse) {
      placer(choisi.adresse, choisi.libelle);
      return;
    }
    situer("", "", "");
    nomChoisi = choisi.libelle;
    codeChoisi = choisi.code;
    chercher({});
  });
  geoforma.suggererTexte(texte, function () {
    chercher({});
  });

  function chercherDansFacettes() {
    document.querySelectorAll("[data-valeurs]").forEach(function (champ) {
      geoforma.suggerer(champ, {
        lire: geoforma.lire(champ.dataset.valeurs, function (donnees) {
          return donnees.valeurs;
        }),
        choisir: function (choisie) {
          champ.value = "";
          const choix = parametres();
          choix.append(champ.name, choisie.valeur);
          chercher({
            choix: choix
          });
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

  geoforma.demanderPosition(document.getElementById("autour"), lieu, alerte, function (point) {
    placer(point, "Ma position");
  });
  document.getElementById("retirer").addEventListener("click", function () {
    situer("", "", "");
    lieu.value = nomChoisi = codeChoisi = "";
    chercher({}).then(function () {
      lieu.focus();
    });
  });

  /* ---- Share, list or map --------------------------------------------------------- */

  function partager() {
    const lien = new URL(lireEtat().partage, window.location.href).href;
    const etat = document.getElementById("partage-etat");
    const champ = document.getElementById("partage-lien");
    champ.hidden = false;
    champ.value = lien;
    champ.select();
    const fait = navigator.clipboard ? navigator.clipboard.writeText(lien) : Promise.reject(
      new Error("sans presse-papiers"));
    fait.then(function () {
      etat.textContent = "Lien copié.";
    }).catch(function () {
      etat.textContent = "Copiez ce lien.";
    });
  }

  /* ---- On a phone: filters apart, list or map ----------------------------------------- */

  const boutonFiltres = document.getElementById("montrer-filtres");

  function montrerFiltres(ouverts) {
    ecran.toggleAttribute("data-filtres", ouverts);
    boutonFiltres.setAttribute("aria-expanded", String(ouverts));
  }
  boutonFiltres.addEventListener("click", function () {
    montrerFiltres(!ecran.hasAttribute("data-filtres"));
  });

  document.querySelectorAll(".bascule [data-vue]").forEach(function (bouton) {
    bouton.addEventListener("click", function () {
      ecran.dataset.vue = bouton.dataset.vue;
      document.querySelectorAll(".bascule [data-vue]").forEach(function (b) {
        b.setAttribute("aria-pressed", String(b === bouton));
      });
      montrerFiltres(false);
      if (bouton.dataset.vue === "carte") {
        if (carte) {
          carte.redimensionner();
        } else {
          chargerCarte();
        }
      }
    });
  });

  /* ---- The map, once it is looked at ---------------------------------------------------- */

  let carteDemandee = false;

  /* What a template holds runs in its order: each file once the one before has come. */
  function executer(noeud) {
    if (noeud.tagName !== "SCRIPT") {
      document.head.append(noeud.cloneNode(true));
      return Promise.resolve();
    }
    const copie = document.createElement("script");
    copie.nonce = script.nonce;
    return new Promise(function (fini, echec) {
      copie.onload = fini;
      copie.onerror = echec;
      if (noeud.src) {
        copie.async = false;
        copie.src = noeud.getAttribute("src");
      } else {
        copie.textContent = noeud.textContent;
      }
      document.head.append(copie);
      if (!noeud.src) {
        fini();
      }
    });
  }

  function chargerCarte() {
    if (carteDemandee) {
      return;
    }
    carteDemandee = true;
    const noeuds = ["entete-carte", "script-carte"].flatMap(function (id) {
      return Array.from(document.getElementById(id).content.children);
    });
    noeuds.reduce(function (suite, noeud) {
      return suite.then(function () {
        return executer(noeud);
      });
    }, Promise.resolve()).catch(function () {
      carteDemandee = false;
      document.getElementById("etat-carte").textContent =
        "La carte n’a pas pu être chargée. La liste reste à jour.";
    });
  }

  /* The rectangle seen takes the place of the radius, of the time, and of a territory. */
  function chercherZone(emprise) {
    const choix = parametres();
    const lieuDit = choix.get("lieu") || "";
    choix.set("emprise", emprise);
    choix.delete("seuil_min");
    if (choix.has("lat") || /^(commune|ancienne_commune|code_postal|etablissement|qpv\d+):/
      .test(lieuDit)) {
      choix.set("rayon", "100");
    } else {
      choix.delete("lieu");
    }
    formulaire.elements.namedItem("seuil_min").value = "";
    formulaire.elements.namedItem("rayon").value = choix.get("rayon") || "";
    if (!choix.has("lieu") && !choix.has("lat")) {
      lieu.value = nomChoisi = codeChoisi = "";
    }
    choisirMesure();
    chercher({
      choix: choix
    });
  }

  /* ---- What is kept on this device to be read without a network -------------------------- */

  if ("serviceWorker" in navigator && script.dataset.veille) {
    window.addEventListener("load", function () {
      navigator.serviceWorker.register(script.dataset.veille).catch(function () {
        /* The page works without it. */ });
    });
  }

  /* The history keeps a position; a page kept on the device stands for one of the network. */
  (function commencer() {
    const garde = window.history.state && window.history.state.choix;
    const ici = new URLSearchParams(window.location.search);
    if (document.documentElement.hasAttribute("data-repris")) {
      reprendre(ici);
      return;
    }
    if (garde && garde !== ici.toString()) {
      reprendre(new URLSearchParams(garde));
      return;
    }
    appliquer(lireEtat());
  })();
  if (!etroit.matches) {
    chargerCarte();
  }
  etroit.addEventListener("change", function () {
    if (!etroit.matches) {
      chargerCarte();
    }
  });

  return {
    placer: placer,
    estPrive: estPrive,
    chercherZone: chercherZone,
    /* The map is ready: show what the page holds. */
    brancher: function (nouvelle) {
      carte = nouvelle;
      appliquer(lireEtat(), dernier);
    },
  };
})();
