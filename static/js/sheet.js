/* Going back keeps the search, position included; printing and copying need the browser. */
"use strict";

(function () {
  const retour = document.getElementById("retour");
  if (retour && sessionStorage.getItem("geoforma-recherche") === window.location.pathname &&
    window.history.length > 1) {
    retour.addEventListener("click", function (evenement) {
      evenement.preventDefault();
      window.history.back();
    });
  }
  const imprimer = document.getElementById("imprimer");
  if (imprimer) {
    imprimer.hidden = false;
    imprimer.addEventListener("click", function () {
      window.print();
    });
  }
  const copier = document.getElementById("copier");
  if (copier && navigator.clipboard) {
    copier.hidden = false;
    copier.addEventListener("click", function () {
      const etat = document.getElementById("copie-etat");
      const adresse = new URL(copier.dataset.adresse, window.location.href).href;
      navigator.clipboard.writeText(adresse).then(function () {
        etat.textContent = "Adresse copiée.";
      }, function () {
        etat.textContent = adresse;
      });
    });
  }
})();
