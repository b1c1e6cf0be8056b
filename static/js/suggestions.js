/* Suggestions under a text field: the ARIA combobox pattern (list, no focus moved).
 *
 * geoforma.suggerer(champ, {lire, choisir}) where `lire(texte, signal)` promises
 * [{libelle, detail, ...}] and `choisir(option)` is told what was chosen.
 * Labels are set with textContent: no HTML is ever built from them.
 * geoforma.suggererLieu, suggererTexte and demanderPosition serve the fields of the home page and
 * of the search.
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
    if (requete) {
      requete.abort();
      requete = null;
    }
    liste.hidden = true;
    etat.classList.add("invisible");
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
    noeud.addEventListener("mousedown", function (evenement) {
      evenement.preventDefault();
    });
    noeud.addEventListener("click", function () {
      retenir(rang);
    });
    return noeud;
  }

  function montrer(nouvelles) {
    /* A sentence says why nothing is proposed. */
    const phrase = typeof nouvelles === "string" ? nouvelles : "";
    propositions = phrase ? [] : nouvelles;
    active = -1;
    champ.removeAttribute("aria-activedescendant");
    liste.replaceChildren.apply(liste, propositions.map(ligne));
    const visible = propositions.length > 0;
    liste.hidden = !visible;
    champ.setAttribute("aria-expanded", String(visible));
    etat.textContent = visible ?
      propositions.length + (propositions.length < 2 ? " proposition." : " propositions.") +
      " Flèches pour parcourir, Entrée pour choisir." :
      phrase || "Aucune proposition.";
    etat.classList.toggle("invisible", !phrase);
    etat.classList.toggle("note", phrase !== "");
  }

  function activer(rang) {
    const lignes = liste.children;
    if (active >= 0) {
      lignes[active].setAttribute("aria-selected", "false");
    }
    active = (rang + lignes.length) % lignes.length;
    lignes[active].setAttribute("aria-selected", "true");
    lignes[active].scrollIntoView({
      block: "nearest"
    });
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
    if (requete) {
      requete.abort();
    }
    const texte = champ.value.trim();
    if (texte.length < 2) {
      fermer();
      etat.textContent = "";
      return;
    }
    const celle_ci = requete = new AbortController();
    options.lire(texte, celle_ci.signal).then(function (nouvelles) {
      if (requete === celle_ci && document.activeElement === champ) {
        montrer(nouvelles);
      }
    }).catch(function (erreur) {
      if (erreur.name !== "AbortError") {
        fermer();
      }
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
      if (!ouverte) {
        demander();
        return;
      }
      if (evenement.key === "ArrowDown") {
        activer(active + 1);
      } else {
        activer(active < 0 ? -1 : active - 1);
      }
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

(function () {
  function lireReponse(reponse) {
    if (!reponse.ok) {
      throw new Error("réponse " + reponse.status);
    }
    return reponse.json();
  }

  geoforma.lire = function (adresse, convertir) {
    return function (saisi, signal) {
      return fetch(adresse + (adresse.includes("?") ? "&" : "?") + "q=" + encodeURIComponent(
        saisi), {
        signal: signal
      }).then(lireReponse).then(convertir);
    };
  };

  /* What may be somebody's address: a number then words, a street, typed or chosen. */
  const VOIES = [
    "rue", "r", "avenue", "av", "ave", "boulevard", "bd", "bld", "place", "pl", "chemin", "ch",
    "impasse", "imp", "allée", "allee", "all", "route", "rte", "quai", "square", "sq",
    "résidence", "residence", "cité", "cite", "sentier", "ruelle", "venelle", "passage", "cours",
  ];
  const RUE = new RegExp("^\\s*(" + VOIES.join("|") + ")\\b\\.?\\s+\\S", "iu");
  geoforma.estAdresse = function (texte) {
    return /\d.* .*\p{L}|^(voie|point):/u.test(texte || "") || RUE.test(texte || "");
  };

  geoforma.suggererLieu = function (champ, choisir) {
    geoforma.suggerer(champ, {
      /* By POST: what is typed may be somebody's address. */
      lire: function (saisi, signal) {
        return fetch(champ.dataset.adresse, {
          method: "POST",
          body: new URLSearchParams({
            q: saisi
          }),
          signal: signal
        }).then(lireReponse).then(function (donnees) {
          if (donnees.message) {
            return donnees.message;
          }
          return donnees.lieux.map(function (l) {
            return {
              libelle: l.nom,
              detail: l.libelle_type || l.type,
              code: l.type + ":" + l.code,
              adresse: l.type === "adresse" ? {
                lat: l.latitude,
                lng: l.longitude
              } : null
            };
          });
        });
      },
      choisir: choisir,
    });
  };

  geoforma.suggererTexte = function (champ, choisir) {
    geoforma.suggerer(champ, {
      lire: geoforma.lire(champ.dataset.adresse, function (donnees) {
        return donnees.suggestions.map(function (s) {
          return {
            libelle: s.texte,
            detail: s.nb + (s.nb < 2 ? " formation" : " formations")
          };
        });
      }),
      choisir: choisir,
    });
  };

  geoforma.demanderPosition = function (bouton, champ, alerte, recevoir) {
    function refus() {
      alerte.textContent =
        "Votre position n’est pas connue : le navigateur ne l’a pas donnée. " +
        "Tapez plutôt une commune ou un code postal.";
      champ.focus();
    }
    bouton.addEventListener("click", function () {
      alerte.textContent = "";
      if (!navigator.geolocation) {
        refus();
        return;
      }
      navigator.geolocation.getCurrentPosition(function (lue) {
        recevoir({
          lat: lue.coords.latitude,
          lng: lue.coords.longitude
        });
      }, refus, {
        timeout: 10000,
        maximumAge: 300000
      });
    });
  };
})();
