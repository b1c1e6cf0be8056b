/* The unit of the threshold decides the name under which it is sent, and how far it goes. */
"use strict";

(function () {
  const unite = document.querySelector("[data-seuil]");
  if (!unite) { return; }
  const seuil = document.getElementById(unite.dataset.seuil);
  unite.addEventListener("change", function () {
    seuil.name = unite.value;
    seuil.max = unite.selectedOptions[0].dataset.maximum;
  });
})();
