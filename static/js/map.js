/* The map of the offer, over Leaflet.
 *
 * Called by the layers of geoapp/outputs/maps/folium_map.py.  Every text that comes
 * from a source is set with textContent: no HTML is ever built from it.
 */
"use strict";

window.geoforma = Object.assign(window.geoforma || {}, (function () {
  const nombres = new Intl.NumberFormat("fr-FR");
  /* Inside another site every link opens a tab, and the wheel scrolls the page. */
  const estCadre = document.querySelector("base[target]") !== null;
  const mouvementReduit = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* Return the data behind "#id" (a JSON block of the page) or an address. */
  function lire(ref) {
    if (ref.startsWith("#")) {
      return Promise.resolve(JSON.parse(document.getElementById(ref.slice(1)).textContent));
    }
    return fetch(ref).then(function (reponse) {
      if (!reponse.ok) {
        throw new Error("réponse " + reponse.status);
      }
      return reponse.json();
    });
  }

  function dire(texte) {
    const zone = document.getElementById("etat-carte");
    if (zone) {
      zone.textContent = texte;
    }
  }

  function echec() {
    dire(
      "Une partie de la carte n’a pas pu être chargée. Rechargez la page ; le tableau reste à jour."
      );
  }

  function element(balise, classe, texte) {
    const noeud = document.createElement(balise);
    if (classe) {
      noeud.className = classe;
    }
    if (texte !== undefined) {
      noeud.textContent = texte;
    }
    return noeud;
  }

  function compte(nb) {
    return nombres.format(nb) + (nb < 2 ? " formation" : " formations");
  }

  /* ---- Map ------------------------------------------------------------- */

  function creer(id, options) {
    const carte = L.map(id, Object.assign({
      scrollWheelZoom: !estCadre,
      zoomAnimation: !mouvementReduit,
      fadeAnimation: !mouvementReduit,
      markerZoomAnimation: !mouvementReduit,
    }, options));
    L.control.zoom({
      position: "bottomright",
      zoomInTitle: "Agrandir la carte",
      zoomOutTitle: "Réduire la carte"
    }).addTo(carte);
    L.control.scale({
      imperial: false
    }).addTo(carte);
    carte.createPane("fond").style.zIndex = 300;
    carte.createPane("reperes").style.zIndex = 450;
    /* What has no information, or none that a list beside does not give, is not read aloud. */
    ["fond", "reperes", "shadowPane", "overlayPane"].forEach(function (nom) {
      carte.getPane(nom).setAttribute("aria-hidden", "true");
    });
    carte.on("popupopen", preparerFiche);
    carte.getContainer().addEventListener("keydown", function (evenement) {
      if (evenement.key === "Escape") {
        carte.closePopup();
      }
      /* A role of button answers to the space bar as to Enter, which Leaflet alone knows. */
      if (evenement.key === " " && evenement.target.getAttribute("role") === "button") {
        evenement.preventDefault();
        evenement.target.click();
      }
    });
    bulleDe(carte);
    return carte;
  }

  /* ---- The tooltip of a map: one, closed by Escape, that the pointer may reach --------------- */

  const ATTENTE_MS = 250;
  const bulles = new WeakMap();

  function bulleDe(carte) {
    const bulle = L.tooltip({
      interactive: true,
      opacity: 1,
      direction: "top",
      offset: [0, -2]
    });
    let minuterie = 0;
    const gestes = {
      montrer: function (latlng, contenu) {
        clearTimeout(minuterie);
        bulle.setContent(contenu).setLatLng(latlng);
        if (!carte.hasLayer(bulle)) {
          carte.openTooltip(bulle);
        }
      },
      cacher: function () {
        clearTimeout(minuterie);
        carte.closeTooltip(bulle);
      },
      cacherBientot: function () {
        clearTimeout(minuterie);
        minuterie = setTimeout(gestes.cacher, ATTENTE_MS);
      },
    };
    bulle.on("add", function () {
      const noeud = bulle.getElement();
      noeud.addEventListener("pointerenter", function () {
        clearTimeout(minuterie);
      });
      noeud.addEventListener("pointerleave", gestes.cacherBientot);
    });
    /* On the document: a pointer shows it while the focus is elsewhere. */
    document.addEventListener("keydown", function (evenement) {
      if (evenement.key === "Escape") {
        gestes.cacher();
      }
    });
    bulles.set(carte, gestes);
  }

  /* Show `contenu` over a shape, where the pointer entered it, for it to be reached. */
  function infobulle(carte, forme, contenu) {
    const gestes = bulles.get(carte);
    forme.on("mouseover", function (evenement) {
      gestes.montrer(evenement.latlng || forme.getBounds().getCenter(), contenu);
    });
    forme.on("mouseout", gestes.cacherBientot);
    return gestes;
  }

  /* ---- What has the focus, or is chosen: a dark line between two light ones, above all ----- */

  function cerner(carte, entite, nom) {
    if (!carte.getPane("cernes")) {
      const volet = carte.createPane("cernes");
      volet.style.zIndex = 440;
      volet.style.pointerEvents = "none";
      volet.setAttribute("aria-hidden", "true");
    }
    const rendu = carte.renduCernes = carte.renduCernes || L.svg({
      pane: "cernes",
      padding: 0.5
    });
    return L.layerGroup(["clair", "sombre"].map(function (ton) {
      return L.geoJSON(entite, {
        pane: "cernes",
        renderer: rendu,
        interactive: false,
        style: {
          className: "cerne cerne-" + ton + " " + nom
        }
      });
    })).addTo(carte);
  }

  function suivre(adresse) {
    if (estCadre) {
      window.open(adresse, "_blank", "noopener");
    } else {
      window.location.href = adresse;
    }
  }

  function cadrer(carte, options) {
    carte.fitBounds(options.limites, {
      padding: [options.marge, options.marge],
      maxZoom: 13,
      animate: false
    });
  }

  function preparerFiche(evenement) {
    const boite = evenement.popup.getElement();
    const fermer = boite.querySelector(".leaflet-popup-close-button");
    fermer.setAttribute("aria-label", "Fermer la fiche");
    fermer.title = "Fermer la fiche";
    const contenu = boite.querySelector(".leaflet-popup-content");
    contenu.tabIndex = 0;
    contenu.setAttribute("role", "group");
    contenu.setAttribute("aria-label", boite.querySelector(".fiche-titre").textContent);
    contenu.focus({
      preventScroll: true
    });
  }

  /* ---- Base map -------------------------------------------------------- */

  function fond(carte, options) {
    const rendu = L.svg({
      pane: "fond",
      padding: 0.5
    });
    const noms = L.layerGroup().addTo(carte);
    lire(options.donnees).then(function (donnees) {
      const villes = donnees.features.filter(function (f) {
        return f.properties.forme === "repere";
      }).map(nomDeVille);
      L.geoJSON(donnees, {
        pane: "fond",
        renderer: rendu,
        interactive: false,
        filter: function (entite) {
          return entite.properties.forme !== "repere";
        },
        style: function (entite) {
          return {
            className: "fond-" + entite.properties.forme
          };
        },
      }).addTo(carte);

      function adapter() {
        villes.forEach(function (ville) {
          if (ville.options.zoomMin <= carte.getZoom()) {
            noms.addLayer(ville);
          } else {
            noms.removeLayer(ville);
          }
        });
        placerNoms(carte, villes);
      }
      carte.on("moveend credit", adapter);
      carte.whenReady(adapter);
      suivreLesLieux(carte, function () {
        placerNoms(carte, villes);
      });
      if (options.routes) {
        routesDePres(carte, options.routes, rendu);
      }
    }).catch(echec);
  }

  /* Where the name of a town may stand: how far its middle is from the town, in its own widths and
     heights, then in pixels. */
  const COTES = [{
    nom: "dessous",
    part: [0, 0.5],
    ecart: [0, 12]
  }, {
    nom: "dessus",
    part: [0, -0.5],
    ecart: [0, -17]
  }, {
    nom: "droite",
    part: [0.5, 0],
    ecart: [20, 0]
  }, {
    nom: "gauche",
    part: [-0.5, 0],
    ecart: [-20, 0]
  }];

  /* A name covers neither another nor a place, and no frame cuts it: the largest town first, each
     on the first free side. */
  function placerNoms(carte, villes) {
    const cadre = carte.getContainer().getBoundingClientRect();
    const prises = lieuxDessines(carte).map(function (icone) {
      const boite = icone.getBoundingClientRect();
      return {
        x: boite.left + boite.width / 2 - cadre.left,
        y: boite.top + boite.height / 2 - cadre.top,
        largeur: boite.width,
        hauteur: boite.height
      };
    });
    villes.forEach(function (ville) {
      const icone = ville.getElement();
      if (!icone) {
        return;
      }
      const nom = icone.firstChild;
      const ou = carte.latLngToContainerPoint(ville.getLatLng());
      const libre = COTES.find(function (cote) {
        const boite = {
          x: ou.x + cote.part[0] * nom.offsetWidth + cote.ecart[0],
          y: ou.y + cote.part[1] * nom.offsetHeight + cote.ecart[1],
          largeur: nom.offsetWidth,
          hauteur: nom.offsetHeight
        };
        const estLibre = tient(boite, cadre) && prises.every(function (prise) {
          return !seCouvrent(boite, prise);
        });
        if (estLibre) {
          prises.push(boite);
        }
        return estLibre;
      });
      icone.dataset.cote = libre ? libre.nom : "aucun";
    });
  }

  function lieuxDessines(carte) {
    const lieux = ".leaflet-marker-pane .leaflet-marker-icon, .leaflet-control";
    return Array.from(carte.getContainer().querySelectorAll(lieux));
  }

  function tient(boite, cadre) {
    return Math.abs(boite.x - cadre.width / 2) <= (cadre.width - boite.largeur) / 2 &&
      Math.abs(boite.y - cadre.height / 2) <= (cadre.height - boite.hauteur) / 2;
  }

  function seCouvrent(a, b) {
    return Math.abs(a.x - b.x) < (a.largeur + b.largeur) / 2 &&
      Math.abs(a.y - b.y) < (a.hauteur + b.hauteur) / 2;
  }

  /* Places come, go and slide into groups: names are placed once they stand still. */
  const PLACES_MS = 350;

  function suivreLesLieux(carte, placer) {
    let attente = null;
    new MutationObserver(function () {
      clearTimeout(attente);
      attente = setTimeout(placer, PLACES_MS);
    }).observe(carte.getPane("markerPane"), {
      childList: true
    });
  }

  /* Main roads and stations, once somebody looks close enough; who made them is named there. */
  const ZOOM_ROUTES = 9;
  const ZOOM_GARES = 13;

  function routesDePres(carte, adresse, rendu) {
    function charger() {
      if (carte.getZoom() < ZOOM_ROUTES) {
        return;
      }
      carte.off("zoomend moveend", charger);
      lire(adresse).then(function (donnees) {
        const noms = L.layerGroup(donnees.features.filter(estGare).map(nomDeGare));

        function adapter() {
          if (carte.getZoom() < ZOOM_GARES) {
            noms.remove();
          } else {
            noms.addTo(carte);
          }
        }
        carte.on("zoomend", adapter);
        adapter();
        L.geoJSON(donnees, {
          pane: "fond",
          renderer: rendu,
          interactive: false,
          filter: function (entite) {
            return !estGare(entite);
          },
          style: function (entite) {
            return {
              className: "fond-" + entite.properties.forme
            };
          },
        }).addTo(carte);
        L.control.attribution({
          prefix: false,
          position: "bottomleft"
        }).addTo(carte).addAttribution(element("span", "", donnees.credit).outerHTML);
        /* It covers a corner of the map. */
        carte.fire("credit");
      }).catch(function () {
        /* The map is whole without them. */ });
    }
    carte.on("zoomend moveend", charger);
    carte.whenReady(charger);
  }

  function estGare(entite) {
    return entite.properties.forme === "gare";
  }

  function nomDeGare(entite) {
    return nomSurLaCarte(entite, "repere gare");
  }

  function nomDeVille(entite) {
    return nomSurLaCarte(entite, "repere");
  }

  function nomSurLaCarte(entite, classe) {
    const icone = L.divIcon({
      className: classe,
      html: element("span", "", entite.properties.nom),
      iconSize: [0, 0]
    });
    const position = entite.geometry.coordinates;
    return L.marker([position[1], position[0]], {
      icon: icone,
      pane: "reperes",
      interactive: false,
      keyboard: false,
      zoomMin: entite.properties.zoom,
    });
  }

  /* ---- Zonings --------------------------------------------------------- */

  function zones(carte, options) {
    const cases = Array.from(document.querySelectorAll('[data-calque="' + options.id + '"]'));
    let couche = null;

    function afficher(visible) {
      if (!visible) {
        if (couche) {
          couche.remove();
        }
        return;
      }
      if (couche) {
        couche.addTo(carte);
        return;
      }
      couche = L.geoJSON(null, {
        pointToLayer: function (entite, ou) {
          return L.circleMarker(ou, {
            radius: 6
          });
        },
        style: function (entite) {
          const forme = entite.properties.forme;
          return {
            className: "zone zone-" + options.id + (forme ? " zone-" + forme : "")
          };
        },
        onEachFeature: function (entite, forme) {
          nommer(carte, forme, options.titre, entite.properties.nom);
        },
      }).addTo(carte);
      lire(options.donnees).then(function (donnees) {
        couche.addData(donnees);
      }).catch(echec);
    }
    cases.forEach(function (boite) {
      boite.disabled = false;
      boite.addEventListener("change", function () {
        afficher(boite.checked);
        dire("Calque « " + options.titre + " » " + (boite.checked ? "affiché." :
          "masqué."));
      });
      if (boite.checked) {
        afficher(true);
      }
    });
  }

  /* Give a zone its name under the pointer.  It does nothing: it is no stop of the Tab key. */
  function nommer(carte, forme, titre, nom) {
    const bulle = element("span", "bulle");
    bulle.append(element("strong", "", nom), element("span", "bulle-zonage", titre));
    infobulle(carte, forme, bulle);
    forme.on("mouseover", function () {
      forme.getElement().classList.add("zone-survol");
    });
    forme.on("mouseout", function () {
      forme.getElement().classList.remove("zone-survol");
    });
  }

  /* ---- Offers ---------------------------------------------------------- */

  const Pastille = L.DivIcon.extend({
    createIcon: function (ancienne) {
      const noeud = L.DivIcon.prototype.createIcon.call(this, ancienne);
      noeud.setAttribute("aria-label", this.options.nom);
      noeud.title = this.options.nom;
      return noeud;
    },
  });

  function pastille(nb, nom, classe) {
    const taille = nb < 10 ? 28 : nb < 100 ? 32 : nb < 1000 ? 38 : nb < 1e4 ? 44 : nb < 1e5 ?
      52 : 62;
    return new Pastille({
      html: element("span", "", nombres.format(nb)),
      nom: nom,
      className: "pastille " + classe,
      iconSize: [taille, taille],
      popupAnchor: [0, -taille / 2],
    });
  }

  function offres(carte, options) {
    lire(options.donnees).then(function (donnees) {
      const groupe = L.markerClusterGroup({
        showCoverageOnHover: false,
        animate: !mouvementReduit,
        spiderLegPolylineOptions: {
          className: "patte"
        },
        maxClusterRadius: function (zoom) {
          return zoom < 12 ? 100 : 44;
        },
        iconCreateFunction: function (amas) {
          const enfants = amas.getAllChildMarkers();
          const nb = enfants.reduce(function (somme, m) {
            return somme + m.options.nb;
          }, 0);
          return pastille(nb, compte(nb) + " dans " + enfants.length +
            " lieux, agrandir", "pastille-groupe");
        },
      });
      groupe.addLayers(marqueurs(donnees, carte, options.fiches));
      groupe.on("clusterclick clusterkeypress", function () {
        carte.once("moveend", function () {
          setTimeout(annoncer, mouvementReduit ? 0 : 400, carte);
        });
      });
      carte.addLayer(groupe);
      carte.getContainer().dataset.nbOffres = donnees.nb_offres;
      tableau(donnees);
    }).catch(echec);
  }

  /* A group was opened: say what is now in view, and leave no focus on what went away. */
  function annoncer(carte) {
    const vue = carte.getContainer().getBoundingClientRect();
    const visibles = Array.from(carte.getContainer().querySelectorAll(
      ".leaflet-marker-pane .pastille")).filter(function (noeud) {
      const boite = noeud.getBoundingClientRect();
      return boite.right > vue.left && boite.left < vue.right && boite.bottom > vue.top &&
        boite.top < vue.bottom;
    });
    dire("Carte agrandie : " + nombres.format(visibles.length) + (visibles.length < 2 ?
      " point visible." : " points visibles."));
    if (visibles.length && !visibles.includes(document.activeElement)) {
      visibles[0].focus({
        preventScroll: true
      });
    }
  }

  function marqueurs(donnees, carte, fiches) {
    let debut = 0;
    return donnees.points.map(function (point) {
      const rangs = [debut, debut += point[3]];
      const lignes = donnees.offres.slice(rangs[0], rangs[1]);
      const commune = texte(donnees, point[2]) || "Lieu sans nom";
      const classe = aspect(donnees, lignes);
      const nom = commune + ", " + compte(point[3]) + surete(classe);
      const marqueur = L.marker([point[0], point[1]], {
        nb: point[3],
        icon: pastille(point[3], nom, classe)
      });
      marqueur.bindPopup(function () {
        return fiche(donnees, lignes, commune, fiches);
      }, {
        maxWidth: Math.min(380, carte.getSize().x - 60),
        minWidth: Math.min(260, carte.getSize().x - 60),
        maxHeight: Math.min(340, carte.getSize().y - 90),
        autoPanPadding: [10, 10],
      });
      marqueur.on("popupclose", function () {
        const noeud = marqueur.getElement();
        if (noeud) {
          noeud.focus({
            preventScroll: true
          });
        }
      });
      return marqueur;
    });
  }

  /* Positions less sure than an address look different, not by colour alone. */
  function aspect(donnees, lignes) {
    const infos = lignes.map(function (l) {
      return donnees.infos[l[7]];
    });
    if (infos.some(function (i) {
        return i[3] >= 0;
      })) {
      return "pastille-doute";
    }
    return infos.every(function (i) {
      return (texte(donnees, i[2]) || "").startsWith("commune");
    }) ? "pastille-mairie" : "pastille-lieu";
  }

  /* The same in words, for who does not see the shape. */
  function surete(classe) {
    return {
      "pastille-mairie": ", position approximative",
      "pastille-doute": ", position douteuse"
    } [classe] || "";
  }

  function texte(donnees, rang) {
    return rang < 0 ? "" : donnees.textes[rang];
  }

  function fiche(donnees, lignes, commune, fiches) {
    const corps = element("div", "fiche");
    corps.append(element("h3", "fiche-titre", commune + " : " + compte(lignes.length)));
    const liste = element("ul", "fiche-liste");
    lignes.forEach(function (ligne) {
      liste.append(offre(donnees, ligne, fiches));
    });
    corps.append(liste);
    return corps;
  }

  /* The title of an offer leads to its sheet, when a server holds it. */
  function titreOffre(texte, fiche) {
    if (!fiche) {
      return element("h4", "", texte);
    }
    const lien = element("a", "", texte);
    lien.href = fiche;
    const titre = element("h4", "");
    titre.append(lien);
    return titre;
  }

  function offre(donnees, ligne, fiches) {
    const dit = function (rang) {
      return texte(donnees, rang);
    };
    const info = donnees.infos[ligne[7]];
    const item = element("li", "fiche-offre");
    item.append(titreOffre(dit(ligne[0]), fiches && fiches + encodeURIComponent(ligne[9])));
    if (ligne[8]) {
      item.append(element("p", "fictif", "Données fictives"));
    }
    if (info[3] >= 0) {
      item.append(element("p", "doute", dit(info[3])));
    }
    const details = element("dl");
    [
      ["Organisme", dit(ligne[1]) || "non renseigné"],
      ["Niveau", dit(ligne[2]) || "non renseigné"],
      ["Voie", dit(ligne[3]) || "non renseignée"],
      ["Adresse", [dit(info[0]), dit(info[1])].filter(Boolean).join(", ") ||
      "non renseignée"],
      ["Position", dit(info[2])],
      ["Dates", dit(ligne[4])],
      ["Places", ligne[5] < 0 ? "" : nombres.format(ligne[5])],
      ["Source", dit(ligne[6])],
    ].forEach(function (paire) {
      if (paire[1]) {
        details.append(element("dt", "", paire[0]), element("dd", "", paire[1]));
      }
    });
    if (info[4].length) {
      const zones = element("dd");
      info[4].forEach(function (rang) {
        zones.append(element("span", "ligne", dit(rang)));
      });
      details.append(element("dt", "", "Zones"), zones);
    }
    item.append(details);
    return item;
  }

  /* ---- Table of a standalone file (the served page has its own) ---------- */

  const PAS = 50;

  function tableau(donnees) {
    const corps = document.getElementById("tableau-offres");
    const plus = document.getElementById("tableau-suite");
    if (!corps || !plus) {
      return;
    }
    let rang = 0;

    function suite() {
      donnees.offres.slice(rang, rang + PAS).forEach(function (ligne) {
        corps.append(rangee(donnees, ligne));
      });
      rang = Math.min(rang + PAS, donnees.offres.length);
      plus.hidden = rang >= donnees.offres.length;
      document.getElementById("tableau-etat").textContent = nombres.format(rang) +
        " formations affichées sur " + nombres.format(donnees.offres.length);
    }
    plus.addEventListener("click", suite);
    suite();
  }

  function rangee(donnees, ligne) {
    const info = donnees.infos[ligne[7]];
    const rangee = element("tr");
    const titre = element("th", "", texte(donnees, ligne[0]));
    titre.scope = "row";
    rangee.append(titre);
    [ligne[1], ligne[2], ligne[3], info[1], info[2]].forEach(function (rang) {
      rangee.append(element("td", "", texte(donnees, rang) || "non renseigné"));
    });
    return rangee;
  }

  return {
    estCadre: estCadre,
    suivre: suivre,
    creer: creer,
    cadrer: cadrer,
    fond: fond,
    zones: zones,
    offres: offres,
    infobulle: infobulle,
    cerner: cerner,
    element: element,
    Pastille: Pastille,
    pastille: pastille,
    surete: surete
  };
})());
