"""The abstract tests of OGC API – Features as rows: each asks a server, as its document says.

OGC 17-069r4 (Part 1, annex A), 18-058r1 (Part 2, annex A), 19-079r2 (Part 3, queryables).  Schemas
are held by what they require, not by their files: nothing is fetched from anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin

import requests

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
PART1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
PART2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf"
GEOJSON, HTML = "application/geo+json", "text/html"


class Service:
    """A server under test, and the collection that it is asked of."""

    def __init__(self, address: str, collection: str):
        self.address, self.nom = address.rstrip("/"), collection
        self.session = requests.Session()

    def get(self, path: str = "/", status: int = 200, accept: str = "application/json", **query):
        """Return an answer of the status expected."""
        url = path if path.startswith("http") else f"{self.address}{path}"
        answer = self.session.get(url, params=query, headers={"Accept": accept}, timeout=60)
        assert answer.status_code == status, f"{status} attendu, {answer.status_code} reçu"
        return answer

    def items(self, status: int = 200, **query):
        """Return a page of the collection."""
        answer = self.get(f"/collections/{self.nom}/items", status, GEOJSON, **query)
        return answer.json() if status == 200 else answer

    @cached_property
    def landing(self) -> dict:
        return self.get("/").json()

    @cached_property
    def page(self) -> dict:
        return self.items(limit=10)

    @cached_property
    def collection(self) -> dict:
        return self.get(f"/collections/{self.nom}").json()

    @cached_property
    def definition(self) -> dict:
        link = find(self.landing, "service-desc")
        return self.get(urljoin(f"{self.address}/", link["href"]), accept=link["type"]).json()

    def parameter(self, nom: str) -> dict:
        """Return a query parameter of the items, as the definition says it."""
        paths = self.definition["paths"]
        known = [
            paths[path]
            for path in paths
            if path.rstrip("/").endswith(("/{collectionId}/items", f"/{self.nom}/items"))
        ]
        assert known, "les objets ne sont pas décrits"
        found = [self._resolve(one) for one in known[0]["get"].get("parameters", [])]
        return next(one for one in found if one["name"] == nom)

    def _resolve(self, one: dict) -> dict:
        if "$ref" not in one:
            return one
        assert one["$ref"].startswith("#/"), f"paramètre décrit ailleurs : {one['$ref']}"
        node = self.definition
        for step in one["$ref"][2:].split("/"):
            node = node[step]
        return node


def find(document: dict, rel: str, kind: str = "") -> dict:
    """Return a link by its relation, and its type when it is told."""
    links = [one for one in document.get("links", []) if one["rel"] == rel]
    fits = [one for one in links if kind in one.get("type", "")]
    assert fits, f"pas de lien « {rel} » {kind}"
    return fits[0]


def holds(document: dict, *noms: str) -> None:
    """Assert that a document has what its schema requires."""
    lacking = [nom for nom in noms if nom not in document]
    assert not lacking, f"il manque {', '.join(lacking)}"


@dataclass(frozen=True, kw_only=True)
class Exigence:
    """One abstract test: its class and name in the standard, what it asks in words, the test."""

    classe: str
    nom: str
    sens: str
    verifie: Callable[[Service], object]


EXIGENCES: list[Exigence] = []


def row(classe: str, nom: str, sens: str):
    """Add a test to the table."""

    def add(verifie: Callable[[Service], object]):
        EXIGENCES.append(Exigence(classe=classe, nom=nom, sens=sens, verifie=verifie))
        return verifie

    return add


@row("core", "root-op, root-success", "L'accueil donne ses liens, description et conformité")
def _(one: Service):
    for rel in ("service-desc", "conformance", "data"):
        find(one.landing, rel)
    holds(one.landing, "links")


@row("core", "api-definition", "La description de l'API répond, du type annoncé")
def _(one: Service):
    holds(one.definition, "openapi", "paths", "info")


@row("core", "conformance", "La conformité nomme le noyau")
def _(one: Service):
    assert f"{PART1}/core" in one.get("/conformance").json()["conformsTo"]


@row("core", "fc-md-op, fc-md-success", "Les collections sont listées, avec leurs liens")
def _(one: Service):
    told = one.get("/collections").json()
    holds(told, "links", "collections")
    find(told, "self")
    assert one.nom in {each["id"] for each in told["collections"]}
    for each in told["collections"]:
        holds(each, "id", "links")
        find(each, "items", GEOJSON)


@row("core", "fc-md-extent", "L'étendue contient tous les objets d'une page")
def _(one: Service):
    west, south, east, north = one.collection["extent"]["spatial"]["bbox"][0][:4]
    for each in one.page["features"]:
        if each["geometry"] and each["geometry"]["type"] == "Point":
            x, y = each["geometry"]["coordinates"][:2]
            assert west <= x <= east and south <= y <= north, each["id"]


@row("core", "sfc-md", "Une collection répond seule, la même que dans la liste")
def _(one: Service):
    every = one.get("/collections").json()["collections"]
    same = next(each for each in every if each["id"] == one.nom)
    assert same["title"] == one.collection["title"]
    find(one.collection, "items", GEOJSON)


@row("core", "sfc-md (inconnue)", "Une collection inconnue : 404")
def _(one: Service):
    one.get("/collections/nulle-part", 404)


@row("core", "fc-op, fc-response", "Les objets sont une FeatureCollection")
def _(one: Service):
    assert one.page["type"] == "FeatureCollection" and one.page["features"]
    for each in one.page["features"]:
        holds(each, "type", "geometry", "properties", "id")


@row("core", "fc-limit-definition", "limit : entier, de 1, un maximum, une valeur par défaut")
def _(one: Service):
    told = one.parameter("limit")["schema"]
    assert told["type"] == "integer" and told["minimum"] >= 1
    holds(told, "maximum", "default")


@row("core", "fc-limit-response", "Jamais plus d'objets que limit ; au-delà du maximum, le maximum")
def _(one: Service):
    assert len(one.items(limit=3)["features"]) == 3
    most = one.parameter("limit")["schema"].get("maximum", 10_000)
    assert len(one.items(limit=most + 1)["features"]) <= most


@row("core", "fc-bbox-definition", "bbox : liste de 4 ou 6 nombres")
def _(one: Service):
    told = one.parameter("bbox")
    assert told["schema"]["type"] == "array"
    assert (
        told["schema"].get("minItems") == 4
        or "oneOf" in told["schema"]["items"]
        or ("oneOf" in told["schema"])
    )


@row("core", "fc-bbox-response", "bbox : ce qui y est, rien d'autre")
def _(one: Service):
    points = [
        each["geometry"]["coordinates"]
        for each in one.items(limit=1000)["features"]
        if each["geometry"]
    ]
    x, y = points[len(points) // 2][:2]
    box = (x - 0.05, y - 0.05, x + 0.05, y + 0.05)
    asked = ",".join(f"{v:.6f}" for v in box)
    found = one.items(bbox=asked, limit=1000)["features"]
    assert found
    for each in found:
        a, b = each["geometry"]["coordinates"][:2]
        assert box[0] - 1e-6 <= a <= box[2] + 1e-6 and box[1] - 1e-6 <= b <= box[3] + 1e-6
    six = f"{asked.rsplit(',', 2)[0]},0,{','.join(asked.rsplit(',', 2)[1:])},100"
    assert len(one.items(bbox=six, limit=1000)["features"]) == len(found)


@row("core", "fc-bbox (fausse)", "Un rectangle mal écrit : 400")
def _(one: Service):
    one.items(400, bbox="1,2,3")


@row("core", "fc-time-definition", "datetime : un texte")
def _(one: Service):
    assert one.parameter("datetime")["schema"]["type"] == "string"


@row("core", "fc-time-response", "datetime : instant, intervalle, bornes ouvertes")
def _(one: Service):
    every = one.items(limit=1)["numberMatched"]
    for texte in (
        "2024-06-01T00:00:00Z",
        "2020-01-01/2030-12-31",
        "../2020-01-01",
        "2020-01-01/..",
    ):
        assert one.items(limit=1, datetime=texte)["numberMatched"] <= every


@row("core", "fc-time (faux)", "Une date mal écrite : 400")
def _(one: Service):
    one.items(400, datetime="hier")


@row("core", "query-param-unknown", "Un paramètre inconnu : 400")
def _(one: Service):
    one.items(400, parametre_inconnu="1")


@row("core", "query-param-invalid", "Une valeur fausse : 400")
def _(one: Service):
    one.items(400, limit="beaucoup")
    one.items(400, limit="0")


@row("core", "fc-links", "Une page se dit elle-même, en HTML, et dit la suivante")
def _(one: Service):
    page = one.items(limit=2)
    find(page, "self", GEOJSON)
    find(page, "alternate", HTML)
    following = one.get(find(page, "next")["href"], accept=GEOJSON).json()
    first = {each["id"] for each in page["features"]}
    assert len(following["features"]) == 2
    assert not first & {each["id"] for each in following["features"]}


@row("core", "fc-links (toutes)", "De page en page, chaque objet une fois")
def _(one: Service):
    page, met = one.items(limit=1000), []
    while True:
        met += [each["id"] for each in page["features"]]
        links = [each for each in page["links"] if each["rel"] == "next"]
        if not links:
            break
        page = one.get(links[0]["href"], accept=GEOJSON).json()
    assert len(met) == len(set(met)) == page["numberMatched"]


@row("core", "fc-timestamp", "timeStamp : un instant")
def _(one: Service):
    assert one.page["timeStamp"][10] == "T"


@row("core", "fc-numberreturned", "numberReturned : ce que la page contient")
def _(one: Service):
    assert one.page["numberReturned"] == len(one.page["features"])


@row("core", "fc-numbermatched", "numberMatched : le même quelle que soit la page")
def _(one: Service):
    assert one.items(limit=1)["numberMatched"] == one.page["numberMatched"]


@row("core", "f-op, f-success", "Un objet répond seul, le même que dans la page, avec ses liens")
def _(one: Service):
    first = one.page["features"][0]
    path = f"/collections/{one.nom}/items/{requests.utils.quote(str(first['id']), safe='')}"
    same = one.get(path, accept=GEOJSON).json()
    assert same["id"] == first["id"] and same["properties"] == first["properties"]
    for rel in ("self", "collection"):
        find(same, rel)
    find(same, "alternate", HTML)


@row("core", "f-op (inconnu)", "Un objet inconnu : 404")
def _(one: Service):
    one.get(f"/collections/{one.nom}/items/nulle-part", 404)


@row("core", "http", "Une autre méthode : 405")
def _(one: Service):
    answer = one.session.delete(f"{one.address}/collections/{one.nom}", timeout=60)
    assert answer.status_code == 405, answer.status_code


@row("core", "cross-origin", "Une autre page peut lire (CORS, recommandé)")
def _(one: Service):
    answer = one.session.get(
        f"{one.address}/collections", headers={"Origin": "https://exemple.fr"}, timeout=60
    )
    assert answer.headers.get("Access-Control-Allow-Origin") in ("*", "https://exemple.fr")


@row("geojson", "content, definition", "Les objets sont du type application/geo+json")
def _(one: Service):
    answer = one.get(f"/collections/{one.nom}/items", accept=GEOJSON, limit=1)
    assert answer.headers["Content-Type"].startswith(GEOJSON)
    assert f"{PART1}/geojson" in one.get("/conformance").json()["conformsTo"]


@row("html", "content, definition", "Accueil, collection et objets sont aussi des pages")
def _(one: Service):
    for path in ("/", "/collections", f"/collections/{one.nom}", f"/collections/{one.nom}/items"):
        assert one.get(path, accept=HTML).headers["Content-Type"].startswith(HTML), path


@row("oas30", "oas-definition", "La description est de l'OpenAPI 3.0, du type annoncé")
def _(one: Service):
    link = find(one.landing, "service-desc")
    answer = one.get(urljoin(f"{one.address}/", link["href"]), accept=link["type"])
    assert answer.headers["Content-Type"].split(";")[0] == link["type"].split(";")[0]
    assert answer.json()["openapi"].startswith("3.0")
    assert f"{PART1}/oas30" in one.get("/conformance").json()["conformsTo"]


@row("crs", "crs-uri, storageCrs", "La collection dit ses systèmes, et celui des données")
def _(one: Service):
    assert CRS84 in one.collection["crs"]
    assert one.collection["storageCrs"]
    assert f"{PART2}/crs" in one.get("/conformance").json()["conformsTo"]


@row("crs", "content-crs-header", "Une réponse dit son système (Content-Crs)")
def _(one: Service):
    answer = one.get(f"/collections/{one.nom}/items", accept=GEOJSON, limit=1)
    assert answer.headers["Content-Crs"] == f"<{CRS84}>"


@row("crs", "crs-parameter", "crs : les mêmes points en Lambert-93")
def _(one: Service):
    from pyproj import Transformer

    l93 = "http://www.opengis.net/def/crs/EPSG/0/2154"
    turn = Transformer.from_crs(4326, 2154, always_xy=True)
    for here, there in zip(
        one.items(limit=5)["features"], one.items(limit=5, crs=l93)["features"], strict=True
    ):
        if here["geometry"]:
            x, y = turn.transform(*here["geometry"]["coordinates"][:2])
            a, b = there["geometry"]["coordinates"][:2]
            assert abs(x - a) < 0.05 and abs(y - b) < 0.05


@row("crs", "crs-parameter (inconnu)", "Un système inconnu : 400")
def _(one: Service):
    one.items(400, crs="http://www.opengis.net/def/crs/EPSG/0/999999")


@row("crs", "bbox-crs-parameter", "bbox-crs : le même rectangle, dit en Lambert-93")
def _(one: Service):
    from pyproj import Transformer

    box = (2.0, 50.0, 3.0, 50.6)
    l93 = "http://www.opengis.net/def/crs/EPSG/0/2154"
    turned = Transformer.from_crs(4326, 2154, always_xy=True).transform_bounds(*box)
    here = one.items(limit=1, bbox=",".join(map(str, box)))["numberMatched"]
    asked = {"bbox": ",".join(map(str, turned)), "bbox-crs": l93}
    # The rectangle that holds the other one has more at its edges, never less.
    assert here <= one.items(limit=1, **asked)["numberMatched"] <= here * 1.2


@row("queryables", "queryables-op", "Ce qui se filtre est décrit, en JSON Schema")
def _(one: Service):
    answer = one.get(f"/collections/{one.nom}/queryables", accept="application/schema+json")
    assert answer.headers["Content-Type"].startswith("application/schema+json")
    told = answer.json()
    assert told["type"] == "object" and told["properties"] and "$id" in told


@row("queryables", "query-parameters", "Une propriété est un paramètre : elle filtre")
def _(one: Service):
    told = one.page["features"][0]["properties"]
    nom = next(nom for nom in ("nom_commune", "nom") if told.get(nom))
    found = one.items(limit=1000, **{nom: told[nom]})["features"]
    assert found and all(each["properties"][nom] == told[nom] for each in found)


def check(one: Service) -> list[tuple[Exigence, str]]:
    """Return each requirement, and why it is not met, "" when it is."""
    found = []
    for exigence in EXIGENCES:
        try:
            exigence.verifie(one)
            found.append((exigence, ""))
        except (
            AssertionError,
            KeyError,
            StopIteration,
            ValueError,
            TypeError,
            IndexError,
        ) as error:
            words = str(error).strip().splitlines()
            found.append((exigence, words[0][:90] if words else type(error).__name__))
    return found
