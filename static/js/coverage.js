/* The coloured zones of the coverage, over carte.js.  Called by
 * geoapp/outputs/maps/coverage_map.py.
 *
 * Values come in a JSON block of the page: by zone [class, name, value in words, address].
 */
"use strict";

(function (geoforma) {
  const BOUGE_MAX =
  200; /* beyond, zones are not stops of the Tab key: the table gives them all */

  function element(balise, classe, texte) {
    const noeud = document.createElement(balise);
    if (classe) {
      noeud.className = classe;
    }
    noeud.textContent = texte;
    return noeud;
  }

  function bulle(mesure, zone) {
    const noeud = element("span", "bulle", "");
    noeud.append(element("strong", "", zone[1]), element("span", "bulle-zonage", mesure + " : " +
      zone[2]));
    return noeud;
  }

  const SANS_CLASSE = {
    "-1": "inconnu",
    "-2": "non-collectee",
    "-3": "hors"
  };

  function classe(zone) {
    return zone && zone[0] >= 0 ? String(zone[0]) : SANS_CLASSE[zone ? zone[0] : -1] || "inconnu";
  }

  function charger(adresse) {
    return fetch(adresse).then(function (reponse) {
      if (!reponse.ok) {
        throw new Error("réponse " + reponse.status);
      }
      return reponse.json();
    });
  }

  function colorier(carte, donnees, valeurs, zonage) {
    const nombreux = donnees.features.length > BOUGE_MAX;
    const options = zonage === "carreau" ? {
      renderer: L.canvas({
        padding: 0.5
      })
    } : {};
    const couleurs = getComputedStyle(document.documentElement);
    return L.geoJSON(donnees, Object.assign(options, {
      pane: "overlayPane",
      style: function (entite) {
        if (entite.properties.dehors) {
          return {
            className: "choro choro-dehors"
          };
        }
        const nom = classe(valeurs.zones[entite.properties.code]);
        if (zonage === "carreau") {
          return {
            stroke: false,
            fillOpacity: 0.85,
            fillColor: couleurs.getPropertyValue("--choro-" + nom).trim()
          };
        }
        return {
          className: "choro choro-" + nom + (nombreux ? " choro-fin" : "")
        };
      },
      onEachFeature: function (entite, forme) {
        const zone = valeurs.zones[entite.properties.code];
        if (entite.properties.dehors) {
          geoforma.infobulle(carte, forme, element("span", "bulle", (zone ? zone[1] +
            " : " : "") + "partie hors de la région, absente des chiffres"));
        } else if (zone) {
          decrire(carte, forme, entite, zone, valeurs.mesure, nombreux);
        }
        if (entite.properties.code === valeurs.choisie && !entite.properties.dehors) {
          geoforma.cerner(carte, entite, "cerne-choisi");
        }
      },
    }));
  }

  /* A zone that leads to its page is a link of the keyboard; another is told by the table alone. */
  function decrire(carte, forme, entite, zone, mesure, nombreux) {
    const contenu = bulle(mesure, zone);
    const gestes = geoforma.infobulle(carte, forme, contenu);
    if (!zone[3]) {
      return;
    }
    forme.on("click", function () {
      geoforma.suivre(zone[3]);
    });
    if (nombreux) {
      return;
    }
    let cerne = null;

    function suivre() {
      const trace = forme.getElement();
      if (trace) {
        trace.setAttribute("tabindex", carte.getBounds().intersects(forme.getBounds()) ? "0" :
          "-1");
      }
    }
    carte.on("moveend", suivre);
    forme.on("add", function () {
      const trace = forme.getElement && forme.getElement();
      if (!trace) {
        return;
      }
      trace.setAttribute("role", "link");
      trace.setAttribute("aria-label", zone[1] + ", " + mesure + " : " + zone[2]);
      suivre();
      trace.addEventListener("focus", function () {
        if (!trace.matches(":focus-visible")) {
          return;
        }
        cerne = geoforma.cerner(carte, entite, "cerne-focus");
        const haut = L.latLng(forme.getBounds().getNorth(), forme.getBounds().getCenter()
          .lng);
        gestes.montrer(carte.getBounds().pad(-0.1).contains(haut) ? haut : carte
          .getCenter(), contenu);
      });
      trace.addEventListener("blur", function () {
        if (cerne) {
          cerne.remove();
          cerne = null;
        }
        gestes.cacher();
      });
      trace.addEventListener("keydown", function (evenement) {
        if (evenement.key === "Enter") {
          geoforma.suivre(zone[3]);
        }
      });
    });
  }

  /* White communes of one kind make one shape: a few paths rather than thousands. */
  function hachurer(donnees, blanches) {
    const groupes = {};
    donnees.features.forEach(function (entite) {
      const sorte = blanches[entite.properties.code];
      if (!sorte || !entite.geometry) {
        return;
      }
      const parts = entite.geometry.type === "Polygon" ? [entite.geometry.coordinates] :
        entite.geometry.coordinates;
      groupes[sorte] = (groupes[sorte] || []).concat(parts);
    });
    return L.layerGroup(Object.keys(groupes).map(function (sorte) {
      const forme = {
        type: "Feature",
        properties: {},
        geometry: {
          type: "MultiPolygon",
          coordinates: groupes[sorte]
        }
      };
      return L.geoJSON(forme, {
        interactive: false,
        pane: "blanches",
        renderer: rendu,
        style: {
          className: "blanche blanche-" + sorte
        }
      });
    }));
  }

  /* Say what a drawing shows; its zones that lead somewhere are links inside. */
  function dessin(carte, volet, role, nom) {
    const svg = carte.getPane(volet).querySelector("svg");
    if (svg) {
      svg.setAttribute("role", role);
      svg.setAttribute("aria-label", nom);
    }
  }

  let rendu = null;

  function choroplethe(carte, options) {
    const valeurs = JSON.parse(document.getElementById(options.valeurs.slice(1)).textContent);
    const etat = document.getElementById("etat-carte");
    carte.createPane("blanches").style.zIndex = 420;
    carte.getPane("blanches").style.pointerEvents = "none";
    rendu = L.svg({
      pane: "blanches",
      padding: 0.5
    });
    carte.getPane("overlayPane").removeAttribute("aria-hidden");
    const bascule = document.getElementById("montrer-blanches");
    const zones = charger(options.donnees).then(function (donnees) {
      colorier(carte, donnees, valeurs, options.zonage).addTo(carte);
      carte.getContainer().dataset.nbZones = donnees.features.filter(function (entite) {
        return !entite.properties.dehors;
      }).length;
      return donnees;
    });
    const communes = options.communes === options.donnees ? zones : charger(options.communes);
    Promise.all([zones, communes]).then(function (tout) {
      const couche = hachurer(tout[1], valeurs.blanches);
      if (!bascule || bascule.checked) {
        couche.addTo(carte);
      }
      if (bascule) {
        bascule.addEventListener("change", function () {
          if (bascule.checked) {
            couche.addTo(carte);
          } else {
            couche.remove();
          }
        });
      }
      dessin(carte, "overlayPane", "group", "Zones, " + valeurs.mesure);
      dessin(carte, "blanches", "img",
        "Communes en zone blanche, hachurées : la légende dit combien");
      carte.getContainer().dataset.pret = "oui";
    }).catch(function () {
      if (etat) {
        etat.textContent =
          "La carte n’a pas pu être chargée entièrement. Rechargez la page ; " +
          "le tableau reste à jour.";
      }
    });
  }

  geoforma.choroplethe = choroplethe;
})(window.geoforma);
