/* The coloured zones of the coverage, over carte.js.  Called by geoapp/outputs/maps/coverage_map.py.
 *
 * Values come in a JSON block of the page: by zone [class, name, value in words, address].
 */
"use strict";

(function (geoforma) {
  const BOUGE_MAX = 200;   /* beyond, zones are not stops of the Tab key: the table gives them all */

  function element(balise, classe, texte) {
    const noeud = document.createElement(balise);
    if (classe) { noeud.className = classe; }
    noeud.textContent = texte;
    return noeud;
  }

  function bulle(mesure, zone) {
    const noeud = element("span", "bulle", "");
    noeud.append(element("strong", "", zone[1]), element("span", "bulle-zonage", mesure + " : " + zone[2]));
    return noeud;
  }

  const SANS_CLASSE = {"-1": "inconnu", "-2": "non-collectee"};

  function classe(zone) { return zone && zone[0] >= 0 ? String(zone[0]) : SANS_CLASSE[zone ? zone[0] : -1] || "inconnu"; }

  function charger(adresse) {
    return fetch(adresse).then(function (reponse) {
      if (!reponse.ok) { throw new Error("réponse " + reponse.status); }
      return reponse.json();
    });
  }

  function colorier(carte, donnees, valeurs, zonage) {
    const nombreux = donnees.features.length > BOUGE_MAX;
    const options = zonage === "carreau" ? {renderer: L.canvas({padding: 0.5})} : {};
    const couleurs = getComputedStyle(document.documentElement);
    return L.geoJSON(donnees, Object.assign(options, {
      pane: "overlayPane",
      style: function (entite) {
        if (entite.properties.dehors) { return {className: "choro choro-dehors"}; }
        const nom = classe(valeurs.zones[entite.properties.code]);
        if (zonage === "carreau") {
          return {stroke: false, fillOpacity: 0.85, fillColor: couleurs.getPropertyValue("--choro-" + nom).trim()};
        }
        return {className: "choro choro-" + nom + (nombreux ? " choro-fin" : "") + (entite.properties.code === valeurs.choisie ? " choro-choisie" : "")};
      },
      onEachFeature: function (entite, forme) {
        const zone = valeurs.zones[entite.properties.code];
        if (entite.properties.dehors) {
          forme.bindTooltip(element("span", "bulle", (zone ? zone[1] + " : " : "") + "partie hors de la région, absente des chiffres"), {sticky: true, opacity: 1});
        } else if (zone) { decrire(carte, forme, zone, valeurs.mesure, nombreux); }
      },
    }));
  }

  function decrire(carte, forme, zone, mesure, nombreux) {
    forme.bindTooltip(function () { return bulle(mesure, zone); }, {sticky: true, opacity: 1});
    if (zone[3]) { forme.on("click", function () { window.location.href = zone[3]; }); }
    forme.on("add", function () {
      const trace = forme.getElement && forme.getElement();
      if (!trace || nombreux) { return; }
      trace.setAttribute("tabindex", "0");
      trace.setAttribute("role", zone[3] ? "link" : "img");
      trace.setAttribute("aria-label", zone[1] + ", " + mesure + " : " + zone[2]);
      trace.addEventListener("focus", function () { forme.openTooltip(forme.getBounds().getCenter()); });
      trace.addEventListener("blur", function () { forme.closeTooltip(); });
      trace.addEventListener("keydown", function (evenement) {
        if (evenement.key === "Enter" && zone[3]) { window.location.href = zone[3]; }
      });
    });
  }

  /* White communes of one kind make one shape: a few paths rather than thousands. */
  function hachurer(donnees, blanches) {
    const groupes = {};
    donnees.features.forEach(function (entite) {
      const sorte = blanches[entite.properties.code];
      if (!sorte || !entite.geometry) { return; }
      const parts = entite.geometry.type === "Polygon" ? [entite.geometry.coordinates] : entite.geometry.coordinates;
      groupes[sorte] = (groupes[sorte] || []).concat(parts);
    });
    return L.layerGroup(Object.keys(groupes).map(function (sorte) {
      const forme = {type: "Feature", properties: {}, geometry: {type: "MultiPolygon", coordinates: groupes[sorte]}};
      return L.geoJSON(forme, {interactive: false, pane: "blanches", renderer: rendu, style: {className: "blanche blanche-" + sorte}});
    }));
  }

  let rendu = null;

  function choroplethe(carte, options) {
    const valeurs = JSON.parse(document.getElementById(options.valeurs.slice(1)).textContent);
    const etat = document.getElementById("etat-carte");
    carte.createPane("blanches").style.zIndex = 420;
    carte.getPane("blanches").style.pointerEvents = "none";
    rendu = L.svg({pane: "blanches", padding: 0.5});
    const bascule = document.getElementById("montrer-blanches");
    const zones = charger(options.donnees).then(function (donnees) {
      colorier(carte, donnees, valeurs, options.zonage).addTo(carte);
      carte.getContainer().dataset.nbZones = donnees.features.filter(function (entite) { return !entite.properties.dehors; }).length;
      return donnees;
    });
    const communes = options.communes === options.donnees ? zones : charger(options.communes);
    Promise.all([zones, communes]).then(function (tout) {
      const couche = hachurer(tout[1], valeurs.blanches);
      if (!bascule || bascule.checked) { couche.addTo(carte); }
      if (bascule) {
        bascule.addEventListener("change", function () { if (bascule.checked) { couche.addTo(carte); } else { couche.remove(); } });
      }
      carte.getContainer().dataset.pret = "oui";
    }).catch(function () {
      if (etat) { etat.textContent = "La carte n'a pas pu être chargée entièrement. Rechargez la page ; le tableau reste à jour."; }
    });
  }

  geoforma.choroplethe = choroplethe;
})(window.geoforma);
