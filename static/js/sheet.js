/* Going back keeps the search as it was, position included; printing needs the browser. */
"use strict";

(function () {
  const retour = document.getElementById("retour");
  if (retour && sessionStorage.getItem("geoforma-recherche") === window.location.pathname && window.history.length > 1) {
    retour.addEventListener("click", function (evenement) {
      evenement.preventDefault();
      window.history.back();
    });
  }
  const imprimer = document.getElementById("imprimer");
  if (imprimer) {
    imprimer.hidden = false;
    imprimer.addEventListener("click", function () { window.print(); });
  }
})();
