/* The map of a search inside another site: what the page holds, and nothing to ask a person.
 *
 * Stands for search.js, whose form is not there.
 */
"use strict";

geoforma.page = {
  estPrive: function () {
    return false;
  },
  brancher: function (carte) {
    const etat = JSON.parse(document.getElementById("etat").textContent);
    const tuiles = document.getElementById("tuiles");
    carte.montrer({
      tuiles: tuiles ? geoforma.tuiles(JSON.parse(tuiles.textContent)) : null,
      attend: false,
      parametres: new URLSearchParams(etat.parametres),
      cadre: etat.cadre,
      centre: etat.centre,
      rayonKm: etat.rayonKm,
      zones: etat.zones,
      contour: etat.contour,
      requeteFiche: etat.parametres ? "?" + etat.parametres : "",
    });
  },
};
