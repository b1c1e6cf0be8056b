/* The places of a search read from the tiles of the build, by range: nothing is worked out by the
 * server.
 *
 * Made by geoapp/offer/search/tiles.py: at low zooms each point is a group, its counts are exact.
 */
"use strict";

/* options: {adresse, tete, lecteur, nb, proprietes, estFiltree} */
geoforma.tuiles = function (options) {
  const COUCHE = "lieux";
  /* A tile is shown at four times its size: few are read, and its cells are as wide as a marker. */
  const ECART = 2;
  const ZOOM_SANS_GROUPE = 16;
  const lues = new Map();
  const source = new pmtiles.FetchSource(options.adresse);
  const octets = source.getBytes.bind(source);
  /* The header and the directory, no more: the reader would ask for sixteen kilobytes. */
  source.getBytes = function (debut, taille, signal, etag) {
    return octets(debut, debut === 0 ? options.tete : taille, signal, etag);
  };
  const archive = new pmtiles.PMTiles(source);
  const entete = archive.getHeader();
  /* Whole: a script of a page without origin has no address that another could be relative to. */
  const lecteur = import(new URL(options.lecteur, document.URL).href);
  /* What fails is told to whoever asks for points. */
  entete.catch(function () {});
  lecteur.catch(function () {});

  function lire(zoom, x, y) {
    const cle = [zoom, x, y].join("/");
    if (!lues.has(cle)) {
      lues.set(cle, Promise.all([archive.getZxy(zoom, x, y), lecteur]).then(function (recu) {
        return recu[0] ? decoder(recu[1], recu[0].data, zoom, x, y) : [];
      }));
    }
    return lues.get(cle);
  }

  function decoder(module, contenu, zoom, x, y) {
    const couche = new module.VectorTile(new Pbf.PbfReader(new Uint8Array(contenu))).layers[
      COUCHE];
    const points = [];
    for (let rang = 0; rang < couche.length; rang += 1) {
      const entite = couche.feature(rang);
      const dit = entite.properties;
      const nb = options.proprietes.reduce(function (somme, nom) {
        return somme + (dit[nom] || 0);
      }, 0);
      if (nb) {
        const ici = entite.loadGeometry()[0][0];
        const est_groupe = dit.nb_lieux > 1;
        points.push({
          longitude: ((x + ici.x / couche.extent) / 2 ** zoom) * 360 - 180,
          latitude: (Math.atan(Math.sinh(Math.PI * (1 - 2 * (y + ici.y / couche.extent) / 2 **
            zoom))) * 180) / Math.PI,
          nb: nb,
          est_groupe: est_groupe,
          commune: dit.commune,
          precision: dit.precision,
          est_douteuse: dit.est_douteuse === true,
          /* Of several places, those of a filter may be in one alone: the tile does not tell. */
          est_un_lieu_peut_etre: est_groupe && options.estFiltree,
        });
      }
    }
    return points;
  }

  function colonne(longitude) {
    return longitude / 360 + 0.5;
  }

  function rangee(latitude) {
    const sinus = Math.sin((latitude * Math.PI) / 180);
    return 0.5 - Math.log((1 + sinus) / (1 - sinus)) / (4 * Math.PI);
  }

  function suite(debut, fin, nb) {
    const borne = function (part) {
      return Math.min(nb - 1, Math.max(0, Math.floor(part * nb)));
    };
    const valeurs = [];
    for (let rang = borne(debut); rang <= borne(fin); rang += 1) {
      valeurs.push(rang);
    }
    return valeurs;
  }

  return {
    /* The points in view, as /api/v1/points gives them; `nb_dehors` is null when not exact. */
    points: function (bornes, zoomCarte) {
      return entete.then(function (lu) {
        const proche = Math.floor(zoomCarte);
        const zoom = proche >= ZOOM_SANS_GROUPE ? lu.maxZoom : Math.min(lu.maxZoom, Math
          .max(lu.minZoom, proche - ECART));
        const cote = 2 ** zoom;
        const demandees = [];
        suite(colonne(bornes.getWest()), colonne(bornes.getEast()), cote).forEach(function (
          x) {
          suite(rangee(bornes.getNorth()), rangee(bornes.getSouth()), cote).forEach(
            function (y) {
              demandees.push(lire(zoom, x, y));
            });
        });
        return Promise.all(demandees);
      }).then(function (tuiles) {
        const points = tuiles.flat().filter(function (point) {
          return bornes.contains([point.latitude, point.longitude]);
        });
        const vus = points.reduce(function (somme, point) {
          return somme + point.nb;
        }, 0);
        return {
          points: points,
          nb_dehors: vus === options.nb ? 0 : null
        };
      });
    },
  };
};
