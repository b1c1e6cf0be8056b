/* On a narrow screen the filters start folded, so that the map comes first. */
"use strict";

(function () {
  const pli = document.querySelector(".pli");
  if (pli && window.matchMedia("(max-width: 960px)").matches) {
    pli.open = false;
  }
})();
