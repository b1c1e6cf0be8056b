/* The page that writes the code: a button copies it and says so. */
"use strict";

document.querySelectorAll("[data-copie]").forEach(function (bouton) {
  const champ = document.getElementById(bouton.dataset.copie);
  const etat = document.getElementById(bouton.dataset.copie + "-etat");
  bouton.addEventListener("click", function () {
    const fait = navigator.clipboard ? navigator.clipboard.writeText(champ.value) : Promise
      .reject(new Error("sans presse-papiers"));
    fait.then(function () {
      etat.textContent = "Code copié.";
    }).catch(function () {
      champ.focus();
      champ.select();
      etat.textContent = "Code choisi : copiez-le.";
    });
  });
});
