/* The search of the home page: suggestions and position; the results are a page of their own.
 *
 * A position, or what may be somebody's address, is sent by POST: it is in no address of a page.
 */
"use strict";

(function () {
  const formulaire = document.getElementById("recherche");
  const lieu = document.getElementById("lieu");
  const texte = document.getElementById("texte");
  const position = {
    lat: formulaire.elements.namedItem("lat"),
    lon: formulaire.elements.namedItem("lon")
  };
  let choisi = {
    nom: "",
    code: ""
  };

  function situer(point) {
    position.lat.value = point ? point.lat.toFixed(6) : "";
    position.lon.value = point ? point.lng.toFixed(6) : "";
    position.lat.disabled = position.lon.disabled = !point;
  }

  geoforma.suggererLieu(lieu, function (lieuChoisi) {
    choisi = {
      nom: lieuChoisi.libelle,
      code: lieuChoisi.adresse ? "" : lieuChoisi.code
    };
    situer(lieuChoisi.adresse);
  });
  geoforma.suggererTexte(texte, function () {
    texte.focus();
  });
  geoforma.demanderPosition(document.getElementById("autour"), lieu, document.getElementById(
    "lieu-alerte"), function (point) {
    lieu.value = "Ma position";
    choisi = {
      nom: lieu.value,
      code: ""
    };
    situer(point);
    formulaire.requestSubmit();
  });

  formulaire.addEventListener("submit", function () {
    if (lieu.value.trim() !== choisi.nom) {
      choisi = {
        nom: "",
        code: ""
      };
      situer(null);
    }
    formulaire.method = !position.lat.disabled || geoforma.estAdresse(lieu.value) ? "post" :
      "get";
  });
  formulaire.addEventListener("formdata", function (evenement) {
    if (evenement.formData.get("lat")) {
      evenement.formData.delete("lieu");
    } else if (choisi.code) {
      evenement.formData.set("lieu", choisi.code);
    }
    ["lieu", "texte"].forEach(function (nom) {
      if (evenement.formData.get(nom) === "") {
        evenement.formData.delete(nom);
      }
    });
  });
})();
