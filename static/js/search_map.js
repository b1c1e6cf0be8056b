/* The map of a search: places in view, circle, pin; linked both ways with the list.
 *
 * Called by geoapp/outputs/maps/search_map.py.  Every text that comes from a source is
 * set with textContent: no HTML is ever built from it.
 */
"use strict";

geoforma.recherche = function (carte, options) {
  const POINTS = options.api.points;
  const FORMATIONS = options.api.formations;
  const ECART_PX = 46;
  const nombres = new Intl.NumberFormat("fr-FR");
  const element = geoforma.element;
  const pastille = geoforma.pastille;
  const couche = L.layerGroup().addTo(carte);
  const lies = L.layerGroup().addTo(carte);
  let marqueurs = [];
  let etat = null;
  let requete = null;
  let dernierCadre = "";
  let garderVue = false;

  function cadrer(cadre) {
    const bornes = L.latLngBounds(cadre || options.cadre);
    pointsProches().forEach(function (point) {
      bornes.extend([point.latitude, point.longitude]);
    });
    carte.fitBounds(bornes, {
      padding: [8, 8],
      maxZoom: 13,
      animate: false
    });
  }
  cadrer(options.cadre);

  function compte(nb, mot) {
    return nombres.format(nb) + " " + mot + (nb < 2 ? "" : "s");
  }

  function dire(texte) {
    document.getElementById("etat-carte").textContent = texte;
  }

  /* Ask by POST what holds a position, by GET the rest. */
  function demander(adresse, parametres, signal) {
    const prive = geoforma.page.estPrive(parametres);
    return fetch(prive ? adresse : adresse + "?" + parametres, {
      method: prive ? "POST" : "GET",
      body: prive ? parametres : undefined,
      signal: signal,
    }).then(function (reponse) {
      if (!reponse.ok) {
        throw new Error("réponse " + reponse.status);
      }
      return reponse.json();
    });
  }

  function sansPage(parametres) {
    const copie = new URLSearchParams(parametres);
    ["page", "taille", "tri"].forEach(function (nom) {
      copie.delete(nom);
    });
    return copie;
  }

  function emprise(bornes) {
    return [bornes.getWest(), bornes.getSouth(), bornes.getEast(), bornes.getNorth()].map(
      function (v) {
        return v.toFixed(5);
      }).join(",");
  }

  /* ---- Places in view ---------------------------------------------------- */

  function charger() {
    if (!etat || !carte.getSize().x) {
      return;
    }
    if (requete) {
      requete.abort();
    }
    /* The place is still to be chosen: no training is shown rather than those of the region. */
    if (etat.attend) {
      couche.clearLayers();
      marqueurs = [];
      carte.getContainer().dataset.nbVisibles = 0;
      return;
    }
    requete = new AbortController();
    const signal = requete.signal;
    demanderPoints(signal).then(function (donnees) {
      if (!signal.aborted) {
        dessiner(donnees);
      }
    }).catch(function (erreur) {
      if (erreur.name !== "AbortError") {
        dire(
          "Les points n’ont pas pu être chargés. Déplacez la carte pour réessayer ; " +
          "la liste reste à jour."
        );
      }
    });
  }

  function demanderPoints(signal) {
    if (etat.tuiles) {
      return etat.tuiles.points(carte.getBounds(), carte.getZoom()).catch(function () {
        /* Tiles that are not read: the server is asked for each view, as for a narrow search. */
        etat.tuiles = null;
        return demanderPoints(signal);
      });
    }
    const parametres = sansPage(etat.parametres);
    parametres.set("emprise", emprise(carte.getBounds()));
    parametres.set("zoom", String(Math.floor(carte.getZoom())));
    return demander(POINTS, parametres, signal);
  }

  /* Join the points that an eye or a finger would not tell apart; the largest stays in place. */
  function ecarter(points) {
    if (carte.getZoom() >= carte.getMaxZoom()) {
      return points;
    }
    const gardes = [];
    points.slice().sort(function (a, b) {
      return b.nb - a.nb;
    }).forEach(function (point) {
      const ici = carte.latLngToContainerPoint([point.latitude, point.longitude]);
      const voisin = gardes.find(function (garde) {
        return garde.ici.distanceTo(ici) < ECART_PX;
      });
      if (voisin) {
        voisin.nb += point.nb;
        voisin.est_groupe = true;
        voisin.est_un_lieu_peut_etre = false;
      } else {
        gardes.push(Object.assign({}, point, {
          ici: ici
        }));
      }
    });
    return gardes;
  }

  function dessiner(donnees) {
    const points = ecarter(donnees.points);
    const actif = document.activeElement ? document.activeElement.getAttribute("aria-label") :
      null;
    const gardes = carte.getContainer().contains(document.activeElement);
    const ouverte = marqueurs.find(function (m) {
      return m.isPopupOpen();
    });
    couche.eachLayer(function (m) {
      if (m !== ouverte) {
        couche.removeLayer(m);
      }
    });
    marqueurs = points.map(function (point) {
      const latlng = L.latLng(point.latitude, point.longitude);
      if (ouverte && !point.est_groupe && ouverte.getLatLng().equals(latlng)) {
        return ouverte;
      }
      return marqueur(point, latlng).addTo(couche);
    });
    if (ouverte && !marqueurs.includes(ouverte)) {
      couche.removeLayer(ouverte);
    }
    marqueurs = marqueurs.concat(proches());
    dehors(donnees.nb_dehors);
    if (gardes && actif) {
      const meme = marqueurs.find(function (m) {
        return m.getElement() && m.getElement().getAttribute("aria-label") === actif;
      });
      if (meme) {
        meme.getElement().focus({
          preventScroll: true
        });
      }
    }
    carte.getContainer().dataset.nbVisibles = points.reduce(function (somme, point) {
      return somme + point.nb;
    }, 0);
  }

  function dehors(nb) {
    const note = document.getElementById("hors-carte");
    if (!note) {
      return;
    }
    const dit = nb === null ? "Une partie des résultats est hors de la carte visible." : nb ?
      compte(nb, "résultat") + " hors de la carte visible." : "";
    /* Only what changes is announced: the map is asked again for less. */
    if (note.textContent !== dit) {
      note.textContent = dit;
    }
  }

  /* Nothing in the radius: the nearest places of the list are on the map too. */
  function pointsProches() {
    const vus = new Map();
    document.querySelectorAll("#proches .offre[data-point]").forEach(function (carton) {
      const latlng = pointDe(carton);
      const point = vus.get(carton.dataset.point) || {
        latitude: latlng.lat,
        longitude: latlng.lng,
        nb: 0,
        est_proche: true,
        commune: carton.dataset.commune
      };
      point.nb += 1;
      vus.set(carton.dataset.point, point);
    });
    return Array.from(vus.values());
  }

  function proches() {
    return pointsProches().map(function (point) {
      return marqueur(point, L.latLng(point.latitude, point.longitude)).addTo(couche);
    });
  }

  function marqueur(point, latlng) {
    const classe = point.est_groupe ? "pastille-groupe" : point.est_douteuse ? "pastille-doute" :
      point.precision === "commune" ? "pastille-mairie" : "pastille-lieu";
    const nom = point.est_groupe ?
      compte(point.nb, "formation") + (point.est_un_lieu_peut_etre ? ", agrandir" :
        " dans plusieurs lieux, agrandir") :
      (point.commune || "Lieu") + ", " + compte(point.nb, "formation") + geoforma.surete(classe);
    const m = L.marker(latlng, {
      icon: pastille(point.nb, nom, classe),
      riseOnHover: true
    });
    if (point.est_groupe) {
      m.on("click", function () {
        carte.setView(latlng, Math.min(carte.getMaxZoom(), carte.getZoom() + 2));
      });
      return m;
    }
    const corps = element("div", "fiche");
    corps.append(element("h3", "fiche-titre", (point.commune || "Lieu") + " : " + compte(point.nb,
      "formation")), element("ul", "fiche-liste"));
    m.bindPopup(corps, {
      maxWidth: Math.min(360, carte.getSize().x - 60),
      minWidth: Math.min(250, carte.getSize().x - 60),
      maxHeight: Math.min(320, carte.getSize().y - 90),
      autoPanPadding: [10, 10],
    });
    m.on("popupclose", function () {
      if (m.getElement()) {
        m.getElement().focus({
          preventScroll: true
        });
      }
    });
    m.on("popupopen", function () {
      montrerDansListe(latlng);
      remplir(corps.lastChild, point).then(function (nouveau) {
        if (nouveau && m.isPopupOpen()) {
          m.getPopup().update();
        }
      });
    });
    m.on("mouseover", function () {
      lier(latlng, true);
    });
    m.on("mouseout", function () {
      lier(latlng, false);
    });
    m.on("add", function () {
      m.getElement().addEventListener("focus", function () {
        lier(latlng, true);
      });
      m.getElement().addEventListener("blur", function () {
        lier(latlng, false);
      });
    });
    return m;
  }

  /* The trainings of one place, all of them, whatever the page of the list. */
  function remplir(liste, point) {
    if (liste.childElementCount) {
      return Promise.resolve(false);
    }
    if (point.est_proche) {
      liste.append.apply(liste, cartons(L.latLng(point.latitude, point.longitude)).map(resumer));
      return Promise.resolve(true);
    }
    const parametres = sansPage(etat.parametres);
    const pas = 0.00001;
    const bornes = [point.longitude - pas, point.latitude - pas, point.longitude + pas, point
      .latitude + pas
    ];
    parametres.set("emprise", bornes.map(function (v) {
      return v.toFixed(6);
    }).join(","));
    parametres.set("taille", "100");
    return demander(FORMATIONS, parametres).then(function (donnees) {
      /* The map counts what answers the search; neighbours only when nothing does. */
      const comptees = donnees.total ? donnees.formations.filter(function (f) {
        return f.bloc === "correspond";
      }) : donnees.formations;
      liste.append.apply(liste, comptees.map(offre));
      const reste = (donnees.total || donnees.nb_voisins) - comptees.length;
      if (reste > 0) {
        liste.append(element("li", "", "et " + nombres.format(reste) + " de plus"));
      }
      return true;
    }).catch(function () {
      dire(
        "La liste de ce lieu n’a pas pu être chargée. Fermez et rouvrez le lieu pour réessayer."
        );
    });
  }

  function resumer(carton) {
    const item = element("li", "fiche-offre");
    item.append(carton.querySelector(".offre-titre a").cloneNode(true), element("p", "", carton
      .querySelector(".offre-organisme").textContent));
    return item;
  }

  function offre(carteOffre) {
    const item = element("li", "fiche-offre");
    const lien = element("a", "", carteOffre.titre);
    lien.href = carteOffre.url + etat.requeteFiche;
    const details = [carteOffre.organisme, carteOffre.niveau.libelle, carteOffre.voie.libelle]
      .filter(Boolean).join(" · ");
    item.append(lien, element("p", "", details));
    if (carteOffre.est_fictive) {
      item.append(element("p", "fictif", "Données fictives"));
    }
    return item;
  }

  /* ---- List and map, both ways ------------------------------------------- */

  function pointDe(lieu) {
    const valeurs = (lieu.dataset.point || "").split(" ");
    return valeurs.length === 2 ? L.latLng(Number(valeurs[0]), Number(valeurs[1])) : null;
  }

  function cartons(latlng) {
    const la = Array.from(document.querySelectorAll("#reponse [data-point]")).filter(function (
      lieu) {
      const point = pointDe(lieu);
      return Math.abs(point.lat - latlng.lat) < 2e-5 && Math.abs(point.lng - latlng.lng) <
        2e-5;
    });
    /* A card holds the other places of its training, folded. */
    return Array.from(new Set(la.map(function (lieu) {
      return lieu.closest(".offre");
    })));
  }

  function lier(latlng, allume) {
    cartons(latlng).forEach(function (carton) {
      carton.classList.toggle("lie", allume);
    });
  }

  function montrerDansListe(latlng) {
    const trouves = cartons(latlng);
    const liste = document.getElementById("ecran").dataset.vue;
    if (trouves.length && (liste === "liste" || window.innerWidth > 760)) {
      trouves[0].scrollIntoView({
        block: "nearest"
      });
    }
    trouves.forEach(function (carton) {
      carton.classList.add("lie");
    });
  }

  /* The marker of a card, or the group that holds it. */
  function marqueurDe(latlng) {
    const ici = carte.latLngToContainerPoint(latlng);
    let proche = null;
    let ecart = 70;
    marqueurs.forEach(function (m) {
      const distance = carte.latLngToContainerPoint(m.getLatLng()).distanceTo(ici);
      if (distance < ecart) {
        proche = m;
        ecart = distance;
      }
    });
    return proche;
  }

  function allumer(carton, allume) {
    document.querySelectorAll(".pastille.lie").forEach(function (noeud) {
      noeud.classList.remove("lie");
    });
    const point = pointDe(carton);
    const m = allume && point ? marqueurDe(point) : null;
    if (m && m.getElement()) {
      m.getElement().classList.add("lie");
    }
  }

  const reponse = document.getElementById("reponse");
  [
    ["mouseover", true],
    ["mouseout", false],
    ["focusin", true],
    ["focusout", false]
  ].forEach(function (paire) {
    reponse.addEventListener(paire[0], function (evenement) {
      const carton = evenement.target.closest("[data-point]");
      if (carton) {
        allumer(carton, paire[1]);
      }
    });
  });

  /* ---- Circle and pin ---------------------------------------------------- */

  function repere(centre) {
    lies.clearLayers();
    if (!centre) {
      return;
    }
    const latlng = L.latLng(centre.lat, centre.lon);
    if (etat.rayonKm) {
      L.circle(latlng, {
        radius: etat.rayonKm * 1000,
        className: "rayon",
        interactive: false
      }).addTo(lies);
    }
    (etat.zones || []).forEach(function (zone) {
      L.geoJSON(zone.contour, {
        interactive: false,
        style: {
          color: zone.couleur,
          className: "atteinte"
        }
      }).addTo(lies);
    });
    if (etat.contour) {
      L.geoJSON(etat.contour, {
        interactive: false,
        style: {
          className: "depart"
        }
      }).addTo(lies);
    }
    if (!centre.estPoint) {
      L.circleMarker(latlng, {
        radius: 5,
        className: "centre",
        interactive: false
      }).addTo(lies);
      return;
    }
    const nom = centre.nom + " (repère de recherche, à glisser)";
    const pin = L.marker(latlng, {
      draggable: true,
      autoPan: true,
      keyboard: false,
      zIndexOffset: -5000,
      icon: new geoforma.Pastille({
        className: "repere-moi",
        iconSize: [38, 48],
        iconAnchor: [19, 47],
        nom: nom,
        html: ""
      }),
    }).addTo(lies);
    pin.getElement().setAttribute("role", "img");
    pin.on("dragend", function () {
      geoforma.page.placer(pin.getLatLng());
    });
  }

  /* Inside another site nobody is asked where they are. */
  if (!geoforma.estCadre) {
    carte.on("contextmenu", function (evenement) {
      geoforma.page.placer(evenement.latlng);
    });
    document.getElementById("poser").addEventListener("click", function () {
      geoforma.page.placer(carte.getCenter());
    });
    /* What is seen becomes where to look: the map stays as it is. */
    document.getElementById("chercher-zone").addEventListener("click", function () {
      garderVue = true;
      geoforma.page.chercherZone(emprise(carte.getBounds()));
    });
  }
  carte.on("moveend", charger);

  geoforma.page.brancher({
    /* Show another answer: {attend, parametres, cadre, centre, rayonKm, zones, contour,
       requeteFiche}. */
    montrer: function (nouvel) {
      etat = nouvel;
      carte.closePopup();
      repere(etat.centre);
      const cadre = JSON.stringify([etat.cadre, pointsProches()]);
      const change = dernierCadre !== "" && cadre !== dernierCadre;
      dernierCadre = cadre;
      if (change && !garderVue) {
        cadrer(etat.cadre);
      }
      garderVue = false;
      charger();
    },
    redimensionner: function () {
      carte.invalidateSize();
      if (etat) {
        cadrer(etat.cadre);
      }
      charger();
    },
  });
};
