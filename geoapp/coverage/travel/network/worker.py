"""What the other interpreter runs: OSRM and osmium need a Python that the product may not have.

Never imported by the product, always run as a script (`engine.ask`): one JSON object comes on the
standard input, lines of JSON go to the standard output, the last one being the answer.  Only the
standard library, `osrm` and `osmium` are at hand here.
"""

import json
import os
import sys
from array import array
from importlib.metadata import version

import osmium
import osrm

UNREACHED = float("nan")


def versions(_: dict) -> dict:
    """Return the versions of the two libraries, and where the programs and profiles of OSRM are."""
    return {
        "osrm": version("osrm-bindings"),
        "osmium": version("osmium"),
        "dossier": os.path.dirname(os.path.abspath(osrm.__file__)),
    }


def describe(asked: dict) -> dict:
    """Return what an extract is: date, box, ways by kind and how many nodes they name.

    `horodatage` is that of the replication (header), `dernier` the latest of a way; None when the
    file does not say.
    """
    source = osmium.io.File(asked["pbf"], "pbf")
    with osmium.io.Reader(source) as reader:
        header = reader.header()
        box = header.box()
    latest, counts = None, {"routes": 0, "noeuds": 0, "sens_uniques": 0, "bacs": 0}
    ways = osmium.FileProcessor(source, osmium.osm.WAY)
    for way in ways.with_filter(osmium.filter.KeyFilter("highway", "route")):
        tags = way.tags
        counts["routes"] += "highway" in tags
        counts["noeuds"] += len(way.nodes)
        counts["sens_uniques"] += tags.get("oneway") in ("yes", "1", "true", "-1")
        counts["bacs"] += tags.get("route") == "ferry"
        if way.timestamp.year > 1970 and (latest is None or way.timestamp > latest):
            latest = way.timestamp
    return {
        **counts,
        "horodatage": header.get("osmosis_replication_timestamp", "") or None,
        "dernier": latest and latest.isoformat(),
        "emprise": [box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat]
        if box.valid()
        else None,
    }


def snap(asked: dict) -> dict:
    """Write the distance of each point to the nearest way that can be travelled, in metres."""
    engine = _open(asked)
    metres = array("f")
    for lonlat in asked["points"]:
        found = engine.Nearest(osrm.NearestParameters(coordinates=[tuple(lonlat)]))
        metres.append(found["waypoints"][0]["distance"])
    _write(asked["sortie"], metres)
    return _cost()


def tables(asked: dict) -> dict:
    """Write one file by block: seconds, then metres, of its origins × all places (NaN: no way).

    After them, the distance of each origin of the block and of each place to the network.
    """
    engine = _open(asked)
    places = [tuple(lonlat) for lonlat in asked["places"]]
    for done, (start, end, out) in enumerate(asked["blocs"], 1):
        origins = [tuple(lonlat) for lonlat in asked["origines"][start:end]]
        nb = len(origins)
        found = engine.Table(
            osrm.TableParameters(
                coordinates=origins + places,
                sources=list(range(nb)),
                destinations=list(range(nb, nb + len(places))),
                annotations=["duration", "distance"],
                generate_hints=False,
            )
        )
        values = array("f")
        for matrix in ("durations", "distances"):
            for row in found[matrix]:
                values.extend(UNREACHED if one is None else one for one in row)
        for ends in ("sources", "destinations"):
            values.extend(one["distance"] for one in found[ends])
        _write(out, values)
        print(json.dumps({"fait": done}), flush=True)
    return _cost()


def _open(asked: dict):
    """Return the engine over a graph, without any limit of size."""
    return osrm.OSRM(
        algorithm=asked["algorithme"],
        storage_config=asked["graphe"],
        max_locations_distance_table=-1,
        use_shared_memory=False,
    )


def _write(path: str, values: array) -> None:
    """Write numbers whole or not at all: a killed run leaves no file that looks finished."""
    if sys.byteorder == "big":
        values.byteswap()
    with open(path + ".part", "wb") as stream:
        values.tofile(stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(path + ".part", path)


def _cost() -> dict:
    """Return the greatest memory of this process, in megabytes; None where no system tells it."""
    try:
        with open("/proc/self/status", encoding="utf-8") as stream:
            kilobytes = [line.split()[1] for line in stream if line.startswith("VmHWM:")]
    except OSError:
        kilobytes = []
    return {"memoire_mo": round(int(kilobytes[0]) / 1000) if kilobytes else None}


COMMANDS = {"versions": versions, "describe": describe, "snap": snap, "tables": tables}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    try:
        answer = COMMANDS[given["commande"]](given)
    # Whatever a library says of a file is told by the process that asked.
    except Exception as error:
        answer = {"erreur": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
