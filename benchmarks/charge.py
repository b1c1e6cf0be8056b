"""`python -m benchmarks.charge ADDRESS --pid PID`: many people on one server, and what they cost.

    python -m benchmarks.charge http://127.0.0.1:5000 --pid 1234 --people 200 --minutes 10
    python -m benchmarks.charge http://127.0.0.1:5000 --pid 1234 --people 10 --minutes 1 --pause 0
    … --hammer '/territoires/ze2020/{zone}/fiche.pdf?seuil_km={n}' --hammers 10
    … --publish DIR --publications 20

Each person asks what a visitor does (`MIX`), waits, asks again.  The processor and the memory are
those of the process given and of all its descendants.  One asyncio loop and bare sockets: what the
generator itself costs is printed, since it shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import urlopen

from benchmarks.charge_client import Client, Reponse
from benchmarks.charge_processes import memory_mb, processor_s
from geoapp.core.publishing import serve_folder
from geoapp.core.snapshot import list_snapshots

TEXTES = (
    "boulanger soudeur cap cuisine aide soignant infirmier bts mecanique vente coiffure".split()
)
LIEUX = "Lille Lens Amiens Arras Calais Dunkerque Beauvais Laon Roubaix Douai Soissons".split()
TYPED = "boulanger infirmier cuisine lille amiens valenciennes maintenance commerce".split()
DOMAINES = ("sante", "commerce", "batiment", "industrie", "informatique", "social")
EVERY_S = 10.0
"""Seconds between two readings of the memory."""


@dataclass(frozen=True)
class Geste:
    """One thing that people do: how often, whether it is heavy, its address (and body)."""

    nom: str
    poids: float
    adresse: str
    est_lourd: bool = False


MIX = (
    Geste("recherche", 14, "/recherche?texte={texte}&lieu={lieu}&rayon={rayon}"),
    Geste("recherche par temps", 4, "/recherche?texte={texte}&lieu={lieu}&seuil_min=30&mode=velo"),
    Geste("filtre d'une recherche", 14, "fragment:/recherche?lieu={lieu}&niveau={niveau}"),
    Geste("propositions", 20, "/api/v1/suggestions?q={debut}"),
    Geste("lieux proposés", 8, "/api/v1/places?q={debut}"),
    Geste("points de la carte", 15, "/api/v1/points?emprise={emprise}&zoom={zoom}"),
    Geste("fiche d'une formation", 12, "/formations/{offre}"),
    Geste("couverture", 5, "/couverture?domaine={domaine}&seuil_km={seuil}"),
    Geste("territoire", 4, "/territoires/ze2020/{zone}"),
    Geste("export CSV", 2, "/api/v1/formations.csv?lieu={lieu}", est_lourd=True),
    Geste("export XLSX", 0.7, "/api/v1/formations.xlsx?lieu={lieu}", est_lourd=True),
    Geste("fiche de territoire PDF", 0.6, "/territoires/ze2020/{zone}/fiche.pdf", est_lourd=True),
    Geste("figure", 0.7, "/figures/offre.png?domaine={domaine}", est_lourd=True),
)
"""What visitors do, most often first: that of the audit of November 2026, and by time since."""


@dataclass
class Monde:
    """What addresses are made of: identifiers of the data served."""

    offres: list[str]
    zones: list[str]

    def address(self, pattern: str, rng: random.Random) -> str:
        """Return an address, its variables drawn."""
        word = rng.choice(TYPED)
        west, south = rng.uniform(1.6, 3.6), rng.uniform(49.2, 50.6)
        width = rng.choice((0.05, 0.3, 1.0))
        drawn = {
            "texte": quote(rng.choice(TEXTES)),
            "lieu": quote(rng.choice(LIEUX)),
            "rayon": rng.choice((10, 20, 50)),
            "niveau": rng.choice((3, 4, 5, 6)),
            "debut": word[: rng.randint(2, len(word))],
            "emprise": f"{west:.3f},{south:.3f},{west + width:.3f},{south + width:.3f}",
            "zoom": rng.randint(8, 15),
            "offre": quote(rng.choice(self.offres)),
            "domaine": rng.choice(DOMAINES),
            "seuil": rng.choice((10, 20, 30)),
            "zone": quote(rng.choice(self.zones)),
            "n": f"{rng.uniform(1, 50):.3f}",
        }
        return pattern.format(**drawn)


@dataclass
class Mesures:
    """What was measured: latencies by thing done, what went wrong, memory through time."""

    latences: dict[str, list[float]] = field(default_factory=dict)
    fautes: Counter = field(default_factory=Counter)
    refus: Counter = field(default_factory=Counter)
    memoire: list[tuple[float, float]] = field(default_factory=list)
    nb_a_temps: int = 0
    """Requests answered before the end: those after it are timed, and count in no rate."""
    processeur_s: float = 0.0

    def note(self, nom: str, answer: Reponse, plan: Plan) -> None:
        """Keep what became of one request."""
        self.nb_a_temps += time.monotonic() <= plan.end
        if answer.statut == 503 and answer.attendre:
            self.refus[nom] += 1
        elif answer.statut not in (200, 304):
            self.fautes[f"{nom} : {answer.statut or answer.probleme}"] += 1
        self.latences.setdefault(nom, []).append(answer.secondes)


def open_world(address: str) -> Monde:
    """Return identifiers of the data that a server serves."""

    def read(path: str, **asked) -> dict:
        with urlopen(f"{address}{path}?{urlencode(asked)}", timeout=120) as answer:
            return json.load(answer)

    pages = [read("/api/v1/formations", taille=100, page=page) for page in range(1, 11)]
    offres = [one["id"] for page in pages for one in page["formations"]]
    zones = read("/api/v1/zones", type="ze2020")["zones"]
    return Monde(offres, [zone["code"] for zone in zones])


async def live(client: Client, world: Monde, measured: Mesures, plan: Plan, rank: int) -> None:
    """Do what one person does until the end."""
    rng = random.Random(f"{plan.seed} {rank}")
    await asyncio.sleep(rng.uniform(0, plan.pause))
    while time.monotonic() < plan.end:
        (done,) = rng.choices(MIX, [one.poids for one in MIX])
        kind, _, rest = world.address(done.adresse, rng).partition("fragment:")
        headers = {"X-Fragment": "1"} if rest else {}
        measured.note(done.nom, await client.get(rest or kind, headers), plan)
        if plan.pause:
            await asyncio.sleep(rng.expovariate(1 / plan.pause))
    await client.close()


async def hammer(client: Client, world: Monde, measured: Mesures, plan: Plan, rank: int) -> None:
    """Ask one heavy address without a pause, its variables ever new."""
    rng = random.Random(f"{plan.seed} hammer {rank}")
    while time.monotonic() < plan.end:
        answer = await client.get(world.address(plan.hammer, rng), {})
        measured.note("route martelée", answer, plan)
        if answer.attendre:
            await asyncio.sleep(1)
    await client.close()


async def publish(plan: Plan) -> None:
    """Publish the two newest snapshots of a folder in turn."""
    folders = list_snapshots(plan.publish)[-2:] if plan.publish else []
    every = plan.seconds / (plan.publications + 1)
    for rank in range(plan.publications if len(folders) == 2 else 0):
        await asyncio.sleep(every)
        serve_folder(plan.publish, folders[rank % 2])


async def watch(plan: Plan, measured: Mesures) -> None:
    """Read the memory of the server through time."""
    start = time.monotonic()
    while time.monotonic() < plan.end:
        measured.memoire.append((time.monotonic() - start, memory_mb(plan.pid)))
        await asyncio.sleep(min(EVERY_S, max(0.1, plan.end - time.monotonic())))
    measured.processeur_s = processor_s(plan.pid)


@dataclass
class Plan:
    """What to do: how many people, how long, beside what."""

    pid: int
    people: int
    seconds: float
    pause: float = 5.0
    hammer: str = ""
    hammers: int = 0
    publish: Path | None = None
    publications: int = 0
    seed: str = "géoforma"
    end: float = 0.0


async def run(address: str, plan: Plan) -> dict:
    """Return what a plan gave."""
    world, measured = await asyncio.to_thread(open_world, address), Mesures()
    parts = urlsplit(address)
    before, own, start = processor_s(plan.pid), time.process_time(), time.monotonic()
    plan.end = start + plan.seconds
    one = (parts.hostname or "", parts.port or 80)
    lives = [live(Client(*one), world, measured, plan, rank) for rank in range(plan.people)]
    beside = [hammer(Client(*one), world, measured, plan, rank) for rank in range(plan.hammers)]
    await asyncio.gather(*lives, *beside, publish(plan), watch(plan, measured))
    measured.processeur_s -= before
    return summary(measured, plan, (time.process_time() - own) / (time.monotonic() - start))


def summary(measured: Mesures, plan: Plan, own: float) -> dict:
    """Return the figures of a run; `own` is the share of a core that the generator took."""
    heavy = {one.nom for one in MIX if one.est_lourd}
    groups: dict[str, list[float]] = {"légères": [], "lourdes": [], "route martelée": []}
    for nom, values in measured.latences.items():
        groups[nom if nom in groups else "lourdes" if nom in heavy else "légères"] += values
    nb = measured.nb_a_temps
    settled = [mb for at, mb in measured.memoire if at >= min(120, plan.seconds / 4)]
    return {
        "seconds": round(plan.seconds, 1),
        "requests": nb,
        "per_second": round(nb / plan.seconds, 1),
        "cpu_ms_per_request": round(1000 * measured.processeur_s / max(nb, 1), 1),
        "generator_cpu_percent": round(100 * own, 1),
        "errors": dict(measured.fautes),
        "refused_503_retry_after": dict(measured.refus),
        "memory_mb": {
            "first": _mb(measured.memoire[:1]),
            "most": max((mb for _, mb in measured.memoire), default=0),
            "settled_from": min(settled, default=0),
            "settled_to": max(settled, default=0),
            "last": _mb(measured.memoire[-1:]),
        },
        "latency_s": {nom: quantiles(values) for nom, values in groups.items() if values},
        "latency_s_by_thing": {n: quantiles(v) for n, v in sorted(measured.latences.items())},
    }


def _mb(found: list[tuple[float, float]]) -> float:
    return found[0][1] if found else 0.0


def quantiles(values: list[float]) -> dict:
    """Return how many latencies there are, their median, 95th and 99th percentiles, the worst."""
    ranked = sorted(values)

    def at(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 3)

    return {"nb": len(ranked), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def report(found: dict) -> str:
    """Return the figures of a run as text."""
    memory = found["memory_mb"]
    lines = [
        f"{found['requests']} requests in {found['seconds']} s: {found['per_second']} req/s, "
        f"{found['cpu_ms_per_request']} ms of processor a request "
        f"(generator: {found['generator_cpu_percent']} % of a core)",
        f"memory of all processes (PSS), MB: {memory['first']} at first, {memory['most']} at most, "
        f"{memory['settled_from']} to {memory['settled_to']} settled, {memory['last']} at last",
        f"errors: {sum(found['errors'].values())} {found['errors'] or ''}",
        f"503 with Retry-After: {found['refused_503_retry_after'] or 0}",
        "",
        "| what | requests | p50 s | p95 s | p99 s | max s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for nom, one in [*found["latency_s"].items(), *found["latency_s_by_thing"].items()]:
        lines.append(
            f"| {nom} | {one['nb']} | {one['p50']} | {one['p95']} | {one['p99']} | {one['max']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Do what is asked and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="http://127.0.0.1:5000")
    parser.add_argument("--pid", type=int, required=True, help="process of the server")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--pause", type=float, default=5.0, help="mean pause of a person, seconds")
    parser.add_argument("--hammer", default="", help="address asked without a pause")
    parser.add_argument("--hammers", type=int, default=0, help="clients that ask it")
    parser.add_argument("--publish", type=Path, help="data folder that holds two snapshots")
    parser.add_argument("--publications", type=int, default=20)
    parser.add_argument("--out", type=Path, help="JSON file of the figures")
    asked = parser.parse_args()
    plan = Plan(
        pid=asked.pid,
        people=asked.people,
        seconds=asked.minutes * 60,
        pause=asked.pause,
        hammer=asked.hammer,
        hammers=asked.hammers if asked.hammer else 0,
        publish=asked.publish,
        publications=asked.publications,
    )
    found = asyncio.run(run(asked.address.rstrip("/"), plan))
    print(report(found))
    if asked.out:
        kept = {**found, "plan": {nom: str(one) for nom, one in asdict(plan).items()}}
        asked.out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
