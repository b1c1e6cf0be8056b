/* What is read without a network: the last lists and sheets seen, kept in this browser alone.
 *
 * The network comes first: a page kept is shown only when it does not answer.  Files of the site
 * come from what is kept, their address changes with them.  A search by position is never kept.
 */
"use strict";

const RACINE = {{ racine | tojson }};
const HORS_LIGNE = {{ hors_ligne | tojson }};
const FICHIERS = {{ fichiers | tojson }};
const NB = {{ nb }};
const PAGES = "geoforma-pages";
const PARTS = "geoforma-parts";
const STATIC = "geoforma-fichiers";
const COQUE = RACINE + "/recherche";

self.addEventListener("install", function (evenement) {
  self.skipWaiting();
  evenement.waitUntil(caches.open(STATIC).then(function (cache) { return cache.addAll(FICHIERS.concat(HORS_LIGNE)); }));
});
self.addEventListener("activate", function (evenement) { evenement.waitUntil(self.clients.claim()); });

/* A position is in no address of ours, but in those that people chose to share. */
function estGardable(adresse) {
  if (adresse.searchParams.has("lat") || adresse.searchParams.has("emprise")) { return false; }
  return adresse.pathname === COQUE || /^\/formations\/[^/]+$/.test(adresse.pathname.slice(RACINE.length));
}

function garder(nom, requete, reponse) {
  if (!reponse.ok) { return reponse; }
  const copie = reponse.clone();
  return caches.open(nom).then(function (cache) {
    /* Put last again: the oldest one goes first. */
    return cache.delete(requete.url).then(function () { return cache.put(requete.url, copie); }).then(function () { return cache.keys(); })
      .then(function (cles) { return Promise.all(cles.slice(0, Math.max(0, cles.length - NB)).map(function (cle) { return cache.delete(cle); })); });
  }).catch(function () { /* No room: nothing is kept. */ }).then(function () { return reponse; });
}

function lire(nom, adresse) { return caches.open(nom).then(function (cache) { return cache.match(adresse); }); }

/* The list of a search made in the page is a part: the last whole page of a search shows it. */
function reprendre(requete) {
  const adresse = new URL(requete.url);
  return lire(PAGES, requete.url).then(function (page) {
    if (page) { return page; }
    return lire(PARTS, requete.url).then(function (part) {
      return part && adresse.pathname === COQUE ? caches.open(PAGES).then(function (cache) { return cache.keys(); }).then(function (cles) {
        const coque = cles.reverse().find(function (cle) { return new URL(cle.url).pathname === COQUE; });
        return coque ? lire(PAGES, coque.url) : undefined;
      }).then(function (coque) {
        if (!coque) { return undefined; }
        return coque.text().then(function (texte) { return new Response(texte.replace("<html ", '<html data-repris '), {status: 200, headers: coque.headers}); });
      }) : undefined;
    });
  }).then(function (page) { return page || lire(STATIC, HORS_LIGNE); });
}

self.addEventListener("fetch", function (evenement) {
  const requete = evenement.request;
  const adresse = new URL(requete.url);
  if (requete.method !== "GET" || adresse.origin !== self.location.origin) { return; }
  if (adresse.pathname.startsWith(RACINE + "/static/")) {
    evenement.respondWith(lire(STATIC, requete.url).then(function (fichier) {
      return fichier || fetch(requete).then(function (reponse) { return garder(STATIC, requete, reponse); });
    }));
  } else if (requete.mode === "navigate") {
    evenement.respondWith(fetch(requete).then(function (reponse) {
      return estGardable(adresse) && !reponse.redirected ? garder(PAGES, requete, reponse) : reponse;
    }).catch(function () { return reprendre(requete); }));
  } else if (requete.headers.has("X-Fragment") && estGardable(adresse)) {
    evenement.respondWith(fetch(requete).then(function (reponse) { return garder(PARTS, requete, reponse); })
      .catch(function (erreur) { return lire(PARTS, requete.url).then(function (part) { if (part) { return part; } throw erreur; }); }));
  }
});
