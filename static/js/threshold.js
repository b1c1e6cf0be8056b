/* The unit of the threshold decides the name under which it is sent, the way of travelling how far
   it goes: a threshold that the way chosen does not know becomes its usual one. */
"use strict";

(function () {
  const unite = document.querySelector("[data-seuil]");
  if (!unite || unite.tagName !== "SELECT") {
    return;
  }
  const seuil = document.getElementById(unite.dataset.seuil);
  const mode = document.getElementById("c-mode");

  function maximum(nom) {
    const court = nom === "seuil_km" ? "maximumKm" : "maximumMin";
    return mode ? mode.selectedOptions[0].dataset[court] : undefined;
  }

  function follow() {
    seuil.name = unite.value;
    seuil.max = maximum(unite.value) || unite.selectedOptions[0].dataset.maximum;
  }

  unite.addEventListener("change", follow);
  if (!mode) {
    return;
  }
  mode.addEventListener("change", function () {
    const choisi = mode.selectedOptions[0].dataset;
    for (const option of unite.options) {
      option.disabled = !maximum(option.value);
    }
    if (unite.selectedOptions[0].disabled || Number(seuil.value) > Number(maximum(unite
        .value))) {
      unite.value = choisi.unite;
      seuil.value = choisi.usuel;
    }
    follow();
  });
})();
