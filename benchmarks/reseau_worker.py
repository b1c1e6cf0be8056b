"""What the interpreter of OSRM runs for the trials on a road network: one JSON object comes in.

`write` makes an OpenStreetMap extract of nodes and ways; `pairs` asks OSRM for some trips.
"""

import json
import os
import sys

import osmium
import osrm


def write(asked: dict) -> dict:
    """Write nodes (degrees) and ways (ranks of nodes, tags) as an .osm.pbf."""
    out = asked["pbf"]
    if os.path.exists(out):
        os.remove(out)
    header = osmium.io.Header()
    header.set("generator", "essai")
    if asked.get("horodatage"):
        header.set("osmosis_replication_timestamp", asked["horodatage"])
    told = {"version": 1, "visible": True}
    if asked.get("jour"):
        told["timestamp"] = asked["jour"]
    with osmium.SimpleWriter(out, header=header) as writer:
        for rank, lonlat in enumerate(asked["noeuds"], 1):
            node = osmium.osm.mutable.Node(id=rank, location=tuple(lonlat), **told)
            writer.add_node(node)
        for rank, (ranks, tags) in enumerate(asked["voies"], 1):
            nodes = [one + 1 for one in ranks]
            writer.add_way(osmium.osm.mutable.Way(id=rank, nodes=nodes, tags=tags, **told))
    return {"octets": os.path.getsize(out)}


def pairs(asked: dict) -> dict:
    """Return the seconds, metres and metres to the network of trips, by origin."""
    engine = osrm.OSRM(
        algorithm=asked["algorithme"],
        storage_config=asked["graphe"],
        use_shared_memory=False,
        max_locations_distance_table=-1,
    )
    found = []
    for origin, ends in asked["trajets"]:
        table = engine.Table(
            osrm.TableParameters(
                coordinates=[tuple(origin), *map(tuple, ends)],
                sources=[0],
                destinations=list(range(1, len(ends) + 1)),
                annotations=["duration", "distance"],
                generate_hints=False,
            )
        )
        mine = table["sources"][0]["distance"]
        seconds, metres = list(table["durations"][0]), list(table["distances"][0])
        snaps = [mine + one["distance"] for one in table["destinations"]]
        found.append([seconds, metres, snaps])
    return {"trajets": found}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps({"write": write, "pairs": pairs}[given["commande"]](given)))
