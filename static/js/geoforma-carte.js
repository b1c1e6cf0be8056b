/* <geoforma-carte>: a page of GéoForma inside another site.  One file, no dependency, nothing asked
 * elsewhere.
 *
 *   type        recherche (by default), couverture or zone
 *   parametres  what stands after « ? » in the address of the frame
 *   titre       what the frame is called by screen readers
 *   hauteur     in pixels, 560 by default
 *
 * What the element holds, a link, is shown where scripts are off.  The page « Intégrer dans un
 * site » writes it all.
 */
"use strict";

(function () {
  const BASE = new URL("../../", document.currentScript.src);
  const TYPES = ["recherche", "couverture", "zone"];
  const BAC = "allow-scripts allow-popups allow-popups-to-escape-sandbox";

  class GeoformaCarte extends HTMLElement {
    static observedAttributes = ["type", "parametres", "titre", "hauteur"];

    #cadre = null;

    connectedCallback() {
      if (!this.#cadre) {
        this.#cadre = document.createElement("iframe");
        this.#cadre.setAttribute("sandbox", BAC);
        this.#cadre.loading = "lazy";
        this.#cadre.referrerPolicy = "no-referrer";
        /* By script: a site may forbid styles that are written in pages. */
        Object.assign(this.#cadre.style, {
          display: "block",
          width: "100%",
          border: "0"
        });
        this.attachShadow({
          mode: "open"
        }).append(this.#cadre);
      }
      if (!this.style.display) {
        this.style.display = "block";
      }
      this.#montrer();
    }

    attributeChangedCallback() {
      if (this.#cadre) {
        this.#montrer();
      }
    }

    #montrer() {
      const demande = this.getAttribute("type");
      const type = TYPES.includes(demande) ? demande : TYPES[0];
      const adresse = new URL("integrer/" + type, BASE);
      adresse.search = new URLSearchParams(this.getAttribute("parametres") || "").toString();
      this.#cadre.title = this.getAttribute("titre") || this.textContent.trim() ||
        "Carte GéoForma";
      this.#cadre.style.height = (Number(this.getAttribute("hauteur")) || 560) + "px";
      if (this.#cadre.src !== adresse.href) {
        this.#cadre.src = adresse.href;
      }
    }
  }

  if (!customElements.get("geoforma-carte")) {
    customElements.define("geoforma-carte", GeoformaCarte);
  }
})();
